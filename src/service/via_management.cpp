#include "service/via_management.h"

#include "core/text.h"
#include "sip/auth_params.h"
#include "sip/headers.h"
#include "sip/writer.h"
#include "transaction/branch.h"

namespace tipring::service {

namespace {

// Credentials for our own realm go no further (22.3): a request that has come round is without
// them.
bool is_for_us(const Environment& environment, std::string_view credentials) {
  const auto parsed = sip::parse_digest_credentials(credentials);
  return parsed && parsed->realm == environment.realm;
}

// What the routing of a request depends on: a request that comes again with the same hash goes in a
// circle, one with another hash in a spiral (RFC 5393 4.2.1). The method is not part of it (RFC
// 3261 16.6 step 8). Who sees it learns nothing, and who makes one stops a request of his own.
uint64_t loop_hash(const Environment& environment, const sip::MessageView& request) {
  TableHasher64 hasher(environment.route_key);
  hasher.add_sized(request.request_uri());
  for (const sip::HeaderId id : {sip::HeaderId::From, sip::HeaderId::To, sip::HeaderId::CallId}) {
    hasher.add_sized(request.header(id).value_or(""));
  }
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  hasher.add_u64(cseq ? cseq->number : 0);
  for (const std::string_view value : request.values(sip::HeaderId::ProxyAuthorization)) {
    if (!is_for_us(environment, value)) hasher.add_sized(value);
  }
  for (const std::string_view route : request.values(sip::HeaderId::Route)) hasher.add_sized(route);
  return hasher.finish();
}

using BranchText = std::array<char, transaction::TransactionLayer::kBranchMax>;

std::string_view write_value(const Flow& flow, std::string_view sent_by, std::string_view branch,
                             ViaManagement::Text& text) {
  sip::Writer writer(text);
  writer.text("SIP/2.0/").text(sip::to_text(flow.transport)).text(" ").text(sent_by);
  writer.text(";branch=").text(branch).text(";rport");
  return writer.view();
}

std::string_view write_reserved(const Environment& environment, transaction::ClientHandle client,
                                const Flow& flow, uint64_t loop_hash, ViaManagement::Text& text) {
  std::array<char, port::kAddressTextMax> room;
  const std::string_view sent_by = port::write_address(environment.transport.sent_by(flow), room);
  BranchText branch;
  return write_value(flow, sent_by,
                     environment.transactions.write_branch(client, sent_by, loop_hash, branch),
                     text);
}

}  // namespace

bool is_loop(const Environment& environment, const sip::MessageView& request) {
  std::array<char, 16> hex;
  std::string_view own_hash;  // computed for the first Via that might be ours
  const auto is_same = [&](const sip::Via& via) {
    if (via.branch.size() != transaction::BranchCodec::kSize) return false;
    if (!environment.names.is_own(via.host, via.port)) return false;
    if (own_hash.empty()) own_hash = write_hex_u64(loop_hash(environment, request), hex);
    return via.branch.substr(via.branch.size() - own_hash.size()) == own_hash;
  };
  const auto& top = request.typed<sip::HeaderId::Via>();
  if (top && is_same(*top)) return true;
  const sip::ValueRange values = request.values(sip::HeaderId::Via);
  for (auto value = values.begin(); value != values.end() && ++value != values.end();) {
    const auto via = sip::parse_via(*value);
    if (via && is_same(*via)) return true;
  }
  return false;
}

std::string_view ViaManagement::write(const Environment& environment,
                                      transaction::ClientHandle client, const Flow& flow,
                                      const sip::MessageView& request, Text& text) {
  return write_reserved(environment, client, flow, loop_hash(environment, request), text);
}

std::string_view ViaManagement::write_own(const Environment& environment,
                                          transaction::ClientHandle client, const Flow& flow,
                                          Text& text) {
  return write_reserved(environment, client, flow, 0, text);
}

std::string_view ViaManagement::write_stateless(const Environment& environment, const Flow& flow,
                                                const sip::MessageView& request, Text& text) {
  std::array<char, port::kAddressTextMax> sent_by;
  BranchText branch;
  return write_value(flow, port::write_address(environment.transport.sent_by(flow), sent_by),
                     environment.transactions.write_stateless_branch(
                         request, loop_hash(environment, request), branch),
                     text);
}

}  // namespace tipring::service

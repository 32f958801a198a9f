#include "service/via_management.h"

#include "core/text.h"
#include "sip/writer.h"
#include "transaction/branch.h"

namespace tipring::service {

namespace {

// What the routing of a request depends on: a request that comes again with the same hash goes in a
// circle, one with another hash in a spiral (RFC 5393 4.2.1).
uint64_t loop_hash(const Environment& environment, const sip::MessageView& request) {
  SipHasher64 hasher(environment.route_key);
  hasher.add(request.request_uri());
  for (const sip::HeaderId id : {sip::HeaderId::From, sip::HeaderId::To, sip::HeaderId::CallId,
                                 sip::HeaderId::CSeq, sip::HeaderId::ProxyAuthorization}) {
    hasher.add("\n");
    hasher.add(request.header(id).value_or(""));
  }
  for (const std::string_view route : request.values(sip::HeaderId::Route)) {
    hasher.add("\n");
    hasher.add(route);
  }
  return hasher.finish();
}

}  // namespace

bool is_loop(const Environment& environment, const sip::MessageView& request) {
  std::array<char, 16> hex;
  std::string_view own_hash;  // computed for the first Via that might be ours
  for (const std::string_view value : request.values(sip::HeaderId::Via)) {
    const auto via = sip::parse_via(value);
    if (!via || via->branch.size() != transaction::BranchCodec::kSize) continue;
    if (!environment.names.is_own(via->host, via->port)) continue;
    if (own_hash.empty()) own_hash = write_hex_u64(loop_hash(environment, request), hex);
    if (via->branch.substr(via->branch.size() - own_hash.size()) == own_hash) return true;
  }
  return false;
}

std::string_view ViaManagement::write(const Environment& environment,
                                      transaction::ClientHandle client, const Flow& flow,
                                      const sip::MessageView& request) {
  std::array<char, transaction::TransactionLayer::kBranchMax> branch;
  return write_value(
      environment, flow,
      environment.transactions.write_branch(client, loop_hash(environment, request), branch));
}

std::string_view ViaManagement::write_stateless(const Environment& environment, const Flow& flow,
                                                const sip::MessageView& request) {
  std::array<char, transaction::TransactionLayer::kBranchMax> branch;
  return write_value(environment, flow,
                     environment.transactions.write_stateless_branch(
                         request, loop_hash(environment, request), branch));
}

std::string_view ViaManagement::write_value(const Environment& environment, const Flow& flow,
                                            std::string_view branch) {
  std::array<char, port::kAddressTextMax> sent_by;
  sip::Writer writer(text_);
  writer.text("SIP/2.0/").text(sip::to_text(flow.transport)).text(" ");
  writer.text(port::write_address(environment.transport.sent_by(flow), sent_by));
  writer.text(";branch=").text(branch).text(";rport");
  return writer.view();
}

}  // namespace tipring::service

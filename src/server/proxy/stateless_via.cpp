#include "server/proxy/stateless_via.h"

#include "core/text.h"
#include "service/stateless_proxy.h"
#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::proxy {

namespace {

constexpr size_t kDigits = 16;  // of the hash that names the transaction

std::string_view call_id_of(const sip::MessageView& message) {
  return message.header(sip::HeaderId::CallId).value_or("");
}

}  // namespace

std::string_view write_stateless_via(const Environment& environment, const Incoming& request,
                                     const Flow& out, StatelessViaText& text) {
  std::array<char, port::kAddressTextMax> sent_by;
  std::array<char, kDigits> unique;
  std::array<char, kFlowTokenMax> token;
  const uint64_t hash = service::stateless_hash(request.message, environment.route_key);
  sip::Writer via(text);
  via.text("SIP/2.0/").text(sip::to_text(out.transport)).text(" ");
  via.text(port::write_address(environment.transport.sent_by(out), sent_by)).text(";rport");
  via.text(";branch=").text(sip::kMagicCookie).text(write_hex_u64(hash, unique));
  via.text(write_flow_token(environment.route_key, call_id_of(request.message),
                            transport::reply_flow(request), token));
  return via.view();
}

std::optional<Flow> read_stateless_via(const Environment& environment,
                                       const sip::MessageView& response) {
  const auto& own = response.typed<sip::HeaderId::Via>();
  const size_t head = sip::kMagicCookie.size() + kDigits;
  if (!own || own->branch.size() <= head) return std::nullopt;
  return read_flow_token(environment.route_key, call_id_of(response), own->branch.substr(head));
}

}  // namespace tipring::proxy

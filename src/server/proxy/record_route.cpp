#include "server/proxy/record_route.h"

#include "core/text.h"
#include "server/proxy/flow_token.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::proxy {

namespace {

// A sender on a stream, or one whose Contact is not where it sends from. Behind another proxy there
// is no telling (RFC 5626 5.1: only the first hop may write a flow).
bool is_reached_by_flow(const sip::MessageView& request, const Flow& flow) {
  size_t hops = 0;
  for ([[maybe_unused]] const std::string_view via : request.values(sip::HeaderId::Via)) ++hops;
  if (hops != 1) return false;
  if (flow.transport != sip::Transport::Udp) return true;
  const sip::ParsedUri& uri = request.contact_uri();
  const auto ip = uri ? port::parse_ip(uri->host) : std::nullopt;
  return ip && *ip != flow.remote.ip;
}

}  // namespace

uint64_t cookie_of(const Environment& environment, std::string_view call_id,
                   std::string_view caller_tag) {
  SipHasher64 hasher(environment.route_key);
  hasher.add("route\n");
  hasher.add(call_id);
  hasher.add("\n");
  hasher.add(caller_tag);
  return hasher.finish();
}

RecordRoutes::RecordRoutes(const Environment& environment, const sip::MessageView& request,
                           const Flow& in, const Flow& out, bool out_by_flow) {
  const std::string_view call_id = request.header(sip::HeaderId::CallId).value_or("");
  const uint64_t cookie = cookie_of(environment, call_id, request.from_tag());
  const bool in_by_flow = is_reached_by_flow(request, in);
  const bool same_side = in.transport == out.transport &&
                         environment.transport.sent_by(in) == environment.transport.sent_by(out);
  // The callee reads from the top: the side that faces it stands first.
  add(environment, out, call_id, cookie, out_by_flow);
  if (!same_side || in_by_flow || out_by_flow) add(environment, in, call_id, cookie, in_by_flow);
}

void RecordRoutes::add(const Environment& environment, const Flow& flow, std::string_view call_id,
                       uint64_t cookie, bool by_flow) {
  std::array<char, port::kAddressTextMax> address;
  std::array<char, 16> hex;
  std::array<char, kFlowTokenMax> token;
  sip::Writer writer(text_[count_]);
  writer.text("<sip:").text(port::write_address(environment.transport.sent_by(flow), address));
  if (flow.transport != sip::Transport::Udp) {
    writer.text(";transport=").text(sip::to_param(flow.transport));
  }
  writer.text(";lr;").text(kCookieParam).text("=").text(write_hex_u64(cookie, hex));
  if (by_flow) {
    writer.text(";").text(kFlowParam).text("=");
    writer.text(write_flow_token(environment.route_key, call_id, flow, token));
  }
  writer.text(">");
  values_[count_++] = writer.view();
}

}  // namespace tipring::proxy

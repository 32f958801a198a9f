#include "server/proxy/record_route.h"

#include "core/text.h"
#include "dialog/route_set.h"
#include "server/proxy/flow_token.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::proxy {

namespace {

// Behind another proxy nobody can be reached by the flow (RFC 5626 5.1: only the first hop may write
// it).
bool is_first_hop(const sip::MessageView& request) {
  size_t hops = 0;
  for ([[maybe_unused]] const std::string_view via : request.values(sip::HeaderId::Via)) ++hops;
  return hops == 1;
}

}  // namespace

RecordRoutes::RecordRoutes(const Environment& environment, const sip::MessageView& request,
                           dialog::CallHandle call, const Flow& in, const Flow& out,
                           bool out_by_flow) {
  const std::string_view call_id = request.header(sip::HeaderId::CallId).value_or("");
  const HashKey& key = environment.route_key;
  const dialog::Cookie cookie = dialog::make_cookie(
      key, environment.life, call, dialog::hash_dialog(key, call_id, request.from_tag()));
  const bool in_by_flow =
      is_first_hop(request) && (!call || dialog::is_reached_by_flow(request, in));
  const bool same_side = in.transport == out.transport &&
                         environment.transport.sent_by(in) == environment.transport.sent_by(out);
  // The callee reads from the top: the side that faces it stands first.
  add(environment, out, call_id, cookie, out_by_flow);
  if (!same_side || in_by_flow || out_by_flow) add(environment, in, call_id, cookie, in_by_flow);
}

void RecordRoutes::add(const Environment& environment, const Flow& flow, std::string_view call_id,
                       const dialog::Cookie& cookie, bool by_flow) {
  std::array<char, port::kAddressTextMax> address;
  std::array<char, dialog::kCookieSize> hex;
  std::array<char, kFlowTokenMax> token;
  sip::Writer writer(text_[count_]);
  writer.text("<sip:").text(port::write_address(environment.transport.sent_by(flow), address));
  if (flow.transport != sip::Transport::Udp) {
    writer.text(";transport=").text(sip::to_param(flow.transport));
  }
  writer.text(";lr;").text(dialog::kCookieParam).text("=").text(dialog::write_cookie(cookie, hex));
  if (by_flow) {
    writer.text(";").text(kFlowParam).text("=");
    writer.text(write_flow_token(environment.route_key, call_id, flow, token));
  }
  writer.text(">");
  values_[count_++] = writer.view();
}

}  // namespace tipring::proxy

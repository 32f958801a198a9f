#include "server/proxy/record_route.h"

#include "core/text.h"
#include "server/proxy/flow_token.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::proxy {

namespace {

uint64_t cookie_of(const Environment& environment, std::string_view call_id,
                   std::string_view caller_tag) {
  SipHasher64 hasher(environment.route_key);
  hasher.add("route\n");
  hasher.add(call_id);
  hasher.add("\n");
  hasher.add(caller_tag);
  return hasher.finish();
}

// The caller of the dialog may be on either side of this request.
bool cookie_fits(const Environment& environment, const sip::MessageView& request,
                 std::string_view text) {
  const Result<uint64_t> given = parse_hex_u64(text);
  const auto call_id = request.header(sip::HeaderId::CallId);
  const auto from = request.typed<sip::HeaderId::From>();
  const auto to = request.typed<sip::HeaderId::To>();
  if (!given || !call_id || !from || !to) return false;
  // An RFC 2543 callee gives no tag; an ACK can begin nothing with that.
  if (to->tag().empty() && request.method() != sip::Method::Ack) return false;
  return *given == cookie_of(environment, *call_id, from->tag()) ||
         *given == cookie_of(environment, *call_id, to->tag());
}

// Calls that stand keep the Routes of where we listened before: there our cookie tells us from who
// may listen there now.
bool is_own(const Environment& environment, const sip::MessageView& request, const sip::Uri& uri) {
  if (environment.names.is_own(uri.host, uri.port)) return true;
  const std::optional<sip::Param> cookie = uri.param(kCookieParam);
  return cookie && environment.names.was_own(uri.host, uri.port) &&
         cookie_fits(environment, request, cookie->value);
}

// A sender on a stream, or one whose Contact is not where it sends from. Behind another proxy there
// is no telling (RFC 5626 5.1: only the first hop may write a flow).
bool is_reached_by_flow(const sip::MessageView& request, const Flow& flow) {
  size_t hops = 0;
  for ([[maybe_unused]] const std::string_view via : request.values(sip::HeaderId::Via)) ++hops;
  if (hops != 1) return false;
  if (flow.transport != sip::Transport::Udp) return true;
  const auto contact = sip::parse_name_addr(request.first_value(sip::HeaderId::Contact));
  const auto uri = contact ? sip::parse_uri(contact->uri) : sip::parse_uri("");
  const auto ip = uri ? port::parse_ip(uri->host) : std::nullopt;
  return ip && *ip != flow.remote.ip;
}

// The flow that one of our own values names, while it can be sent on.
std::optional<Flow> flow_of(const Environment& environment, const sip::MessageView& request,
                            const sip::Uri& own) {
  const std::optional<sip::Param> token = own.param(kFlowParam);
  if (!token) return std::nullopt;
  const auto flow = read_flow_token(
      environment.route_key, request.header(sip::HeaderId::CallId).value_or(""), token->value);
  return flow && environment.transport.stands(*flow) ? flow : std::nullopt;
}

}  // namespace

RecordRoutes::RecordRoutes(const Environment& environment, const sip::MessageView& request,
                           const Flow& in, const Flow& out, bool out_by_flow) {
  const auto from = request.typed<sip::HeaderId::From>();
  const std::string_view call_id = request.header(sip::HeaderId::CallId).value_or("");
  const uint64_t cookie = cookie_of(environment, call_id, from ? from->tag() : std::string_view());
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

RouteInfo read_routes(const Environment& environment, const sip::MessageView& request) {
  RouteInfo info;
  const auto request_uri = sip::parse_uri(request.request_uri());
  // 16.4: a strict router has put our own value into the Request-URI; only we write the cookie.
  const bool ours =
      request_uri && !request_uri->has_user && is_own(environment, request, *request_uri);
  const std::optional<sip::Param> placed = ours ? request_uri->param(kCookieParam) : std::nullopt;
  if (placed) {
    info.in_dialog = cookie_fits(environment, request, placed->value);
    info.flow = flow_of(environment, request, *request_uri);
  }
  std::string_view last_route;
  bool at_front = true;
  for (const std::string_view value : request.values(sip::HeaderId::Route)) {
    const auto route = sip::parse_name_addr(value);
    if (!route) break;
    const auto uri = sip::parse_uri(route->uri);
    last_route = route->uri;
    if (at_front && uri && is_own(environment, request, *uri)) {
      ++info.own_routes;
      const std::optional<sip::Param> cookie = uri->param(kCookieParam);
      if (cookie && cookie_fits(environment, request, cookie->value)) info.in_dialog = true;
      info.flow = flow_of(environment, request, *uri);
      continue;
    }
    if (at_front) info.next_route = route->uri;
    at_front = false;
  }
  info.strict = placed && !last_route.empty();
  info.request_uri = info.strict ? last_route : request.request_uri();
  if (info.strict && info.next_route == last_route) info.next_route = {};
  return info;
}

}  // namespace tipring::proxy

#include "server/proxy/record_route.h"

#include "core/text.h"
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
  if (!given || !call_id || !from || !to || to->tag().empty()) return false;
  return *given == cookie_of(environment, *call_id, from->tag()) ||
         *given == cookie_of(environment, *call_id, to->tag());
}

bool is_own(const Environment& environment, const sip::Uri& uri) {
  return environment.names.is_own(uri.host, uri.port);
}

}  // namespace

RecordRoutes::RecordRoutes(const Environment& environment, const sip::MessageView& request,
                           const Flow& in, const Flow& out) {
  const auto from = request.typed<sip::HeaderId::From>();
  const uint64_t cookie = cookie_of(environment, request.header(sip::HeaderId::CallId).value_or(""),
                                    from ? from->tag() : std::string_view());
  // The callee reads from the top: the side that faces it stands first.
  add(environment, out, cookie);
  const bool same_side = in.transport == out.transport &&
                         environment.transport.sent_by(in) == environment.transport.sent_by(out);
  if (!same_side) add(environment, in, cookie);
}

void RecordRoutes::add(const Environment& environment, const Flow& flow, uint64_t cookie) {
  std::array<char, port::kAddressTextMax> address;
  std::array<char, 16> hex;
  sip::Writer writer(text_[count_]);
  writer.text("<sip:").text(port::write_address(environment.transport.sent_by(flow), address));
  if (flow.transport != sip::Transport::Udp) {
    writer.text(";transport=").text(sip::to_param(flow.transport));
  }
  writer.text(";lr;").text(kCookieParam).text("=").text(write_hex_u64(cookie, hex)).text(">");
  values_[count_++] = writer.view();
}

RouteInfo read_routes(const Environment& environment, const sip::MessageView& request) {
  RouteInfo info;
  const auto request_uri = sip::parse_uri(request.request_uri());
  // 16.4: a strict router has put our own value into the Request-URI; only we write the cookie.
  const bool ours = request_uri && !request_uri->has_user && is_own(environment, *request_uri);
  const std::optional<sip::Param> placed = ours ? request_uri->param(kCookieParam) : std::nullopt;
  if (placed) info.in_dialog = cookie_fits(environment, request, placed->value);
  std::string_view last_route;
  bool at_front = true;
  for (const std::string_view value : request.values(sip::HeaderId::Route)) {
    const auto route = sip::parse_name_addr(value);
    if (!route) break;
    const auto uri = sip::parse_uri(route->uri);
    last_route = route->uri;
    if (at_front && uri && is_own(environment, *uri)) {
      ++info.own_routes;
      const std::optional<sip::Param> cookie = uri->param(kCookieParam);
      if (cookie && cookie_fits(environment, request, cookie->value)) info.in_dialog = true;
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

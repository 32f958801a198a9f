#include "server/proxy/routes.h"

#include "core/text.h"
#include "dialog/cookie.h"
#include "server/proxy/flow_token.h"
#include "server/proxy/record_route.h"
#include "sip/headers.h"
#include "sip/tel_uri.h"
#include "sip/uri.h"

namespace tipring::proxy {

namespace {

// Time for the calls from before a start to end.
constexpr Millis kOlderCalls{24 * 60 * 60 * 1000};

// What the cookies in a request's Routes are worth. The dialog is hashed once, however many a
// stranger sends with a long Call-ID.
class Cookies {
 public:
  Cookies(const Environment& environment, const sip::MessageView& request)
      : environment_(environment), request_(request) {}

  // Whether it leads to a dialog that this request belongs to, or was written by us for one.
  bool fit(std::string_view text) {
    if (!may_be_within()) return false;
    const dialog::CallHandle call = dialog::read_cookie_call(text);
    if (const dialog::Match match = environment_.calls.match(call, request_)) {
      match_ = match;
      call_ = call;
      return true;
    }
    const std::optional<dialog::Cookie> cookie = dialog::read_cookie(text);
    if (!cookie || !is_proved(*cookie)) return false;
    proved_ = cookie;
    return true;
  }

  // A spiral: the dialog has come through us more than once, and is a call each time. Each of them
  // has to see its requests.
  bool names_another_call(std::string_view text) const {
    if (!match_) return false;
    const dialog::CallHandle call = dialog::read_cookie_call(text);
    return call != call_ && environment_.calls.match(call, request_);
  }

  const dialog::Match& match() const { return match_; }
  // Of a dialog that is not known here; nothing when there was none.
  const std::optional<dialog::Cookie>& proved() const { return proved_; }

 private:
  bool may_be_within() const {
    // An RFC 2543 callee gives no tag; an ACK and a BYE can begin nothing with that.
    return !request_.to_tag().empty() || request_.method() == sip::Method::Ack ||
           request_.method() == sip::Method::Bye;
  }
  // The caller of the dialog may be on either side of this request.
  bool is_proved(const dialog::Cookie& cookie) {
    const HashKey& key = environment_.route_key;
    return dialog::is_proved(key, cookie, of_caller(of_from_, request_.from_tag())) ||
           dialog::is_proved(key, cookie, of_caller(of_to_, request_.to_tag()));
  }
  uint64_t of_caller(std::optional<uint64_t>& known, std::string_view tag) {
    if (!known) {
      known = dialog::hash_dialog(environment_.route_key,
                                  request_.header(sip::HeaderId::CallId).value_or(""), tag);
    }
    return *known;
  }

  const Environment& environment_;
  const sip::MessageView& request_;
  dialog::Match match_;
  dialog::CallHandle call_;  // that match_ was found by
  std::optional<dialog::Cookie> proved_;
  std::optional<uint64_t> of_from_;  // were the caller who stands in From
  std::optional<uint64_t> of_to_;
};

// By the host that a request with this URI on top is sent to. Calls that stand keep the Routes of
// where we listened before: there our cookie tells us from who may listen there now.
bool is_own(const Environment& environment, Cookies& cookies, const sip::Uri& uri) {
  const auto maddr = uri.param("maddr");
  const std::string_view host = maddr ? maddr->value : uri.host;
  if (environment.names.is_own(host, uri.port)) return true;
  const std::optional<sip::Param> cookie = uri.param(dialog::kCookieParam);
  return cookie && environment.names.was_own(host, uri.port) && cookies.fit(cookie->value);
}

// Whether who is at its other end is on our host. What we have sent to ourselves was somebody else's.
bool is_on_host(const Environment& environment, const Flow& flow) {
  return environment.transport.is_of_host(flow.remote.ip) &&
         !environment.transport.comes_from_us(flow);
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

// 16.4: a maddr that only says by which of our addresses and ports the request should come, and it
// has. Without a transport parameter it may have come by any: long requests take TCP.
bool came_by_maddr(const Environment& environment, const sip::Uri& uri, const Flow& in) {
  const auto maddr = uri.param("maddr");
  if (!maddr) return false;
  const auto transport = uri.param("transport");
  if (transport && sip::parse_transport(transport->value) != in.transport) return false;
  const uint16_t port = uri.port != 0 ? uri.port : sip::default_port(in.transport);
  return port == environment.transport.sent_by(in).port &&
         environment.names.is_own(maddr->value, port);
}

// "The proxy MUST strip the maddr and any non-default port or transport parameter" (16.4).
void write_without_maddr(sip::Writer& out, const sip::Uri& uri) {
  sip::Uri rest = uri;
  rest.port = 0;
  rest.params = {};
  rest.headers = {};
  sip::write_uri(out, rest);
  sip::write_uri_params(out, uri.params, {"maddr", "ttl", "transport"});
  if (!uri.headers.empty()) out.text("?").text(uri.headers);
}

// Takes the Request-URI for what it stands for.
void resolve_request_uri(const Environment& environment, const sip::MessageView& request,
                         const Flow& in, UriRoom& room, RouteInfo& info) {
  sip::Writer out(room.text);
  const sip::ParsedUri& uri = info.request_uri;
  if (uri) {
    if (!came_by_maddr(environment, *uri, in)) return;
    write_without_maddr(out, *uri);
  } else {
    // A gateway behind a Route may know a number that we do not.
    if (!info.next_route.text.empty() || !sip::parse_tel_uri(uri.text)) return;
    const size_t scheme = sip::scheme_of(uri.text).size() + 1;
    write_as_sip(out, environment, request, in, uri.text.substr(scheme));
  }
  info.uri_too_long = out.full();
  if (!info.uri_too_long) info.request_uri = sip::ParsedUri(out.view());
}

// Whether a request to `uri` goes where one to `target` goes.
bool is_same_place(const sip::ParsedUri& uri, std::string_view target) {
  if (uri.text == target) return true;
  const auto other = sip::parse_uri(target);
  if (!uri || !other) return false;
  const auto maddr_of = [](const sip::Uri& of) {
    const auto maddr = of.param("maddr");
    return maddr ? maddr->value : std::string_view();
  };
  const auto port_of = [](const sip::Uri& of) {
    const uint16_t none = of.scheme == sip::Scheme::Sips ? sip::kSipsPort : sip::kSipPort;
    return of.port != 0 ? of.port : none;
  };
  return iequals(uri->host, other->host) && port_of(*uri) == port_of(*other) &&
         iequals(maddr_of(*uri), maddr_of(*other));
}

// Whether the request goes to that side of the dialog. Else whoever is in a call could send anything
// anywhere through us.
bool leads_to(const RouteInfo& info, const dialog::Dialog& dialog, dialog::Side side) {
  if (!info.next_route.text.empty()) {
    std::string_view routes = dialog.routes(side);
    std::string_view first;
    if (!sip::next_list_value(routes, first)) return false;
    const auto route = sip::parse_name_addr(first);
    return route && is_same_place(info.next_route, route->uri);
  }
  return info.flow || is_same_place(info.request_uri, dialog.target(side));
}

// Dialogs of which nothing is kept here: those that are no calls, which go on by the flows in our
// Record-Route, and calls from before the last start, which are given a day to end.
bool goes_on(const Environment& environment, const dialog::Cookie& cookie,
             const sip::MessageView& request, const RouteInfo& info) {
  if (!cookie.call) return info.flow && info.next_route.text.empty();
  const sip::Method method = request.method();
  if (cookie.life == environment.life) {
    // A fork for which there was no room: it can be taken and ended.
    return environment.calls.stands(cookie.call) &&
           (method == sip::Method::Ack || method == sip::Method::Bye ||
            method == sip::Method::Prack);
  }
  return info.may_be_older && (method == sip::Method::Ack || method == sip::Method::Bye ||
                               method == sip::Method::Update || method == sip::Method::Info);
}

}  // namespace

void write_as_sip(sip::Writer& out, const Environment& environment, const sip::MessageView& request,
                  const Flow& in, std::string_view number) {
  out.text("sip:");
  sip::write_user(out, number);
  out.text("@");
  const auto& caller = request.from_uri();
  std::array<char, port::kAddressTextMax> address;
  if (caller && environment.names.is_own(caller->host, caller->port)) {
    sip::write_host_port(out, *caller);
  } else {
    out.text(port::write_address(environment.transport.sent_by(in), address));
  }
  out.text(";user=phone");
}

RouteInfo read_routes(const Environment& environment, const sip::MessageView& request,
                      const Flow& in, UriRoom& room) {
  const sip::ParsedUri& request_uri = request.parsed_request_uri();
  RouteInfo info(request_uri);
  info.request = &request;
  Cookies cookies(environment, request);
  std::optional<sip::Uri> last_own;
  // 16.4: a strict router has put our own value into the Request-URI; only we write the cookie.
  const bool ours =
      request_uri && !request_uri->has_user && is_own(environment, cookies, *request_uri);
  const std::optional<sip::Param> placed =
      ours ? request_uri->param(dialog::kCookieParam) : std::nullopt;
  if (placed) {
    cookies.fit(placed->value);
    last_own = *request_uri;
  }
  std::string_view last_route;
  bool at_front = true;
  bool first = true;
  for (const std::string_view value : request.values(sip::HeaderId::Route)) {
    const auto route = first ? request.typed<sip::HeaderId::Route>() : sip::parse_name_addr(value);
    if (!route) break;
    const sip::ParsedUri uri = first ? request.route_uri() : sip::ParsedUri(route->uri);
    first = false;
    last_route = route->uri;
    const auto cookie = at_front && uri ? uri->param(dialog::kCookieParam) : std::nullopt;
    const bool is_next_round = cookie && cookies.names_another_call(cookie->value);
    if (at_front && uri && !is_next_round && is_own(environment, cookies, *uri)) {
      ++info.own_routes;
      if (cookie) cookies.fit(cookie->value);
      last_own = *uri;
      continue;
    }
    if (at_front) info.next_route = uri;
    at_front = false;
  }
  if (last_own) info.flow = flow_of(environment, request, *last_own);
  info.strict = placed && !last_route.empty();
  if (info.strict) info.request_uri = sip::ParsedUri(last_route);
  if (info.strict && info.next_route.text.data() == last_route.data()) info.next_route = {};
  resolve_request_uri(environment, request, in, room, info);
  info.may_be_older =
      !environment.tracks_calls || environment.now() - environment.started_at < kOlderCalls;
  info.dialog = cookies.match();
  if (info.dialog) {
    info.in_dialog = leads_to(info, *info.dialog.dialog, dialog::other(info.dialog.from));
    const Flow& other = info.dialog.dialog->peer(dialog::other(info.dialog.from)).flow;
    info.may_end_on_host = is_on_host(environment, other);
  } else if (cookies.proved()) {
    info.in_dialog = goes_on(environment, *cookies.proved(), request, info);
  }
  info.may_end_on_host = info.may_end_on_host || is_on_host(environment, in);
  return info;
}

}  // namespace tipring::proxy

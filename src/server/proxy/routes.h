// What the Request-URI and the Route headers of a received request say of us, before anything else
// is decided about it: RFC 3261 16.4, and 19.1.6 for a telephone number.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "service/environment.h"
#include "sip/writer.h"

namespace tipring::proxy {

using service::Environment;
using service::Flow;

// Holds a Request-URI that had to be rewritten.
struct UriRoom {
  std::array<char, 1024> text;
};

struct RouteInfo {
  explicit RouteInfo(const sip::ParsedUri& received) : request_uri(received) {}

  const sip::MessageView* request = nullptr;  // that it was read from, while that stands
  size_t own_routes = 0;                      // values at the front that name us
  bool strict = false;         // the Request-URI is ours and the last Route is the real one
  bool uri_too_long = false;   // to be rewritten: 414
  sip::ParsedUri request_uri;  // the real one; a telephone number without a Route as a SIP URI
  sip::ParsedUri next_route;   // of the first Route behind our own; without a text: there is none
  dialog::Match dialog;        // a call that stands, and this request belongs to
  bool in_dialog = false;      // it goes from one side of a dialog to the other
  bool may_be_older = false;   // it may be of a call that nothing is known of, and that stands
  // Who sends it, or the side of the call that it goes to, is on the server's own host.
  bool may_end_on_host = false;
  std::optional<Flow> flow;  // that the last of our values names, for the next hop
};

// What of it the policy asks for; refers to `routes`.
inline service::RouteFacts facts_of(const RouteInfo& routes) {
  return {&routes.request_uri, !routes.next_route.text.empty(), routes.in_dialog,
          routes.may_be_older};
}

// 19.1.6: a number as the user part of a SIP URI. It is looked for among the users of the caller's
// domain, or of the address that was asked.
void write_as_sip(sip::Writer& out, const Environment& environment, const sip::MessageView& request,
                  const Flow& in, std::string_view number);

// `in`: how the request came. `room` must live as long as the result.
RouteInfo read_routes(const Environment& environment, const sip::MessageView& request,
                      const Flow& in, UriRoom& room);

}  // namespace tipring::proxy

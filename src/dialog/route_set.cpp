#include "dialog/route_set.h"

#include "dialog/cookie.h"
#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::dialog {

namespace {

void add(sip::Writer& out, std::string_view value) {
  if (out.size() != 0) out.text(", ");
  out.unfolded(value);
}

Result<std::string_view> finished(const sip::Writer& out) {
  if (out.full()) return Error::TooLong;
  return out.view();
}

}  // namespace

bool is_reached_by_flow(const sip::MessageView& message, const transport::Flow& flow) {
  if (flow.transport != sip::Transport::Udp) return true;
  const sip::ParsedUri& uri = message.contact_uri();
  const auto ip = uri ? port::parse_ip(uri->host) : std::nullopt;
  return ip && *ip != flow.remote.ip;
}

Result<std::string_view> routes_to_caller(const sip::MessageView& invite, RouteSetText& room) {
  sip::Writer out(room);
  for (const std::string_view value : invite.values(sip::HeaderId::RecordRoute)) add(out, value);
  return finished(out);
}

Result<std::string_view> routes_to_callee(const sip::MessageView& response, CallHandle call,
                                          RouteSetText& room) {
  std::array<std::string_view, kRoutesMax> above;
  size_t count = 0;
  CookieStart room_of_start;
  const std::string_view own = write_cookie_start(call, room_of_start);
  bool found = false;
  for (const std::string_view value : response.values(sip::HeaderId::RecordRoute)) {
    found = value.find(own) != std::string_view::npos;
    if (found) break;
    if (count == above.size()) return Error::TooLong;
    above[count++] = value;
  }
  sip::Writer out(room);
  while (found && count != 0) add(out, above[--count]);
  return finished(out);
}

}  // namespace tipring::dialog

#include "dialog/route_set.h"

#include "dialog/cookie.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::dialog {

namespace {

bool is_of_call(std::string_view value, CallHandle call) {
  const auto route = sip::parse_name_addr(value);
  if (!route) return false;
  const auto uri = sip::parse_uri(route->uri);
  const auto param = uri ? uri->param(kCookieParam) : std::nullopt;
  const auto cookie = param ? read_cookie(param->value) : std::nullopt;
  return cookie && cookie->call == call;
}

void add(sip::Writer& out, std::string_view value) {
  if (out.size() != 0) out.text(", ");
  out.unfolded(value);
}

Result<std::string_view> finished(const sip::Writer& out) {
  if (out.full()) return Error::TooLong;
  return out.view();
}

}  // namespace

Result<std::string_view> routes_to_caller(const sip::MessageView& invite, RouteSetText& room) {
  sip::Writer out(room);
  for (const std::string_view value : invite.values(sip::HeaderId::RecordRoute)) add(out, value);
  return finished(out);
}

Result<std::string_view> routes_to_callee(const sip::MessageView& response, CallHandle call,
                                          RouteSetText& room) {
  std::array<std::string_view, kRoutesMax> above;
  size_t count = 0;
  bool found = false;
  for (const std::string_view value : response.values(sip::HeaderId::RecordRoute)) {
    found = is_of_call(value, call);
    if (found) break;
    if (count == above.size()) return Error::TooLong;
    above[count++] = value;
  }
  sip::Writer out(room);
  while (found && count != 0) add(out, above[--count]);
  return finished(out);
}

}  // namespace tipring::dialog

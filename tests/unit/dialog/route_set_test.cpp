#include "dialog/route_set.h"

#include <doctest/doctest.h>

#include <string>

#include "dialog/cookie.h"

using namespace tipring;
using namespace tipring::dialog;

namespace {

constexpr CallHandle kCall{7, 3};

std::string own_route(CallHandle call = kCall) {
  std::array<char, kCookieSize> room;
  const Cookie cookie = make_cookie({1, 2}, 9, call, 5);
  return "<sip:10.0.0.1;lr;tc=" + std::string(write_cookie(cookie, room)) + ">";
}

struct Parsed {
  explicit Parsed(const std::string& lines)
      : text("SIP/2.0 200 OK\r\n" + lines + "\r\n"),
        message(sip::parse_message(text, index, sip::Framing::Datagram).view) {}

  std::string text;
  sip::HeaderIndex index;
  sip::MessageView message;
};

std::string to_callee(const std::string& lines) {
  const Parsed parsed(lines);
  RouteSetText room;
  const auto routes = routes_to_callee(parsed.message, kCall, room);
  return routes ? std::string(*routes) : "too long";
}

}  // namespace

TEST_CASE("route set: to the caller it is the INVITE's Record-Route as it stands" *
          doctest::description("RFC 3261 12.1.1")) {
  const Parsed parsed("Record-Route: <sip:near;lr>, <sip:b;lr>\r\nRecord-Route: <sip:far;lr>\r\n");
  RouteSetText room;
  CHECK(*routes_to_caller(parsed.message, room) == "<sip:near;lr>, <sip:b;lr>, <sip:far;lr>");
  CHECK(routes_to_caller(Parsed("").message, room)->empty());
}

TEST_CASE("route set: to the callee it is what stands above our own, the other way round" *
          doctest::description("RFC 3261 12.1.2, 16.6 step 4; RFC 5658 6")) {
  const std::string own = own_route();
  CHECK(to_callee("Record-Route: <sip:far;lr>, <sip:near;lr;x=y>\r\nRecord-Route: " + own + ", " +
                  own + "\r\nRecord-Route: <sip:caller;lr>\r\n") ==
        "<sip:near;lr;x=y>, <sip:far;lr>");
  CHECK(to_callee("Record-Route: " + own + ", <sip:caller;lr>\r\n").empty());
}

TEST_CASE("route set: a callee that has not copied our own has none" *
          doctest::description("RFC 3261 12.1.1")) {
  CHECK(to_callee("").empty());
  CHECK(to_callee("Record-Route: <sip:far;lr>, <sip:caller;lr>\r\n").empty());
  // Of another call of ours, through which this one has come round.
  CHECK(to_callee("Record-Route: " + own_route({8, 3}) + "\r\n").empty());
  CHECK(to_callee("Record-Route: " + own_route({8, 3}) + ", " + own_route() + "\r\n") ==
        own_route({8, 3}));
}

TEST_CASE("route set: one that is longer than a dialog may be is told" *
          doctest::description("DESIGN: Memory")) {
  std::string many;
  for (size_t i = 0; i <= kRoutesMax; ++i) many += "Record-Route: <sip:h;lr>\r\n";
  CHECK(to_callee(many + "Record-Route: " + own_route() + "\r\n") == "too long");
  const Parsed parsed("Record-Route: <sip:" + std::string(DialogTexts::kBytesMax, 'h') +
                      ";lr>\r\n");
  RouteSetText room;
  CHECK(routes_to_caller(parsed.message, room).error() == Error::TooLong);
}

// What phones may have the server send to its own host: nothing, unless they are there themselves.
#include <doctest/doctest.h>

#include "pair.h"

using namespace tipring;
using namespace tipring::proxy;

namespace {

struct Bench : Pair {
  // Of the call that alice has begun, with bob's tag.
  void in_call(Phone& from, const std::string& method, const std::string& uri,
               const std::string& record_route) {
    from.send(method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK" + method +
              "\r\nRoute: " + record_route +
              "\r\nFrom: <sip:alice@tipring>;tag=a\r\nTo: <sip:bob@tipring>;tag=b\r\n"
              "Call-ID: 1\r\nCSeq: 2 " +
              method + "\r\nContent-Length: 0\r\n\r\n");
  }
  // Answered by `callee` with this Contact; our Record-Route.
  std::string establish(Phone& callee, const std::string& contact, const std::string& lines = "") {
    request("INVITE", "sip:bob@tipring", "Contact: <sip:alice@10.0.0.2>\r\n");
    const Message invite = callee.take();
    REQUIRE(invite.first_line().starts_with("INVITE "));
    std::string ok = answer(invite, "200 OK", lines + "Contact: <" + contact + ">\r\n");
    ok.insert(ok.find("To: <sip:bob@tipring>") + 21, ";tag=b");
    callee.send(ok);
    CHECK(outcome() == "SIP/2.0 200 OK");
    return invite.line("Record-Route");
  }

  Phone here{world, "10.0.0.1", 7000};  // on the server's host, for nobody else
};

}  // namespace

TEST_CASE("own host: what a callee's Contact names there is not reached" *
          doctest::description("RFC 3261 12.2.1.1, 26.3.2.4")) {
  for (const char* contact :
       {"sip:x@10.0.0.1:7000", "sip:x@127.0.0.1:7000", "sip:x@trap.example:7000"}) {
    CAPTURE(contact);
    Bench bench;
    bench.exchange.host.names().set("trap.example", {*port::parse_ip("10.0.0.1")});
    const std::string route = bench.establish(bench.bob, contact);
    bench.in_call(bench.alice, "ACK", contact, route);
    bench.in_call(bench.alice, "BYE", contact, route);
    CHECK(bench.outcome() == "SIP/2.0 403 Forbidden");
    CHECK(bench.here.got_nothing());
  }
}

TEST_CASE("own host: a Record-Route of a phone does not lead there" *
          doctest::description("RFC 3261 12.2.1.1, 16.6 step 7")) {
  Bench bench;
  const std::string route =
      bench.establish(bench.bob, "sip:bob@10.0.0.3", "Record-Route: <sip:10.0.0.1:7000;lr>\r\n");
  bench.in_call(bench.alice, "INFO", "sip:bob@10.0.0.3", route + ", <sip:10.0.0.1:7000;lr>");
  CHECK(bench.outcome() == "SIP/2.0 403 Forbidden");
  CHECK(bench.here.got_nothing());
}

TEST_CASE("own host: a registered name that leads there is no phone, and its other address is" *
          doctest::description("RFC 3261 10.3, 16.6 step 7; RFC 3263 4.2")) {
  Bench bench;
  bench.exchange.bind("bob", "sip:bob@trap.example:7000");
  bench.exchange.host.names().set(
      "trap.example", {*port::parse_ip("127.0.0.1"), *port::parse_ip("::ffff:127.0.0.1"),
                       *port::parse_ip("10.0.0.1")});
  bench.request("INVITE", "sip:bob@tipring");
  CHECK(bench.outcome() == "SIP/2.0 403 Forbidden");
  CHECK(bench.here.got_nothing());
  Phone bob(bench.world, "10.0.0.3", 7000);
  bench.exchange.host.names().set("trap.example",
                                  {*port::parse_ip("10.0.0.1"), *port::parse_ip("10.0.0.3")});
  bench.request("OPTIONS", "sip:bob@tipring", "", "z9hG4bK2");
  CHECK(bob.take().first_line().starts_with("OPTIONS "));
  CHECK(bench.here.got_nothing());
}

TEST_CASE("own host: a name that leads to no host at all is not followed" *
          doctest::description("RFC 3263 4.2; RFC 3261 16.6 step 7")) {
  Bench bench;
  bench.exchange.bind("bob", "sip:bob@trap.example:7000");
  bench.exchange.host.names().set("trap.example",
                                  {*port::parse_ip("0.0.0.0"), *port::parse_ip("224.0.1.75")});
  bench.request("INVITE", "sip:bob@tipring");
  CHECK(bench.outcome() == "SIP/2.0 500 Server Internal Error");
}

TEST_CASE("own host: who is there reaches what is there" * doctest::description("RFC 3261 16.6")) {
  Bench bench;
  Phone caller(bench.world, "10.0.0.1", 7001);
  bench.exchange.bind("bob", "sip:x@10.0.0.1:7000");
  caller.send(
      "OPTIONS sip:x@10.0.0.1:7000 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:7001;branch=z9hG4bK9\r\n"
      "From: <sip:alice@tipring>;tag=a\r\nTo: <sip:x@10.0.0.1:7000>\r\nCall-ID: 9\r\n"
      "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
  CHECK(bench.here.take().first_line().starts_with("OPTIONS "));
}

TEST_CASE("own host: a phone there is called, and its call goes on and ends" *
          doctest::description("RFC 3261 12.2.1.1")) {
  Bench bench;
  bench.exchange.bind_on_host("bob", "sip:bob@10.0.0.1:7000");
  const std::string route = bench.establish(bench.here, "sip:bob@10.0.0.1:7000");
  bench.in_call(bench.alice, "ACK", "sip:bob@10.0.0.1:7000", route);
  CHECK(bench.here.take().first_line().starts_with("ACK "));
  bench.in_call(bench.alice, "BYE", "sip:bob@10.0.0.1:7000", route);
  CHECK(bench.here.take().first_line().starts_with("BYE "));
}

TEST_CASE("own host: a phone there may redirect to what is there, and no other" *
          doctest::description("RFC 3261 16.5, 16.6 step 7")) {
  for (const bool is_there : {true, false}) {
    CAPTURE(is_there);
    Bench bench;
    bench.exchange.follows_abroad = true;
    Phone next(bench.world, "10.0.0.1", 7001);
    if (is_there) bench.exchange.bind_on_host("bob", "sip:bob@10.0.0.1:7000");
    Phone& callee = is_there ? bench.here : bench.bob;
    bench.request("INVITE", "sip:bob@tipring");
    callee.send(
        bench.answer(callee.take(), "302 Moved Temporarily", "Contact: <sip:x@10.0.0.1:7001>\r\n"));
    CHECK(next.got_nothing() == !is_there);
  }
}

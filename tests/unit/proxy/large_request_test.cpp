// Requests that are too large for a datagram: RFC 3261 18.1.1, SPEC C5.
#include <doctest/doctest.h>

#include "pair.h"

using namespace tipring;
using proxy::Message;
using proxy::Pair;
using proxy::Phone;
using proxy::StreamListener;

namespace {

constexpr const char* kCarol = "sip:carol@10.0.0.3";

struct Large : Pair {
  void invite(const std::string& uri = kCarol, size_t body = 1500) {
    request("INVITE", uri, "", "z9hG4bK" + std::to_string(++branch), std::string(body, 'x'));
  }
  int branch = 0;
};

std::string branch_of(const Message& request) {
  const std::string via = request.line("Via");
  return via.substr(via.find("branch="));
}

}  // namespace

TEST_CASE("large request: it goes by TCP, and Via and Record-Route say so" *
          doctest::description("RFC 3261 18.1.1, RFC 5658; F58, C5")) {
  Large bench;
  StreamListener carol(bench.world, "10.0.0.3");
  bench.invite();
  const Message got = carol.take();
  CHECK(got.line("Via").starts_with("SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK"));
  const std::vector<std::string> routes = got.lines("Record-Route");
  REQUIRE(routes.size() == 2);
  CHECK(routes[0].starts_with("<sip:10.0.0.1:5060;transport=tcp;lr"));
  CHECK(routes[1].starts_with("<sip:10.0.0.1:5060;lr"));
  CHECK(bench.bob.got_nothing());
  carol.send(Pair::answer(got, "486 Busy Here"));
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
}

TEST_CASE("large request: up to 1300 bytes as written it stays with UDP" *
          doctest::description("RFC 3261 18.1.1; F58")) {
  Large bench;
  StreamListener carol(bench.world, "10.0.0.3");
  bench.invite(kCarol, 500);
  const size_t growth = bench.bob.take().text.size() - 500;
  bench.invite(kCarol, 1300 - growth);
  CHECK(bench.bob.take().text.size() == 1300);
  bench.invite(kCarol, 1301 - growth);
  CHECK(carol.take().text.size() > 1300);
}

TEST_CASE("large request: refused by TCP it goes by UDP at once, in a transaction of its own" *
          doctest::description("RFC 3261 18.1.1, 16.6 step 7; F58, C5")) {
  Large bench;
  bench.invite();
  const Message got = bench.bob.take(Millis(50));
  CHECK(got.line("Via").starts_with("SIP/2.0/UDP 10.0.0.1:5060;"));
  CHECK(got.lines("Record-Route").size() == 1);
  CHECK(got.text.size() > 1300);
  bench.bob.send(Pair::answer(got, "180 Ringing"));
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  CHECK(bench.exchange.proxy.counters().retried == 1);
}

TEST_CASE("large request: whoever refused TCP is not asked again for ten minutes" *
          doctest::description("SPEC C5; F58")) {
  Large bench;
  bench.invite();
  const std::string first = branch_of(bench.bob.take());
  StreamListener carol(bench.world, "10.0.0.3");
  bench.world.run_for(Millis(9 * 60 * 1000));
  while (!bench.bob.got_nothing()) bench.bob.take();  // retransmissions of the first
  bench.invite();
  CHECK(branch_of(bench.bob.take()) != first);
  CHECK(carol.got_nothing());
  CHECK(bench.exchange.proxy.counters().retried == 1);
  bench.world.run_for(Millis(60 * 1000));
  bench.invite();
  CHECK(carol.take().line("Via").starts_with("SIP/2.0/TCP "));
}

TEST_CASE("large request: TCP has a second to come about" * doctest::description("SPEC C5; F58")) {
  Large bench;
  // Behind a router that knows only the phone's datagrams.
  port::SimNat& nat = bench.world.make_nat(*port::parse_ip("203.0.113.9"));
  bench.world.make_host_behind(nat, "inside", {*port::parse_ip("192.168.1.2")});
  Phone inside(bench.world, "192.168.1.2");
  inside.send(
      "OPTIONS sip:nobody@tipring SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKf;rport\r\n"
      "From: <sip:x@tipring>;tag=x\r\nTo: <sip:x@tipring>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\n"
      "Content-Length: 0\r\n\r\n");
  inside.take();
  const uint16_t port = bench.exchange.last_flow().remote.port;
  bench.invite("sip:carol@203.0.113.9:" + std::to_string(port));
  CHECK(inside.got_nothing(Millis(950)));
  CHECK(inside.take(Millis(150)).line("Via").starts_with("SIP/2.0/UDP "));
}

TEST_CASE("large request: a phone that has registered over UDP gets it there" *
          doctest::description("SPEC C5; F58")) {
  Large bench;
  StreamListener listens_too(bench.world, "10.0.0.3");
  bench.invite("sip:bob@tipring");
  CHECK(bench.bob.take().text.size() > 1300);
  CHECK(listens_too.got_nothing());
}

TEST_CASE("large request: one that reaches a phone through an edge proxy goes there by TCP" *
          doctest::description("RFC 3261 18.1.1, RFC 3327 5.4; F58")) {
  Large bench;
  StreamListener edge(bench.world, "10.0.0.3");
  bench.exchange.bind("bob", "sip:bob@192.168.1.3", {}, "<sip:10.0.0.3;lr>");
  bench.invite("sip:bob@tipring");
  CHECK(edge.take().first_line() == "INVITE sip:bob@192.168.1.3 SIP/2.0");
}

TEST_CASE("large request: other methods go by TCP too, and UDP's answer counts after it" *
          doctest::description("RFC 3261 18.1.1; F58")) {
  Large bench;
  bench.request("MESSAGE", kCarol, "", "z9hG4bKm", std::string(1500, 'x'));
  bench.bob.send(Pair::answer(bench.bob.take(), "200 OK"));
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
}

TEST_CASE("large request: without a free connection it goes by UDP, which is not remembered" *
          doctest::description("RFC 3261 18.1.1; R5.5, F58")) {
  Large bench;
  StreamListener carol(bench.world, "10.0.0.3");
  bench.exchange.host.network().set_stream_capacity(0);
  bench.invite();
  CHECK(bench.bob.take().line("Via").starts_with("SIP/2.0/UDP "));
  bench.exchange.host.network().set_stream_capacity(10);
  bench.invite();
  CHECK(carol.take().line("Via").starts_with("SIP/2.0/TCP "));
}

TEST_CASE("large request: the ACK to a 2xx follows the same rule" *
          doctest::description("RFC 3261 18.1.1, 16.11; F58")) {
  Large bench;
  const std::string body(1500, 'x');
  bench.request("ACK", kCarol, "", "z9hG4bKa", body);
  const Message by_udp = bench.bob.take(Millis(50));
  CHECK(by_udp.first_line() == std::string("ACK ") + kCarol + " SIP/2.0");
  CHECK(by_udp.line("Via").starts_with("SIP/2.0/UDP "));
  StreamListener dave(bench.world, "10.0.0.4");
  bench.request("ACK", "sip:dave@10.0.0.4", "", "z9hG4bKb", body);
  CHECK(dave.take().line("Via").starts_with("SIP/2.0/TCP "));
  bench.world.run_for(Millis(5'000));
  CHECK(bench.exchange.proxy.stateless_forwarder().stats().in_use == 0);
  CHECK(bench.exchange.proxy.stateless_forwarder().counters().dropped == 0);
}

TEST_CASE("large request: ACKs that wait for connections leave most of the contexts to calls" *
          doctest::description("RFC 3261 16.11; R5.5, F58")) {
  Large bench;
  StreamListener dave(bench.world, "10.0.0.4");
  const uint32_t most = kTinyLimits.transactions / 8;
  const std::string body(1500, 'x');
  for (uint32_t i = 0; i < most + 20; ++i) {
    bench.request("ACK", "sip:dave@10.0.0.4", "", "z9hG4bKa" + std::to_string(i), body);
    bench.world.run_for(Millis(1));
  }
  CHECK(bench.exchange.proxy.stateless_forwarder().stats().in_use == most);
  CHECK(bench.exchange.proxy.stateless_forwarder().counters().forwarded == most + 20);
  bench.world.run_for(Millis(5'000));
  CHECK(bench.exchange.proxy.stateless_forwarder().stats().in_use == 0);
  bench.request("ACK", "sip:dave@10.0.0.4", "", "z9hG4bKlast", body);
  bench.world.run_for(Millis(10));
  CHECK(bench.exchange.proxy.stateless_forwarder().stats().in_use == 1);
}

#include <doctest/doctest.h>

#include "pair.h"

using namespace tipring;
using proxy::Message;
using proxy::Pair;
using proxy::Phone;

TEST_CASE("forward: the copy names the contact, one hop less, and our Via above the caller's" *
          doctest::description("RFC 3261 16.6 steps 2, 3, 8, 18.2.1; R2.2")) {
  Pair bench;
  bench.request("OPTIONS", "sip:bob@tipring", "Max-Forwards: 9\r\nX-Unknown: kept\r\n");
  const Message got = bench.bob.take();
  CHECK(got.first_line() == "OPTIONS sip:bob@10.0.0.3;x=y SIP/2.0");
  CHECK(got.line("Max-Forwards") == "8");
  CHECK(got.line("X-Unknown") == "kept");
  const std::vector<std::string> vias = got.lines("Via");
  REQUIRE(vias.size() == 2);
  CHECK(vias[0].starts_with("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK"));
  CHECK(vias[1] == "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1");
  CHECK(got.lines("Record-Route").empty());  // OPTIONS opens no dialog
}

TEST_CASE("forward: of a contact only what may stand in a Request-URI goes into it" *
          doctest::description("RFC 3261 16.6 step 2, 19.1.1 table 1")) {
  Pair bench;
  bench.exchange.bind("bob", "sip:bob@10.0.0.3;method=BYE;x=y;ttl=1?Subject=z");
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.take().first_line() == "OPTIONS sip:bob@10.0.0.3;x=y;ttl=1 SIP/2.0");
  bench.request("OPTIONS", "sip:carol@10.0.0.3;method=BYE", "", "z9hG4bK2");
  CHECK(bench.bob.take().first_line() == "OPTIONS sip:carol@10.0.0.3 SIP/2.0");
}

TEST_CASE("forward: a URI that asks for TLS is not followed without it" *
          doctest::description("RFC 3261 26.2.2; RFC 5630 5.3; F61")) {
  Pair bench;
  const auto warning = [&](const std::string& uri, const std::string& branch,
                           const std::string& lines = "") {
    bench.request("OPTIONS", uri, lines, branch);
    const Message refused = bench.alice.take();
    CHECK(refused.first_line() == "SIP/2.0 480 Temporarily Unavailable");
    return refused.line("Warning");
  };
  const std::string not_allowed = "380 tipring \"SIPS Not Allowed\"";
  CHECK(warning("sips:bob@tipring", "z9hG4bK1") == not_allowed);
  CHECK(warning("sips:carol@10.0.0.3", "z9hG4bK2") == not_allowed);
  CHECK(warning("sip:carol@10.0.0.3", "z9hG4bK3", "Route: <sips:10.0.0.3;lr>\r\n") == not_allowed);
  CHECK(warning("sips:carol@far", "z9hG4bK4", "Route: <sip:10.0.0.3;lr>\r\n") == not_allowed);
  bench.exchange.bind("bob", "sips:bob@10.0.0.3");
  CHECK(warning("sip:bob@tipring", "z9hG4bK5") == "381 tipring \"SIPS Required\"");
  CHECK(warning("sips:bob@tipring", "z9hG4bK6") == not_allowed);
  bench.request("OPTIONS", "sips:nobody@tipring", "", "z9hG4bK7");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 404 Not Found");
  CHECK(bench.bob.got_nothing());
}

TEST_CASE("forward: without Max-Forwards the copy gets 70" *
          doctest::description("RFC 3261 16.6 step 3")) {
  Pair bench;
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.take().line("Max-Forwards") == "70");
}

TEST_CASE("forward: an answer goes back without our Via" *
          doctest::description("RFC 3261 16.7 step 3; R2.2")) {
  Pair bench;
  bench.request("OPTIONS", "sip:bob@tipring");
  bench.bob.send(Pair::answer(bench.bob.take(), "200 Fine", "X-Of-Bob: yes\r\n"));
  const Message got = bench.alice.take();
  CHECK(got.first_line() == "SIP/2.0 200 Fine");
  CHECK(got.lines("Via") == std::vector<std::string>{"SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1"});
  CHECK(got.line("X-Of-Bob") == "yes");
}

TEST_CASE("forward: a user without a phone and one that nobody knows are answered here" *
          doctest::description("RFC 3261 16.5; R2.4")) {
  Pair bench;
  bench.request("OPTIONS", "sip:nobody@tipring");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 404 Not Found");
  CHECK(bench.exchange.proxy.stats().in_use == 0);
}

TEST_CASE("forward: a request for another host goes where its URI says" *
          doctest::description("RFC 3261 16.5")) {
  Pair bench;
  bench.request("OPTIONS", "sip:carol@10.0.0.3");
  CHECK(bench.bob.take().first_line() == "OPTIONS sip:carol@10.0.0.3 SIP/2.0");
}

TEST_CASE("forward: our Route goes, the next one is the next hop and stays" *
          doctest::description("RFC 3261 16.4, 16.6 step 7; R2.5")) {
  Pair bench;
  bench.request("OPTIONS", "sip:carol@far.example.com",
                "Route: <sip:10.0.0.1;lr>, <sip:10.0.0.3;lr>\r\n");
  const Message got = bench.bob.take();
  CHECK(got.first_line() == "OPTIONS sip:carol@far.example.com SIP/2.0");
  CHECK(got.lines("Route") == std::vector<std::string>{"<sip:10.0.0.3;lr>"});
}

TEST_CASE("forward: a strict router becomes the Request-URI, the real one goes last" *
          doctest::description("RFC 3261 16.6 step 6")) {
  Pair bench;
  bench.request("OPTIONS", "sip:carol@far.example.com",
                "Route: <sip:10.0.0.1;lr>, <sip:10.0.0.3>\r\n");
  const Message got = bench.bob.take();
  CHECK(got.first_line() == "OPTIONS sip:10.0.0.3 SIP/2.0");
  CHECK(got.lines("Route") == std::vector<std::string>{"<sip:carol@far.example.com>"});
}

TEST_CASE("forward: what a phone registered through is the route to it" *
          doctest::description("RFC 3327 5.4; C23")) {
  Pair bench;
  Phone edge(bench.world, "10.0.0.4");
  const std::string path = "<sip:10.0.0.4;lr>,<sip:edge2.example.com;lr>";
  bench.exchange.bind("bob", "sip:bob@192.168.1.3", {}, path);
  bench.request("OPTIONS", "sip:bob@tipring");
  const Message got = edge.take();
  CHECK(got.first_line() == "OPTIONS sip:bob@192.168.1.3 SIP/2.0");
  CHECK(got.lines("Route") == std::vector<std::string>{path});
}

TEST_CASE("forward: a callee that refuses its connection is 500 at once, one that is silent none" *
          doctest::description("RFC 3261 16.9, RFC 4320 4.2")) {
  Pair bench;
  bench.exchange.bind("bob", "sip:bob@10.0.0.3;transport=tcp");  // nobody listens there
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 500 Server Internal Error");
  bench.exchange.bind("bob", "sip:bob@10.0.0.9");
  bench.request("OPTIONS", "sip:bob@tipring", "", "z9hG4bK2");
  bench.world.run_for(Millis(80'000));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.alice.got_nothing());
  CHECK(bench.exchange.proxy.stats().in_use == 0);
}

TEST_CASE("forward: a cancelled call whose callee falls silent ends with 487" *
          doctest::description("RFC 3261 9.1, 16.10; R3.4")) {
  Pair bench;
  bench.request("INVITE", "sip:bob@tipring");
  bench.bob.send(Pair::answer(bench.bob.take(), "180 Ringing"));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 180 Ringing");
  bench.request("CANCEL", "sip:bob@tipring");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.bob.take().first_line() == "CANCEL sip:bob@10.0.0.3;x=y SIP/2.0");
  bench.world.run_for(Millis(33'000));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 487 Request Terminated");
  bench.world.run_for(Millis(80'000));
  CHECK(bench.exchange.proxy.stats().in_use == 0);
}

TEST_CASE("forward: beyond the pool a request gets 503 and those that stand go on" *
          doctest::description("R5.5, C7")) {
  Pair bench;
  const uint32_t room = kTinyLimits.transactions;
  for (uint32_t i = 0; i < room + 8; ++i) {
    bench.request("OPTIONS", "sip:bob@tipring", "", "z9hG4bK" + std::to_string(i));
    bench.world.run_for(Millis(2));
  }
  const Message refused = bench.alice.take();
  CHECK(refused.first_line() == "SIP/2.0 503 Service Unavailable - capacity.transactions");
  CHECK_FALSE(refused.line("Retry-After").empty());
  bench.bob.send(Pair::answer(bench.bob.take(), "200 OK"));
  for (;;) {
    const Message next = bench.alice.take();
    if (next.first_line() == "SIP/2.0 200 OK") break;
    REQUIRE(next.first_line().starts_with("SIP/2.0 503"));
  }
  bench.world.run_for(Millis(80'000));
  CHECK(bench.exchange.proxy.stats().in_use == 0);
}

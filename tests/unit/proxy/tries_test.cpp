// What happens when a next hop is not reached: the next address, then the next phone of the user.
#include <doctest/doctest.h>

#include <set>

#include "pair.h"

using namespace tipring;
using proxy::Message;
using proxy::Pair;
using proxy::Phone;
using proxy::StreamListener;
using proxy::StreamPhone;

namespace {

constexpr const char* kDeadPort = "sip:bob@10.0.0.3:5099";  // ICMP comes back from there
constexpr const char* kSilent = "sip:bob@10.0.0.99";        // no such host: nothing comes back
constexpr Millis kTimerB{33'000};

std::string branch_of(const Message& request) {
  const std::string via = request.line("Via");
  return via.substr(via.find("branch="));
}

struct Tries : Pair {
  // bob's phones, in the order in which they are to be tried.
  void bind_bob(const std::vector<std::string>& contacts) {
    exchange.unbind("bob");
    for (const std::string& contact : contacts) exchange.bind_also("bob", contact);
  }
  void invite(const std::string& uri = "sip:bob@tipring") { request("INVITE", uri); }
  void name(const std::string& host, const std::vector<std::string>& addresses) {
    std::vector<port::IpAddress> parsed;
    for (const std::string& address : addresses) parsed.push_back(*port::parse_ip(address));
    exchange.host.names().set(host, parsed);
  }
  // All transactions have run out, and nothing is left of the request.
  void check_empty() {
    world.run_for(Millis(200'000));
    CHECK(exchange.proxy.stats().in_use == 0);
    CHECK(exchange.leftovers() == "");
  }
  uint64_t retried() const { return exchange.proxy.counters().retried; }
};

}  // namespace

TEST_CASE("tries: where a datagram cannot be delivered the next phone is tried at once" *
          doctest::description("RFC 3261 16.6 step 7, 18.4; P1")) {
  Tries bench;
  bench.bind_bob({kDeadPort, "sip:bob@10.0.0.3"});
  bench.invite();
  const Message got = bench.bob.take(Millis(50));
  CHECK(got.first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
  bench.bob.send(Pair::answer(got, "486 Busy Here"));
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
  CHECK(bench.retried() == 1);
  bench.check_empty();
}

TEST_CASE("tries: each is a new transaction, with a branch of its own and the same loop hash" *
          doctest::description("RFC 3261 16.6 step 7, RFC 3263 4.3, RFC 5393 4.2.1")) {
  Tries bench;
  bench.name("two.example", {"10.0.0.4", "10.0.0.5"});
  Phone first(bench.world, "10.0.0.4");
  Phone second(bench.world, "10.0.0.5");
  bench.invite("sip:carol@two.example");
  const Message one = first.take();
  first.send(Pair::answer(one, "503 Service Unavailable"));
  const Message two = second.take();
  CHECK(branch_of(one) != branch_of(two));
  const auto hash = [](const Message& m) { return branch_of(m).substr(branch_of(m).find('.')); };
  CHECK(hash(one) == hash(two));
  CHECK(two.line("Max-Forwards") == one.line("Max-Forwards"));
  CHECK(two.lines("Via").size() == 2);
}

TEST_CASE("tries: a connection that is refused leads to the next phone" *
          doctest::description("RFC 3261 16.6 step 7, 18.4; P1")) {
  Tries bench;
  bench.bind_bob({"sip:bob@10.0.0.3;transport=tcp", "sip:bob@10.0.0.3"});
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.take(Millis(50)).first_line() == "OPTIONS sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE("tries: a connection that never comes about leads to the next phone" *
          doctest::description("RFC 3261 16.6 step 7, 18.4; P1")) {
  Tries bench;
  bench.bind_bob({"sip:bob@10.0.0.99;transport=tcp", "sip:bob@10.0.0.3"});
  bench.invite();
  CHECK(bench.bob.got_nothing(Millis(4'500)));
  CHECK(bench.bob.take().first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE("tries: a phone whose connection has gone is passed over" *
          doctest::description("RFC 3261 16.6 step 7, 18.4; P1")) {
  Tries bench;
  StreamPhone gone(bench.world, "10.0.0.6");
  gone.send(
      "OPTIONS sip:nobody@tipring SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.6;branch=z9hG4bKf\r\n"
      "From: <sip:x@tipring>;tag=x\r\nTo: <sip:x@tipring>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\n"
      "Content-Length: 0\r\n\r\n");
  gone.take();
  const service::Flow flow = bench.exchange.last_flow();
  bench.exchange.unbind("bob");
  bench.exchange.bind_also("bob", "sip:bob@10.0.0.6;transport=tcp", flow);
  bench.exchange.bind_also("bob", "sip:bob@10.0.0.3");
  gone.close();
  bench.invite();
  CHECK(bench.bob.take(Millis(50)).first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE("tries: without a free connection a phone on UDP is tried, then it is 503" *
          doctest::description("RFC 3261 16.6 step 7; R5.5, C7")) {
  Tries bench;
  bench.exchange.host.network().set_stream_capacity(0);
  bench.bind_bob({"sip:bob@10.0.0.4;transport=tcp", "sip:bob@10.0.0.3"});
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.take(Millis(50)).first_line() == "OPTIONS sip:bob@10.0.0.3 SIP/2.0");
  bench.bind_bob({"sip:bob@10.0.0.4;transport=tcp"});
  bench.request("INVITE", "sip:bob@tipring", "", "z9hG4bK2");
  CHECK(bench.outcome() == "SIP/2.0 503 Service Unavailable - capacity.tcp_connections");
  // Another phone that cannot be reached does not make it the callee's fault.
  bench.bind_bob({"sip:bob@10.0.0.4;transport=tcp", kDeadPort});
  bench.request("INVITE", "sip:bob@tipring", "", "z9hG4bK3");
  CHECK(bench.outcome() == "SIP/2.0 503 Service Unavailable - capacity.tcp_connections");
  bench.bind_bob({kDeadPort});
  bench.request("INVITE", "sip:bob@tipring", "", "z9hG4bK4");
  CHECK(bench.outcome() == "SIP/2.0 500 Server Internal Error");
}

TEST_CASE("tries: where too many names are looked up already it is 503, without state too" *
          doctest::description("RFC 3261 16.11; R5.5, C7")) {
  for (const bool stateless : {false, true}) {
    CAPTURE(stateless);
    Tries bench;
    if (stateless) bench.exchange.proxy.set_stateless();
    bench.exchange.host.names().set_capacity(0);
    bench.request("OPTIONS", "sip:carol@far.example");
    CHECK(bench.outcome() == "SIP/2.0 503 Service Unavailable - capacity.transactions");
  }
}

TEST_CASE("tries: the addresses of a name are tried in order, IPv6 only where we have it" *
          doctest::description("RFC 3263 4.2, 4.3; F38")) {
  Tries bench;
  Phone second(bench.world, "10.0.0.5");
  bench.world.make_host("deaf", {*port::parse_ip("10.0.0.4")});
  bench.name("two.example", {"2001:db8::4", "10.0.0.4", "10.0.0.5"});
  bench.invite("sip:carol@two.example");
  CHECK(second.take(Millis(50)).first_line() == "INVITE sip:carol@two.example SIP/2.0");
  CHECK(bench.retried() == 1);
}

TEST_CASE("tries: an INVITE that nobody answers goes to the next address after Timer B" *
          doctest::description("RFC 3261 16.6 step 7, RFC 3263 4.3")) {
  Tries bench;
  Phone second(bench.world, "10.0.0.5");
  bench.name("two.example", {"10.0.0.99", "10.0.0.5"});
  bench.invite("sip:carol@two.example");
  CHECK(second.got_nothing(Millis(31'900)));
  second.send(Pair::answer(second.take(), "480 Temporarily Unavailable"));
  CHECK(bench.outcome() == "SIP/2.0 480 Temporarily Unavailable");
  bench.check_empty();
}

TEST_CASE("tries: another request that nobody answers ends with Timer F, without a 408" *
          doctest::description("RFC 4320 4.2")) {
  Tries bench;
  bench.bind_bob({kSilent, "sip:bob@10.0.0.3"});
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.got_nothing(Millis(100'000)));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.alice.got_nothing());
  bench.check_empty();
}

TEST_CASE("tries: a 503 leads to the next address; the last one goes upstream as 500" *
          doctest::description("RFC 3263 4.3, RFC 3261 16.7 step 6; C7")) {
  Tries bench;
  Phone first(bench.world, "10.0.0.4");
  Phone second(bench.world, "10.0.0.5");
  bench.name("two.example", {"10.0.0.4", "10.0.0.5"});
  bench.invite("sip:carol@two.example");
  first.send(Pair::answer(first.take(), "503 Service Unavailable"));
  CHECK(first.take().first_line().starts_with("ACK "));
  const Message got = second.take();
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.alice.got_nothing());  // of the first 503
  second.send(Pair::answer(got, "503 Service Unavailable", "X-Of: second\r\n"));
  const Message outcome = bench.alice.take();
  CHECK(outcome.first_line().starts_with("SIP/2.0 500 "));
  CHECK(outcome.line("X-Of") == "second");
  bench.check_empty();
}

TEST_CASE("tries: the first address's transaction ends without disturbing the second's" *
          doctest::description("RFC 3261 16.7, 17.1.1.2")) {
  Tries bench;
  Phone first(bench.world, "10.0.0.4");
  Phone second(bench.world, "10.0.0.5");
  bench.name("two.example", {"10.0.0.4", "10.0.0.5"});
  bench.invite("sip:carol@two.example");
  first.send(Pair::answer(first.take(), "503 Service Unavailable"));
  second.send(Pair::answer(second.take(), "180 Ringing"));
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  CHECK(bench.alice.got_nothing(Millis(60'000)));  // Timer D of the first has run out
  CHECK(bench.exchange.proxy.stats().in_use == 1);
}

TEST_CASE("tries: nor does it when the next target is still being looked up" *
          doctest::description("RFC 3261 16.7, 17.1.1.2")) {
  Tries bench;
  StreamListener first(bench.world, "10.0.0.4");
  bench.name("two.example", {"10.0.0.4", "10.0.0.5"});
  bench.name("slow.example", {"10.0.0.3"});
  bench.bind_bob({"sip:bob@two.example;transport=tcp", "sip:bob@slow.example"});
  bench.invite();
  const Message got = first.take();
  bench.exchange.host.network().set_stream_capacity(1);      // none for the second address
  first.send(Pair::answer(got, "503 Service Unavailable"));  // whose transaction ends at once
  CHECK(bench.bob.take().first_line() == "INVITE sip:bob@slow.example SIP/2.0");
}

TEST_CASE("tries: who has answered is not tried at another address; the next phone has its turn" *
          doctest::description("RFC 3261 16.6, 16.7, RFC 3263 4.3; F12")) {
  for (const char* status : {"486 Busy Here", "404 Not Found", "500 Server Internal Error"}) {
    CAPTURE(status);
    Tries bench;
    Phone second(bench.world, "10.0.0.4");
    Phone other(bench.world, "10.0.0.5");
    bench.name("two.example", {"10.0.0.3", "10.0.0.4"});
    bench.bind_bob({"sip:bob@two.example", "sip:bob@10.0.0.5"});
    bench.invite();
    bench.bob.send(Pair::answer(bench.bob.take(), status));
    CHECK(other.take().first_line() == "INVITE sip:bob@10.0.0.5 SIP/2.0");
    CHECK(second.got_nothing());
  }
}

TEST_CASE("tries: after a phone has rung its 503 ends the call" *
          doctest::description("RFC 3261 16.7 step 5, RFC 3263 4.3")) {
  Tries bench;
  Phone first(bench.world, "10.0.0.4");
  Phone second(bench.world, "10.0.0.5");
  bench.name("two.example", {"10.0.0.4", "10.0.0.5"});
  bench.invite("sip:carol@two.example");
  const Message got = first.take();
  first.send(Pair::answer(got, "180 Ringing"));
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  first.send(Pair::answer(got, "503 Service Unavailable"));
  CHECK(bench.outcome().starts_with("SIP/2.0 500 "));
  CHECK(second.got_nothing());
}

TEST_CASE("tries: a CANCEL during the second try reaches that one alone" *
          doctest::description("RFC 3261 16.10, 9.1; R3.4")) {
  Tries bench;
  bench.bind_bob({kDeadPort, "sip:bob@10.0.0.3"});
  bench.invite();
  const Message got = bench.bob.take();
  bench.bob.send(Pair::answer(got, "180 Ringing"));
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  bench.request("CANCEL", "sip:bob@tipring");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  const Message cancel = bench.bob.take();
  CHECK(cancel.first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  CHECK(branch_of(cancel) == branch_of(got));
  bench.bob.send(Pair::answer(got, "487 Request Terminated"));
  CHECK(bench.outcome() == "SIP/2.0 487 Request Terminated");
  bench.check_empty();
}

TEST_CASE("tries: a cancelled request is tried nowhere else" *
          doctest::description("RFC 3261 16.10; R3.4")) {
  Tries bench;
  bench.bind_bob({kSilent, "sip:bob@10.0.0.3"});
  bench.invite();
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  bench.request("CANCEL", "sip:bob@tipring");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.bob.got_nothing(kTimerB));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 487 Request Terminated");
  bench.check_empty();
}

TEST_CASE("tries: a CANCEL while a name is being looked up ends the request" *
          doctest::description("RFC 3261 16.10; R3.4")) {
  Tries bench;
  bench.exchange.host.names().set("slow.example", {*port::parse_ip("10.0.0.3")}, Millis(500));
  bench.invite("sip:carol@slow.example");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
  bench.request("CANCEL", "sip:carol@slow.example");
  const std::set<std::string> got{bench.alice.take().first_line(), bench.alice.take().first_line()};
  CHECK(got == std::set<std::string>{"SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"});
  CHECK(bench.bob.got_nothing(Millis(1'000)));
  bench.check_empty();
}

TEST_CASE("tries: their number is bounded" * doctest::description("RFC 3261 16.6 step 7; R5.5")) {
  Tries bench;
  std::vector<std::string> contacts;
  for (int i = 0; i < 20; ++i) contacts.push_back("sip:bob@10.0.0.3:" + std::to_string(6000 + i));
  bench.bind_bob(contacts);
  bench.invite();
  CHECK(bench.outcome() == "SIP/2.0 500 Server Internal Error");
  CHECK(bench.exchange.proxy.counters().forwarded ==
        service::TransactionStatefulProxy::kTargetsMax);
  bench.check_empty();
}

TEST_CASE("tries: of several failures the one of the lowest class is told" *
          doctest::description("RFC 3261 16.7 step 6, 16.9")) {
  Tries bench;
  bench.bind_bob({kDeadPort, kSilent, "sip:bob@10.0.0.3:5098"});
  bench.invite();
  bench.world.run_for(kTimerB);
  CHECK(bench.outcome() == "SIP/2.0 408 Request Timeout");
  bench.check_empty();
}

TEST_CASE("tries: a name that nobody knows leads to the next phone, and alone is 502" *
          doctest::description("RFC 3261 16.6 step 7, 21.5.3")) {
  Tries bench;
  bench.bind_bob({"sip:bob@nowhere.example", "sip:bob@10.0.0.3"});
  bench.request("OPTIONS", "sip:bob@tipring");
  CHECK(bench.bob.take().first_line() == "OPTIONS sip:bob@10.0.0.3 SIP/2.0");
  bench.request("OPTIONS", "sip:bob@nowhere.example", "", "z9hG4bK2");
  CHECK(bench.outcome() == "SIP/2.0 502 Bad Gateway");
}

TEST_CASE("tries: a phone that has gone meanwhile is not tried" *
          doctest::description("RFC 3261 16.5")) {
  Tries bench;
  bench.bind_bob({"sip:bob@10.0.0.99;transport=tcp", "sip:bob@10.0.0.3"});
  bench.invite();
  bench.world.run_for(Millis(1'000));
  bench.bind_bob({"sip:bob@10.0.0.99;transport=tcp"});
  bench.world.run_for(Millis(5'000));
  CHECK(bench.outcome() == "SIP/2.0 500 Server Internal Error");
  CHECK(bench.bob.got_nothing());
}

TEST_CASE("tries: the late answer of a phone that was given up is a stray" *
          doctest::description("RFC 6026 7.3, RFC 3261 16.7")) {
  Tries bench;
  Phone asleep(bench.world, "10.0.0.4");
  bench.bind_bob({"sip:bob@10.0.0.4", "sip:bob@10.0.0.3"});
  bench.invite();
  const Message first = asleep.take();
  bench.world.run_for(kTimerB);
  bench.bob.send(Pair::answer(bench.bob.take(), "180 Ringing"));
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  const uint64_t strays = bench.exchange.transactions.counters().stray_responses;
  asleep.send(Pair::answer(first, "200 OK"));
  CHECK(bench.alice.got_nothing());
  CHECK(bench.exchange.transactions.counters().stray_responses == strays + 1);
}

TEST_CASE("tries: Timer C of a phone that only said 100 ends its branch" *
          doctest::description("RFC 3261 16.8, 16.6; F12")) {
  Tries bench;
  Phone other(bench.world, "10.0.0.4");
  bench.bind_bob({"sip:bob@10.0.0.3", "sip:bob@10.0.0.4"});
  bench.exchange.proxy.set_options({.serial_timeout = Millis(0)});
  bench.invite();
  bench.bob.send(Pair::answer(bench.bob.take(), "100 Trying"));
  bench.world.run_for(Millis(181'000));
  CHECK(bench.bob.take().first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  CHECK(other.got_nothing());
  bench.world.run_for(kTimerB);
  other.send(Pair::answer(other.take(), "480 Gone"));
  CHECK(bench.outcome() == "SIP/2.0 480 Gone");
  bench.check_empty();
}

// A request that goes to several phones: RFC 3261 16.6 and 16.7, RFC 3841, RFC 5393.
#include <doctest/doctest.h>

#include "forks.h"

using namespace tipring;
using proxy::Fork;
using proxy::Forks;
using proxy::Message;
using proxy::Pair;

TEST_CASE("fork: phones of one q ring together, and who has not answered is told why it ends" *
          doctest::description("RFC 3261 16.6, 16.7 step 10, RFC 3326 3.1; F12, R2.2")) {
  Forks bench;
  bench.invite();
  const auto invites = bench.take_invites();
  for (size_t i = 0; i < 2; ++i) {
    bench.say(i, invites[i], "180 Ringing");
    CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  }
  bench.say(1, invites[1], "200 OK");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  const Message cancel = bench.bob.take();
  CHECK(cancel.first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  CHECK(cancel.line("Reason") == "SIP;cause=200;text=\"Call completed elsewhere\"");
  CHECK(bench.phone(2).got_nothing());  // until it has said something: 9.1
  bench.say(2, invites[2], "180 Ringing");
  CHECK(bench.take_at(bench.phone(2), "CANCEL ").line("Reason") == cancel.line("Reason"));
  bench.say(2, invites[2], "200 Too Late");
  CHECK(bench.outcome() == "SIP/2.0 200 Too Late");
  bench.say(0, invites[0], "487 Request Terminated");
  CHECK(bench.alice.got_nothing());
  bench.check_empty();
}

TEST_CASE("fork: two that answer at once both come through" *
          doctest::description("RFC 3261 16.7 step 5; F12")) {
  Forks bench;
  bench.invite();
  const auto invites = bench.take_invites();
  for (size_t i = 0; i < 2; ++i) bench.phone(i).send(Pair::answer(invites[i], "200 OK"));
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  bench.check_empty();
}

TEST_CASE("fork: a lower q rings when all of the higher one have failed" *
          doctest::description("RFC 3261 16.6; F12")) {
  Forks bench({900, 900, 500});
  bench.invite();
  const Message first = bench.bob.take();
  const Message second = bench.phone(1).take();
  bench.say(0, first, "486 Busy Here");
  CHECK(bench.phone(2).got_nothing());
  bench.say(1, second, "480 Away");
  const Message third = bench.phone(2).take();
  bench.say(2, third, "404 Not Found");
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
  bench.check_empty();
}

TEST_CASE("fork: as the configuration says, whatever q is" * doctest::description("F12")) {
  Forks together({900, 800, 500});
  together.exchange.proxy.set_options({.fork = Fork::Parallel});
  together.invite();
  together.take_invites();
  Forks alone;
  alone.exchange.proxy.set_options({.fork = Fork::Serial});
  alone.invite();
  const Message first = alone.phone(2).take();  // the newest
  CHECK(alone.bob.got_nothing());
  alone.say(2, first, "486 Busy Here");
  CHECK(alone.phone(1).take().first_line().starts_with("INVITE "));
  CHECK(alone.bob.got_nothing());
}

TEST_CASE("fork: who rings makes room for the next after a while" *
          doctest::description("RFC 3261 16.6; C18")) {
  Forks bench({900, 500});
  bench.exchange.proxy.set_options({.serial_timeout = Millis(10'000)});
  bench.invite();
  const Message first = bench.bob.take();
  bench.say(0, first, "180 Ringing");
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  CHECK(bench.phone(1).got_nothing(Millis(9'000)));
  const Message cancel = bench.bob.take(Millis(1'500));
  CHECK(cancel.first_line().starts_with("CANCEL "));
  CHECK(cancel.line("Reason").empty());  // a missed call
  CHECK(bench.phone(1).got_nothing());
  bench.say(0, first, "487 Request Terminated");
  const Message second = bench.phone(1).take();
  CHECK(second.line("Max-Breadth") == "60");  // which the first has given back
  bench.say(1, second, "500 Broken");
  CHECK(bench.outcome() == "SIP/2.0 408 Request Timeout");
  bench.check_empty();
}

TEST_CASE("fork: a phone that comes while others ring is tried in its turn" *
          doctest::description("RFC 3261 16.5; R2.2")) {
  Forks bench({900});
  bench.invite();
  const Message first = bench.bob.take();
  bench.add(500);
  bench.add(900);
  bench.say(0, first, "486 Busy Here");
  bench.say(2, bench.phone(2).take(), "486 Busy Here");
  bench.say(1, bench.phone(1).take(), "200 OK");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
}

TEST_CASE("fork: the best of several failures" * doctest::description("RFC 3261 16.7 step 6; C7")) {
  struct Row {
    std::array<const char*, 3> said;
    const char* best;
  };
  const Row rows[] = {
      {{"486 Busy Here", "404 Not Found", "500 Broken"}, "486 Busy Here"},
      {{"500 Broken", "486 Busy Here", "302 Moved"}, "302 Moved"},
      {{"486 Busy Here", "420 Bad Extension", "404 Not Found"}, "420 Bad Extension"},
      {{"486 Busy Here", "484 Address Incomplete", "404 Not Found"}, "484 Address Incomplete"},
      {{"408 Timeout", "480 Away", "487 Ended"}, "480 Away"},
      {{"482 Merged", "486 Busy Here", "482 Merged"}, "486 Busy Here"},
      {{"503 Full", "501 What", "503 Full"}, "501 What"},
      {{"503 Full", "503 Full", "503 Full"}, "500 Server Internal Error"},
      {{"603 Decline", "302 Moved", "486 Busy Here"}, "603 Decline"},
      {{"407 Who", "415 Media", "486 Busy Here"}, "407 Who"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.best);
    Forks bench;
    bench.invite();
    const auto invites = bench.take_invites();
    for (size_t i = 0; i < 3; ++i) bench.say(i, invites[i], row.said[i]);
    CHECK(bench.outcome() == std::string("SIP/2.0 ") + row.best);
    CHECK(bench.alice.got_nothing());
    bench.check_empty();
  }
}

TEST_CASE("fork: all challenges go upstream with the best one" *
          doctest::description("RFC 3261 16.7 step 7")) {
  Forks bench;
  bench.invite();
  const auto invites = bench.take_invites();
  bench.say(0, invites[0], "407 Proxy", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"\r\n");
  bench.say(1, invites[1], "401 Who",
            "WWW-Authenticate: Digest realm=\"b\", nonce=\"2\"\r\n"
            "WWW-Authenticate: Digest realm=\"c\", nonce=\"3\"\r\n");
  bench.say(2, invites[2], "486 Busy", "WWW-Authenticate: Digest realm=\"no\", nonce=\"4\"\r\n");
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 407 Proxy");
  CHECK(got.lines("Proxy-Authenticate") ==
        std::vector<std::string>{"Digest realm=\"a\", nonce=\"1\""});
  CHECK(got.lines("WWW-Authenticate") ==
        std::vector<std::string>{"Digest realm=\"b\", nonce=\"2\"",
                                 "Digest realm=\"c\", nonce=\"3\""});
  bench.check_empty();
}

TEST_CASE("fork: a 6xx ends all others, and goes upstream when they have ended" *
          doctest::description("RFC 3261 16.7 steps 5 and 10, RFC 3326 2")) {
  Forks bench({900, 900, 500});
  bench.invite();
  const Message first = bench.bob.take();
  const Message second = bench.phone(1).take();
  bench.say(0, first, "180 Ringing");
  bench.say(1, second, "603 Decline");
  const Message cancel = bench.take_at(bench.bob, "CANCEL ");
  CHECK(cancel.line("Reason") == "SIP;cause=603;text=\"Decline\"");
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  CHECK(bench.alice.got_nothing());
  bench.say(0, first, "487 Request Terminated");
  CHECK(bench.outcome() == "SIP/2.0 603 Decline");
  CHECK(bench.phone(2).got_nothing());
  bench.check_empty();
}

TEST_CASE("fork: a 2xx that crosses a 6xx goes upstream alone" *
          doctest::description("RFC 3261 16.7 step 5")) {
  Forks bench({900, 900});
  bench.invite();
  const auto invites = bench.take_invites();
  bench.say(0, invites[0], "603 Decline");
  bench.say(1, invites[1], "200 OK");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.alice.got_nothing());
  bench.check_empty();
}

TEST_CASE("fork: the caller's CANCEL reaches all with its Reason, and the 487 comes last" *
          doctest::description("RFC 3261 16.10, RFC 3326 2; R3.4")) {
  Forks bench({900, 900, 500});
  bench.invite();
  const Message first = bench.bob.take();
  const Message second = bench.phone(1).take();
  bench.say(0, first, "180 Ringing");
  const std::string lines = "Reason: Q.850;cause=16\r\nReason: SIP ;cause=487;text=\"x, y\"\r\n";
  for (int i = 0; i < 2; ++i) bench.request("CANCEL", "sip:bob@tipring", lines);
  CHECK(bench.take_at(bench.bob, "CANCEL ").lines("Reason") ==
        std::vector<std::string>{"Q.850;cause=16", "SIP ;cause=487;text=\"x, y\""});
  CHECK(bench.phone(1).got_nothing());
  bench.say(1, second, "100 Trying");
  CHECK(bench.take_at(bench.phone(1), "CANCEL ").lines("Reason").size() == 2);
  bench.say(0, first, "487 Request Terminated");
  CHECK(bench.outcome() == "SIP/2.0 180 Ringing");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.alice.got_nothing());
  bench.say(1, second, "487 Request Terminated");
  CHECK(bench.outcome() == "SIP/2.0 487 Request Terminated");
  CHECK(bench.phone(2).got_nothing());
  bench.check_empty();
}

TEST_CASE("fork: when nobody answers the CANCEL the caller still gets his 487" *
          doctest::description("RFC 3261 9.1, 16.10; R3.4")) {
  Forks bench({900, 900});
  bench.invite();
  const auto invites = bench.take_invites();
  bench.say(0, invites[0], "180 Ringing");
  bench.request("CANCEL", "sip:bob@tipring");
  bench.world.run_for(Millis(40'000));
  CHECK(bench.take_at(bench.alice, "SIP/2.0 487").text.size() > 0);
  bench.check_empty();
}

TEST_CASE("fork: a 2xx behind our own 503 goes upstream too" *
          doctest::description("RFC 3261 16.7 steps 5 and 9")) {
  for (const bool late : {false, true}) {
    Forks bench({900});
    bench.invite();
    const Message got = bench.bob.take();
    bench.say(0, got, "180 Ringing");
    bench.exchange.proxy.end_all();
    bench.say(0, got, "180 Ringing");  // and the loop turns
    const Message refused = bench.take_at(bench.alice, "SIP/2.0 503");
    bench.request("ACK", "sip:bob@tipring");
    bench.world.run_for(Millis(late ? 20'000 : 10));  // Timer I: the server transaction has gone
    bench.bob.send(Pair::answer(got, "200 OK"));
    CHECK(bench.outcome() == "SIP/2.0 200 OK");
    bench.check_empty();
  }
}

TEST_CASE("fork: breadth is divided among those who ring together" *
          doctest::description("RFC 5393 5.3.3, 5.5")) {
  Forks bench;
  bench.invite();
  for (const Message& got : bench.take_invites()) {
    CHECK(got.lines("Max-Breadth") == std::vector<std::string>{"20"});
  }
  Forks much({900});
  much.invite("Max-Breadth: 200\r\n");
  CHECK(much.bob.take().lines("Max-Breadth") == std::vector<std::string>{"60"});
  Forks odd({900, 900});
  odd.invite("Max-Breadth: 5\r\n");
  const auto invites = odd.take_invites();
  CHECK(std::stoi(invites[0].line("Max-Breadth")) + std::stoi(invites[1].line("Max-Breadth")) == 5);
}

TEST_CASE("fork: a caller's preferences choose among the phones, and order those of one q" *
          doctest::description("RFC 3841 7.2.4; U19")) {
  Forks bench(std::vector<uint16_t>{});
  const auto phone_with = [&](int host, const std::string& params) {
    const std::string ip = "10.0.0." + std::to_string(host);
    bench.exchange.bind_with_features("bob", "sip:bob@" + ip, params);
    if (host != 3) bench.others.push_back(std::make_unique<proxy::Phone>(bench.world, ip));
  };
  phone_with(3, ";audio;mobility=\"fixed\"");
  phone_with(4, ";audio;video;mobility=\"mobile\"");
  phone_with(5, ";automata");
  bench.invite(
      "Reject-Contact: *;automata\r\nAccept-Contact: *;audio;require, *;mobility=\"mobile\"\r\n"
      "Request-Disposition: sequential\r\n");
  const Message first = bench.phone(1).take();
  CHECK(bench.bob.got_nothing());
  bench.say(1, first, "486 Busy Here");
  const Message second = bench.bob.take();
  CHECK(second.line("Accept-Contact") == "*;audio;require, *;mobility=\"mobile\"");
  bench.say(0, second, "486 Busy Here");
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
  CHECK(bench.phone(2).got_nothing());
}

TEST_CASE("fork: where a caller's preferences leave no phone it is 480" *
          doctest::description("RFC 3841 7.2.4")) {
  Forks bench(std::vector<uint16_t>{});
  bench.exchange.bind_with_features("bob", "sip:bob@10.0.0.3", ";audio");
  bench.invite("Accept-Contact: *;video;require;explicit\r\n");
  CHECK(bench.outcome() == "SIP/2.0 480 Temporarily Unavailable");
  CHECK(bench.bob.got_nothing());
}

TEST_CASE("fork: without preferences only phones that know the method ring, or all if none does" *
          doctest::description("RFC 3841 7.2.2, 7.2.4")) {
  Forks bench(std::vector<uint16_t>{});
  bench.others.push_back(std::make_unique<proxy::Phone>(bench.world, "10.0.0.4"));
  bench.exchange.bind_with_features("bob", "sip:bob@10.0.0.3", ";methods=\"MESSAGE\"");
  bench.exchange.bind_with_features("bob", "sip:bob@10.0.0.4", ";methods=\"INVITE,BYE\"");
  bench.invite();
  bench.say(1, bench.phone(1).take(), "486 Busy Here");
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
  CHECK(bench.bob.got_nothing());

  Forks deaf(std::vector<uint16_t>{});
  deaf.exchange.bind_with_features("bob", "sip:bob@10.0.0.3", ";methods=\"MESSAGE\"");
  deaf.invite();
  deaf.say(0, deaf.bob.take(), "405 Method Not Allowed");
  CHECK(deaf.outcome() == "SIP/2.0 405 Method Not Allowed");
}

TEST_CASE("fork: who has no breadth waits until another has failed, and without any it is 440" *
          doctest::description("RFC 5393 5.3.3, 5.3.3.1, 5.5")) {
  Forks bench;
  bench.invite("Max-Breadth: 2\r\n");
  const Message newest = bench.phone(2).take();
  CHECK(newest.line("Max-Breadth") == "1");
  CHECK(bench.phone(1).take().line("Max-Breadth") == "1");
  CHECK(bench.bob.got_nothing());
  bench.say(2, newest, "486 Busy Here");
  CHECK(bench.bob.take().line("Max-Breadth") == "1");
  Forks none({900});
  none.invite("Max-Breadth: 0\r\n");
  CHECK(none.outcome() == "SIP/2.0 440 Max-Breadth Exceeded");
}

TEST_CASE("fork: where branches are short those go on that got one, and without any it is 503" *
          doctest::description("R5.5, C7")) {
  Limits limits = kTinyLimits;
  limits.transactions = 16;
  limits.calls = 1;
  Forks bench({900, 900, 900}, limits);
  // Messages to nobody hold all client transactions but two and those kept back.
  const uint32_t kept = transactions_kept_back(limits);
  for (uint32_t i = 0; i + 2 + kept < 16; ++i) {
    bench.request("MESSAGE", "sip:carol@10.0.0.99", "", "z9hG4bKx" + std::to_string(i));
  }
  bench.world.run_for(Millis(10));
  bench.invite();
  const Message newest = bench.phone(2).take();
  CHECK(bench.phone(1).take().first_line().starts_with("INVITE "));
  CHECK(bench.bob.got_nothing());
  bench.say(2, newest, "200 OK");
  CHECK(bench.take_at(bench.alice, "SIP/2.0 200").line("Retry-After").empty());
}

TEST_CASE("fork: a 2xx that finds no buffer is not overtaken by a failure" *
          doctest::description("RFC 3261 16.7 step 5; R5.5")) {
  for (const bool repeated : {true, false}) {
    CAPTURE(repeated);
    Forks bench({900, 900});
    bench.invite();
    const auto invites = bench.take_invites();
    std::vector<MessageRef> all;
    for (const size_t size : {sip::kMessageSizeMax, size_t{1}}) {
      while (MessageRef message = bench.exchange.slabs.acquire(size)) all.push_back(message);
    }
    // Longer than what the end of its transaction sets free.
    const std::string lines = "X-Long: " + std::string(3000, 'x') + "\r\n";
    bench.say(0, invites[0], "200 OK", lines);
    all.clear();
    bench.say(1, invites[1], "486 Busy Here");
    CHECK(bench.alice.take().first_line() == "SIP/2.0 100 Trying");
    CHECK(bench.alice.got_nothing());
    if (repeated) {
      bench.say(0, invites[0], "200 OK", lines);
      CHECK(bench.outcome() == "SIP/2.0 200 OK");
    } else {
      bench.world.run_for(Millis(33'000));  // Timer M
      CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
    }
    bench.check_empty();
  }
}

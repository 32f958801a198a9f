// Contacts of a redirection as targets (RFC 3261 16.5 and 16.7 step 4), and what a caller wishes
// (RFC 3841 9.1).
#include <doctest/doctest.h>

#include "forks.h"

using namespace tipring;
using proxy::Fork;
using proxy::Forks;
using proxy::Message;
using proxy::Phone;

namespace {

std::vector<std::string> contacts_of(const Message& message) { return message.lines("Contact"); }

}  // namespace

TEST_CASE("redirect: a user of ours is called in the place of who names him" *
          doctest::description("RFC 3261 16.5, 16.7 step 4; U21, F30")) {
  Forks bench({900});
  Phone carol(bench.world, "10.0.0.9");
  bench.exchange.bind("carol", "sip:carol@10.0.0.9");
  bench.invite();
  bench.say(0, bench.bob.take(), "302 Moved", "Contact: <sip:carol@tipring>\r\n");
  const Message got = carol.take();
  CHECK(got.first_line() == "INVITE sip:carol@10.0.0.9 SIP/2.0");
  CHECK(got.line("To") == "<sip:bob@tipring>");
  carol.send(Forks::answer(got, "200 OK"));
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  bench.check_empty();
}

TEST_CASE("redirect: contacts are taken in the order of q, equal ones together" *
          doctest::description("RFC 3261 16.6, 16.7 step 4; U21")) {
  Forks bench({900});
  bench.exchange.follows_abroad = true;
  Phone first(bench.world, "10.0.0.7");
  Phone second(bench.world, "10.0.0.8");
  Phone third(bench.world, "10.0.0.9");
  bench.invite();
  bench.say(0, bench.bob.take(), "300 Choose",
            "Contact: <sip:x@10.0.0.9>;q=0.2, <sip:x@10.0.0.7>;q=0.7\r\n"
            "Contact: <sip:x@10.0.0.8>;q=0.7\r\nContact: <mailto:x@y>\r\n");
  const Message a = first.take();
  const Message b = second.take();
  CHECK(third.got_nothing());
  first.send(Forks::answer(a, "404 Not Found"));
  second.send(Forks::answer(b, "404 Not Found"));
  third.send(Forks::answer(third.take(), "404 Not Found"));
  // What nobody here could try is left for the caller.
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 300 Choose");
  CHECK(contacts_of(got) == std::vector<std::string>{"<mailto:x@y>"});
  bench.check_empty();
}

TEST_CASE("redirect: where the caller may not go the contact is his to follow" *
          doctest::description("RFC 3261 16.7 step 4; U21, C21")) {
  Forks bench({900});
  Phone carol(bench.world, "10.0.0.9");
  bench.exchange.bind("carol", "sip:carol@10.0.0.9");
  bench.invite();
  bench.say(0, bench.bob.take(), "302 Moved",
            "Contact: <sip:x@foreign.example>;q=0.9, <sip:carol@tipring>;q=0.1\r\n");
  carol.send(Forks::answer(carol.take(), "486 Busy Here"));
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 302 Moved");
  CHECK(contacts_of(got) == std::vector<std::string>{"<sip:x@foreign.example>;q=0.9"});
  bench.check_empty();
}

TEST_CASE("redirect: to what only the server reaches, or to no host, nobody is led" *
          doctest::description("RFC 3261 16.7 step 4; C21")) {
  for (const char* contact : {"<sip:x@127.0.0.1:5070>", "<sip:x@localhost>", "<sip:x@0.0.0.0>",
                              "<sip:x@224.0.1.75>", "<sip:x@h;maddr=127.0.0.1>", "<sip:>"}) {
    CAPTURE(contact);
    Forks bench({900});
    bench.exchange.follows_abroad = true;
    bench.invite();
    bench.say(0, bench.bob.take(), "302 Moved", "Contact: " + std::string(contact) + "\r\n");
    CHECK(contacts_of(bench.final_at_alice()) == std::vector<std::string>{contact});
    CHECK(bench.exchange.proxy.counters().redirected == 0);
    bench.check_empty();
  }
}

TEST_CASE("redirect: one that leads round in a circle leads nowhere" *
          doctest::description("RFC 3261 16.5")) {
  Forks bench({900});
  Phone carol(bench.world, "10.0.0.9");
  bench.exchange.bind("carol", "sip:carol@10.0.0.9");
  bench.invite();
  bench.say(0, bench.bob.take(), "302 Moved", "Contact: <sip:carol@tipring>\r\n");
  carol.send(Forks::answer(carol.take(), "302 Moved", "Contact: <sip:bob@tipring>\r\n"));
  CHECK(bench.outcome() == "SIP/2.0 480 Temporarily Unavailable");
  CHECK(bench.bob.take().first_line().starts_with("ACK "));
  CHECK(bench.bob.got_nothing());
  bench.check_empty();
}

TEST_CASE("redirect: a number is a user of ours, or nobody" *
          doctest::description("RFC 3261 19.1.6; U21, P2")) {
  Forks bench({900});
  Phone desk(bench.world, "10.0.0.9");
  bench.exchange.bind("+491234", "sip:desk@10.0.0.9");
  bench.invite();
  bench.say(0, bench.bob.take(), "302 Moved", "Contact: <tel:+491234>\r\n");
  CHECK(desk.take().first_line() == "INVITE sip:desk@10.0.0.9 SIP/2.0");
}

TEST_CASE("redirect: followed or not as configured, and as the caller wishes" *
          doctest::description("RFC 3841 9.1; U19, U21")) {
  struct Row {
    bool configured;
    const char* wish;
    bool followed;
  };
  for (const Row& row :
       {Row{true, "", true}, Row{false, "", false},
        Row{true, "Request-Disposition: no-recurse\r\n", false},
        Row{true, "Request-Disposition: no-fork\r\n", false}, Row{false, "d: recurse\r\n", true}}) {
    CAPTURE(row.wish);
    Forks bench({900});
    Phone carol(bench.world, "10.0.0.9");
    bench.exchange.bind("carol", "sip:carol@10.0.0.9");
    bench.exchange.proxy.set_options({.recurse = row.configured});
    bench.invite(row.wish);
    bench.say(0, bench.bob.take(), "302 Moved", "Contact: <sip:carol@tipring>\r\n");
    CHECK(carol.got_nothing() != row.followed);
  }
}

TEST_CASE("redirect: several answers go upstream as one, with the contacts of all" *
          doctest::description("RFC 3261 16.7 steps 6 and 7; U21")) {
  Forks bench({900, 900});
  bench.exchange.proxy.set_options({.recurse = false});
  bench.invite();
  const auto invites = bench.take_invites();
  bench.say(0, invites[0], "302 Moved", "Contact: <sip:a@x>\r\n");
  bench.say(1, invites[1], "301 Gone", "Contact: <sip:b@y>;q=0.5, <sip:a@x>\r\n");
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 302 Moved");
  CHECK(contacts_of(got).size() >= 2);
  CHECK(contacts_of(got)[0] == "<sip:a@x>");
  CHECK(contacts_of(got)[1] == "<sip:b@y>;q=0.5");
  bench.check_empty();
}

TEST_CASE("redirect: however many contacts there are, the tries are bounded" *
          doctest::description("RFC 3261 16.5; R5.5")) {
  Forks bench({900});
  bench.exchange.follows_abroad = true;
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += "Contact: <sip:x" + std::to_string(i) + "@10.0.0.99>\r\n";
  }
  bench.invite();
  bench.say(0, bench.bob.take(), "302 Moved", lines);
  bench.world.run_for(Millis(40'000));
  CHECK(bench.exchange.proxy.counters().forwarded ==
        service::TransactionStatefulProxy::kTargetsMax);
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 302 Moved");
  CHECK(contacts_of(got).size() == 40 - (service::TransactionStatefulProxy::kTargetsMax - 1));
  bench.check_empty();
}

TEST_CASE("redirect: of more contacts than can be told apart none gets lost" *
          doctest::description("RFC 3261 16.7 step 4; U21")) {
  for (const size_t count : {32u, 33u, 63u, 64u, 65u, 96u}) {
    CAPTURE(count);
    Forks bench({900});
    std::string lines;
    for (size_t i = 0; i < count; ++i)
      lines += "Contact: <mailto:x" + std::to_string(i) + "@y>\r\n";
    bench.invite();
    bench.say(0, bench.bob.take(), "302 Moved", lines);
    const Message got = bench.final_at_alice();
    CHECK(got.first_line() == "SIP/2.0 302 Moved");
    CHECK(contacts_of(got).size() == count);
    bench.check_empty();
  }
}

TEST_CASE("redirect: contacts that wait leave half of the branches to calls" *
          doctest::description("RFC 3261 16.5; R5.5")) {
  Forks bench({900});
  bench.exchange.follows_abroad = true;
  std::string lines;
  for (int i = 0; i < 15; ++i) {
    lines += "Contact: <sip:x@10.0.0.99:" + std::to_string(6000 + i) + ">;q=0." +
             std::to_string(90 - i) + "\r\n";
  }
  for (int call = 0; call < 6; ++call) {
    bench.request("INVITE", "sip:bob@tipring", "", "z9hG4bKc" + std::to_string(call));
    bench.say(0, bench.bob.take(), "302 Moved", lines);
    CHECK(bench.bob.take().first_line().starts_with("ACK "));
  }
  const PoolStats& branches = bench.exchange.proxy.branch_stats();
  CHECK(branches.in_use >= branches.capacity / 2 - 1);
  CHECK(branches.in_use <= branches.capacity / 2);
  CHECK(bench.take_at(bench.alice, "SIP/2.0 302").lines("Contact").size() == 15);
  bench.request("INVITE", "sip:bob@tipring", "", "z9hG4bKlast");
  CHECK(bench.bob.take().first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE("wishes: how the phones are to be tried" *
          doctest::description("RFC 3841 9.1; U19, C11")) {
  struct Row {
    const char* wish;
    std::array<bool, 3> rings;
  };
  for (const Row& row :
       {Row{"Request-Disposition: parallel\r\n", {true, true, true}},
        Row{"Request-Disposition: sequential\r\n", {true, false, false}},
        Row{"Request-Disposition: no-fork\r\n", {true, false, false}},
        Row{"Request-Disposition: fork, do-not-forward\r\n", {true, true, false}}}) {
    CAPTURE(row.wish);
    Forks bench({900, 900, 500});
    bench.exchange.bind("bob", "sip:bob@10.0.0.3");
    bench.exchange.bind_with_q("bob", "sip:bob@10.0.0.4", 999);
    bench.exchange.bind_with_q("bob", "sip:bob@10.0.0.5", 500);
    if (row.rings[1] != row.rings[2]) {
      bench.exchange.unbind("bob");
      for (int i = 0; i < 3; ++i) {
        bench.exchange.bind_with_q("bob", "sip:bob@10.0.0." + std::to_string(3 + i),
                                   i < 2 ? 900 : 1);
      }
    }
    bench.invite(row.wish);
    bench.world.run_for(Millis(50));
    for (size_t i = 0; i < 3; ++i) CHECK(bench.phone(i).got_nothing(Millis(1)) != row.rings[i]);
  }
}

TEST_CASE("wishes: no-fork goes to one phone only, even when that is busy" *
          doctest::description("RFC 3841 9.1; U19")) {
  Forks bench({900, 500});
  bench.invite("Request-Disposition: no-fork\r\n");
  bench.say(0, bench.bob.take(), "486 Busy Here");
  CHECK(bench.outcome() == "SIP/2.0 486 Busy Here");
  CHECK(bench.phone(1).got_nothing());
}

TEST_CASE("wishes: who wants to be redirected gets the contacts" *
          doctest::description("RFC 3841 9.1, RFC 3261 8.3; U19")) {
  Forks bench({900, 500});
  bench.invite("Request-Disposition: redirect\r\n");
  const Message got = bench.final_at_alice();
  CHECK(got.first_line() == "SIP/2.0 302 Moved Temporarily");
  CHECK(contacts_of(got) ==
        std::vector<std::string>{"<sip:bob@10.0.0.3>;q=0.900", "<sip:bob@10.0.0.4>;q=0.500"});
  CHECK(bench.bob.got_nothing());
  bench.check_empty();
}

TEST_CASE("wishes: nobody is queued here, and the answer says so" *
          doctest::description("RFC 3841 9.1, RFC 3261 21.5.2; U19")) {
  Forks bench({900});
  bench.invite("Request-Disposition: queue\r\n");
  CHECK(bench.outcome() == "SIP/2.0 501 Not Implemented - Request-Disposition: queue");
  CHECK(bench.bob.got_nothing());
  Forks abroad({900});
  abroad.request("INVITE", "sip:bob@10.0.0.3", "Request-Disposition: queue\r\n");
  CHECK(abroad.bob.take().line("Request-Disposition") == "queue");  // not ours to decide: 7.1
}

TEST_CASE("wishes: no-cancel lets the others ring on" * doctest::description("RFC 3841 9.1; U19")) {
  Forks bench({900, 900});
  bench.invite("Request-Disposition: no-cancel\r\n");
  const auto invites = bench.take_invites();
  bench.say(1, invites[1], "180 Ringing");
  bench.say(0, invites[0], "200 OK");
  CHECK(bench.phone(1).got_nothing());
  bench.say(1, invites[1], "200 Also");
  CHECK(bench.take_at(bench.alice, "SIP/2.0 200 Also").text.size() > 0);
  bench.check_empty();
}

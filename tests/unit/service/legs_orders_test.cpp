// A leg through all kinds of orders of what may happen to it, by chance: whatever happens, each leg
// says once that it has ended, and nothing is left behind. The application does as it pleases, also from
// within its events.
#include <doctest/doctest.h>

#include "leg_bench.h"
#include "support/abnf.h"

using namespace tipring;
using namespace tipring::service;
using sip::Method;

namespace {

const std::string kOurs = sdp_of("10.0.0.1", 4000);
const std::string kTheirs = sdp_of("10.0.0.3", 5000);

// Everything that is ours to do, at any time.
struct Orders : LegPair {
  Orders() {
    bench.notes.then = [this](std::string_view event) {
      if (event.starts_with("fork")) legs.push_back(bench.notes.fork);
      if (event.starts_with("end")) ++ends;
      // What an application does from within an event.
      if (act != nullptr && chance->one_in(3)) act(*this, *chance);
    };
  }

  // All that has come to bob is answered as a phone would, or not at all.
  void read_bob(test::Chance& by) {
    while (bob.waiting() != 0) {
      const Text got = bob.take();
      const std::string line = got.first_line();
      if (line.starts_with("INVITE")) {
        invites.push_back(got);
      } else if (line.starts_with("SIP/2.0 ") &&
                 got.line("CSeq").find("INVITE") != std::string::npos) {
        if (line[8] >= '2') bob.send(acknowledge(got));
      } else if (!line.starts_with("SIP") && !line.starts_with("ACK")) {
        if (!by.one_in(4)) bob.send(answer(got, "200 OK"));
      }
    }
  }
  static std::string acknowledge(const Text& response) {
    return "ACK sip:200@10.0.0.1 SIP/2.0\r\nVia: " + response.line("Via") +
           "\r\nFrom: " + response.line("From") + "\r\nTo: " + response.line("To") +
           "\r\nCall-ID: " + response.line("Call-ID") + "\r\nMax-Forwards: 70\r\nCSeq: " +
           response.line("CSeq").substr(0, response.line("CSeq").find(' ')) +
           " ACK\r\nContent-Length: 0\r\n\r\n";
  }

  LegHandle any_leg(test::Chance& by) { return legs[by.below(legs.size())]; }

  void step(test::Chance& by) {
    const LegHandle leg = any_leg(by);
    const auto view = bench.legs.view(leg);
    const std::string tag = by.one_in(2) ? "b" : "c";
    switch (by.below(14)) {
      case 0:
      case 1: return reply(by, "180 Ringing", tag, "");
      case 2:
        return reply(by, "183 Session Progress", tag,
                     "Require: 100rel\r\nRSeq: " + std::to_string(++rseq) + "\r\n");
      case 3:
      case 4: return reply(by, "200 OK", tag, "");
      case 5: return reply(by, by.one_in(2) ? "486 Busy Here" : "491 Request Pending", tag, "");
      case 6: return reply(by, "200 OK", "d", "Allow: UPDATE\r\nSession-Expires: 90\r\n");
      case 7: return act(*this, by);
      case 8: return act(*this, by);
      case 9:
        if (view) bob.send(within(leg, "BYE", ++cseq));
        return;
      case 10:
        if (view) bob.send(within(leg, "INVITE", ++cseq, "", kTheirs));
        return;
      case 11:
        if (view) bob.send(within(leg, "UPDATE", ++cseq, "", by.one_in(2) ? kTheirs : ""));
        return;
      case 12:
        if (view) bob.send(within(leg, "ACK", cseq));
        return;
      default: world.run_for(Millis(by.one_in(3) ? 40'000 : 700));
    }
  }
  void reply(test::Chance& by, const std::string& status, const std::string& tag,
             const std::string& lines) {
    if (invites.empty()) return;
    const Text& invite = invites[by.below(invites.size())];
    bob.send(answer(invite, status, tag, lines, by.one_in(2) ? kTheirs : ""));
  }

  // Of the application.
  static void act_at_once(Orders& of, test::Chance& by) {
    Legs& legs = of.bench.legs;
    const LegHandle leg = of.any_leg(by);
    LegReply reply;
    reply.content = {"", "application/sdp", kOurs};
    reply.reliable = by.one_in(2);
    switch (by.below(9)) {
      case 0:
      case 1: return (void)legs.ack(leg, by.one_in(2) ? reply.content : LegContent());
      case 2: return legs.end(leg);
      case 3: return (void)legs.request(leg, Method::Invite, reply.content);
      case 4: return (void)legs.request(leg, Method::Update, {});
      case 5: return (void)legs.request(leg, Method::Info, {});
      case 6: return (void)legs.respond(leg, of.bench.notes.server, 200, reply);
      case 7:
        return (void)legs.respond(leg, {}, static_cast<uint16_t>(by.one_in(3) ? 486 : 183), reply);
      default: return (void)legs.prack(leg, reply.content);
    }
  }

  void finish(test::Chance& by) {
    for (const LegHandle leg : legs) bench.legs.end(leg);
    for (int i = 0; i < 12; ++i) {
      read_bob(by);
      for (const Text& invite : invites) {
        if (i == 3) bob.send(answer(invite, "487 Request Terminated", "z"));
      }
      world.run_for(Millis(15'000));
      for (const LegHandle leg : legs) bench.legs.end(leg);
    }
  }

  std::vector<LegHandle> legs;
  std::vector<Text> invites;
  size_t ends = 0;
  int cseq = 0;
  int rseq = 0;
  void (*act)(Orders&, test::Chance&) = nullptr;
  test::Chance* chance = nullptr;
};

void play(Orders& orders, uint64_t seed, bool calls) {
  test::Chance chance(seed);
  orders.chance = &chance;
  orders.act = &Orders::act_at_once;
  orders.legs.clear();
  orders.invites.clear();
  orders.bob.forget();
  orders.alice.forget();
  orders.ends = 0;
  orders.cseq = 0;
  if (calls) {
    orders.legs.push_back(orders.call(chance.one_in(2) ? kOurs : ""));
  } else {
    orders.invite("Supported: 100rel\r\nAllow: UPDATE\r\n", chance.one_in(2) ? kTheirs : "",
                  "z9hG4bKo" + std::to_string(seed), static_cast<int>(seed));
    orders.legs.push_back(orders.bench.adopted);
    orders.cseq = static_cast<int>(seed);
  }
  orders.world.run_for(Millis(20));
  for (int i = 0; i < 10; ++i) {
    orders.read_bob(chance);
    orders.step(chance);
    if (chance.one_in(2)) orders.world.run_for(Millis(20));
  }
  orders.act = nullptr;
  orders.finish(chance);
  INFO("seed ", seed, calls ? " calling" : " called", ": ", orders.bench.notes.taken());
  CHECK(orders.ends == orders.legs.size());
  CHECK(orders.bench.legs.is_quiet());
  CHECK(orders.bench.legs.request_stats().in_use == 0);
  orders.bench.notes.taken();
}

}  // namespace

TEST_CASE_FIXTURE(Orders,
                  "legs: in any order of events a calling leg ends once and leaves nothing" *
                      doctest::description("DESIGN proof; F9, F17, F56")) {
  for (uint64_t seed = 1; seed <= 300; ++seed) play(*this, seed, true);
  world.run_for(Millis(100'000));
  CHECK(bench.leftovers() == "");
}

TEST_CASE_FIXTURE(Orders, "legs: in any order of events a called leg ends once and leaves nothing" *
                              doctest::description("DESIGN proof; F9, F17")) {
  for (uint64_t seed = 1; seed <= 300; ++seed) play(*this, seed, false);
  world.run_for(Millis(100'000));
  CHECK(bench.leftovers() == "");
}

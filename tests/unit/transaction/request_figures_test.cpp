#include "transaction/request_figures.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

uint64_t answered(const Bench& bench, sip::Method method, uint16_t status) {
  return bench.layer->figures().answered(method, place_of_status(status));
}

uint64_t bucket(const Bench& bench, sip::Method method, size_t index) {
  return bench.layer->figures().times(method).counts[index];
}

}  // namespace

TEST_CASE("request figures: a stateless answer counts with the time of its turn" *
          doctest::description("RFC 3261 8.2.7; R5.4")) {
  Bench bench;
  bench.on_new = [&](const Incoming& request) { bench.layer->reply_stateless(request, 404, {}); };
  SipText options;
  options.method = "OPTIONS";
  bench.receive(options);
  CHECK(bench.layer->figures().received(sip::Method::Options) == 1);
  CHECK(answered(bench, sip::Method::Options, 404) == 1);
  CHECK(bench.layer->figures().times(sip::Method::Options).count() == 0);
  bench.layer->note_turn(Micros{180});
  CHECK(bucket(bench, sip::Method::Options, 1) == 1);  // up to 250 microseconds
  CHECK(bench.layer->figures().times(sip::Method::Options).sum_us == 180);
  bench.layer->note_turn(Micros{500});  // nothing was answered in it
  CHECK(bench.layer->figures().times(sip::Method::Options).count() == 1);
}

TEST_CASE("request figures: an INVITE answered later counts once, with its time" *
          doctest::description("RFC 3261 17.2.1; R5.4")) {
  Bench bench;
  bench.open_all(true);
  SipText invite;
  bench.receive(invite);
  bench.receive(invite);  // its retransmission
  bench.pass(Millis{20});
  REQUIRE(bench.respond(invite, 180));
  bench.pass(Millis{2400});
  REQUIRE(bench.respond(invite, 200));
  REQUIRE(bench.respond(invite, 200));  // until the ACK comes
  const RequestFigures& figures = bench.layer->figures();
  CHECK(figures.received(sip::Method::Invite) == 1);
  CHECK(answered(bench, sip::Method::Invite, 200) == 1);
  CHECK(answered(bench, sip::Method::Invite, 180) == 0);
  CHECK(figures.times(sip::Method::Invite).count() == 1);
  CHECK(figures.times(sip::Method::Invite).sum_us == 2'420'000);
  CHECK(figures.responses_sent()[place_of_status(100)] == 1);
  CHECK(figures.responses_sent()[place_of_status(180)] == 1);
}

TEST_CASE("request figures: transactions are counted by machine and state until they end" *
          doctest::description("RFC 3261 17.2.1; R5.4")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  const RequestFigures& figures = bench.layer->figures();
  const auto at = [&](State state) { return figures.transactions(Machine::InviteServer, state); };
  CHECK(at(State::Proceeding) == 1);
  REQUIRE(bench.respond(invite, 486));
  CHECK(at(State::Proceeding) == 0);
  CHECK(at(State::Completed) == 1);
  bench.pass(Millis{40'000});
  for (size_t state = 0; state < kStates; ++state) CHECK(at(static_cast<State>(state)) == 0);
}

TEST_CASE("request figures: a client transaction counts its states and its responses" *
          doctest::description("RFC 3261 17.1.2; R5.4")) {
  Bench bench;
  SipText text;
  text.method = "OPTIONS";
  bench.start(text, sip::Method::Options);
  const RequestFigures& figures = bench.layer->figures();
  CHECK(figures.transactions(Machine::Client, State::Trying) == 1);
  bench.receive(text.response(299));
  CHECK(figures.transactions(Machine::Client, State::Completed) == 1);
  CHECK(figures.responses_received()[place_of_status(298)] == 1);  // the rest of 2xx
  CHECK(figures.responses_received()[place_of_status(200)] == 0);
  bench.pass(Millis{40'000});
  CHECK(figures.transactions(Machine::Client, State::Completed) == 0);
  CHECK(bench.all_free());
}

TEST_CASE("request figures: when the pairs are used up, an answer counts by its class" *
          doctest::description("R5.5")) {
  RequestFigures figures;
  size_t given = 0;
  for (size_t method = 0; method < kMethods; ++method) {
    for (const uint16_t status : kCountedStatuses) {
      figures.on_answered(static_cast<sip::Method>(method), status, Micros{1});
      ++given;
    }
  }
  size_t exact = 0;
  size_t rest = 0;
  for (size_t method = 0; method < kMethods; ++method) {
    for (size_t place = 0; place < kStatusPlaces; ++place) {
      const uint64_t count = figures.answered(static_cast<sip::Method>(method), place);
      (place < kCountedStatuses.size() ? exact : rest) += count;
    }
  }
  CHECK(exact == RequestFigures::kPairs);
  CHECK(exact + rest == given);
}

TEST_CASE("request figures: what cannot be read and what strays is counted too" *
          doctest::description("RFC 3261 9.2, 16.3; R4.5")) {
  Bench bench;
  SipText cancel;
  cancel.method = "CANCEL";
  bench.receive(cancel);
  CHECK(answered(bench, sip::Method::Cancel, 481) == 1);
  SipText broken;
  broken.method = "OPTIONS";
  broken.cseq = "none";
  bench.receive(broken);
  CHECK(bench.layer->figures().received(sip::Method::Options) == 1);
  CHECK(answered(bench, sip::Method::Options, 400) == 1);
}

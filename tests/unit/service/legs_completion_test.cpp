// What is said of a request, and in which order: what the services of its leg know of the response
// first, and last, once and after everything else, how it has ended. RFC 3261 8.1.3, 17.1; F32.
#include <doctest/doctest.h>

#include <array>
#include <utility>

#include "leg_bench.h"
#include "service/digest_client_auth.h"

using namespace tipring;
using namespace tipring::service;
using sip::Method;

namespace {

const std::string kOurs = sdp_of("10.0.0.1", 4002);
const std::string kTheirs = sdp_of("10.0.0.3", 5002);
const std::array<Credential, 1> kHall = {Credential{"far", "200", "secret"}};

// Each with a nonce of its own, so that none is a refusal of the credentials sent.
std::string challenge() {
  static int nonces = 0;
  return "WWW-Authenticate: Digest realm=\"far\", nonce=\"n" + std::to_string(++nonces) + "\"\r\n";
}

// A call that bob has answered, and a request of each kind within it.
struct Requests : LegPair {
  Requests() {
    leg = call_answered();
    bench.legs.set_credentials(leg, kHall);
    bench.notes.then = [this](std::string_view) {
      // Also from within the last word on one the next may be begun, of the same kind.
      if (std::exchange(goes_on, false)) began = begin(next).has_value();
    };
  }

  Result<LegRequestHandle> begin(Method method) {
    const bool offers = method == Method::Invite || method == Method::Update;
    const LegContent content = offers ? LegContent{"", "application/sdp", kOurs} : LegContent{};
    return bench.legs.request(leg, method, content, kTag);
  }
  Text ask(Method method) {
    REQUIRE(begin(method));
    return bob.take();
  }
  void say(const Text& request, const std::string& status, const std::string& lines = "") {
    const bool answers = !request.body().empty() && status.starts_with("2");
    bob.send(answer(request, status, "b", lines, answers ? kTheirs : ""));
    world.run_for(Millis(50));
  }
  // After the ACK that a failure to an INVITE gets.
  Text again(Method method, Millis within = Millis(1000)) {
    if (method == Method::Invite) REQUIRE(bob.take().first_line().starts_with("ACK"));
    return bob.take(within);
  }
  // Whatever comes again, nothing is said of it.
  void check_last(const Text& request, const std::string& status) {
    CHECK(bench.notes.request.tag == kTag);
    if (bench.notes.request.method == Method::Invite && status.starts_with("2")) {
      REQUIRE(bench.legs.ack(leg));
    }
    say(request, status);
    say(request, "180 Ringing");
    say(request, "486 Busy Here");
    world.run_for(Millis(40'000));
    CHECK(bench.notes.taken().empty());
    CHECK(bench.legs.request_stats().in_use == 0);
  }

  static constexpr uint64_t kTag = 77;
  LegHandle leg;
  Method next = Method::Info;
  bool goes_on = false;
  bool began = false;
};

constexpr std::array<Method, 5> kWithin = {Method::Invite, Method::Update, Method::Info,
                                           Method::Message, Method::Refer};

std::string completed(Method method, const std::string& status) {
  return "response 1 " + std::string(sip::to_text(method)) + " " + status;
}

}  // namespace

TEST_CASE_FIXTURE(Requests, "legs: a final response is the last word on its request" *
                                doctest::description("F32; RFC 3261 17.1")) {
  for (const Method method : kWithin) {
    for (const std::string status : {"200 OK", "403 Forbidden", "603 Decline"}) {
      CAPTURE(sip::to_text(method));
      CAPTURE(status);
      const Text request = ask(method);
      say(request, "183 Session Progress");
      say(request, status);
      const std::string code = status.substr(0, 3);
      CHECK(bench.notes.taken() == completed(method, "183") + "; " + completed(method, code));
      check_last(request, status);
      bob.forget();
    }
  }
}

TEST_CASE_FIXTURE(Requests,
                  "legs: what the services know of a response comes before the last word" *
                      doctest::description("F32, F14, F47; RFC 3261 8.1.3.5")) {
  for (const Method method : kWithin) {
    CAPTURE(sip::to_text(method));
    const bool refreshes = method == Method::Invite || method == Method::Update;
    Text request = ask(method);
    say(request, "401 Unauthorized", challenge());
    request = again(method);
    std::string events = "event 1 401; ";
    if (refreshes) {
      const std::string least = method == Method::Invite ? "3600" : "4000";
      say(request, "422 Session Interval Too Small", "Min-SE: " + least + "\r\n");
      request = again(method);
      say(request, "491 Request Pending");
      request = again(method, Millis(5000));
      events += "event 1 422; event 1 491; ";
    }
    say(request, "200 OK");
    CHECK(bench.notes.taken() == events + completed(method, "200"));
    check_last(request, "200 OK");
    bob.forget();
  }
}

TEST_CASE_FIXTURE(Requests,
                  "legs: an event that the application leaves alone is followed by the last word" *
                      doctest::description("F32, F47")) {
  for (const Method method : kWithin) {
    CAPTURE(sip::to_text(method));
    bench.notes.client_verdict = ClientVerdict::Next;
    Text request = ask(method);
    say(request, "401 Unauthorized", challenge());
    CHECK(bench.notes.taken() == "event 1 401; " + completed(method, "401"));
    check_last(request, "401 Unauthorized");
    bob.forget();
    // Dealt with: that was the last word.
    bench.notes.client_verdict = ClientVerdict::Done;
    request = ask(method);
    say(request, "401 Unauthorized", challenge());
    CHECK(bench.notes.taken() == "event 1 401");
    check_last(request, "401 Unauthorized");
    bob.forget();
  }
}

TEST_CASE_FIXTURE(Requests,
                  "legs: silence is a last word too" * doctest::description("F32; RFC 3261 17.1")) {
  for (const Method method : {Method::Message, Method::Refer}) {
    CAPTURE(sip::to_text(method));
    const Text request = ask(method);
    world.run_for(Millis(33'000));
    CHECK(bench.notes.taken() == "no-response 1 " + std::string(sip::to_text(method)) + " 408");
    bob.forget();
    const Text probe = bob.take();  // whether he still has the call
    REQUIRE(probe.first_line().starts_with("UPDATE "));
    say(probe, "200 OK");
    check_last(request, "200 OK");
    bob.forget();
  }
}

TEST_CASE("legs: the last word on a request comes before that on its dialog" *
          doctest::description("F32; RFC 5057 5.1")) {
  bool is_silent = false;
  SUBCASE("it knows of none") {}
  SUBCASE("it is silent") { is_silent = true; }
  for (const Method method : {Method::Invite, Method::Update, Method::Info}) {
    CAPTURE(sip::to_text(method));
    Requests fresh;
    const Text request = fresh.ask(method);
    if (is_silent) {
      fresh.world.run_for(Millis(33'000));
    } else {
      fresh.say(request, "481 Call Does Not Exist");
    }
    const std::string status = is_silent ? "408" : "481";
    const std::string said = (is_silent ? "no-response 1 " : "response 1 ") +
                             std::string(sip::to_text(method)) + " " + status;
    CHECK(fresh.bench.notes.taken() == said + "; end 1 dialog-lost " + status);
    fresh.world.run_for(Millis(40'000));
    CHECK(fresh.bench.notes.taken().empty());
    CHECK(fresh.bench.legs.is_quiet());
  }
}

TEST_CASE_FIXTURE(Requests, "legs: the end of a leg is the last word on all its requests" *
                                doctest::description("F32; RFC 3261 15")) {
  const Text invite = ask(Method::Invite);
  REQUIRE(bench.legs.request(leg, Method::Info, {}));
  const Text info = bob.take();
  std::string said;
  SUBCASE("ours") {
    bench.legs.end(leg);
    said = "end 1 local-end";
  }
  SUBCASE("the peer's") {
    bob.send(within(leg, "BYE", 2));
    said = "end 1 peer-bye";
  }
  world.run_for(Millis(50));
  say(info, "200 OK");
  say(invite, "200 OK");
  world.run_for(Millis(70'000));
  CHECK(bench.notes.taken() == said);
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(Requests, "legs: with the last word the request's place is free" *
                                doctest::description("F32, F47")) {
  for (const Method method : kWithin) {
    CAPTURE(sip::to_text(method));
    goes_on = true;
    began = false;
    next = method;
    say(ask(method), "403 Forbidden");
    CHECK(began);
    const Text second = again(method);
    say(second, "200 OK");
    CHECK(bench.notes.taken() == completed(method, "403") + "; " + completed(method, "200"));
    check_last(second, "200 OK");
    bob.forget();
  }
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: of the INVITE that begins a call the last word is its answer or its end" *
                      doctest::description("F32; RFC 3261 13.2.2")) {
  LegCall out;
  out.request_uri = "sip:bob@10.0.0.3";
  out.from = "<sip:200@tipring>";
  out.to = "<sip:bob@tipring>";
  out.content = {"", "application/sdp", kOurs};
  out.credentials = kHall;
  const auto leg = bench.legs.call(out, bench.notes, 1);
  REQUIRE(leg);
  bob.send(answer(bob.take(), "401 Unauthorized", "b", challenge()));
  bob.take();
  bob.send(answer(bob.take(), "422 Session Interval Too Small", "b", "Min-SE: 3600\r\n"));
  bob.take();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b"));
  SUBCASE("answered") {
    bob.send(answer(invite, "200 OK", "b", "", kTheirs));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "event 1 401; event 1 422; progress 1 180; answer 1 200");
    REQUIRE(bench.legs.ack(*leg));
    bob.send(answer(invite, "200 OK", "b", "", kTheirs));
  }
  SUBCASE("refused") {
    bob.send(answer(invite, "486 Busy Here", "b"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "event 1 401; event 1 422; progress 1 180; end 1 refused 486");
    bob.send(answer(invite, "486 Busy Here", "b"));
  }
  bob.send(answer(invite, "180 Ringing", "b"));
  world.run_for(Millis(40'000));
  CHECK(bench.notes.taken().empty());
}

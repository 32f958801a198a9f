#include "service/glare.h"

#include <doctest/doctest.h>

#include <set>

#include "port/sim/sim_clock.h"
#include "sip/status.h"

using namespace tipring;
using service::Crossing;
using service::Glare;
using service::Pending;
using sip::Method;

namespace {

struct Bench {
  uint16_t status(Method method, bool has_offer, const Pending& pending) {
    const Crossing crossing = Glare::judge(method, has_offer, pending, entropy);
    CHECK(crossing.retry_after_s <= 10);
    if (crossing.status != sip::status::kServerInternalError) CHECK(crossing.retry_after_s == 0);
    return crossing.status;
  }

  port::SimEntropy entropy{7};
};

Pending with(bool Pending::*what) {
  Pending pending;
  pending.*what = true;
  return pending;
}

}  // namespace

TEST_CASE(
    "glare: an INVITE that crosses one of ours gets 491, one that follows theirs too early 500" *
    doctest::description("RFC 3261 14.2; F27")) {
  Bench bench;
  for (const bool has_offer : {true, false}) {
    CHECK(bench.status(Method::Invite, has_offer, {}) == 0);
    CHECK(bench.status(Method::Invite, has_offer, with(&Pending::our_invite)) == 491);
    CHECK(bench.status(Method::Invite, has_offer, with(&Pending::our_offer)) == 491);
    CHECK(bench.status(Method::Invite, has_offer, with(&Pending::their_invite)) == 500);
    CHECK(bench.status(Method::Invite, has_offer, with(&Pending::their_offer)) == 500);
    CHECK(bench.status(Method::Invite, has_offer, with(&Pending::their_update)) == 0);
  }
}

TEST_CASE("glare: an UPDATE crosses offers, and one without an offer only another UPDATE" *
          doctest::description("RFC 3311 5.2; F23, F27")) {
  Bench bench;
  CHECK(bench.status(Method::Update, true, {}) == 0);
  CHECK(bench.status(Method::Update, true, with(&Pending::our_offer)) == 491);
  CHECK(bench.status(Method::Update, true, with(&Pending::their_offer)) == 500);
  CHECK(bench.status(Method::Update, true, with(&Pending::their_update)) == 500);
  CHECK(bench.status(Method::Update, true, with(&Pending::our_invite)) == 0);
  CHECK(bench.status(Method::Update, false, with(&Pending::our_offer)) == 0);
  CHECK(bench.status(Method::Update, false, with(&Pending::their_offer)) == 0);
  CHECK(bench.status(Method::Update, false, with(&Pending::their_update)) == 500);
}

TEST_CASE("glare: other methods never cross" * doctest::description("RFC 3261 14.1; F27")) {
  Bench bench;
  const Pending all{true, true, true, true, true};
  for (const Method method : {Method::Bye, Method::Info, Method::Refer, Method::Prack})
    CHECK(bench.status(method, true, all) == 0);
}

TEST_CASE("glare: Retry-After takes every value from 0 to 10" *
          doctest::description("RFC 3261 14.2; F27")) {
  Bench bench;
  std::set<int> seen;
  for (int i = 0; i < 500; ++i) {
    const Pending pending = with(&Pending::their_invite);
    seen.insert(Glare::judge(Method::Invite, true, pending, bench.entropy).retry_after_s);
  }
  CHECK(seen.size() == 11);
  CHECK(*seen.rbegin() == 10);
}

TEST_CASE(
    "glare: the owner of the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms" *
    doctest::description("RFC 3261 14.1; F27")) {
  Bench bench;
  for (const bool owner : {true, false}) {
    CAPTURE(owner);
    std::set<int64_t> seen;
    for (int i = 0; i < 5000; ++i) {
      Glare glare;
      const Millis wait = glare.on_request_pending(owner, bench.entropy);
      CHECK(wait.count() % 10 == 0);
      seen.insert(wait.count());
    }
    CHECK(*seen.begin() == (owner ? 2100 : 0));
    CHECK(*seen.rbegin() == (owner ? 4000 : 2000));
    CHECK(seen.size() == (owner ? 191 : 201));
  }
}

TEST_CASE("glare: what crosses again and again is given up, and another answer begins anew" *
          doctest::description("RFC 3261 14.1; F27")) {
  Bench bench;
  Glare glare;
  for (int i = 0; i < Glare::kTriesMax; ++i)
    CHECK(glare.on_request_pending(false, bench.entropy) != kNever);
  CHECK(glare.on_request_pending(false, bench.entropy) == kNever);
  glare.settle();
  CHECK(glare.on_request_pending(false, bench.entropy) != kNever);
}

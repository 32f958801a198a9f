#include "server/b2bua/outcome.h"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace tipring::b2bua;

namespace {

Outcome outcome_of(std::initializer_list<int> statuses) {
  Outcome outcome;
  for (const int status : statuses) outcome.note(static_cast<uint16_t>(status));
  return outcome;
}

int of_group(std::initializer_list<int> statuses) { return outcome_of(statuses).of_group(); }
int of_user(std::initializer_list<int> statuses) { return outcome_of(statuses).of_user(); }

}  // namespace

TEST_CASE("outcome: all busy is busy, a mixture is unavailable" *
          doctest::description("R15.5; C18")) {
  CHECK(of_group({486, 486}) == 486);
  CHECK(of_group({486, 600}) == 486);
  CHECK(of_group({486, 480}) == 480);
  CHECK(of_group({486, 603}) == 480);
  CHECK(of_group({486, 500, 408}) == 480);
}

TEST_CASE("outcome: a group without a phone is unavailable" * doctest::description("R15.5")) {
  CHECK(of_group({}) == 480);
  CHECK(of_user({}) == 480);
}

TEST_CASE("outcome: 408 is for the ring timeout alone" * doctest::description("R16.5; C18")) {
  CHECK(of_group({408, 408}) == 480);  // phones that are gone
  Outcome outcome = outcome_of({486, 486});
  outcome.note_timeout();
  CHECK(outcome.of_group() == 408);
}

TEST_CASE("outcome: all of one mind decline, or cannot take what is offered" *
          doctest::description("R18.5")) {
  CHECK(of_group({603, 603}) == 603);
  CHECK(of_group({603, 607}) == 603);
  CHECK(of_group({488, 488}) == 488);
  CHECK(of_group({488, 606, 415}) == 488);
  CHECK(of_group({488, 404}) == 480);
  CHECK(of_group({603, 488}) == 480);
}

TEST_CASE("outcome: of a user's phones the best failure, as a proxy has it" *
          doctest::description("RFC 3261 16.7 step 6; C7")) {
  CHECK(of_user({488}) == 488);
  CHECK(of_user({486, 603}) == 603);
  CHECK(of_user({480, 486}) == 486);
  CHECK(of_user({486, 480}) == 486);
  CHECK(of_user({408, 404}) == 404);
  CHECK(of_user({503}) == 500);
  CHECK(of_user({500, 486}) == 486);
}

TEST_CASE("outcome: what a phone asked of us is not told to the caller") {
  CHECK(of_user({401}) == 480);
  CHECK(of_user({407}) == 480);
  CHECK(of_user({302}) == 480);
  CHECK(of_user({420}) == 480);
  CHECK(of_user({487}) == 480);
}

TEST_CASE("outcome: a user who rang too long is timed out, unless a phone has said more") {
  Outcome outcome;
  outcome.note_timeout();
  CHECK(outcome.of_user() == 408);
  outcome.note(486);
  CHECK(outcome.of_user() == 486);
}

TEST_CASE("outcome: where we have no place for more, 503 unless a phone has said something" *
          doctest::description("RFC 3261 21.5.4; R10.3")) {
  Outcome outcome;
  outcome.note_own(503);
  CHECK(outcome.of_user() == 503);
  CHECK(outcome.of_group() == 503);
  outcome.note(486);
  CHECK(outcome.of_user() == 486);
  CHECK(outcome.of_group() == 486);
  Outcome other;
  other.note_own(488);
  CHECK(other.of_user() == 488);
}

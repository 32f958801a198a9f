#include <doctest/doctest.h>

#include "server/policy/access.h"

using namespace tipring::policy;

namespace {

AccessOptions options(bool accept_foreign, bool foreign,
                      InviteChallenge invite = InviteChallenge::Proxy) {
  AccessOptions out;
  out.invite = invite;
  out.accept_foreign = accept_foreign;
  out.foreign = foreign;
  return out;
}

}  // namespace

TEST_CASE("rule: who may send where, for every switch" * doctest::description("C21")) {
  struct Row {
    bool from_ours, to_ours, accept_foreign, foreign;
    Rule expected;
  };
  constexpr Row kRows[] = {
      {true, true, false, false, Rule::Authenticate}, {true, true, false, true, Rule::Authenticate},
      {true, true, true, false, Rule::Authenticate},  {true, true, true, true, Rule::Authenticate},
      {true, false, false, false, Rule::Forbid},      {true, false, true, false, Rule::Forbid},
      {true, false, false, true, Rule::Authenticate}, {true, false, true, true, Rule::Authenticate},
      {false, true, false, false, Rule::Forbid},      {false, true, false, true, Rule::Forbid},
      {false, true, true, false, Rule::Allow},        {false, true, true, true, Rule::Allow},
      {false, false, false, false, Rule::Forbid},     {false, false, false, true, Rule::Forbid},
      {false, false, true, false, Rule::Forbid},      {false, false, true, true, Rule::Forbid},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.from_ours);
    CAPTURE(row.to_ours);
    CAPTURE(row.accept_foreign);
    CAPTURE(row.foreign);
    const AccessOptions given = options(row.accept_foreign, row.foreign);
    CHECK(decide(row.from_ours, row.to_ours, false, given) == row.expected);
    CHECK(decide(row.from_ours, row.to_ours, true, given) == Rule::Allow);
  }
}

TEST_CASE("rule: without challenges users pass unasked, and strangers pass no better" *
          doctest::description("C21, C17")) {
  const AccessOptions open = options(false, false, InviteChallenge::Off);
  CHECK(decide(true, true, false, open) == Rule::Allow);
  CHECK(decide(true, false, false, open) == Rule::Forbid);
  CHECK(decide(false, true, false, open) == Rule::Forbid);
  CHECK(decide(false, false, false, open) == Rule::Forbid);
}

TEST_CASE("rule: asking by 401 changes who is asked in nothing" * doctest::description("C17")) {
  const AccessOptions server = options(true, false, InviteChallenge::Server);
  CHECK(decide(true, true, false, server) == Rule::Authenticate);
  CHECK(decide(false, true, false, server) == Rule::Allow);
}

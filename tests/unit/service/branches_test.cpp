#include "service/branches.h"

#include <doctest/doctest.h>

#include "service/stream_refusals.h"

using namespace tipring;
using namespace tipring::service;

namespace {

struct NoOwner final : BranchOwner {
  void on_timer_c(Branch&) override {}
};

}  // namespace

TEST_CASE("branch: pending is one that has been sent and has no final response" *
          doctest::description("RFC 3261 16.7 step 10")) {
  NoOwner owner;
  for (const auto state : {BranchState::Waiting, BranchState::Locating, BranchState::Calling,
                           BranchState::Proceeding, BranchState::Accepted}) {
    Branch branch(owner, 1, 2);
    branch.state = state;
    const bool pending = state == BranchState::Calling || state == BranchState::Proceeding;
    CHECK(branch.is_pending() == pending);
    CHECK(branch.is_open() == (pending || state == BranchState::Locating));
  }
}

TEST_CASE("stream refusals: a destination is remembered for ten minutes, by address and port" *
          doctest::description("SPEC C5")) {
  alignas(Arena::kAlignment) static std::array<std::byte, 8192> memory;
  memory.fill(std::byte{0});
  Arena arena(memory);
  StreamRefusals refusals(arena, {1, 2});
  const port::SocketAddress there{*port::parse_ip("192.0.2.1"), 5060};
  CHECK_FALSE(refusals.has(there, Millis(0)));
  refusals.note(there, Millis(1000));
  CHECK(refusals.has(there, Millis(1000)));
  CHECK(refusals.has(there, Millis(600'999)));
  CHECK_FALSE(refusals.has(there, Millis(601'000)));
  CHECK_FALSE(refusals.has({there.ip, 5061}, Millis(1000)));
}

TEST_CASE("stream refusals: however many there are, the newest is remembered" *
          doctest::description("SPEC C5; R5.5")) {
  alignas(Arena::kAlignment) static std::array<std::byte, 8192> memory;
  memory.fill(std::byte{0});
  Arena arena(memory);
  StreamRefusals refusals(arena, {1, 2});
  for (uint16_t port = 1; port < 2000; ++port) {
    refusals.note({*port::parse_ip("192.0.2.1"), port}, Millis(0));
    CHECK(refusals.has({*port::parse_ip("192.0.2.1"), port}, Millis(1)));
  }
}

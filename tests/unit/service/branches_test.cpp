#include "service/branches.h"

#include <doctest/doctest.h>

#include <memory>

#include "service/stream_refusals.h"

using namespace tipring;
using namespace tipring::service;

TEST_CASE("branches: as many as there are places, each used once" *
          doctest::description("RFC 3261 16.6 step 7; R5.5")) {
  Branches branches;
  for (size_t i = 0; i < Branches::kMax; ++i) {
    CHECK_FALSE(branches.full());
    Branch* branch = branches.add(i + 1);
    REQUIRE(branch != nullptr);
    branch->state = BranchState::Ended;
  }
  CHECK(branches.full());
  CHECK(branches.add(99) == nullptr);
}

TEST_CASE("branches: they are found by their client transaction and by their state" *
          doctest::description("RFC 3261 16.7 step 1")) {
  Branches branches;
  branches.add(1)->client = {4, 7};
  Branch* second = branches.add(2);
  second->client = {5, 7};
  second->state = BranchState::Proceeding;
  CHECK(branches.find(ClientHandle{5, 7}) == second);
  CHECK(branches.find(ClientHandle{5, 8}) == nullptr);
  CHECK(branches.find(BranchState::Proceeding) == second);
  CHECK(branches.find(BranchState::Reserved) == nullptr);
}

TEST_CASE("branches: pending are those that have been sent and have no final response" *
          doctest::description("RFC 3261 16.7 step 10")) {
  for (const auto state : {BranchState::Free, BranchState::Reserved, BranchState::Calling,
                           BranchState::Proceeding, BranchState::Ended}) {
    Branches branches;
    branches.add(1)->state = state;
    const bool pending = state == BranchState::Calling || state == BranchState::Proceeding;
    CHECK(branches.any_pending() == pending);
  }
}

TEST_CASE("branches: who has been tried is known, however it ended" *
          doctest::description("RFC 3261 16.5")) {
  Branches branches;
  branches.add(17);
  CHECK(branches.has_tried(17));
  CHECK_FALSE(branches.has_tried(18));
  CHECK_FALSE(branches.has_tried(0));  // of the places that are free
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

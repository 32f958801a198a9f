#include "transaction/machines.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "transaction/timers.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

constexpr std::array kAllStates = {State::Initial,    State::Calling,   State::Trying,
                                   State::Proceeding, State::Accepted,  State::Completed,
                                   State::Confirmed,  State::Terminated};

struct Arrow {
  State from;
  Event event;
  State to;
};

// The figures once more, read without the table in machines.h: every pair that is not here has no
// row.
using enum State;

const std::vector<Arrow> kInviteClientArrows = {
    {Initial, Event::Start, Calling},
    {Calling, Event::TimerA, Calling},
    {Calling, Event::TimerB, Terminated},
    {Calling, Event::TransportError, Terminated},
    {Calling, Event::Provisional, Proceeding},
    {Calling, Event::Success, Accepted},
    {Calling, Event::Failure, Completed},
    {Calling, Event::Cancel, Calling},
    {Proceeding, Event::Provisional, Proceeding},
    {Proceeding, Event::Success, Accepted},
    {Proceeding, Event::Failure, Completed},
    {Proceeding, Event::Cancel, Proceeding},
    {Proceeding, Event::TimerCancel, Terminated},
    {Accepted, Event::Success, Accepted},
    {Accepted, Event::TimerM, Terminated},
    {Completed, Event::Failure, Completed},
    {Completed, Event::TimerD, Terminated},
    {Completed, Event::TransportError, Terminated},
};

const std::vector<Arrow> kClientArrows = {
    {Initial, Event::Start, Trying},
    {Trying, Event::TimerE, Trying},
    {Trying, Event::TimerF, Terminated},
    {Trying, Event::TransportError, Terminated},
    {Trying, Event::Provisional, Proceeding},
    {Trying, Event::Success, Completed},
    {Trying, Event::Failure, Completed},
    {Proceeding, Event::TimerE, Proceeding},
    {Proceeding, Event::TimerF, Terminated},
    {Proceeding, Event::TransportError, Terminated},
    {Proceeding, Event::Provisional, Proceeding},
    {Proceeding, Event::Success, Completed},
    {Proceeding, Event::Failure, Completed},
    {Completed, Event::TimerK, Terminated},
};

const std::vector<Arrow> kInviteServerArrows = {
    {Initial, Event::Start, Proceeding},          {Proceeding, Event::Request, Proceeding},
    {Proceeding, Event::Provisional, Proceeding}, {Proceeding, Event::Success, Accepted},
    {Proceeding, Event::Failure, Completed},      {Proceeding, Event::TransportError, Proceeding},
    {Accepted, Event::Request, Accepted},         {Accepted, Event::Ack, Accepted},
    {Accepted, Event::Success, Accepted},         {Accepted, Event::TransportError, Accepted},
    {Accepted, Event::TimerL, Terminated},        {Completed, Event::Request, Completed},
    {Completed, Event::TimerG, Completed},        {Completed, Event::Ack, Confirmed},
    {Completed, Event::TimerH, Terminated},       {Completed, Event::TransportError, Completed},
    {Confirmed, Event::Ack, Confirmed},           {Confirmed, Event::Request, Confirmed},
    {Confirmed, Event::TimerI, Terminated},
};

const std::vector<Arrow> kServerArrows = {
    {Initial, Event::Start, Trying},
    {Trying, Event::Request, Trying},
    {Trying, Event::TimerTrying, Proceeding},
    {Trying, Event::Provisional, Proceeding},
    {Trying, Event::Success, Completed},
    {Trying, Event::Failure, Completed},
    {Trying, Event::TransportError, Trying},
    {Proceeding, Event::Request, Proceeding},
    {Proceeding, Event::Provisional, Proceeding},
    {Proceeding, Event::Success, Completed},
    {Proceeding, Event::Failure, Completed},
    {Proceeding, Event::TransportError, Proceeding},
    {Completed, Event::Request, Completed},
    {Completed, Event::TransportError, Completed},
    {Completed, Event::TimerJ, Terminated},
};

const Arrow* find_arrow(const std::vector<Arrow>& arrows, State state, Event event) {
  for (const Arrow& arrow : arrows) {
    if (arrow.from == state && arrow.event == event) return &arrow;
  }
  return nullptr;
}

void check_all_pairs(Machine machine, const std::vector<Arrow>& arrows) {
  for (const State state : kAllStates) {
    for (size_t i = 0; i < kEvents; ++i) {
      const auto event = static_cast<Event>(i);
      CAPTURE(static_cast<int>(state));
      CAPTURE(i);
      const Step step = transaction::step(machine, state, event);
      const Arrow* arrow = find_arrow(arrows, state, event);
      CHECK(step.known == (arrow != nullptr));
      CHECK(step.next == (arrow == nullptr ? state : arrow->to));
      if (arrow == nullptr) CHECK(step.actions == NoAction);
    }
  }
}

Actions actions(Machine machine, State state, Event event) {
  return transaction::step(machine, state, event).actions;
}

}  // namespace

TEST_CASE("invite client: every state and event" * doctest::description("RFC 6026 figure 5; F3")) {
  check_all_pairs(Machine::InviteClient, kInviteClientArrows);
}

TEST_CASE("client: every state and event" * doctest::description("RFC 3261 figure 6; F3")) {
  check_all_pairs(Machine::Client, kClientArrows);
}

TEST_CASE("invite server: every state and event" * doctest::description("RFC 6026 figure 7; F3")) {
  check_all_pairs(Machine::InviteServer, kInviteServerArrows);
}

TEST_CASE("server: every state and event" *
          doctest::description("RFC 3261 figure 8, RFC 6026 8.8, RFC 4320 4.1; F3")) {
  check_all_pairs(Machine::Server, kServerArrows);
}

TEST_CASE("invite client: actions on the arrows" * doctest::description("RFC 6026 figure 5")) {
  const Machine m = Machine::InviteClient;
  CHECK(actions(m, Initial, Event::Start) == (SendRequest | StartA | StartB));
  CHECK(actions(m, Calling, Event::TimerA) == (SendRequest | DoubleA));
  CHECK(actions(m, Calling, Event::TimerB) == TellTimeout);
  CHECK(actions(m, Calling, Event::Success) == (CancelTimers | StartM | PassToTu));
  CHECK(actions(m, Calling, Event::Failure) == (CancelTimers | SendAck | StartD | PassToTu));
  CHECK(actions(m, Proceeding, Event::Failure) == (CancelTimers | SendAck | StartD | PassToTu));
  CHECK(actions(m, Completed, Event::Failure) == SendAck);
  CHECK(actions(m, Accepted, Event::Success) == PassToTu);
  CHECK(actions(m, Calling, Event::Cancel) == HoldCancel);
  CHECK(actions(m, Proceeding, Event::Cancel) == (SendCancel | StartCancelTimer));
}

TEST_CASE("invite server: actions on the arrows" * doctest::description("RFC 6026 figure 7")) {
  const Machine m = Machine::InviteServer;
  CHECK(actions(m, Proceeding, Event::Request) == RepeatResponse);
  CHECK(actions(m, Proceeding, Event::Failure) == (SendResponse | StartG | StartH));
  CHECK(actions(m, Proceeding, Event::Success) == (SendResponse | StartL));
  CHECK(actions(m, Completed, Event::Ack) == (CancelTimers | StartI));
  CHECK(actions(m, Completed, Event::TimerH) == TellTimeout);
  CHECK(actions(m, Accepted, Event::Request) == NoAction);
  CHECK(actions(m, Accepted, Event::Ack) == PassToTu);
}

TEST_CASE("timers: values over both kinds of transport" *
          doctest::description("RFC 3261 table 4; R7.2")) {
  CHECK(timer_a(false) == Millis{500});
  CHECK(timer_a(true) == Millis{0});
  CHECK(timer_b() == Millis{32000});
  CHECK(timer_d(false) == Millis{32000});
  CHECK(timer_d(true) == Millis{0});
  CHECK(timer_e(false) == Millis{500});
  CHECK(timer_e(true) == Millis{0});
  CHECK(timer_f() == Millis{32000});
  CHECK(timer_g(false) == Millis{500});
  CHECK(timer_g(true) == Millis{0});
  CHECK(timer_h() == Millis{32000});
  CHECK(timer_i(false) == Millis{5000});
  CHECK(timer_i(true) == Millis{0});
  CHECK(timer_j(false) == Millis{32000});
  CHECK(timer_j(true) == Millis{0});
  CHECK(timer_k(false) == Millis{5000});
  CHECK(timer_k(true) == Millis{0});
  CHECK(timer_l() == Millis{32000});
  CHECK(timer_m() == Millis{32000});
}

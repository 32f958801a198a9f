// The four transaction machines as tables: RFC 3261 17, figures 5 to 8, as amended by RFC 6026
// (figures 5 and 7 anew: state Accepted, timers L and M, transport errors on the server side), RFC
// 4320 (100 to non-INVITE) and RFC 3261 9.1 (CANCEL). One row for each arrow of a figure; the arrow
// that enters a figure leaves Initial.
//
// A machine does no I/O and knows no clock: step() says what comes next and what to do,
// ServerTransaction and ClientTransaction do it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tipring::transaction {

enum class Machine : uint8_t { InviteClient, Client, InviteServer, Server };

enum class State : uint8_t {
  Initial,  // made, but its request has not been sent or handed up yet
  Calling,
  Trying,
  Proceeding,
  Accepted,
  Completed,
  Confirmed,
  Terminated,
};

enum class Event : uint8_t {
  Start,        // client: the TU's request; server: the request that opens it
  Request,      // server: the request once more
  Ack,          // server
  Provisional,  // 1xx: from the wire to a client, from the TU to a server
  Success,      // 2xx
  Failure,      // 300 to 699
  Cancel,       // INVITE client: the TU wants it cancelled (9.1)
  TransportError,
  TimerA,
  TimerB,
  TimerD,
  TimerE,
  TimerF,
  TimerG,
  TimerH,
  TimerI,
  TimerJ,
  TimerK,
  TimerL,
  TimerM,
  TimerTrying,  // server: 3.5 s without a response (RFC 4320 4.1)
  TimerCancel,  // INVITE client: 64·T1 after the CANCEL (9.1)
};

inline constexpr size_t kMachines = 4;
inline constexpr size_t kStates = static_cast<size_t>(State::Terminated) + 1;
inline constexpr size_t kEvents = static_cast<size_t>(Event::TimerCancel) + 1;

// What a driver does, in the order in which they stand here.
enum Action : uint32_t {
  NoAction = 0,
  CancelTimers = 1U << 0,    // both, before any is started
  SendRequest = 1U << 1,     // client: for the first time or again
  SendAck = 1U << 2,         // client: built from the first failure, then the same again
  SendCancel = 1U << 3,      // client: in a transaction of its own
  HoldCancel = 1U << 4,      // client: until the first provisional
  SendResponse = 1U << 5,    // server: a new one from the TU
  RepeatResponse = 1U << 6,  // server: the last one
  SendTrying = 1U << 7,      // server: a 100 of our own
  TellTimeout = 1U << 8,     // the end will be told as Timeout
  TellError = 1U << 9,       // the end will be told as TransportError
  StartA = 1U << 10,
  DoubleA = 1U << 11,
  StartB = 1U << 12,
  StartD = 1U << 13,
  StartE = 1U << 14,
  DoubleE = 1U << 15,  // up to T2
  SlowE = 1U << 16,    // T2
  StartF = 1U << 17,
  StartG = 1U << 18,
  DoubleG = 1U << 19,  // up to T2
  StartH = 1U << 20,
  StartI = 1U << 21,
  StartJ = 1U << 22,
  StartK = 1U << 23,
  StartL = 1U << 24,
  StartM = 1U << 25,
  StartTrying = 1U << 26,
  StartCancelTimer = 1U << 27,
  PassToTu = 1U << 28,  // last: the TU may do anything from there
};

using Actions = uint32_t;

struct Row {
  State state;
  Event event;
  State next;
  Actions actions;
};

// RFC 6026 figure 5.
inline constexpr Row kInviteClient[] = {
    {State::Initial, Event::Start, State::Calling, SendRequest | StartA | StartB},
    {State::Calling, Event::TimerA, State::Calling, SendRequest | DoubleA},
    {State::Calling, Event::TimerB, State::Terminated, TellTimeout},
    {State::Calling, Event::TransportError, State::Terminated, TellError},
    {State::Calling, Event::Provisional, State::Proceeding, CancelTimers | PassToTu},
    {State::Calling, Event::Success, State::Accepted, CancelTimers | StartM | PassToTu},
    {State::Calling, Event::Failure, State::Completed, CancelTimers | SendAck | StartD | PassToTu},
    {State::Proceeding, Event::Provisional, State::Proceeding, PassToTu},
    {State::Proceeding, Event::Success, State::Accepted, CancelTimers | StartM | PassToTu},
    {State::Proceeding, Event::Failure, State::Completed,
     CancelTimers | SendAck | StartD | PassToTu},
    {State::Accepted, Event::Success, State::Accepted, PassToTu},
    {State::Accepted, Event::TimerM, State::Terminated, NoAction},
    {State::Completed, Event::Failure, State::Completed, SendAck},
    {State::Completed, Event::TimerD, State::Terminated, NoAction},
    // "Inform TU" says nothing new here: it has had the final response.
    {State::Completed, Event::TransportError, State::Terminated, NoAction},
    // 9.1, not in the figure.
    {State::Calling, Event::Cancel, State::Calling, HoldCancel},
    {State::Proceeding, Event::Cancel, State::Proceeding, SendCancel | StartCancelTimer},
    {State::Proceeding, Event::TimerCancel, State::Terminated, TellTimeout},
};

// RFC 3261 figure 6.
inline constexpr Row kClient[] = {
    {State::Initial, Event::Start, State::Trying, SendRequest | StartE | StartF},
    {State::Trying, Event::TimerE, State::Trying, SendRequest | DoubleE},
    {State::Trying, Event::TimerF, State::Terminated, TellTimeout},
    {State::Trying, Event::TransportError, State::Terminated, TellError},
    {State::Trying, Event::Provisional, State::Proceeding, PassToTu},
    {State::Trying, Event::Success, State::Completed, CancelTimers | StartK | PassToTu},
    {State::Trying, Event::Failure, State::Completed, CancelTimers | StartK | PassToTu},
    {State::Proceeding, Event::TimerE, State::Proceeding, SendRequest | SlowE},
    {State::Proceeding, Event::TimerF, State::Terminated, TellTimeout},
    {State::Proceeding, Event::TransportError, State::Terminated, TellError},
    {State::Proceeding, Event::Provisional, State::Proceeding, PassToTu},
    {State::Proceeding, Event::Success, State::Completed, CancelTimers | StartK | PassToTu},
    {State::Proceeding, Event::Failure, State::Completed, CancelTimers | StartK | PassToTu},
    {State::Completed, Event::TimerK, State::Terminated, NoAction},
};

// RFC 6026 figure 7. A transport error changes no state (RFC 6026 8.8); the end is told as one.
inline constexpr Row kInviteServer[] = {
    {State::Initial, Event::Start, State::Proceeding, NoAction},
    {State::Proceeding, Event::Request, State::Proceeding, RepeatResponse},
    {State::Proceeding, Event::Provisional, State::Proceeding, SendResponse},
    {State::Proceeding, Event::TransportError, State::Proceeding, TellError},
    {State::Proceeding, Event::Success, State::Accepted, SendResponse | StartL},
    {State::Proceeding, Event::Failure, State::Completed, SendResponse | StartG | StartH},
    {State::Completed, Event::Request, State::Completed, RepeatResponse},
    {State::Completed, Event::TimerG, State::Completed, RepeatResponse | DoubleG},
    {State::Completed, Event::TimerH, State::Terminated, TellTimeout},
    {State::Completed, Event::TransportError, State::Completed, TellError},
    {State::Completed, Event::Ack, State::Confirmed, CancelTimers | StartI},
    {State::Confirmed, Event::TimerI, State::Terminated, NoAction},
    {State::Accepted, Event::Request, State::Accepted, NoAction},
    {State::Accepted, Event::Ack, State::Accepted, PassToTu},
    {State::Accepted, Event::Success, State::Accepted, SendResponse},
    {State::Accepted, Event::TransportError, State::Accepted, TellError},
    {State::Accepted, Event::TimerL, State::Terminated, NoAction},
    // Text of 17.2.1: Confirmed absorbs further ACKs, and requests that were on their way.
    {State::Confirmed, Event::Ack, State::Confirmed, NoAction},
    {State::Confirmed, Event::Request, State::Confirmed, NoAction},
};

// RFC 3261 figure 8, with the transport errors of RFC 6026 8.8 and the 100 of RFC 4320 4.1: the
// figure's "1xx from TU" can only be that.
inline constexpr Row kServer[] = {
    {State::Initial, Event::Start, State::Trying, StartTrying},
    {State::Trying, Event::Request, State::Trying, NoAction},
    {State::Trying, Event::TimerTrying, State::Proceeding, SendTrying},
    {State::Trying, Event::Provisional, State::Proceeding, CancelTimers | SendResponse},
    {State::Trying, Event::Success, State::Completed, CancelTimers | SendResponse | StartJ},
    {State::Trying, Event::Failure, State::Completed, CancelTimers | SendResponse | StartJ},
    {State::Trying, Event::TransportError, State::Trying, TellError},
    {State::Proceeding, Event::Request, State::Proceeding, RepeatResponse},
    {State::Proceeding, Event::Provisional, State::Proceeding, SendResponse},
    {State::Proceeding, Event::Success, State::Completed, SendResponse | StartJ},
    {State::Proceeding, Event::Failure, State::Completed, SendResponse | StartJ},
    {State::Proceeding, Event::TransportError, State::Proceeding, TellError},
    {State::Completed, Event::Request, State::Completed, RepeatResponse},
    {State::Completed, Event::TransportError, State::Completed, TellError},
    {State::Completed, Event::TimerJ, State::Terminated, NoAction},
};

constexpr std::span<const Row> rows_of(Machine machine) {
  switch (machine) {
    case Machine::InviteClient: return kInviteClient;
    case Machine::Client: return kClient;
    case Machine::InviteServer: return kInviteServer;
    case Machine::Server: return kServer;
  }
  return {};
}

struct Step {
  State next = State::Initial;
  Actions actions = NoAction;
  bool known = false;  // false: no row, so the event changes nothing
};

namespace detail {

using StepTable = std::array<std::array<Step, kEvents>, kStates>;

constexpr StepTable make_steps(Machine machine) {
  StepTable table{};
  for (size_t state = 0; state < kStates; ++state) {
    for (Step& step : table[state]) step.next = static_cast<State>(state);
  }
  for (const Row& row : rows_of(machine)) {
    table[static_cast<size_t>(row.state)][static_cast<size_t>(row.event)] = {row.next, row.actions,
                                                                             true};
  }
  return table;
}

inline constexpr std::array<StepTable, kMachines> kSteps = {
    make_steps(Machine::InviteClient), make_steps(Machine::Client),
    make_steps(Machine::InviteServer), make_steps(Machine::Server)};

constexpr bool all_rows_distinct() {
  for (size_t machine = 0; machine < kMachines; ++machine) {
    size_t known = 0;
    for (const auto& events : kSteps[machine]) {
      for (const Step& step : events) known += step.known ? 1 : 0;
    }
    if (known != rows_of(static_cast<Machine>(machine)).size()) return false;
  }
  return true;
}
static_assert(all_rows_distinct(), "a machine has two rows for the same state and event");

}  // namespace detail

constexpr Step step(Machine machine, State state, Event event) {
  return detail::kSteps[static_cast<size_t>(machine)][static_cast<size_t>(state)]
                       [static_cast<size_t>(event)];
}

// The event that a response is, to either side.
constexpr Event event_of_status(uint16_t status) {
  if (status < 200) return Event::Provisional;
  return status < 300 ? Event::Success : Event::Failure;
}

}  // namespace tipring::transaction

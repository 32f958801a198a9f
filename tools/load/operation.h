// One operation of a scenario: a small machine that sends, is fed what comes for it, and reports
// once that it is done or has failed. Each has a slot and is started again and again in it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/timer_wheel.h"
#include "sip/message.h"
#include "sip/writer.h"
#include "tools/load/exchange.h"
#include "tools/load/options.h"
#include "tools/load/statistics.h"
#include "tools/load/wires.h"

namespace tipring::load {

using Instant = std::chrono::steady_clock::time_point;

inline uint64_t microseconds(Instant from, Instant to) {
  return static_cast<uint64_t>(std::max<int64_t>(
      0, std::chrono::duration_cast<std::chrono::microseconds>(to - from).count()));
}

// The slot and which of the operations in it, counted from one. A message's branch, or its Call-ID,
// says to which it belongs, so that nothing is searched for.
struct Token {
  uint32_t slot = 0;
  uint32_t serial = 0;
  uint8_t step = 0;  // one request within the operation

  friend bool operator==(const Token&, const Token&) = default;
};

inline constexpr size_t kTokenChars = 32;

class Operation;

class OperationOwner {
 public:
  virtual void on_end(Operation& operation) = 0;

 protected:
  ~OperationOwner() = default;
};

// What all operations share.
struct Surroundings {
  const Options& options;
  TimerWheel& wheel;
  port::Loop& loop;
  Wires& callers;
  Wires& callees;
  Statistics& statistics;
  OperationOwner& owner;
  uint32_t session = 0;  // this process, in what stays the same until it ends
  uint32_t run = 0;      // in the tokens: those of an earlier run may still rest in the server
  uint32_t cseq = 0;     // of the last REGISTER
};

class Operation {
 public:
  Operation(Surroundings& around, uint32_t slot) : around_(around), slot_(slot) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // The `number`-th operation of all, counted from zero.
  void start(uint64_t number);
  void on_datagram(Endpoint& at, std::string_view bytes);
  // To the request of `step`.
  void on_response(Endpoint& at, const sip::MessageView& message, uint8_t step);
  void on_request(Endpoint& at, const sip::MessageView& message);
  // Ends it with nothing more to come.
  void abort(Failure failure) { fail(failure); }

  uint32_t serial() const { return serial_; }
  bool under_way() const { return under_way_; }

 protected:
  virtual void begin(uint64_t number) = 0;
  virtual void take_datagram(std::string_view) { unexpected(); }
  virtual void take_response(const sip::MessageView&, uint8_t) { unexpected(); }
  virtual void take_request(Endpoint&, const sip::MessageView&) { unexpected(); }
  virtual void stop_timers() = 0;

  void send(Endpoint& at, std::string_view text);
  void note_sent(const Endpoint& at, size_t bytes);
  void finish();
  void fail(Failure failure);
  void refuse(uint16_t status);
  void unexpected() { fail(Failure::Unreadable); }

  Millis now() const { return around_.loop.now(); }
  Instant begun() const { return begun_; }
  // In turn, so that all sockets are used however few operations are under way.
  Endpoint& caller(uint64_t number) {
    return around_.callers[static_cast<size_t>(number % around_.callers.size())];
  }
  Endpoint& callee(uint64_t number) {
    return around_.callees[static_cast<size_t>(number % around_.callees.size())];
  }
  std::string token(uint8_t step) const;
  Statistics& statistics() { return around_.statistics; }
  const Options& options() const { return around_.options; }

  Surroundings& around_;
  const uint32_t slot_;

 private:
  void note(const Endpoint& at, int size);
  void end();

  uint32_t serial_ = 0;
  bool under_way_ = false;
  bool recorded_ = false;  // its messages are noted in Statistics::packets
  Instant begun_;
};

// Nothing for a text that is no token of this run.
std::optional<Token> parse_token(std::string_view text, uint32_t run);

}  // namespace tipring::load

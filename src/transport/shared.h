// What the parts of the transport layer share.
#pragma once

#include <array>

#include "core/hash.h"
#include "transport/transport.h"

namespace tipring::transport {

// A message that could not be sent, until its observer can be told.
struct SendFailure {
  SendObserver* observer = nullptr;
  uint64_t tag = 0;
  Error error = Error::Closed;
};

struct Shared {
  const TransportDependencies& dependencies;
  TransportOptions options;
  MessageHandler* handler = nullptr;
  HashKey hash_key;
  TransportCounters counters;
  std::array<ListenPoint, TransportLayer::kListenPointsMax> points;
  size_t point_count = 0;

  Millis now() const { return dependencies.loop.now(); }

  // Kept until the end of the turn, so that no observer is called from within its own send().
  void fail(SendObserver* observer, uint64_t tag, Error error) {
    ++counters.send_failed;
    if (observer == nullptr) return;
    if (failure_count == failures.size()) return;  // its timers will tell it
    failures[failure_count++] = {observer, tag, error};
  }
  void tell_failures() {
    // Observers may send, and fail, again: those wait for the next turn.
    const size_t count = failure_count;
    const auto told = failures;
    failure_count = 0;
    for (size_t i = 0; i < count; ++i) told[i].observer->on_send_failed(told[i].tag, told[i].error);
  }

  std::array<SendFailure, 128> failures;
  size_t failure_count = 0;
};

// Checks what has been framed and parsed, counts it and hands it up.
void deliver(Shared& shared, const sip::ParsedMessage& parsed, const MessageRef& buffer,
             const Flow& flow);

}  // namespace tipring::transport

// What a run has done, counted as it happens.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tools/load/histogram.h"
#include "tools/load/options.h"

namespace tipring::load {

enum class Failure : uint8_t {
  NoAnswer,     // Timer B or F (RFC 3261 17.1), or nothing final to an INVITE that rings
  NoAck,        // the callee's 200 was never acknowledged (13.3.1.4)
  NoRequest,    // the INVITE came back answered without the callee having seen it
  Refused,      // with a status, counted by it
  Unreadable,   // a message that the scenario has no place for
  Unreachable,  // the server's port is closed, or its connection
};
inline constexpr size_t kFailureCount = 6;
inline constexpr uint16_t kStatusMax = 699;

struct Statistics {
  uint64_t started = 0;
  uint64_t done = 0;
  std::array<uint64_t, kFailureCount> failures{};
  std::array<uint64_t, kStatusMax + 1> refusals{};  // by status

  uint64_t requests_again = 0;   // sent again by timers A and E
  uint64_t responses_again = 0;  // sent again by the callee: timer G's schedule, or asked for
  uint64_t received_again = 0;   // requests and responses that had come before
  uint64_t stale = 0;            // asked for credentials again with stale=true
  uint64_t strays = 0;           // belonging to no operation under way
  uint64_t unreadable = 0;       // what is no SIP message
  uint64_t kernel_drops = 0;     // lost for want of socket buffer

  uint64_t sent = 0;
  uint64_t sent_bytes = 0;
  uint64_t received = 0;
  uint64_t received_bytes = 0;

  Histogram latency;  // first message sent to last message received
  Histogram setup;    // calls: INVITE sent to 180 received
  Histogram delay;    // at a rate: how much later than due an operation was started
  uint64_t elapsed_us = 0;

  std::vector<Packet> packets;  // one operation's messages, in order

  uint64_t failed() const {
    uint64_t sum = 0;
    for (const uint64_t count : failures) sum += count;
    return sum;
  }
};

}  // namespace tipring::load

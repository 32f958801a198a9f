// Why a connection has ended: what the log says and what is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tipring::transport {

enum class ConnectionEnd : uint8_t {
  Shutdown,           // of the server
  ClosedByPeer,       // and nothing was left to say
  Idle,               // no traffic for long
  Silent,             // accepted, and no message came
  NotSip,             // what came was something else
  Malformed,          // a message that could not be framed
  MessageTimeout,     // a message that began did not end
  WriteTimeout,       // the peer did not read
  TooManyUnfinished,  // the oldest of too many unfinished messages
  TooManyLarge,       // the same for large ones
  TooManyHalfOpen,    // the oldest of too many whose peer has ended its side
  Displaced,          // another connection needed the place
  ConnectFailed,      // nobody listens there
  ConnectTimeout,     // nobody answers there
  Reset,              // the peer, or the network
};
inline constexpr size_t kConnectionEnds = 15;

std::string_view to_text(ConnectionEnd end);

using ConnectionEndCounts = std::array<uint64_t, kConnectionEnds>;

}  // namespace tipring::transport

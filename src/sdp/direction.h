// Direction of a stream as its owner sees it (RFC 8866 6.7), and which answers fit which offers
// (RFC 3264 6.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tipring::sdp {

// One bit for sending, one for receiving.
enum class Direction : uint8_t { Inactive = 0, SendOnly = 1, RecvOnly = 2, SendRecv = 3 };

constexpr bool sends(Direction direction) { return (static_cast<uint8_t>(direction) & 1) != 0; }
constexpr bool receives(Direction direction) { return (static_cast<uint8_t>(direction) & 2) != 0; }

constexpr Direction make_direction(bool send, bool receive) {
  return static_cast<Direction>((send ? 1 : 0) | (receive ? 2 : 0));
}

// What both allow.
constexpr Direction both(Direction a, Direction b) {
  return make_direction(sends(a) && sends(b), receives(a) && receives(b));
}

// The same stream as the other side sees it.
constexpr Direction reversed(Direction direction) {
  return make_direction(receives(direction), sends(direction));
}

// What to answer to `offered` by one who wants `wanted`.
constexpr Direction answer_direction(Direction offered, Direction wanted) {
  return both(reversed(offered), wanted);
}

// Whether `answered` may stand in an answer: nothing is sent that was not to be received.
constexpr bool may_answer(Direction offered, Direction answered) {
  return answer_direction(offered, answered) == answered;
}

// Name of the attribute.
constexpr std::string_view to_text(Direction direction) {
  switch (direction) {
    case Direction::Inactive: return "inactive";
    case Direction::SendOnly: return "sendonly";
    case Direction::RecvOnly: return "recvonly";
    case Direction::SendRecv: return "sendrecv";
  }
  return {};
}

// Nothing for the name of another attribute.
constexpr std::optional<Direction> parse_direction(std::string_view name) {
  if (name.size() != 8) return std::nullopt;
  for (const Direction direction :
       {Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive}) {
    if (name == to_text(direction)) return direction;
  }
  return std::nullopt;
}

}  // namespace tipring::sdp

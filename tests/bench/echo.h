// What tipring-load echo and bench_echo say to each other. A packet begins with its own size (which
// a stream needs), a token of 32 characters that the replies carry too, a digit N, and N times the
// port on which the load wants a reply and the reply's size. Numbers are four hexadecimal digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tipring::echo {

inline constexpr size_t kPacketMax = 2048;
inline constexpr size_t kNumber = 4;
inline constexpr size_t kHead = kNumber + 32;  // size and token

struct Reply {
  uint16_t port = 0;
  size_t size = 0;
  std::string_view size_digits;
};

inline uint16_t number_at(std::string_view text, size_t at) {
  std::array<char, kNumber + 1> digits{};
  std::memcpy(digits.data(), text.data() + at, kNumber);
  return static_cast<uint16_t>(std::strtoul(digits.data(), nullptr, 16));
}

// Calls `send(reply)` for each reply that a whole packet asks for.
template <class Send>
void for_each_reply(std::string_view packet, Send send) {
  if (packet.size() <= kHead) return;
  const auto count = static_cast<size_t>(packet[kHead] - '0');
  for (size_t i = 0; i < count; ++i) {
    const size_t at = kHead + 1 + 2 * kNumber * i;
    if (at + 2 * kNumber > packet.size()) return;
    const Reply reply{number_at(packet, at), number_at(packet, at + kNumber),
                      packet.substr(at + kNumber, kNumber)};
    if (reply.size >= kHead && reply.size <= kPacketMax) send(reply);
  }
}

void serve_udp(uint16_t port);
void serve_tcp(uint16_t port);

[[noreturn]] void fail(const char* what);
void bind_to_loopback(int socket, uint16_t port);
void tell_ready();

}  // namespace tipring::echo

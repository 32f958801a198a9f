// A socket address in as few bytes as it needs, for records of which there are many: 6 for IPv4, 18
// for IPv6, 22 for a link-local one. The size tells which.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "port/address.h"

namespace tipring::store {

class PackedAddress {
 public:
  explicit PackedAddress(const port::SocketAddress& address) {
    add(&address.port, sizeof address.port);
    if (address.ip.family == port::Family::None) return;
    add(address.ip.bytes.data(), address.ip.family == port::Family::V4 ? kV4 : kV6);
    if (address.ip.scope != 0) add(&address.ip.scope, sizeof address.ip.scope);
  }

  std::string_view view() const { return {bytes_.data(), size_}; }

  static port::SocketAddress unpack(std::string_view packed) {
    port::SocketAddress address;
    std::memcpy(&address.port, packed.data(), sizeof address.port);
    packed.remove_prefix(sizeof address.port);
    if (packed.empty()) return address;
    const size_t ip = packed.size() == kV4 ? kV4 : kV6;
    address.ip.family = packed.size() == kV4 ? port::Family::V4 : port::Family::V6;
    std::memcpy(address.ip.bytes.data(), packed.data(), ip);
    packed.remove_prefix(ip);
    if (!packed.empty()) std::memcpy(&address.ip.scope, packed.data(), sizeof address.ip.scope);
    return address;
  }

 private:
  static constexpr size_t kV4 = 4;
  static constexpr size_t kV6 = 16;

  void add(const void* from, size_t size) {
    std::memcpy(bytes_.data() + size_, from, size);
    size_ += size;
  }

  std::array<char, sizeof(uint16_t) + kV6 + sizeof(uint32_t)> bytes_;
  size_t size_ = 0;
};

}  // namespace tipring::store

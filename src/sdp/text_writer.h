// Lines of a session description into a caller's buffer. Nothing is cut: what does not fit makes
// the writer full, and a full writer writes no more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/result.h"
#include "core/text.h"
#include "port/address.h"

namespace tipring::sdp {

class TextWriter {
 public:
  explicit TextWriter(std::span<char> out) : out_(out) {}

  TextWriter& text(std::string_view piece) {
    if (full_ || piece.size() > out_.size() - size_) {
      full_ = true;
    } else if (!piece.empty()) {
      std::memcpy(out_.data() + size_, piece.data(), piece.size());
      size_ += piece.size();
    }
    return *this;
  }
  TextWriter& number(uint64_t value) {
    std::array<char, kNumberTextMax> digits;
    return text(write_u64(value, digits));
  }
  TextWriter& crlf() { return text("\r\n"); }
  // "IN IP4 192.0.2.1"; without a family, 0.0.0.0. A scope means nothing to others.
  TextWriter& address(port::IpAddress ip) {
    std::array<char, port::kAddressTextMax> out;
    if (ip.family == port::Family::None) ip.family = port::Family::V4;
    ip.scope = 0;
    return text(ip.family == port::Family::V6 ? "IN IP6 " : "IN IP4 ")
        .text(port::write_ip(ip, out));
  }
  TextWriter& connection_line(const port::IpAddress& ip) { return text("c=").address(ip).crlf(); }

  // The number of bytes written. Errors: BufferFull.
  Result<size_t> finish() const {
    if (full_) return Error::BufferFull;
    return size_;
  }

 private:
  std::span<char> out_;
  size_t size_ = 0;
  bool full_ = false;
};

}  // namespace tipring::sdp

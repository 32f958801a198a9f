// The decimal texts of 0 to 255 in a table: octets of addresses, and most numbers of a message.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tipring::port {

inline constexpr size_t kOctetTextMax = 3;

namespace detail {

struct OctetText {
  std::array<char, kOctetTextMax> digits{};
  uint8_t size = 0;
};

constexpr std::array<OctetText, 256> make_octet_texts() {
  std::array<OctetText, 256> texts{};
  for (size_t value = 0; value < texts.size(); ++value) {
    OctetText& text = texts[value];
    for (size_t unit = value >= 100 ? 100 : value >= 10 ? 10 : 1; unit != 0; unit /= 10)
      text.digits[text.size++] = static_cast<char>('0' + value / unit % 10);
  }
  return texts;
}

inline constexpr std::array<OctetText, 256> kOctetTexts = make_octet_texts();

}  // namespace detail

// The size of the text; what stands behind it in `out` may be overwritten.
inline size_t write_octet(uint8_t value, std::span<char, kOctetTextMax> out) {
  const detail::OctetText& text = detail::kOctetTexts[value];
  std::memcpy(out.data(), text.digits.data(), kOctetTextMax);
  return std::min<size_t>(text.size, kOctetTextMax);  // as the compiler does not see by itself
}

}  // namespace tipring::port

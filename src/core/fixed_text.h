// Text of bounded length by value: for records that are copied, and slots that go from one thread to
// another.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/assert.h"

namespace tipring {

template <size_t kMax>
class FixedText {
 public:
  FixedText() = default;
  // REQUIRES: text.size() <= kMax.
  explicit FixedText(std::string_view text) : size_(static_cast<uint16_t>(text.size())) {
    TIPRING_ASSERT(text.size() <= kMax);
    if (!text.empty()) std::memcpy(bytes_.data(), text.data(), text.size());
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  static_assert(kMax <= UINT16_MAX);
  uint16_t size_ = 0;
  std::array<char, kMax> bytes_{};
};

}  // namespace tipring

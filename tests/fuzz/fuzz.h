// What all fuzz targets share: the input where one byte too far is caught, and a check that ends
// the run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace tipring::fuzz {

// A heap copy of exactly the input's size, so that the address sanitizer sees both of its ends.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : bytes_(new char[size]), size_(size) {
    if (size != 0) std::memcpy(bytes_.get(), data, size);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

inline void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A view that a parser gave lies in the text that it was given.
inline void check_inside(std::string_view piece, std::string_view text) {
  if (piece.empty()) return;
  check(piece.data() >= text.data() && piece.data() + piece.size() <= text.data() + text.size(),
        "a view lies inside its text");
}

}  // namespace tipring::fuzz

// The last of many hashes, a few of them for each row: what has been seen lately, in fixed room and
// constant time. Where different senders share it, the hashes have a key that nobody knows, so that
// none of them chooses whose place he takes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace tipring {

template <size_t Rows, size_t PerRow = 8>
class RecentHashes {
 public:
  void note(uint64_t hash) {
    Row& row = rows_[row_of(hash)];
    if (std::find(row.begin(), row.end(), hash) != row.end()) return;
    std::copy_backward(row.begin(), row.end() - 1, row.end());
    row.front() = hash;
    any_ = true;
  }

  bool any() const { return any_; }
  bool knows(uint64_t hash) const {
    const Row& row = rows_[row_of(hash)];
    return hash != 0 && std::find(row.begin(), row.end(), hash) != row.end();
  }

 private:
  using Row = std::array<uint64_t, PerRow>;

  static size_t row_of(uint64_t hash) { return static_cast<size_t>(hash % Rows); }

  std::array<Row, Rows> rows_{};
  bool any_ = false;
};

}  // namespace tipring

// The listening points that are open, in the order of the configuration. Each has a number that a
// Flow, a stored binding and a Record-Route may keep: numbers are given in turn and come back only
// after 256 others, so that an old one finds nothing rather than a stranger.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "transport/transport.h"

namespace tipring::transport {

class ListenPoints {
 public:
  static constexpr size_t kMax = TransportLayer::kListenPointsMax;

  std::span<const ListenPoint> open() const { return {points_.data(), count_}; }
  size_t size() const { return count_; }
  uint8_t number(size_t index) const { return numbers_[index]; }
  // As the configuration has it, which may leave the port open.
  const ListenPoint& asked(size_t index) const { return asked_[index]; }

  // Null when no open point has this number.
  const ListenPoint* find(uint8_t number) const {
    const auto end = numbers_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found = std::find(numbers_.begin(), end, number);
    return found == end ? nullptr : &points_[static_cast<size_t>(found - numbers_.begin())];
  }

  // REQUIRES: size() < kMax.
  void add(const ListenPoint& asked, const ListenPoint& point, uint8_t number) {
    asked_[count_] = asked;
    points_[count_] = point;
    numbers_[count_++] = number;
  }
  void clear() { count_ = 0; }

 private:
  std::array<ListenPoint, kMax> asked_;
  std::array<ListenPoint, kMax> points_;
  std::array<uint8_t, kMax> numbers_{};
  size_t count_ = 0;
};

// Those that have been closed, the last of them: Routes that name them still lead here.
class FormerPoints {
 public:
  std::span<const ListenPoint> points() const { return {points_.data(), count_}; }
  void add(const ListenPoint& point) {
    if (std::find(points_.begin(), points_.end(), point) != points_.end()) return;
    points_[next_] = point;
    next_ = (next_ + 1) % points_.size();
    count_ = std::max(count_, next_ == 0 ? points_.size() : next_);
  }

 private:
  std::array<ListenPoint, ListenPoints::kMax> points_;
  size_t count_ = 0;
  size_t next_ = 0;
};

}  // namespace tipring::transport

#include "core/log_tail.h"

#include <algorithm>
#include <cstring>

#include "core/assert.h"

namespace tipring {

// Held for as long as it takes to copy the room at most; neither thread is the loop's.
class LogTail::Turn {
 public:
  explicit Turn(std::atomic_flag& busy) : busy_(busy) {
    while (busy_.test_and_set(std::memory_order_acquire)) busy_.wait(true);
  }
  ~Turn() {
    busy_.clear(std::memory_order_release);
    busy_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic_flag& busy_;
};

void LogTail::write(const LogLine& line) {
  if (next_ != nullptr) next_->write(line);
  TIPRING_ASSERT(room_.size() > sizeof(Head));
  const std::string_view text = line.text.substr(0, room_.size() - sizeof(Head));
  const Head head{line.wall.count(), static_cast<uint32_t>(text.size()), line.level};
  const size_t size = sizeof head + text.size();
  const Turn turn(busy_);
  const uint64_t number = next_number_++;
  while (used_ + size > room_.size()) drop_oldest();
  if (used_ == 0) first_ = number;
  put(&head, sizeof head);
  put(text.data(), text.size());
}

void LogTail::flush() {
  if (next_ != nullptr) next_->flush();
}

void LogTail::drop_oldest() {
  Head head{};
  size_t at = begin_;
  get(at, &head, sizeof head);
  begin_ = (at + head.size) % room_.size();
  used_ -= sizeof head + head.size;
  ++first_;
}

void LogTail::put(const void* bytes, size_t size) {
  const auto* from = static_cast<const char*>(bytes);
  const size_t at = (begin_ + used_) % room_.size();
  const size_t first = std::min(size, room_.size() - at);
  if (first > 0) std::memcpy(&room_[at], from, first);
  if (size > first) std::memcpy(room_.data(), from + first, size - first);
  used_ += size;
}

void LogTail::get(size_t& at, void* bytes, size_t size) const {
  auto* to = static_cast<char*>(bytes);
  const size_t first = std::min(size, room_.size() - at);
  if (first > 0) std::memcpy(to, &room_[at], first);
  if (size > first) std::memcpy(to + first, room_.data(), size - first);
  at = (at + size) % room_.size();
}

std::vector<LogTail::Line> LogTail::read(uint64_t after, LogLevel least, size_t lines_max) const {
  std::vector<Line> lines;
  const Turn turn(busy_);
  size_t at = begin_;
  uint64_t number = first_;
  for (size_t seen = 0; seen < used_; ++number) {
    Head head{};
    get(at, &head, sizeof head);
    seen += sizeof head + head.size;
    if (number <= after || head.level > least) {
      at = (at + head.size) % room_.size();
      continue;
    }
    Line line{number, head.wall_ms, head.level, std::string(head.size, '\0')};
    get(at, line.text.data(), head.size);
    lines.push_back(std::move(line));
  }
  if (lines.size() > lines_max)
    lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(lines_max));
  return lines;
}

}  // namespace tipring

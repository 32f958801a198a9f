#include "core/line_log.h"

#include <cstring>

namespace tipring {

std::span<char> LineFront::begin() {
  const std::span<char> room = ring_.begin();
  if (room.empty()) ++lost_;
  return room;
}

void LineFront::commit(size_t size) {
  ++written_;
  ring_.commit(size);
  if (worker_ != nullptr) worker_->notify();
}

// As many as wait now; for those that come meanwhile a notification is still to come.
Millis LineWriter::serve(Millis) {
  for (const size_t end = ring_.end(); ring_.any_before(end);) {
    const std::string_view entry = ring_.front();
    if (text_.size() - size_ < entry.size() || entries_ == ends_.size()) flush();
    std::memcpy(text_.data() + size_, entry.data(), entry.size());
    size_ += entry.size();
    ends_[entries_++] = static_cast<uint32_t>(size_);
    ring_.pop();
  }
  flush();
  return kNever;
}

void LineWriter::flush() {
  if (size_ == 0) return;
  const size_t kept = file_.append({text_.data(), size_});
  uint64_t lost = 0;
  for (size_t i = 0; i < entries_; ++i) lost += ends_[i] > kept ? 1U : 0U;
  lost_.store(lost_.load(std::memory_order_relaxed) + lost, std::memory_order_relaxed);
  size_ = 0;
  entries_ = 0;
}

}  // namespace tipring

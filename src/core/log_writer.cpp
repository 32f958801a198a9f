#include "core/log_writer.h"

namespace tipring {

LogWriter::LogWriter(std::span<LogRing* const> rings, LogSink& sink) : sink_(sink) {
  TIPRING_ASSERT(rings.size() <= kRingsMax);
  for (size_t i = 0; i < rings.size(); ++i) rings_[i] = rings[i];
}

// As many lines as wait now. Those that come meanwhile may take the place of later ones, and a
// notification for each is still to come, so none is left lying.
Millis LogWriter::serve(Millis now) {
  size_t waiting = 0;
  for (const LogRing* ring : rings_) waiting += ring == nullptr ? 0 : ring->size();
  for (; waiting > 0; --waiting) {
    LogRing& ring = *oldest();
    const LogSlot& slot = *ring.front();
    sink_.write(
        {Millis(slot.wall_ms), slot.level, slot.lost_before, {slot.text.data(), slot.size}});
    ring.pop();
  }
  sink_.flush();
  return companion_ == nullptr ? kNever : companion_->serve(now);
}

// The ring whose next line is the oldest; of equals the first one's. Null when none has a line.
LogRing* LogWriter::oldest() {
  LogRing* found = nullptr;
  int64_t found_ms = 0;
  for (LogRing* ring : rings_) {
    const LogSlot* slot = ring == nullptr ? nullptr : ring->front();
    if (slot == nullptr || (found != nullptr && slot->wall_ms >= found_ms)) continue;
    found = ring;
    found_ms = slot->wall_ms;
  }
  return found;
}

}  // namespace tipring

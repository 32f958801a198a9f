#include "core/log_writer.h"

#include <chrono>
#include <cstring>

#include "core/text.h"

namespace tipring {

namespace {

void put_digits(char* out, int64_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string_view write_timestamp(Millis wall, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kTimestampMax);
  using namespace std::chrono;
  const sys_time<milliseconds> instant{wall};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> time{instant - day};
  std::memcpy(out.data(), "0000-00-00T00:00:00.000Z", kTimestampMax);
  put_digits(out.data(), static_cast<int>(date.year()), 4);
  put_digits(out.data() + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(out.data() + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(out.data() + 11, time.hours().count(), 2);
  put_digits(out.data() + 14, time.minutes().count(), 2);
  put_digits(out.data() + 17, time.seconds().count(), 2);
  put_digits(out.data() + 20, time.subseconds().count(), 3);
  return {out.data(), kTimestampMax};
}

LogWriter::LogWriter(std::span<LogRing* const> rings, LogSink& sink) : sink_(sink) {
  TIPRING_ASSERT(rings.size() <= kRingsMax);
  for (size_t i = 0; i < rings.size(); ++i) rings_[i] = rings[i];
}

// As many lines as wait now. Those that come meanwhile may take the place of later ones, and a
// notification for each is still to come, so none is left lying.
Millis LogWriter::serve(Millis) {
  size_t waiting = 0;
  for (const LogRing* ring : rings_) waiting += ring == nullptr ? 0 : ring->size();
  for (; waiting > 0; --waiting) {
    LogRing& ring = *oldest();
    const LogSlot& slot = *ring.front();
    if (!add_line(slot)) {
      flush();
      add_line(slot);
    }
    ring.pop();
  }
  flush();
  return kNever;
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

// False when the line does not fit behind those that wait.
bool LogWriter::add_line(const LogSlot& slot) {
  constexpr size_t kLineMax = kTimestampMax + LogSlot::kTextMax + 64;
  static_assert(sizeof(text_) >= kLineMax);
  if (sizeof(text_) - size_ < kLineMax) return false;
  const auto add = [&](std::string_view piece) {
    std::memcpy(text_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  };
  char number[kNumberTextMax];
  size_ += write_timestamp(Millis(slot.wall_ms), std::span(text_).subspan(size_)).size();
  add(" ");
  add(to_text(slot.level));
  add(" ");
  add({slot.text.data(), slot.size});
  if (slot.lost_before != 0) {
    add(" log_lines_lost_before=");
    add(write_u64(slot.lost_before, number));
  }
  add("\n");
  return true;
}

void LogWriter::flush() {
  if (size_ != 0) sink_.write({text_.data(), size_});
  size_ = 0;
}

}  // namespace tipring

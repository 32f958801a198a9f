#include "core/log_sink.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "core/text.h"
#include "port/system_log.h"

namespace tipring {

namespace {

void put_digits(char* out, int64_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Behind the text of a line, where there is something to tell. `out` holds kLostTextMax.
constexpr std::string_view kLostBefore = " log_lines_lost_before=";
constexpr size_t kLostTextMax = kLostBefore.size() + kNumberTextMax;

std::string_view write_lost(uint32_t lost, std::span<char> out) {
  if (lost == 0) return {};
  char number[kNumberTextMax];
  const std::string_view digits = write_u64(lost, number);
  std::memcpy(out.data(), kLostBefore.data(), kLostBefore.size());
  std::memcpy(out.data() + kLostBefore.size(), digits.data(), digits.size());
  return {out.data(), kLostBefore.size() + digits.size()};
}

port::SystemLogLevel system_level(LogLevel level) {
  switch (level) {
    case LogLevel::Error: return port::SystemLogLevel::Error;
    case LogLevel::Warning: return port::SystemLogLevel::Warning;
    case LogLevel::Info: return port::SystemLogLevel::Info;
    case LogLevel::Debug: break;
  }
  return port::SystemLogLevel::Debug;
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

void TextSink::write(const LogLine& line) {
  constexpr size_t kLineMax = kTimestampMax + LogSlot::kTextMax + kLostTextMax + 16;
  static_assert(sizeof(text_) >= kLineMax);
  if (sizeof(text_) - size_ < kLineMax) flush();
  const auto add = [&](std::string_view piece) {
    if (piece.empty()) return;  // a null pointer is no text to copy
    std::memcpy(text_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  };
  const uint32_t lost_before = line.lost_before + (size_ == 0 ? std::exchange(lost_, 0) : 0);
  char lost[kLostTextMax];
  size_ += write_timestamp(line.wall, std::span(text_).subspan(size_)).size();
  add(" ");
  add(to_text(line.level));
  add(" ");
  add(line.text);
  add(write_lost(lost_before, lost));
  add("\n");
}

void TextSink::note_lost(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    ++lost_;
    const size_t at = line.rfind(kLostBefore);
    if (at == std::string_view::npos) continue;
    if (const auto before = parse_u32(line.substr(at + kLostBefore.size()))) lost_ += *before;
  }
}

void TextSink::flush() {
  if (size_ != 0) write_text({text_.data(), size_});
  size_ = 0;
}

void StderrSink::write_text(std::string_view lines) {
  // Unbuffered, so that this is one write to the system.
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

SystemLogSink::SystemLogSink() { port::open_system_log("tipringd"); }

void SystemLogSink::write(const LogLine& line) {
  char lost[kLostTextMax];
  port::write_system_log(system_level(line.level), line.text, write_lost(line.lost_before, lost));
}

}  // namespace tipring

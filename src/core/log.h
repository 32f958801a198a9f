// The log: one line per decision, a fixed event name and key=value pairs. Lines are formatted
// straight into the slots of a ring, and a thread of its own writes them: see log_writer.h.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/result.h"
#include "core/spsc_ring.h"
#include "port/time.h"
#include "port/worker.h"
#include "tipring/log_level.h"

namespace tipring {

std::string_view to_text(LogLevel level);

struct LogField {
  enum class Kind : uint8_t { Text, Unsigned, Signed };
  std::string_view key;
  std::string_view text;
  uint64_t number = 0;
  Kind kind = Kind::Text;
  bool cut = false;  // the text goes on
};

inline LogField kv(std::string_view key, std::string_view text) {
  return {key, text, 0, LogField::Kind::Text};
}
// For text of a stranger: not more than `size_max` bytes of it, and "…" where it was cut, so that
// the fields behind it have room.
LogField kv_cut(std::string_view key, std::string_view text, size_t size_max);
inline LogField kv(std::string_view key, const char* text) {
  return kv(key, std::string_view(text));
}
inline LogField kv(std::string_view key, bool value) { return kv(key, value ? "yes" : "no"); }
template <class N>
concept LogNumber = std::is_integral_v<N> && !std::is_same_v<N, bool>;

template <LogNumber N>
LogField kv(std::string_view key, N value) {
  constexpr auto kKind = std::is_signed_v<N> ? LogField::Kind::Signed : LogField::Kind::Unsigned;
  return {key, {}, static_cast<uint64_t>(value), kKind};
}
inline LogField kv(std::string_view key, Error error) { return kv(key, to_text(error)); }
inline LogField kv(std::string_view key, Millis value) { return kv(key, value.count()); }

// One line on its way to the log's thread.
struct LogSlot {
  static constexpr size_t kTextMax = 496;

  int64_t wall_ms = 0;
  LogLevel level = LogLevel::Info;
  uint16_t size = 0;
  uint32_t lost_before = 0;  // lines that found the ring full before this one
  std::array<char, kTextMax> text;
};

static_assert(sizeof(LogSlot) == 512);

using LogRing = SpscRing<LogSlot>;

// The front of one producing thread.
class Log {
 public:
  // Borrows all three. `worker` may be null until connect().
  Log(LogRing& ring, const port::Clock& clock, LogLevel level)
      : ring_(ring), clock_(clock), level_(level) {}

  void connect(port::Worker* worker) { worker_ = worker; }
  void set_level(LogLevel level) { level_ = level; }
  bool enabled(LogLevel level) const { return level <= level_; }

  template <class... Fields>
  void error(std::string_view event, const Fields&... fields) {
    write(LogLevel::Error, event, {fields...});
  }
  template <class... Fields>
  void warning(std::string_view event, const Fields&... fields) {
    write(LogLevel::Warning, event, {fields...});
  }
  template <class... Fields>
  void info(std::string_view event, const Fields&... fields) {
    write(LogLevel::Info, event, {fields...});
  }
  template <class... Fields>
  void debug(std::string_view event, const Fields&... fields) {
    write(LogLevel::Debug, event, {fields...});
  }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

  // A line was left out to keep a flood from the log: see LogBursts.
  void note_suppressed() { ++suppressed_; }

  uint64_t written() const { return written_; }        // lines handed to the log's thread, ever
  uint64_t lost() const { return lost_; }              // lines that found the ring full, ever
  uint64_t suppressed() const { return suppressed_; }  // lines that were left out, ever

 private:
  LogRing& ring_;
  const port::Clock& clock_;
  port::Worker* worker_ = nullptr;
  LogLevel level_;
  uint32_t lost_since_ = 0;
  uint64_t lost_ = 0;
  uint64_t written_ = 0;
  uint64_t suppressed_ = 0;
};

// Writes `event key=value …` into `out`. Values are escaped to one line, and quoted when they are
// empty or hold a space, a quote or "=". A line that does not fit ends in "…": the one place where
// cutting is right. Returns the part written.
std::string_view write_log_text(std::string_view event, std::initializer_list<LogField> fields,
                                std::span<char> out);

}  // namespace tipring

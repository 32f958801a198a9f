#include "service/log_time.h"

#include <array>
#include <chrono>

namespace tipring::service {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kConversions = "aAbBdDeFHIjmMpRsSTuwyYzZ%";
constexpr std::string_view kWhole[] = {"sec", "msec", "usec", "msec_frac", "usec_frac"};
constexpr size_t kShort = 3;

struct Broken {
  explicit Broken(Millis wall)
      : instant(wall), day(floor<days>(instant)), date(day), time(instant - day) {}

  uint64_t year() const { return static_cast<uint64_t>(static_cast<int>(date.year())); }
  uint64_t month() const { return static_cast<unsigned>(date.month()); }
  uint64_t month_day() const { return static_cast<unsigned>(date.day()); }
  uint64_t hour() const { return static_cast<uint64_t>(time.hours().count()); }
  uint64_t minute() const { return static_cast<uint64_t>(time.minutes().count()); }
  uint64_t second() const { return static_cast<uint64_t>(time.seconds().count()); }
  uint64_t since_epoch() const {
    return static_cast<uint64_t>(floor<seconds>(instant).time_since_epoch().count());
  }
  uint64_t millis() const { return static_cast<uint64_t>(time.subseconds().count()); }
  uint64_t year_day() const {
    return static_cast<uint64_t>((day - sys_days(date.year() / January / 1)).count()) + 1;
  }
  uint64_t weekday() const { return std::chrono::weekday(day).c_encoding(); }

  sys_time<milliseconds> instant;
  sys_days day;
  year_month_day date;
  hh_mm_ss<milliseconds> time;
};

void write_clock(const Broken& at, bool with_seconds, LogEntry& out) {
  out.add_number(at.hour(), 2);
  out.add(":");
  out.add_number(at.minute(), 2);
  if (!with_seconds) return;
  out.add(":");
  out.add_number(at.second(), 2);
}

void write_names(char conversion, const Broken& at, LogEntry& out) {
  const std::string_view day = kDays[at.weekday()];
  const std::string_view month = kMonths[at.month() - 1];
  if (conversion == 'a') out.add(day.substr(0, kShort));
  if (conversion == 'A') out.add(day);
  if (conversion == 'b') out.add(month.substr(0, kShort));
  if (conversion == 'B') out.add(month);
}

void write_conversion(char conversion, const Broken& at, LogEntry& out) {
  switch (conversion) {
    case 'a':
    case 'A':
    case 'b':
    case 'B': return write_names(conversion, at, out);
    case 'd': return out.add_number(at.month_day(), 2);
    case 'D':
      out.add_number(at.month(), 2);
      out.add("/");
      out.add_number(at.month_day(), 2);
      out.add("/");
      return out.add_number(at.year() % 100, 2);
    case 'e':
      if (at.month_day() < 10) out.add(" ");
      return out.add_number(at.month_day());
    case 'F':
      out.add_number(at.year(), 4);
      out.add("-");
      out.add_number(at.month(), 2);
      out.add("-");
      return out.add_number(at.month_day(), 2);
    case 'H': return out.add_number(at.hour(), 2);
    case 'I': return out.add_number((at.hour() + 11) % 12 + 1, 2);
    case 'j': return out.add_number(at.year_day(), 3);
    case 'm': return out.add_number(at.month(), 2);
    case 'M': return out.add_number(at.minute(), 2);
    case 'p': return out.add(at.hour() < 12 ? "AM" : "PM");
    case 'R': return write_clock(at, false, out);
    case 's': return out.add_number(at.since_epoch());
    case 'S': return out.add_number(at.second(), 2);
    case 'T': return write_clock(at, true, out);
    case 'u': return out.add_number((at.weekday() + 6) % 7 + 1);
    case 'w': return out.add_number(at.weekday());
    case 'y': return out.add_number(at.year() % 100, 2);
    case 'Y': return out.add_number(at.year(), 4);
    case 'z': return out.add("+0000");
    case 'Z': return out.add("UTC");
    default: return out.add("%");
  }
}

bool write_whole(std::string_view format, const Broken& at, LogEntry& out) {
  if (format == "sec") return out.add_number(at.since_epoch()), true;
  if (format == "msec" || format == "usec") {
    out.add_number(at.since_epoch());
    out.add_number(at.millis(), 3);
    if (format == "usec") out.add("000");
    return true;
  }
  if (format == "msec_frac") return out.add_number(at.millis(), 3), true;
  if (format == "usec_frac") return out.add_number(at.millis() * 1000, 6), true;
  return false;
}

}  // namespace

std::optional<size_t> find_time_fault(std::string_view format) {
  for (const std::string_view whole : kWhole) {
    if (format == whole) return std::nullopt;
  }
  for (size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at + 2)) {
    const bool known =
        at + 1 < format.size() && kConversions.find(format[at + 1]) != std::string_view::npos;
    if (!known) return at;
  }
  return std::nullopt;
}

void write_time(std::string_view format, Millis wall, LogEntry& out) {
  const Broken at(wall);
  if (write_whole(format, at, out)) return;
  while (!format.empty()) {
    const size_t percent = format.find('%');
    out.add(format.substr(0, percent));
    if (percent == std::string_view::npos) return;
    write_conversion(format[percent + 1], at, out);
    format.remove_prefix(percent + 2);
  }
}

void write_common_time(Millis wall, LogEntry& out) { write_time("[%d/%b/%Y:%T %z]", wall, out); }

}  // namespace tipring::service

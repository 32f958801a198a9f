#include "server/registrar/date.h"

#include <array>
#include <chrono>

#include "core/assert.h"

namespace tipring::registrar {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string_view write_date(Millis wall, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kDateSize && wall.count() >= 0);
  const std::chrono::sys_time<std::chrono::milliseconds> time{
      std::chrono::milliseconds(wall.count())};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  size_t at = 0;
  const auto text = [&](std::string_view piece) {
    for (const char c : piece) out[at++] = c;
  };
  const auto digits = [&](int64_t value, size_t count) {
    for (size_t i = count; i > 0; --i, value /= 10)
      out[at + i - 1] = static_cast<char>('0' + value % 10);
    at += count;
  };
  text(kDays[std::chrono::weekday(day).c_encoding()]);
  text(", ");
  digits(static_cast<unsigned>(date.day()), 2);
  text(" ");
  text(kMonths[static_cast<unsigned>(date.month()) - 1]);
  text(" ");
  digits(static_cast<int>(date.year()), 4);
  text(" ");
  digits(clock.hours().count(), 2);
  text(":");
  digits(clock.minutes().count(), 2);
  text(":");
  digits(clock.seconds().count(), 2);
  text(" GMT");
  return {out.data(), at};
}

}  // namespace tipring::registrar

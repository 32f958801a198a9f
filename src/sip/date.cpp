#include <algorithm>
#include <array>
#include <chrono>

#include "core/assert.h"
#include "core/text.h"
#include "sip/header_id.h"
#include "sip/text_headers.h"

namespace tipring::sip {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The digits and the signs between them: "D" stands for a digit, "A" for a letter.
constexpr std::string_view kLayout = "AAA, DD AAA DDDD DD:DD:DD GMT";
static_assert(kLayout.size() == kDateSize);

bool has_layout(std::string_view text) {
  if (text.size() != kLayout.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool letter = i < 3 || (i >= 8 && i < 11);  // the names are looked up
    const bool good = kLayout[i] == 'D' ? is_digit(text[i]) : letter || text[i] == kLayout[i];
    if (!good) return false;
  }
  return true;
}

template <size_t N>
size_t index_in(const std::array<std::string_view, N>& names, std::string_view name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

unsigned number(std::string_view digits) { return parse_u32(digits).value_or(0); }

}  // namespace

Result<Millis, ParseError> DateTraits::parse(std::string_view text) {
  const ParseError bad{ParseFault::BadValue, HeaderId::Other, 0};
  if (!has_layout(text)) return bad;
  const size_t month = index_in(kMonths, text.substr(8, 3));
  if (month == kMonths.size() || index_in(kDays, text.substr(0, 3)) == kDays.size()) return bad;
  const std::chrono::year_month_day date(
      std::chrono::year(static_cast<int>(number(text.substr(12, 4)))),
      std::chrono::month(static_cast<unsigned>(month) + 1),
      std::chrono::day(number(text.substr(5, 2))));
  const unsigned hours = number(text.substr(17, 2));
  const unsigned minutes = number(text.substr(20, 2));
  const unsigned seconds = number(text.substr(23, 2));
  if (!date.ok() || hours > 23 || minutes > 59 || seconds > 60) return bad;
  const std::chrono::sys_days day(date);
  return Millis(std::chrono::milliseconds(day.time_since_epoch()) + std::chrono::hours(hours) +
                std::chrono::minutes(minutes) + std::chrono::seconds(seconds));
}

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

}  // namespace tipring::sip

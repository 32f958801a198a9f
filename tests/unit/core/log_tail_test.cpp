#include "core/log_tail.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;

namespace {

void write(LogTail& tail, std::string_view text, LogLevel level = LogLevel::Info) {
  tail.write({Millis(7), level, 0, text});
}

std::string numbers(const std::vector<LogTail::Line>& lines) {
  std::string text;
  for (const LogTail::Line& line : lines) text += std::to_string(line.number) + line.text + " ";
  return text;
}

TEST_CASE("log tail: the newest lines stay whole, the oldest go") {
  std::array<char, 200> room;
  LogTail tail(room);
  CHECK(tail.read(0, LogLevel::Debug, 10).empty());
  std::string expected;
  for (int i = 1; i <= 500; ++i) {
    write(tail, std::string(static_cast<size_t>(i % 40), static_cast<char>('a' + i % 26)));
    const auto lines = tail.read(0, LogLevel::Debug, 100);
    REQUIRE(!lines.empty());
    uint64_t number = static_cast<uint64_t>(i) - lines.size() + 1;
    for (const LogTail::Line& line : lines) {
      CHECK(line.number == number);
      CHECK(line.text == std::string(number % 40, static_cast<char>('a' + number % 26)));
      CHECK(line.wall_ms == 7);
      ++number;
    }
  }
}

TEST_CASE("log tail: lines after one, so severe, and not more than asked for") {
  std::array<char, 4096> room;
  LogTail tail(room);
  write(tail, "a", LogLevel::Error);
  write(tail, "b", LogLevel::Info);
  write(tail, "c", LogLevel::Warning);
  write(tail, "d", LogLevel::Debug);
  CHECK(numbers(tail.read(0, LogLevel::Debug, 10)) == "1a 2b 3c 4d ");
  CHECK(numbers(tail.read(1, LogLevel::Debug, 10)) == "2b 3c 4d ");
  CHECK(numbers(tail.read(0, LogLevel::Warning, 10)) == "1a 3c ");
  CHECK(numbers(tail.read(0, LogLevel::Debug, 2)) == "3c 4d ");
  CHECK(tail.read(4, LogLevel::Debug, 10).empty());
}

TEST_CASE("log tail: a line that is larger than all of it is cut") {
  std::array<char, 64> room;
  LogTail tail(room);
  write(tail, "a");
  write(tail, std::string(100, 'x'));
  REQUIRE(tail.read(0, LogLevel::Debug, 10).size() == 1);
  CHECK(tail.read(0, LogLevel::Debug, 10).back().text.size() == 48);
  write(tail, "c");
  CHECK(numbers(tail.read(0, LogLevel::Debug, 10)) == "3c ");
}

}  // namespace

#include "core/log.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "core/log_writer.h"

using namespace tipring;

namespace {

struct FixedClock : port::Clock {
  Millis monotonic() const override { return Millis(0); }
  Millis wall() const override { return Millis(1767323045678); }
};

struct MemorySink : TextSink {
  void write_text(std::string_view lines) override { text.append(lines); }
  std::string text;
};

template <class... Fields>
std::string line(std::string_view event, const Fields&... fields) {
  char out[LogSlot::kTextMax];
  return std::string(write_log_text(event, {fields...}, out));
}

}  // namespace

TEST_CASE("log: event and key=value, quoted and escaped to one line" *
          doctest::description("G3, R6.2")) {
  CHECK(line("call_started") == "call_started");
  CHECK(line("x", kv("a", "b"), kv("n", 7), kv("m", -7), kv("ok", true)) ==
        "x a=b n=7 m=-7 ok=yes");
  CHECK(line("x", kv("a", "two words"), kv("e", "")) == "x a=\"two words\" e=\"\"");
  CHECK(line("x", kv("a", "b\r\nINFO forged=1")) == "x a=\"b\\r\\nINFO forged=1\"");
  CHECK(line("x", kv("a", "say \"hi\"")) == "x a=\"say \\\"hi\\\"\"");
}

TEST_CASE("log: UTF-8 stays readable, what is none and what terminals obey does not" *
          doctest::description("G3")) {
  CHECK(line("x", kv("a", "B\xc3\xb6rje")) == "x a=B\xc3\xb6rje");
  CHECK(line("x", kv("a", "\x1b[2J\xc2\x9b\xff\x7f\\")) == "x a=\\x1b[2J\\xc2\\x9b\\xff\\x7f\\\\");
}

TEST_CASE("log: a value is cut with a mark, not within a character" * doctest::description("G3")) {
  CHECK(line("x", kv_cut("a", "12345", 5), kv("b", 1)) == "x a=12345 b=1");
  CHECK(line("x", kv_cut("a", "123456", 5), kv("b", 1)) == "x a=12345\xe2\x80\xa6 b=1");
  CHECK(line("x", kv_cut("a", "1234\xc3\xb6", 5)) == "x a=1234\xe2\x80\xa6");
  CHECK(line("x", kv_cut("a", "1 34567", 5)) == "x a=\"1 345\xe2\x80\xa6\"");
}

TEST_CASE("log: a line that is too long is cut with a mark") {
  const std::string long_value(1000, 'v');
  const std::string text = line("x", kv("a", std::string_view(long_value)), kv("b", 1));
  CHECK(text.size() <= LogSlot::kTextMax);
  CHECK(text.ends_with("\xe2\x80\xa6"));
  CHECK(text.starts_with("x a=vvv"));
}

TEST_CASE("log: a cut is marked wherever it falls, also within escapes, and nowhere else") {
  const std::string feeds(40, '\n');
  for (size_t room = 30; room < 100; ++room) {
    CAPTURE(room);
    char out[100];
    const std::string text(
        write_log_text("x", {kv("a", std::string_view(feeds))}, std::span(out).first(room)));
    const bool whole = text.size() == 4 + 2 * feeds.size();
    CHECK(text.ends_with("\xe2\x80\xa6") == !whole);
    CHECK(whole == (room >= 4 + 2 * feeds.size() + 3));
  }
}

TEST_CASE("log: durations, errors and the ends of number ranges") {
  CHECK(line("x", kv("t", Millis(1500)), kv("e", Error::PoolExhausted)) ==
        "x t=1500 e=\"pool exhausted\"");
  CHECK(line("x", kv("a", INT64_MIN), kv("b", UINT64_MAX)) ==
        "x a=-9223372036854775808 b=18446744073709551615");
}

TEST_CASE("log: the writer takes from all rings, and more than its own buffer holds") {
  std::vector<LogSlot> first_slots(64), second_slots(64);
  LogRing first{std::span(first_slots)}, second{std::span(second_slots)};
  const FixedClock clock;
  Log loop_log(first, clock, LogLevel::Info), admin_log(second, clock, LogLevel::Info);
  MemorySink sink;
  LogRing* rings[] = {&first, &second};
  LogWriter writer(rings, sink);
  const std::string value(300, 'v');
  for (int i = 0; i < 64; ++i) {
    loop_log.info("loop", kv("v", value));
    admin_log.info("admin", kv("v", value));
  }
  writer.serve(Millis(0));
  CHECK(std::count(sink.text.begin(), sink.text.end(), '\n') == 128);
  CHECK(sink.text.find(" INFO admin v=") != std::string::npos);
}

TEST_CASE("log: lines of several rings come in the order of their times, each ring's in its own") {
  struct SetClock : port::Clock {
    Millis monotonic() const override { return Millis(0); }
    Millis wall() const override { return now; }
    Millis now{0};
  } clock;
  std::vector<LogSlot> first_slots(16), second_slots(16), third_slots(16);
  LogRing rings[] = {LogRing{std::span(first_slots)}, LogRing{std::span(second_slots)},
                     LogRing{std::span(third_slots)}};
  Log logs[] = {{rings[0], clock, LogLevel::Info},
                {rings[1], clock, LogLevel::Info},
                {rings[2], clock, LogLevel::Info}};
  MemorySink sink;
  LogRing* const all[] = {&rings[0], &rings[1], &rings[2]};
  LogWriter writer(all, sink);
  struct Line {
    size_t ring;
    int ms;
  };
  // At 3 the clock is set back: what one thread wrote stays in its order.
  constexpr Line kWritten[] = {{2, 1}, {1, 2}, {0, 2}, {2, 4}, {0, 5}, {1, 6}, {0, 9}, {0, 3}};
  for (const Line& line : kWritten) {
    clock.now = Millis(line.ms);
    logs[line.ring].info("at", kv("ring", line.ring));
  }
  writer.serve(Millis(0));
  std::string order;
  for (size_t at = 0; (at = sink.text.find("00.00", at)) != std::string::npos; at += 5) {
    if (!order.empty()) order += ' ';
    order += sink.text[sink.text.find("ring=", at) + 5];
    order += sink.text[at + 5];
  }
  CHECK(order == "21 02 12 24 05 16 09 03");
}

TEST_CASE("log: lines reach the sink with time and level; those below the level are not made") {
  std::vector<LogSlot> slots(4);
  LogRing ring{std::span(slots)};
  const FixedClock clock;
  Log log(ring, clock, LogLevel::Info);
  MemorySink sink;
  LogRing* rings[] = {&ring};
  LogWriter writer(rings, sink);
  log.debug("hidden");
  log.warning("disk_full", kv("file", "/data/x.db"));
  writer.serve(Millis(0));
  CHECK(sink.text == "2026-01-02T03:04:05.678Z WARNING disk_full file=/data/x.db\n");
}

TEST_CASE("log: a full ring loses lines, counts them, and says so on the next") {
  std::vector<LogSlot> slots(2);
  LogRing ring{std::span(slots)};
  const FixedClock clock;
  Log log(ring, clock, LogLevel::Info);
  MemorySink sink;
  LogRing* rings[] = {&ring};
  LogWriter writer(rings, sink);
  for (int i = 0; i < 5; ++i) log.info("line", kv("i", i));
  CHECK(log.lost() == 3);
  writer.serve(Millis(0));
  log.info("after");
  writer.serve(Millis(0));
  CHECK(sink.text.find("after log_lines_lost_before=3\n") != std::string::npos);
}

TEST_CASE("ring: two threads see every value once and in order") {
  std::vector<uint64_t> slots(64);
  SpscRing<uint64_t> ring{std::span(slots)};
  constexpr uint64_t kCount = 200000;
  std::thread producer([&] {
    for (uint64_t i = 0; i < kCount;) {
      if (ring.push(i))
        ++i;
      else
        std::this_thread::yield();
    }
  });
  uint64_t expected = 0;
  while (expected < kCount) {
    const uint64_t* value = ring.front();
    if (value == nullptr) {
      std::this_thread::yield();
      continue;
    }
    REQUIRE(*value == expected);
    ++expected;
    ring.pop();
  }
  producer.join();
  CHECK(ring.front() == nullptr);
}

TEST_CASE("ring: full at its capacity, empty at the start") {
  std::vector<int> slots(4);
  SpscRing<int> ring{std::span(slots)};
  CHECK(ring.front() == nullptr);
  for (int i = 0; i < 4; ++i) CHECK(ring.push(i));
  CHECK_FALSE(ring.push(4));
  CHECK(ring.free() == 0);
  ring.pop();
  CHECK(ring.push(4));
  CHECK(*ring.front() == 1);
}

TEST_CASE("log: a writer thread and a producing thread lose nothing that is not counted") {
  std::vector<LogSlot> slots(32);
  LogRing ring{std::span(slots)};
  const FixedClock clock;
  Log log(ring, clock, LogLevel::Info);
  MemorySink sink;
  LogRing* rings[] = {&ring};
  LogWriter writer(rings, sink);
  std::atomic<bool> done{false};
  std::thread thread([&] {
    while (!done) writer.serve(Millis(0));
  });
  constexpr int kLines = 20000;
  for (int i = 0; i < kLines; ++i) log.info("line", kv("i", i));
  done = true;
  thread.join();
  writer.serve(Millis(0));
  const auto lines = static_cast<uint64_t>(std::count(sink.text.begin(), sink.text.end(), '\n'));
  CHECK(lines + log.lost() == kLines);
}

TEST_CASE(
    "log: with two threads writing, a turn of the writer ends and its notifications suffice") {
  struct Flag : port::Worker {
    void notify() override { raised = true; }
    std::atomic<bool> raised = false;
  } flag;
  std::vector<LogSlot> slots[] = {std::vector<LogSlot>(16), std::vector<LogSlot>(16)};
  LogRing rings[] = {LogRing{std::span(slots[0])}, LogRing{std::span(slots[1])}};
  const FixedClock clock;
  Log logs[] = {{rings[0], clock, LogLevel::Info}, {rings[1], clock, LogLevel::Info}};
  MemorySink sink;
  LogRing* const all[] = {&rings[0], &rings[1]};
  LogWriter writer(all, sink);
  std::atomic<int> running = 2;
  uint64_t written = 0;
  constexpr int kLines = 20000;
  const auto produce = [&](Log& log) {
    log.connect(&flag);
    for (int i = 0; i < kLines; ++i) log.info("line", kv("i", i));
    --running;
  };
  std::thread first([&] { produce(logs[0]); });
  std::thread second([&] { produce(logs[1]); });
  while (running > 0 || flag.raised) {
    if (!flag.raised.exchange(false)) {
      std::this_thread::yield();
      continue;
    }
    sink.text.clear();
    writer.serve(Millis(0));
    const auto lines = std::count(sink.text.begin(), sink.text.end(), '\n');
    CHECK(lines <= 32);
    written += static_cast<uint64_t>(lines);
  }
  first.join();
  second.join();
  CHECK(rings[0].size() + rings[1].size() == 0);
  CHECK(written + logs[0].lost() + logs[1].lost() == 2 * kLines);
}

#include "transport/framer.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

constexpr size_t kLargeClass = MessageSlabs::kClasses - 1;

// A framer with slabs of its own; what it makes of bytes is kept as text.
struct FramerBench {
  explicit FramerBench(const MessageSlabs::Counts& counts = {8, 8, 8, 8, 4},
                       size_t message_bytes_max = 65535)
      : memory(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kMemory)), &std::free),
        arena(clear(memory.get())),
        slabs(arena, counts),
        framer(slabs, index, message_bytes_max) {}
  ~FramerBench() {
    framer.clear();
    for (size_t i = 0; i < MessageSlabs::kClasses; ++i) CHECK(slabs.stats(i).in_use == 0);
  }

  void feed(std::string_view bytes) {
    while (!bytes.empty() && !stuck && !faulty) {
      const std::span<char> room = framer.room();
      REQUIRE_FALSE(room.empty());
      const size_t count = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), count, room.begin());
      bytes.remove_prefix(count);
      framer.received(count);
      frame();
    }
  }
  void frame() {
    for (;;) {
      const Frame frame = framer.next();
      stuck = frame.status == FrameStatus::NeedBuffer;
      if (frame.status == FrameStatus::NeedBytes || stuck) return;
      pings += frame.pings;
      if (frame.status == FrameStatus::Pings) continue;
      CHECK(frame.buffer.view() == frame.parsed.view.text());
      texts.emplace_back(frame.buffer.view());
      capacities.push_back(frame.buffer.capacity());
      if (hold) held.push_back(frame.buffer);
      if (frame.status == FrameStatus::Faulty) {
        faulty = frame.parsed.error.fault;
        return;
      }
    }
  }

  static constexpr size_t kMemory = 1 << 20;
  static std::span<std::byte> clear(std::byte* bytes) {
    std::fill_n(bytes, kMemory, std::byte{0});
    return {bytes, kMemory};
  }

  std::unique_ptr<std::byte, decltype(&std::free)> memory;
  Arena arena;
  MessageSlabs slabs;
  sip::HeaderIndex index;
  Framer framer;
  std::vector<std::string> texts;
  std::vector<size_t> capacities;
  std::vector<MessageRef> held;
  std::optional<sip::ParseFault> faulty;
  uint32_t pings = 0;
  bool stuck = false;
  bool hold = false;
};

std::string small_message(const std::string& body = "") {
  return "INVITE sip:b SIP/2.0\r\nl:" + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A message of exactly `size` bytes. A blank helps where one more digit would be one byte too many.
std::string message_of(size_t size) {
  for (const std::string_view blank : {"", " "}) {
    for (size_t body = size > 40 ? size - 40 : 0; body < size; ++body) {
      const std::string text = "INVITE sip:b SIP/2.0\r\nl:" + std::string(blank) +
                               std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
      if (text.size() == size) return text;
    }
  }
  FAIL("no message has this size");
  return {};
}

}  // namespace

TEST_CASE("framer: two messages with a ping between them are found at every pair of splits" *
          doctest::description("RFC 3261 18.3, RFC 5626 4.4.1; R13.3")) {
  const std::string first = small_message("a\r\n\r\nb");
  const std::string second = small_message();
  const std::string stream = first + "\r\n\r\n" + second;
  for (size_t i = 0; i <= stream.size(); ++i) {
    for (size_t k = i; k <= stream.size(); ++k) {
      FramerBench bench;
      bench.feed(stream.substr(0, i));
      bench.feed(stream.substr(i, k - i));
      bench.feed(stream.substr(k));
      CAPTURE(i);
      CAPTURE(k);
      REQUIRE(bench.texts == std::vector<std::string>{first, second});
      REQUIRE(bench.pings == 1);
      REQUIRE_FALSE(bench.framer.unfinished());
    }
  }
}

TEST_CASE("framer: line ends are a ping only as CRLF CRLF" *
          doctest::description("RFC 5626 4.4.1; R13.3")) {
  struct Row {
    std::string_view bytes;
    uint32_t pings;
  };
  const Row rows[] = {
      {"\r\n", 0},       {"\n\n", 0},         {"\r\r\n\n", 0},         {"\r\n\r\n", 1},
      {"\r\r\n\r\n", 1}, {"\r\n\r\n\r\n", 1}, {"\r\n\r\n\r\n\r\n", 2}, {"\n\r\n\r\n", 1}};
  for (const Row& row : rows) {
    FramerBench whole;
    whole.feed(row.bytes);
    CHECK(whole.pings == row.pings);
    FramerBench split;
    for (const char c : row.bytes) split.feed({&c, 1});
    CHECK(split.pings == row.pings);
    CHECK_FALSE(split.framer.unfinished());
    CHECK(split.slabs.stats(3).in_use == 0);
  }
}

TEST_CASE("framer: half a ping does not reach across a message" *
          doctest::description("RFC 5626 4.4.1; R13.3")) {
  FramerBench bench;
  bench.feed("\r\n" + small_message() + "\r\n" + small_message() + "\r\n");
  CHECK(bench.texts.size() == 2);
  CHECK(bench.pings == 0);
}

TEST_CASE("framer: a message that came alone stays in the buffer that it was read into" *
          doctest::description("R13.3")) {
  FramerBench bench;
  bench.feed(small_message());
  CHECK(bench.capacities == std::vector<size_t>{4096});
}

TEST_CASE("framer: messages that come together go into the smallest slabs that hold them" *
          doctest::description("R13.3, R5.5")) {
  FramerBench bench;
  bench.feed(small_message() + message_of(600) + message_of(1500) + message_of(100));
  CHECK(bench.capacities == std::vector<size_t>{512, 1024, 2048, 512});
  CHECK_FALSE(bench.framer.unfinished());
}

TEST_CASE("framer: a small message behind a large one does not keep the large slab" *
          doctest::description("R13.3, R5.5")) {
  FramerBench bench;
  bench.hold = true;
  const std::string large = message_of(30'000);
  const std::string stream = large + small_message() + "INVITE";
  bench.feed(stream);
  CHECK(bench.texts == std::vector<std::string>{large, small_message()});
  CHECK(bench.capacities[1] == 512);
  CHECK(bench.framer.unfinished());
  bench.held.clear();
  CHECK(bench.slabs.stats(kLargeClass).in_use == 0);
  CHECK(bench.slabs.stats(3).in_use == 1);
}

TEST_CASE("framer: what is left of a large slab behind many messages moves to a small one" *
          doctest::description("R13.3, R5.5")) {
  FramerBench bench;
  const std::string large = message_of(5000);
  bench.feed(large.substr(0, 4500));
  CHECK(bench.framer.is_large());
  std::string rest = large.substr(4500);
  for (int i = 0; i < 10; ++i) rest += message_of(600);
  bench.feed(rest + small_message().substr(0, 10));
  CHECK(bench.texts.size() == 11);
  CHECK_FALSE(bench.framer.is_large());
  bench.feed(small_message().substr(10));
  CHECK(bench.texts.back() == small_message());
}

TEST_CASE("framer: sixty kilobytes of small messages behind a large one leave no slab behind" *
          doctest::description("R13.3, R5.5")) {
  FramerBench bench;
  const std::string large = message_of(5000);
  std::string stream = large.substr(0, 4500);
  bench.feed(stream);
  std::string rest = large.substr(4500);
  size_t count = 0;
  while (rest.size() < 60'000) {
    rest += small_message("0123456789");
    ++count;
  }
  bench.feed(rest);
  CHECK(bench.texts.size() == count + 1);
  CHECK(bench.texts.back() == small_message("0123456789"));
  CHECK(bench.slabs.stats(kLargeClass).in_use == 0);
  CHECK(bench.slabs.stats(3).in_use == 0);
}

TEST_CASE("framer: the largest message is whole, in one piece and in many" *
          doctest::description("R13.3")) {
  const std::string large = message_of(65'535);
  for (const size_t piece : {size_t{1000}, size_t{4096}, size_t{70'000}}) {
    FramerBench bench;
    const std::string stream = large + small_message();
    for (size_t at = 0; at < stream.size(); at += piece) bench.feed(stream.substr(at, piece));
    REQUIRE(bench.texts.size() == 2);
    CHECK(bench.texts[0] == large);
    CHECK(bench.texts[1] == small_message());
  }
}

TEST_CASE("framer: a length beyond the limit is faulty before its body is read" *
          doctest::description("RFC 3261 18.3; R13.5")) {
  const std::string head = "INVITE sip:b SIP/2.0\r\nl:7980\r\n\r\n";
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{8100}}) {
    FramerBench bench({8, 8, 8, 8, 4}, 8000);
    const std::string stream = head + std::string(7980, 'x') + small_message();
    for (size_t at = 0; at < stream.size(); at += piece) bench.feed(stream.substr(at, piece));
    CHECK(bench.faulty == sip::ParseFault::TooLarge);
    CHECK(bench.texts == std::vector<std::string>{head});
  }
}

TEST_CASE("framer: headers without an end are faulty at the limit" *
          doctest::description("RFC 3261 18.3; R13.5")) {
  for (const size_t limit : {size_t{3000}, size_t{8000}, size_t{65'535}}) {
    for (const size_t piece : {size_t{999}, size_t{5000}, size_t{70'000}}) {
      FramerBench bench({8, 8, 8, 8, 4}, limit);
      std::string stream = "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n";
      while (stream.size() < 70'000) stream += "X: 0123456789\r\n";
      for (size_t at = 0; at < stream.size(); at += piece) bench.feed(stream.substr(at, piece));
      CHECK(bench.faulty == sip::ParseFault::TooLarge);
      REQUIRE(bench.texts.size() == 1);
      CHECK(bench.texts[0] == stream.substr(0, limit));
    }
  }
}

TEST_CASE("framer: lengths that cannot be believed are faulty, with the head alone" *
          doctest::description("RFC 3261 18.3, 20.14; R13.5")) {
  for (const std::string_view field : {"", "l:-1\r\n", "l:abc\r\n", "l:\r\n", "l:99999999999\r\n",
                                       "l:2\r\nl:2\r\n", "l:2, 2\r\n"}) {
    CAPTURE(field);
    const std::string head = "INVITE sip:b SIP/2.0\r\n" + std::string(field) + "\r\n";
    FramerBench bench;
    bench.feed(head + "ab" + small_message());
    CHECK(bench.faulty == sip::ParseFault::BadContentLength);
    CHECK(bench.texts == std::vector<std::string>{head});
  }
}

TEST_CASE("framer: without a slab nothing is lost, and it goes on when one is free" *
          doctest::description("R5.5")) {
  FramerBench bench({0, 0, 0, 2, 0});
  bench.hold = true;
  const std::string first = small_message("1"), second = small_message("2");
  bench.feed(first + second);
  CHECK(bench.texts == std::vector<std::string>{first});
  CHECK(bench.stuck);
  CHECK(bench.framer.wanted_bytes() == second.size());
  bench.held.clear();
  bench.frame();
  CHECK(bench.texts == std::vector<std::string>{first, second});
  CHECK_FALSE(bench.stuck);
  bench.held.clear();

  const MessageRef taken[] = {bench.slabs.acquire(4096), bench.slabs.acquire(4096)};
  CHECK(bench.framer.room().empty());
  CHECK(bench.framer.wanted_bytes() == 4096);
}

TEST_CASE("framer: a message that needs a large slab waits for one" *
          doctest::description("R5.5")) {
  FramerBench bench({0, 0, 0, 2, 1});
  MessageRef taken = bench.slabs.acquire(5000);
  bench.feed(message_of(10'000).substr(0, 4096));
  CHECK(bench.framer.room().empty());
  CHECK(bench.framer.wanted_bytes() == 65'536);
  taken.reset();
  bench.feed(message_of(10'000).substr(4096));
  CHECK(bench.texts == std::vector<std::string>{message_of(10'000)});
}

TEST_CASE("framer: messages of any size come out of pieces of any size" *
          doctest::description("R13.3")) {
  // Each of these leaves a rest of another size in a buffer of another size.
  for (const size_t size : {size_t{64}, size_t{100}, size_t{511}, size_t{2049}, size_t{4095},
                            size_t{4096}, size_t{4097}, size_t{9000}}) {
    for (const size_t piece : {size_t{61}, size_t{4096}, size_t{65'536}}) {
      FramerBench bench;
      std::string stream;
      while (stream.size() < 130'000) stream += message_of(size);
      for (size_t at = 0; at < stream.size(); at += piece) bench.feed(stream.substr(at, piece));
      CAPTURE(size);
      CAPTURE(piece);
      CHECK(bench.texts.size() == stream.size() / size);
      for (const std::string& text : bench.texts) REQUIRE(text == message_of(size));
    }
  }
}

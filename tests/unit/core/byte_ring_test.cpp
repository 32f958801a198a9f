#include "core/byte_ring.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <thread>

using namespace tipring;

namespace {

bool push(ByteRing& ring, std::string_view text) {
  std::byte* place = ring.begin_push(text.size());
  if (place == nullptr) return false;
  std::memcpy(place, text.data(), text.size());
  ring.commit_push(text.size());
  return true;
}

std::string text_of(std::span<const std::byte> entry) {
  return {reinterpret_cast<const char*>(entry.data()), entry.size()};
}

}  // namespace

TEST_CASE("byte ring: entries come out as they went in, again and again around the end") {
  alignas(8) std::array<std::byte, 256> room{};
  ByteRing ring(room);
  uint64_t place = 0;
  CHECK(ring.read(place).empty());
  for (size_t i = 0; i < 500; ++i) {
    const std::string text(1 + i * 7 % 90, static_cast<char>('a' + i % 26));
    REQUIRE(push(ring, text));
    REQUIRE(push(ring, "x"));
    place = ring.begin();
    CHECK(text_of(ring.read(place)) == text);
    CHECK(text_of(ring.read(place)) == "x");
    CHECK(ring.read(place).empty());
    ring.give_back(place);
    CHECK(ring.used() == 0);
  }
}

TEST_CASE("byte ring: what was read and not given back is there again, and takes room") {
  alignas(8) std::array<std::byte, 64> room{};
  ByteRing ring(room);
  REQUIRE(push(ring, "first"));
  REQUIRE(push(ring, "second"));
  uint64_t place = ring.begin();
  CHECK(text_of(ring.read(place)) == "first");
  CHECK_FALSE(push(ring, std::string(32, 'x')));
  place = ring.begin();
  CHECK(text_of(ring.read(place)) == "first");
  ring.give_back(place);
  CHECK(text_of(ring.read(place)) == "second");
  ring.give_back(place);
  CHECK(push(ring, std::string(16, 'x')));
}

TEST_CASE("byte ring: an entry longer than all its room is refused") {
  alignas(8) std::array<std::byte, 64> room{};
  ByteRing ring(room);
  CHECK_FALSE(push(ring, std::string(57, 'x')));
  CHECK(push(ring, std::string(56, 'x')));
}

TEST_CASE("byte ring: two threads lose nothing") {
  alignas(8) std::array<std::byte, 512> room{};
  ByteRing ring(room);
  constexpr size_t kCount = 20'000;
  std::thread producer([&] {
    for (size_t i = 0; i < kCount;) {
      if (push(ring, std::string(i % 40 + 1, static_cast<char>('a' + i % 26)))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  size_t wrong = 0;
  for (size_t i = 0; i < kCount;) {
    uint64_t place = ring.begin();
    const auto entry = ring.read(place);
    if (entry.empty()) {
      std::this_thread::yield();
      continue;
    }
    if (text_of(entry) != std::string(i % 40 + 1, static_cast<char>('a' + i % 26))) ++wrong;
    ring.give_back(place);
    ++i;
  }
  producer.join();
  CHECK(wrong == 0);
}

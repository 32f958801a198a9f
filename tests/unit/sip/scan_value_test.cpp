#include "sip/scan_value.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

// Where a walk with this test of a character stops.
template <class Stops>
size_t walk(std::string_view text, size_t from, const Stops& stops) {
  while (from < text.size() && !stops(text[from])) ++from;
  return from;
}

// Letters, and among them now and then any byte.
std::string any_bytes(std::mt19937& random, size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const auto pick = random();
    bytes += static_cast<char>(pick % 12 == 0 ? pick >> 8 : 'a' + (pick >> 8) % 8);
  }
  return bytes;
}

const auto kNotGraphic = [](char c) { return !kGraphicChar(c); };
const auto kNotGenValue = [](char c) { return !kGenValueChar(c); };
const auto kNotBracketed = [](char c) { return c == '>' || !kGraphicChar(c); };

TEST_CASE_TEMPLATE("scan_value: every byte is told as its table tells it" *
                       doctest::description("RFC 3261 25.1"),
                   Block, ByteBlock, WordsBlock) {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    for (size_t place = 0; place < 20; ++place) {
      std::string bytes(20, 'x');
      bytes[place] = static_cast<char>(byte);
      const GuardedText text(bytes);
      REQUIRE(skip_graphic<Block>(text.view()) == walk(bytes, 0, kNotGraphic));
      REQUIRE(skip_gen_value<Block>(text.view()) == walk(bytes, 0, kNotGenValue));
      REQUIRE(skip_bracketed<Block>(text.view(), 0) == walk(bytes, 0, kNotBracketed));
    }
  }
}

TEST_CASE_TEMPLATE("scan_value: agrees with a walk byte by byte at all offsets and sizes" *
                       doctest::description("RFC 3261 25.1; guard page"),
                   Block, ByteBlock, WordsBlock) {
  std::mt19937 random(4);
  for (size_t size = 0; size <= 64; ++size) {
    for (int round = 0; round < 30; ++round) {
      const std::string bytes = any_bytes(random, size);
      const GuardedText text(bytes);
      for (size_t from = 0; from <= size; ++from) {
        REQUIRE(skip_graphic<Block>(text.view(), from) == walk(bytes, from, kNotGraphic));
        REQUIRE(skip_gen_value<Block>(text.view(), from) == walk(bytes, from, kNotGenValue));
        REQUIRE(skip_bracketed<Block>(text.view(), from) == walk(bytes, from, kNotBracketed));
      }
    }
  }
}

TEST_CASE("classes: skip() stops where a walk byte by byte does") {
  std::mt19937 random(5);
  for (size_t size = 0; size <= 64; ++size) {
    for (int round = 0; round < 30; ++round) {
      const std::string bytes = any_bytes(random, size);
      const GuardedText text(bytes);
      for (size_t from = 0; from <= size; ++from) {
        for (const CharClass one : {kTokenChar, kUserChar, kHostChar, kLwsChar, kDisplayChar})
          REQUIRE(one.skip(text.view(), from) ==
                  walk(bytes, from, [&](char c) { return !one(c); }));
      }
    }
  }
}

}  // namespace
}  // namespace tipring::sip

// Texts taken by words and by blocks give what a walk byte by byte gives, whatever stands before
// and behind them.
#include "core/words.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/byte_block.h"
#include "core/text.h"
#include "support/guard_page.h"

using namespace tipring;
using tipring::test::GuardedText;

namespace {

constexpr size_t kSizeMax = 64;

// Any bytes, but half of them from the few that the code below looks for.
std::string any_bytes(std::mt19937& random, size_t size) {
  static constexpr std::string_view kFew = "aAzZ@[`{: \x1f!\x7f\x80\xc1\xe1";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    const auto pick = random();
    text += pick % 2 == 0 ? kFew[pick / 2 % kFew.size()] : static_cast<char>(pick >> 8);
  }
  return text;
}

bool naive_iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("words: every byte of a text is in one, from left to right, and none outside") {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    CAPTURE(size);
    std::vector<int> seen(size, 0);
    size_t before = 0;
    CHECK(each_word(size, [&](size_t at, auto word) {
      CHECK(at >= before);
      before = at;
      REQUIRE(at + sizeof word <= size);
      for (size_t i = at; i < at + sizeof word; ++i) ++seen[i];
      return true;
    }));
    for (const int times : seen) CHECK(times >= 1);
    size_t calls = 0;
    CHECK(each_word(size, [&](size_t, auto) { return ++calls == 0; }) == (size == 0));
    CHECK(calls == (size == 0 ? 0 : 1));  // the first that gives false is the last
  }
}

TEST_CASE("words: a short one has its bytes in order and zeros behind them") {
  std::mt19937 random(9);
  for (size_t size = 0; size < 8; ++size) {
    for (int round = 0; round < 50; ++round) {
      const GuardedText text(any_bytes(random, size));
      uint64_t expected = 0;
      for (size_t i = 0; i < size; ++i)
        expected |= uint64_t{static_cast<unsigned char>(text.view()[i])} << (8 * i);
      REQUIRE(load_short(text.view().data(), size) == expected);
    }
  }
}

TEST_CASE("iequals: each byte beside each other is told as the RFC's grammar has it" *
          doctest::description("RFC 3261 7.3.1")) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      for (const size_t size : {1U, 2U, 5U, 8U, 11U}) {
        const std::string left(size, static_cast<char>(a));
        std::string right = left;
        right[size / 2] = static_cast<char>(b);
        REQUIRE(iequals(left, right) == naive_iequals(left, right));
      }
    }
  }
}

TEST_CASE("iequals: agrees with a walk byte by byte over texts of all sizes") {
  std::mt19937 random(1);
  for (size_t size = 0; size <= kSizeMax; ++size) {
    for (int round = 0; round < 200; ++round) {
      std::string text = any_bytes(random, size);
      const GuardedText a(text);
      for (char& c : text) {
        if (random() % 2 == 0) c = static_cast<char>(random() % 64 == 0 ? c ^ 0x20 : to_lower(c));
      }
      const GuardedText b(text);
      REQUIRE(iequals(a.view(), b.view()) == naive_iequals(a.view(), b.view()));
      REQUIRE(iequals(a.view(), b.view().substr(size / 2)) ==
              naive_iequals(a.view(), b.view().substr(size / 2)));
    }
  }
}

TEST_CASE("iequals: a literal compares as any other text") {
  const auto sip = [](std::string_view text) { return iequals(text, "Sip"); };
  CHECK(sip("sIP"));
  CHECK_FALSE(sip("sipx"));
  CHECK_FALSE(sip("si"));
  CHECK_FALSE(sip(GuardedText("xip")));
  CHECK(iequals(GuardedText("CONTENT-DISPOSITION"), "Content-Disposition"));
  CHECK_FALSE(iequals(GuardedText("CONTENT-DISPOSITIO\x0e"), "Content-Disposition"));
  CHECK(iequals("", ""));
  CHECK(istarts_with("SIP:bob", "sip:"));
  CHECK_FALSE(istarts_with(GuardedText("si"), "sip:"));
}

TEST_CASE_TEMPLATE("blocks: agree with a walk byte by byte at all offsets of texts of all sizes",
                   Block, ByteBlock, WordsBlock) {
  std::mt19937 random(2);
  const auto in_block = [](const Block& block) {
    return block.equal(':') | block.equal('\xc1') | block.at_most(' ');
  };
  const auto is_one = [](char c) {
    return c == ':' || c == '\xc1' || static_cast<unsigned char>(c) <= ' ';
  };
  const auto never = [](char) { return false; };
  for (size_t size = 0; size <= kSizeMax; ++size) {
    for (int round = 0; round < 20; ++round) {
      std::string bytes = any_bytes(random, size);
      // Few hits, so that the search comes to every place of a block.
      for (char& c : bytes) c = is_one(c) && random() % 8 != 0 ? 'x' : c;
      const GuardedText text(bytes);
      for (size_t from = 0; from <= size; ++from) {
        size_t expected = from;
        while (expected < size && !is_one(bytes[expected])) ++expected;
        REQUIRE(find_byte<Block>(text.view(), from, in_block, is_one) == expected);
        if (size >= Block::kSize)
          REQUIRE(find_byte<Block>(text.view(), from, in_block, never) == expected);
      }
    }
  }
}

TEST_CASE_TEMPLATE("blocks: each byte at each place is found by its value alone", Block, ByteBlock,
                   WordsBlock) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < Block::kSize; ++place) {
      std::string text(Block::kSize, static_cast<char>(byte ^ 1));
      text[place] = static_cast<char>(byte);
      const Block block(text.data());
      REQUIRE(block.equal(static_cast<char>(byte)).hits().first() == place);
      REQUIRE_FALSE(block.equal(static_cast<char>(byte ^ 2)).hits());
      for (const char limit : {'\x00', '\x1f', '\x20', '\x7f'}) {
        const auto hits = block.at_most(limit).hits();
        const bool this_one = byte <= limit;
        const bool others = (byte ^ 1) <= limit;
        REQUIRE(static_cast<bool>(hits) == (this_one || others));
        if (this_one && !others) REQUIRE(hits.first() == place);
      }
    }
  }
}

#include "dialog/dialog_texts.h"

#include <doctest/doctest.h>

#include <string>

#include "../core/test_arena.h"

using namespace tipring;
using namespace tipring::dialog;

namespace {

struct Bench {
  explicit Bench(uint32_t buffers = 4) : counts{buffers, 1, 1, 1, 1}, slabs(arena.get(), counts) {}

  MessageSlabs::Counts counts;
  TestArena arena;
  MessageSlabs slabs;
};

constexpr DialogTexts::All kTextsOfCall = {
    "1@h", "a", "<sip:alice@h>;tag=a", "sip:alice@10.0.0.2", "<sip:p;lr>", "", "<sip:bob@h>",
    "",    ""};

}  // namespace

TEST_CASE("dialog texts: each is what was given, in one buffer with room for the callee's" *
          doctest::description("DESIGN: Memory")) {
  Bench bench;
  DialogTexts texts;
  CHECK(texts.get(Text::CallId).empty());
  REQUIRE(texts.assign(bench.slabs, kTextsOfCall));
  CHECK(texts.all() == kTextsOfCall);
  CHECK(bench.slabs.stats(0).in_use == 1);
  REQUIRE(texts.replace(bench.slabs, Text::CalleeTag, "b"));
  REQUIRE(texts.replace(bench.slabs, Text::CalleeTarget, "sip:bob@10.0.0.3"));
  REQUIRE(texts.replace(bench.slabs, Text::CalleeRoutes, "<sip:q;lr>"));
  DialogTexts::All wanted = kTextsOfCall;
  wanted[5] = "b";
  wanted[7] = "sip:bob@10.0.0.3";
  wanted[8] = "<sip:q;lr>";
  CHECK(texts.all() == wanted);
  CHECK(bench.slabs.stats(0).in_use == 1);
}

TEST_CASE("dialog texts: one that grows or shrinks leaves the others as they were" *
          doctest::description("DESIGN: Memory")) {
  Bench bench;
  for (size_t which = 0; which < kTexts; ++which) {
    DialogTexts texts;
    DialogTexts::All wanted = kTextsOfCall;
    REQUIRE(texts.assign(bench.slabs, wanted));
    for (const size_t size : {3U, 40U, 1U, 0U, 200U, 700U, 20U}) {
      CAPTURE(which);
      CAPTURE(size);
      const std::string text(size, 'x');
      wanted[which] = text;
      REQUIRE(texts.replace(bench.slabs, static_cast<Text>(which), text));
      CHECK(texts.all() == wanted);
    }
  }
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) CHECK(bench.slabs.stats(i).in_use == 0);
}

TEST_CASE("dialog texts: a fold is no part of them" * doctest::description("RFC 3261 7.3.1; C9")) {
  Bench bench;
  DialogTexts texts;
  DialogTexts::All given = kTextsOfCall;
  given[2] = "\"Alice\r\n  A.\" <sip:alice@h>;tag=a";
  REQUIRE(texts.assign(bench.slabs, given));
  CHECK(texts.get(Text::CallerAddress) == "\"Alice  A.\" <sip:alice@h>;tag=a");
  REQUIRE(texts.replace(bench.slabs, Text::CalleeAddress, "<sip:bob@h>\r\n ;tag=b"));
  CHECK(texts.get(Text::CalleeAddress) == "<sip:bob@h> ;tag=b");
  CHECK(texts.get(Text::CallerAddress) == "\"Alice  A.\" <sip:alice@h>;tag=a");
}

TEST_CASE("dialog texts: what is too long or finds no room changes nothing" *
          doctest::description("DESIGN: Memory; R5.5")) {
  Bench bench(1);
  DialogTexts texts;
  REQUIRE(texts.assign(bench.slabs, kTextsOfCall));
  const std::string long_text(DialogTexts::kBytesMax, 'x');
  CHECK(texts.replace(bench.slabs, Text::CallerTarget, long_text).error() == Error::TooLong);
  CHECK(texts.all() == kTextsOfCall);
  DialogTexts::All too_long = kTextsOfCall;
  too_long[4] = long_text;
  CHECK(texts.assign(bench.slabs, too_long).error() == Error::TooLong);
  const MessageRef taken[] = {bench.slabs.acquire(1024), bench.slabs.acquire(2048),
                              bench.slabs.acquire(4096)};
  DialogTexts second;
  CHECK(second.copy(bench.slabs, texts).error() == Error::PoolExhausted);
  const std::string longer(600, 'x');
  CHECK(texts.replace(bench.slabs, Text::CallerTarget, longer).error() == Error::PoolExhausted);
  CHECK(texts.all() == kTextsOfCall);
}

#include "sip/scan_line.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

TEST_CASE_TEMPLATE("scan_line: agrees with a walk byte by byte over any text" *
                       doctest::description("RFC 3261 7.3.1; guard page"),
                   Block, ByteBlock, WordsBlock) {
  static constexpr std::string_view kBytes =
      ":,\r\n \tabcdefghijklmnopqrstuvwxyz\x80\x8a\x8d\xba\xff";
  std::mt19937 random(3);
  for (size_t size = 0; size <= 64; ++size) {
    for (int round = 0; round < 40; ++round) {
      std::string bytes;
      while (bytes.size() < size) bytes += kBytes[random() % kBytes.size()];
      const GuardedText text(bytes);
      for (size_t from = 0; from <= size; ++from) {
        const LineScan scan = scan_line<Block>(text.view(), from);
        const size_t end = std::min(bytes.find_first_of("\r\n", from), size);
        REQUIRE(scan.end == end);
        // A colon is found early or not at all, and never behind the end of the line.
        const size_t colon = std::min(bytes.find(':', from), size);
        const bool early = colon < end && colon - from < Block::kSize;
        if (early || scan.colon != kNoColon) REQUIRE(scan.colon == colon);
        if (scan.colon != kNoColon) REQUIRE(scan.colon < end);
        const bool comma = bytes.find(',', from) < end;
        if (comma) REQUIRE(scan.may_have_comma);
        // Said of what the scan read, which ends with a whole block.
        const size_t read = from + (end - from) / Block::kSize * Block::kSize + Block::kSize;
        if (read <= size && bytes.find(',', from) >= read) REQUIRE_FALSE(scan.may_have_comma);
      }
    }
  }
}

}  // namespace
}  // namespace tipring::sip

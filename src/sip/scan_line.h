// Where a line of a message ends, and where its name does: the first look at every byte of the
// headers.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/byte_block.h"

namespace tipring::sip {

// Offset of the first CR or LF at or after `from`, text.size() when there is none.
template <class Block = ByteBlock>
size_t find_line_break(std::string_view text, size_t from) {
  return find_byte<Block>(
      text, from, [](const auto& block) { return block.equal('\r') | block.equal('\n'); },
      [](char c) { return c == '\r' || c == '\n'; });
}

inline constexpr size_t kNoColon = static_cast<size_t>(-1);

struct LineScan {
  size_t end = 0;    // offset of the first CR or LF, the size of the text when there is none
  size_t colon = 0;  // offset of the first ":" before it, kNoColon when the scan met none
};

// Scans from `from` on, which is at most text.size(). A colon is looked for in the first block
// alone, where those of nearly all headers are.
template <class Block = ByteBlock>
LineScan scan_line(std::string_view text, size_t from) {
  if (text.size() - from < Block::kSize) {  // the last lines of a message without a body
    const size_t end = find_line_break<Block>(text, from);
    size_t colon = from;
    while (colon < end && text[colon] != ':') ++colon;
    return {end, colon < end ? colon : kNoColon};
  }
  const Block first(text.data() + from);
  const auto breaks = (first.equal('\r') | first.equal('\n')).hits();
  const auto colons = first.equal(':').hits();
  const size_t end =
      breaks ? from + breaks.first() : find_line_break<Block>(text, from + Block::kSize);
  const size_t colon = colons ? from + colons.first() : kNoColon;
  return {end, colon < end ? colon : kNoColon};
}

}  // namespace tipring::sip

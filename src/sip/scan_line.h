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
  bool may_have_comma = true;  // false: there is none before `end`
};

// Scans from `from` on, which is at most text.size(). A colon is looked for in the first block
// alone, where those of nearly all headers are.
template <class Block = ByteBlock>
inline LineScan scan_line(std::string_view text, size_t from) {
  size_t colon = kNoColon;
  size_t at = from;
  if (text.size() - from >= Block::kSize) {
    const Block first(text.data() + from);
    const auto colons = first.equal(':').hits();
    const auto breaks = (first.equal('\r') | first.equal('\n')).hits();
    auto commas = first.equal(',');
    if (colons) colon = from + colons.first();
    if (breaks) {
      const size_t end = from + breaks.first();
      return {end, colon < end ? colon : kNoColon, static_cast<bool>(commas.hits())};
    }
    for (at += Block::kSize; text.size() - at >= Block::kSize; at += Block::kSize) {
      const Block block(text.data() + at);
      const auto more_breaks = (block.equal('\r') | block.equal('\n')).hits();
      commas = commas | block.equal(',');
      if (more_breaks) return {at + more_breaks.first(), colon, static_cast<bool>(commas.hits())};
    }
  }
  // The last bytes of a message: rarely of a line, since most messages have a body.
  const size_t end = find_line_break<Block>(text, at);
  if (at == from) {
    size_t early = from;
    while (early < end && text[early] != ':') ++early;
    if (early < end) colon = early;
  }
  return {end, colon, true};
}

}  // namespace tipring::sip

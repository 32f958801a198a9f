// Long values are walked through by blocks where their class of characters is told by few bytes:
// branches, tags, Call-IDs and URIs are most of what a message holds. They agree with the tables
// of chars.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/byte_block.h"
#include "sip/chars.h"

namespace tipring::sip {

// As kGraphicChar.skip().
template <class Block = ByteBlock>
size_t skip_graphic(std::string_view text, size_t from = 0) {
  return find_byte<Block>(
      text, from, [](const auto& block) { return block.at_most(' ') | block.equal('\x7f'); },
      [](char c) { return !kGraphicChar(c); });
}

// As kGenValueChar.skip().
template <class Block = ByteBlock>
size_t skip_gen_value(std::string_view text, size_t from = 0) {
  return find_byte<Block>(
      text, from,
      [](const auto& block) {
        return block.at_most(' ') | block.equal(';') | block.equal(',') | block.equal('"') |
               block.equal('<') | block.equal('>') | block.equal('\x7f');
      },
      [](char c) { return !kGenValueChar(c); });
}

// Offset of the first ">", or of what may not stand in a URI before it.
template <class Block = ByteBlock>
size_t skip_bracketed(std::string_view text, size_t from) {
  return find_byte<Block>(
      text, from,
      [](const auto& block) { return block.at_most(' ') | block.equal('>') | block.equal('\x7f'); },
      [](char c) { return c == '>' || !kGraphicChar(c); });
}

// Size of the quoted string at the front of `text`, quotes included; 0 when it has no end.
template <class Block = ByteBlock>
size_t quoted_string_size(std::string_view text) {
  for (size_t at = 1; at < text.size(); at += 2) {
    at = find_byte<Block>(
        text, at, [](const auto& block) { return block.equal('"') | block.equal('\\'); },
        [](char c) { return c == '"' || c == '\\'; });
    if (at < text.size() && text[at] == '"') return at + 1;
  }
  return 0;
}

}  // namespace tipring::sip

// Sixteen bytes looked at in one step, to find where a text goes on: by SSE2, which every x86-64
// has, by NEON, which every 64-bit ARM has, and by two ordinary words elsewhere.
// TIPRING_PORTABLE_BLOCKS takes the words everywhere, so that all tests can run over them.
//
// A block has kSize, a constructor that reads as many bytes, and
//   equal(c)    which bytes are c,
//   at_most(c)  which are at most c as unsigned numbers; c is below 0x80,
// both as a Mask; masks are joined by "|", and hits() says where they are set (byte_hits.h).
#pragma once

#include <cstddef>
#include <string_view>

#include "core/byte_block_words.h"

#if defined(TIPRING_PORTABLE_BLOCKS)
namespace tipring {
using ByteBlock = WordsBlock;
}
#elif defined(__SSE2__)
#include "core/byte_block_sse2.h"
namespace tipring {
using ByteBlock = Sse2Block;
}
#elif defined(__ARM_NEON) && defined(__AARCH64EL__)
#include "core/byte_block_neon.h"
namespace tipring {
using ByteBlock = NeonBlock;
}
#else
namespace tipring {
using ByteBlock = WordsBlock;
}
#endif

namespace tipring {

// Offset of the first byte at or after `from` that matches, text.size() when none does. The two
// tests say the same of a block (its Mask) and of one character.
template <class Block = ByteBlock, class BlockTest, class CharTest>
size_t find_byte(std::string_view text, size_t from, const BlockTest& block_test,
                 const CharTest& char_test) {
  constexpr size_t kSize = Block::kSize;
  size_t at = from;
  for (; at + kSize <= text.size(); at += kSize) {
    const auto hits = block_test(Block(text.data() + at)).hits();
    if (hits) return at + hits.first();
  }
  if (at >= text.size()) return text.size();
  if (text.size() < kSize) {
    while (at < text.size() && !char_test(text[at])) ++at;
    return at;
  }
  // The last block ends where the text does and so begins with bytes that were looked at before,
  // or that stand before `from`.
  const size_t start = text.size() - kSize;
  const auto hits = block_test(Block(text.data() + start)).hits().without_first(at - start);
  return hits ? start + hits.first() : text.size();
}

}  // namespace tipring

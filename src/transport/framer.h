// Cuts a stream of bytes into messages: RFC 3261 7.5 and 18.3, RFC 5626 4.4.1. Asks no socket and
// no clock: bytes go in by room() and received(), frames come out of next(), the same ones however
// the bytes were split.
//
// A message that came alone stays in the 4 KiB buffer that it was read into; others are copied into
// the smallest slab that fits, so that no stranger can tie up large slabs with small messages.
// Every byte is copied a bounded number of times. An idle stream holds no buffer at all.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/message_slabs.h"
#include "sip/message.h"

namespace tipring::transport {

enum class FrameStatus : uint8_t {
  Message,     // a whole one
  Pings,       // double CRLFs between messages, each of which wants an answer
  Faulty,      // cannot be framed, and nothing behind it can be trusted
  NeedBytes,   // nothing more is whole
  NeedBuffer,  // no slab of wanted_bytes() is free: ask again later, nothing is lost
};

struct Frame {
  FrameStatus status = FrameStatus::NeedBytes;
  uint32_t pings = 0;
  // Message and Faulty: the message, or its head, and nothing else. The views of `parsed` point
  // into it, and into the index.
  MessageRef buffer;
  sip::ParsedMessage parsed;  // Faulty: always Malformed
};

class Framer {
 public:
  // Borrows both. A message beyond `message_bytes_max` is Faulty, with TooLarge.
  Framer(MessageSlabs& slabs, sip::HeaderIndex& index, size_t message_bytes_max);

  // Where the next bytes go. Empty when no slab of wanted_bytes() is free.
  // REQUIRES: next() has said NeedBytes since bytes were received.
  std::span<char> room();

  // How many bytes were put there, 0 for none.
  void received(size_t bytes);

  // The frame at the front of what has come. Good until the index is used again.
  Frame next();

  bool unfinished() const { return begin_ != filled_; }  // there is part of a message
  bool is_large() const { return buffer_ && buffer_.capacity() > kSmallBytes; }
  size_t wanted_bytes() const { return wanted_bytes_; }
  void clear();

  static constexpr size_t kSmallBytes = MessageSlabs::kClassBytes[MessageSlabs::kReceiveClass];
  static constexpr size_t kLargeBytes = MessageSlabs::kClassBytes[4];

 private:
  std::string_view waiting() const { return {buffer_.data() + begin_, filled_ - begin_}; }
  uint32_t skip_line_ends();
  bool begins_as_text() const;
  bool may_be_sip();
  bool find_head(std::string_view text, Frame& frame);
  Frame take(const sip::ParsedMessage& parsed);
  Frame refuse(size_t size, const sip::ParseError& error);
  MessageRef acquire(size_t size);
  void move_to(MessageRef buffer);
  void settle();

  MessageSlabs& slabs_;
  sip::HeaderIndex& index_;
  size_t limit_;

  MessageRef buffer_;  // none while there is nothing in it
  size_t begin_ = 0;   // of the next message
  size_t filled_ = 0;
  // All of the next message, which begins at begin_:
  size_t searched_ = 0;  // for the end of its headers
  size_t head_ = 0;      // once it was found: the size with the empty line
  size_t needed_ = 0;    // once it is known: the size of the whole
  bool first_line_seen_ = false;
  size_t wanted_bytes_ = 0;
  uint8_t ping_matched_ = 0;  // bytes of a ping, from the line ends before the next message
};

}  // namespace tipring::transport

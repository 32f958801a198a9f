#include "transport/framer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tipring::transport {

namespace {

constexpr size_t kBytesLookedAt = 16;  // of a message, to tell text from what is none

constexpr std::string_view kPing = "\r\n\r\n";
constexpr size_t kNextSmallerBytes = MessageSlabs::kClassBytes[2];

}  // namespace

Framer::Framer(MessageSlabs& slabs, sip::HeaderIndex& index, size_t message_bytes_max)
    : slabs_(slabs), index_(index), limit_(std::min(message_bytes_max, sip::kMessageSizeMax)) {}

MessageRef Framer::acquire(size_t size) {
  MessageRef buffer = slabs_.acquire_to_receive(size);
  if (!buffer) wanted_bytes_ = size;
  return buffer;
}

// What waits goes on in another buffer.
void Framer::move_to(MessageRef buffer) {
  const std::string_view text = waiting();
  std::memcpy(buffer.room().data(), text.data(), text.size());
  buffer_ = std::move(buffer);
  filled_ -= begin_;
  begin_ = 0;
}

std::span<char> Framer::room() {
  if (!buffer_) {
    buffer_ = acquire(kSmallBytes);
    if (!buffer_) return {};
  } else if (filled_ == buffer_.capacity()) {
    MessageRef large = filled_ < kLargeBytes ? acquire(kLargeBytes) : MessageRef();
    if (!large) return {};
    move_to(std::move(large));
  }
  return buffer_.room().subspan(filled_);
}

void Framer::received(size_t bytes) {
  filled_ += bytes;
  if (filled_ == 0) buffer_.reset();
}

void Framer::clear() {
  buffer_.reset();
  begin_ = filled_ = searched_ = head_ = needed_ = 0;
  first_line_seen_ = false;
}

Frame Framer::next() {
  Frame frame;
  if (searched_ == 0 && buffer_) frame.pings = skip_line_ends();
  if (frame.pings != 0) {
    frame.status = FrameStatus::Pings;
    return frame;
  }
  // Whether more has come by now is a matter of chance, so it is asked before the head is looked for.
  if (unfinished() && !begins_as_text())
    return refuse(std::min(waiting().size(), kBytesLookedAt),
                  {sip::ParseFault::NotSip, sip::HeaderId::Other, 0});
  const bool head_is_there = unfinished() && find_head(waiting(), frame);
  if (!head_is_there || waiting().size() < needed_) {
    if (frame.status != FrameStatus::NeedBytes) return frame;
    if (!head_is_there && unfinished() && !may_be_sip())
      return refuse(waiting().size(), {sip::ParseFault::NotSip, sip::HeaderId::Other, 0});
    settle();
    return frame;
  }
  const sip::ParsedMessage parsed = sip::parse_message(waiting(), index_, sip::Framing::Stream);
  const size_t size = parsed.status == sip::ParseStatus::Complete ? parsed.used : parsed.needed;
  if (parsed.status == sip::ParseStatus::Malformed) return refuse(head_, parsed.error);
  if (size > limit_)
    return refuse(head_, {sip::ParseFault::TooLarge, sip::HeaderId::ContentLength, 0});
  if (parsed.status == sip::ParseStatus::Complete) return take(parsed);
  needed_ = parsed.needed;
  settle();
  return frame;
}

// RFC 3261 7.5 and RFC 5626 4.4.1: line ends before a message mean nothing, but two CRLFs are a
// ping. How many there were.
uint32_t Framer::skip_line_ends() {
  uint32_t pings = 0;
  for (; begin_ < filled_; ++begin_) {
    const char c = buffer_.data()[begin_];
    if (c != '\r' && c != '\n') {
      ping_matched_ = 0;
      break;
    }
    if (c == kPing[ping_matched_]) {
      ++ping_matched_;
    } else {
      ping_matched_ = c == '\r' ? 1 : 0;
    }
    if (ping_matched_ == kPing.size()) {
      ping_matched_ = 0;
      ++pings;
    }
  }
  return pings;
}

// What speaks TLS or HTTP to us need not be waited for: the first bytes tell the one, and the first
// line the other. It is looked at once.
bool Framer::begins_as_text() const {
  const auto begin = waiting().substr(0, kBytesLookedAt);
  const auto is_control = [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\r' && c != '\n');
  };
  return std::none_of(begin.begin(), begin.end(), is_control);
}

bool Framer::may_be_sip() {
  const std::string_view text = waiting();
  if (first_line_seen_ || text.find('\n') == std::string_view::npos) return true;
  first_line_seen_ = true;
  const sip::ParsedMessage parsed = sip::parse_message(text, index_, sip::Framing::Stream);
  return parsed.status != sip::ParseStatus::Malformed ||
         parsed.error.fault != sip::ParseFault::NotSip;
}

// False when the end of the headers is not there. It may not lie beyond the limit, however much has
// come.
bool Framer::find_head(std::string_view text, Frame& frame) {
  if (head_ != 0) return true;
  const std::string_view searched = text.substr(0, limit_);
  const size_t end = sip::find_end_of_headers(searched, searched_);
  searched_ = searched.size();
  if (end != sip::kNotFound) {
    head_ = end;
  } else if (searched.size() == limit_) {
    frame = refuse(limit_, {sip::ParseFault::TooLarge, sip::HeaderId::Other, 0});
  }
  return end != sip::kNotFound;
}

Frame Framer::take(const sip::ParsedMessage& parsed) {
  const size_t size = parsed.used;
  const size_t rest = waiting().size() - size;
  Frame frame{FrameStatus::Message, 0, {}, parsed};
  // Of the message and what follows it, the smaller part is copied; but the message always, when a
  // smaller slab holds it.
  const bool fits_buffer = is_large() ? size > kSmallBytes : rest == 0 || size > kNextSmallerBytes;
  if (begin_ == 0 && fits_buffer && rest <= size) {
    MessageRef next;
    if (rest != 0) {
      next = acquire(std::max(rest, kSmallBytes));
      if (!next) return {FrameStatus::NeedBuffer, 0, {}, {}};
      std::memcpy(next.room().data(), buffer_.data() + size, rest);
    }
    frame.buffer = std::exchange(buffer_, std::move(next));
    frame.buffer.set_size(size);
    filled_ = rest;
  } else {
    frame.buffer = acquire(size);
    if (!frame.buffer) return {FrameStatus::NeedBuffer, 0, {}, {}};
    std::memcpy(frame.buffer.data(), waiting().data(), size);
    frame.buffer.set_size(size);
    const size_t before = size - parsed.view.text().size();  // line ends
    frame.parsed.view = parsed.view.moved_to(frame.buffer.view().substr(before));
    begin_ += size;
  }
  searched_ = head_ = needed_ = 0;
  first_line_seen_ = false;
  return frame;
}

// Hands out the head alone: how much of the rest has come is a matter of chance.
Frame Framer::refuse(size_t size, const sip::ParseError& error) {
  Frame frame;
  frame.status = FrameStatus::Faulty;
  frame.buffer = std::move(buffer_);
  std::memmove(frame.buffer.data(), frame.buffer.data() + begin_, size);
  frame.buffer.set_size(size);
  clear();
  frame.parsed = sip::parse_message(frame.buffer.view(), index_, sip::Framing::Datagram);
  frame.parsed.status = sip::ParseStatus::Malformed;
  frame.parsed.error = error;
  return frame;
}

// Before more is read: what is unfinished goes to the front of its buffer, out of a large one when
// it needs none, and an empty buffer goes back.
void Framer::settle() {
  const size_t size = filled_ - begin_;
  if (size == 0) return clear();
  if (is_large() && size < kSmallBytes && needed_ <= kSmallBytes) {
    if (MessageRef small = slabs_.acquire_to_receive(kSmallBytes)) return move_to(std::move(small));
  }
  if (begin_ == 0) return;
  std::memmove(buffer_.data(), buffer_.data() + begin_, size);
  filled_ = size;
  begin_ = 0;
}

}  // namespace tipring::transport

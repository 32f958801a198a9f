#include "transport/connection.h"

#include <algorithm>
#include <cstring>

#include "transport/connections.h"

namespace tipring::transport {

namespace {

constexpr size_t kSmallBytes = MessageSlabs::kClassBytes[3];
constexpr size_t kLargeBytes = MessageSlabs::kClassBytes[4];
// A peer that sends without pause must leave the loop to the others.
constexpr int kReadsPerEvent = 8;

}  // namespace

Connection::Connection(Connections& owner, port::Stream& stream, const Flow& flow, bool connected)
    : owner_(owner), shared_(owner.shared()), stream_(&stream), flow_(flow), connected_(connected) {
  stream.set_handler(this);
  if (!connected) {
    shared_.dependencies.timers.start(message_timer_,
                                      shared_.now() + shared_.options.connect_timeout);
  }
  note_traffic();
}

Connection::~Connection() {
  if (stream_ != nullptr) stream_->reset();
}

void Connection::note_traffic() {
  shared_.dependencies.timers.start(idle_timer_, shared_.now() + shared_.options.idle_timeout);
}

// --- in ------------------------------------------------------------------------------------------

void Connection::on_readable(port::Stream&) {
  for (int reads = 0; reads < kReadsPerEvent && !closed() && !close_after_write_; ++reads) {
    if (!read_once()) return;
  }
}

// False when there is nothing more to read for now.
bool Connection::read_once() {
  if (!make_room()) {
    ++shared_.counters.dropped_no_buffer;
    close("no_buffer");
    return false;
  }
  const size_t room = partial_.capacity() - filled_;
  const port::IoResult read = stream_->read(partial_.room().subspan(filled_));
  if (read.status == port::IoStatus::Ok) {
    filled_ += read.bytes;
    note_traffic();
    frame();
    return read.bytes == room;
  }
  if (filled_ == 0) partial_.reset();
  if (read.status == port::IoStatus::Eof) close("closed_by_peer");
  if (read.status == port::IoStatus::Failed) close("read_failed");
  return false;
}

// A buffer with at least one free byte; a message that outgrows the small one moves to a large one.
bool Connection::make_room() {
  if (!partial_) {
    partial_ = shared_.dependencies.slabs.acquire(kSmallBytes);
    filled_ = searched_ = needed_ = 0;
    return static_cast<bool>(partial_);
  }
  if (filled_ < partial_.capacity()) return true;
  if (partial_.capacity() == kLargeBytes) return false;
  MessageRef large = shared_.dependencies.slabs.acquire(kLargeBytes);
  if (!large) return false;
  std::memcpy(large.room().data(), partial_.data(), filled_);
  partial_ = std::move(large);
  return true;
}

// Takes whole messages off the front of what has come.
void Connection::frame() {
  while (!closed() && !close_after_write_ && partial_ && frame_one()) {}
  if (closed()) return;
  if (!partial_ || filled_ == 0) {
    partial_.reset();
    message_timer_.cancel();
  } else if (!message_timer_.armed()) {
    shared_.dependencies.timers.start(message_timer_,
                                      shared_.now() + shared_.options.message_timeout);
  }
}

// False when the next message is not whole yet.
bool Connection::frame_one() {
  if (searched_ == 0 && !skip_empty_lines()) return false;
  const std::string_view text(partial_.data(), filled_);
  if (needed_ == 0) {
    const size_t end = sip::find_end_of_headers(text, searched_);
    searched_ = filled_;
    if (end == sip::kNotFound && filled_ < std::min(shared_.options.message_bytes_max, kLargeBytes))
      return false;
  } else if (filled_ < needed_) {
    return false;
  }
  const sip::ParsedMessage parsed = sip::parse_message(text, owner_.index(), sip::Framing::Stream);
  const bool too_large = parsed.needed > shared_.options.message_bytes_max;
  if (parsed.status == sip::ParseStatus::Incomplete && !too_large) {
    needed_ = parsed.needed;
    if (needed_ == 0) close("headers_too_long");
    return false;
  }
  if (parsed.status == sip::ParseStatus::Complete && !too_large) {
    take_message(parsed);
    return true;
  }
  refuse(parsed);
  return false;
}

// RFC 3261 7.5 and RFC 5626 4.4.1: line ends before a message mean nothing, but two of them are a
// ping and get one back.
bool Connection::skip_empty_lines() {
  size_t skipped = 0;
  while (skipped < filled_ &&
         (partial_.data()[skipped] == '\r' || partial_.data()[skipped] == '\n')) {
    if (partial_.data()[skipped] == '\n' && ++line_ends_ == 2) {
      line_ends_ = 0;
      ++shared_.counters.keepalives;
      static_cast<void>(send(shared_.dependencies.slabs.copy("\r\n"), nullptr, 0).has_value());
      if (closed()) return false;
    }
    ++skipped;
  }
  filled_ -= skipped;
  if (filled_ == 0) return false;
  if (skipped != 0) std::memmove(partial_.data(), partial_.data() + skipped, filled_);
  line_ends_ = 0;
  return true;
}

// Hands up the first message in the buffer it came in; what follows it moves to a buffer of its
// own.
void Connection::take_message(const sip::ParsedMessage& parsed) {
  MessageRef message = std::move(partial_);
  const size_t rest = filled_ - parsed.used;
  filled_ = searched_ = needed_ = 0;
  if (rest != 0) {
    partial_ = shared_.dependencies.slabs.acquire(std::max(rest, kSmallBytes));
    if (!partial_) {
      ++shared_.counters.dropped_no_buffer;
      close("no_buffer");
      return;
    }
    std::memcpy(partial_.room().data(), message.data() + parsed.used, rest);
    filled_ = rest;
  }
  message.set_size(parsed.used);
  deliver(shared_, parsed, message, flow_);
}

// Nothing after a message that cannot be framed can be trusted: the answer goes out, then the
// connection ends.
void Connection::refuse(const sip::ParsedMessage& parsed) {
  sip::ParsedMessage faulty = parsed;
  if (faulty.status != sip::ParseStatus::Malformed) {
    faulty.status = sip::ParseStatus::Malformed;
    faulty.error = {sip::ParseFault::TooLarge, sip::HeaderId::ContentLength, 0};
  }
  MessageRef message = std::move(partial_);
  message.set_size(filled_);
  filled_ = searched_ = needed_ = 0;
  close_after_write_ = true;
  deliver(shared_, faulty, message, flow_);
  if (!closed() && queue_count_ == 0) close("malformed");
}

// --- out -----------------------------------------------------------------------------------------

Result<void> Connection::send(MessageRef message, SendObserver* observer, uint64_t tag) {
  if (closed()) return Error::Closed;
  if (!message || queue_count_ == kQueueMax) return Error::PoolExhausted;
  queued(queue_count_) = {std::move(message), observer, tag};
  ++queue_count_;
  note_traffic();
  if (connected_ && queue_count_ == 1) write_queue();
  return {};
}

void Connection::write_queue() {
  while (queue_count_ != 0 && !closed()) {
    std::array<std::span<const char>, port::Stream::kPiecesMax> pieces;
    const size_t count = std::min(queue_count_, pieces.size());
    for (size_t i = 0; i < count; ++i)
      pieces[i] = {queued(i).message.data(), queued(i).message.size()};
    pieces[0] = pieces[0].subspan(head_sent_);
    const port::IoResult written = stream_->write(std::span(pieces).first(count));
    if (written.status == port::IoStatus::WouldBlock) return stream_->want_write(true);
    if (written.status != port::IoStatus::Ok) return close("write_failed");
    head_sent_ += written.bytes;
    while (queue_count_ != 0 && head_sent_ >= queued(0).message.size()) {
      head_sent_ -= queued(0).message.size();
      queued(0) = {};
      queue_head_ = (queue_head_ + 1) % kQueueMax;
      --queue_count_;
      ++shared_.counters.sent;
    }
  }
  if (closed()) return;
  stream_->want_write(false);
  if (close_after_write_) close("malformed");
}

void Connection::on_writable(port::Stream&) { write_queue(); }

void Connection::on_connected(port::Stream& stream) {
  connected_ = true;
  flow_.local = stream.local();
  message_timer_.cancel();
  write_queue();
}

// --- the end -------------------------------------------------------------------------------------

void Connection::on_connect_failed(port::Stream&, int error) {
  shared_.dependencies.log.debug("connect_failed", kv("errno", error));
  close("connect_failed");
}

void Connection::on_message_timeout(Millis) {
  close(connected_ ? "message_timeout" : "connect_timeout");
}
void Connection::on_idle_timeout(Millis) { close("idle"); }

void Connection::close(std::string_view why) {
  if (closed()) return;
  char remote[port::kAddressTextMax];
  shared_.dependencies.log.debug(
      "connection_closed", kv("remote", port::write_address(flow_.remote, remote)), kv("why", why));
  stream_->close();
  stream_ = nullptr;
  message_timer_.cancel();
  idle_timer_.cancel();
  partial_.reset();
  filled_ = 0;
  for (; queue_count_ != 0; --queue_count_) {
    const Outgoing waiting = std::move(queued(0));
    queued(0) = {};
    queue_head_ = (queue_head_ + 1) % kQueueMax;
    shared_.fail(waiting.observer, waiting.tag, Error::Closed);
  }
  owner_.on_closed(*this);
}

}  // namespace tipring::transport

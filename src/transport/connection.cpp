#include "transport/connection.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "transport/connections.h"

namespace tipring::transport {

namespace {

constexpr int kDropsPerEvent = 8;
// Pongs for pings that came together; who sends more of them is no phone.
constexpr uint32_t kPongsMax = 128;
constexpr std::string_view kPong = "\r\n";

bool is_response(std::string_view message) { return starts_with(message, "SIP/2.0 "); }

bool is_final_response(std::string_view message) {
  constexpr size_t kStatusAt = 8;
  return is_response(message) && message.size() > kStatusAt && message[kStatusAt] >= '2';
}

}  // namespace

Connection::Connection(Connections& owner, port::Stream& stream, const Flow& flow, Source* source,
                       bool connected)
    : owner_(owner),
      shared_(owner.shared()),
      stream_(&stream),
      flow_(flow),
      source_(source),
      state_(connected ? State::Open : State::Connecting),
      spoken_(!connected),
      framer_(shared_.dependencies.slabs, owner.index(), shared_.options.message_bytes_max) {
  stream.set_handler(this);
  if (!connected) start(phase_timer_, shared_.options.connect_timeout);
  start(idle_timer_, connected ? shared_.options.silence_timeout : shared_.options.idle_timeout);
}

Connection::~Connection() {
  if (stream_ != nullptr) stream_->reset();
}

void Connection::start(Timer& timer, Millis after) {
  shared_.dependencies.timers.start(timer, shared_.now() + after);
}

// --- in ------------------------------------------------------------------------------------------

void Connection::on_readable(port::Stream&) {
  for (size_t taken = 0; taken < kBytesPerEvent && state_ == State::Open && !paused_;) {
    if (!read_once(taken)) break;
  }
  if (state_ == State::Ending && !end_of_input_) drop_input();
}

// False when there is nothing more to read for now.
bool Connection::read_once(size_t& taken) {
  const std::span<char> room = framer_.room();
  if (room.empty()) {
    starve();
    return false;
  }
  const port::IoResult read = stream_->read(room);
  framer_.received(read.status == port::IoStatus::Ok ? read.bytes : 0);
  switch (read.status) {
    case port::IoStatus::WouldBlock: return false;
    case port::IoStatus::Failed: abort(ConnectionEnd::Reset, read.error); return false;
    case port::IoStatus::Eof: on_end_of_input(); return false;
    case port::IoStatus::Ok: break;
  }
  taken += read.bytes;
  note_traffic();
  frame();
  return read.bytes == room.size();
}

// Who has said nothing yet gets no more time by sending some of it, or pings.
void Connection::note_traffic() {
  if (spoken_ && state_ != State::HalfOpen) start(idle_timer_, shared_.options.idle_timeout);
}

void Connection::hand_up(const Frame& frame) {
  delivering_ = true;
  deliver(shared_, frame.parsed, frame.buffer, flow_);
  delivering_ = false;
}

// Takes whole messages off the front of what has come.
void Connection::frame() {
  bool completed = false;
  while (state_ == State::Open) {
    if (queue_count_ >= kQueueHeldBack) return hold_back();
    const Frame frame = framer_.next();
    switch (frame.status) {
      case FrameStatus::Message:
        completed = true;
        if (frame.parsed.view.is_request() && frame.parsed.view.method() != sip::Method::Ack)
          ++unanswered_;
        if (!spoken_) owner_.note_spoken(*this);
        spoken_ = true;
        note_traffic();
        hand_up(frame);
        break;
      case FrameStatus::Pings: answer_pings(frame.pings); break;
      case FrameStatus::Faulty: return refuse(frame);
      case FrameStatus::NeedBuffer: return starve();
      case FrameStatus::NeedBytes: return wait_for_rest(completed);
    }
  }
}

// Each message has its own time: one that began behind another starts anew.
void Connection::wait_for_rest(bool restart) {
  if (!framer_.unfinished()) {
    phase_timer_.cancel();
  } else if (restart || !phase_timer_.armed()) {
    start(phase_timer_, shared_.options.message_timeout);
  }
  owner_.note_unfinished(*this, restart);
}

// The peer is held back until a buffer is free, but not for ever.
void Connection::starve() {
  if (!phase_timer_.armed()) start(phase_timer_, shared_.options.message_timeout);
  paused_ = true;
  stream_->want_read(false);
  shared_.note_shortage();
  owner_.note_unfinished(*this, false);
  owner_.note_starved(*this);
}

// What he does not read of our answers he gets no more of by asking on. The time for writing is
// what bounds this.
void Connection::hold_back() {
  paused_ = held_back_ = true;
  phase_timer_.cancel();
  stream_->want_read(false);
  owner_.note_unfinished(*this, false);
}

// He has read on.
void Connection::drained() {
  if (!held_back_ || state_ != State::Open || queue_count_ >= kQueueHeldBack) return;
  held_back_ = false;
  resume();
}

void Connection::resume() {
  paused_ = false;
  stream_->want_read(true);
  frame();
}

void Connection::answer_pings(uint32_t count) {
  shared_.counters.keepalives += count;
  std::array<char, kPongsMax * kPong.size()> pongs;
  const size_t size = std::min(count, kPongsMax) * kPong.size();
  for (size_t i = 0; i < size; ++i) pongs[i] = kPong[i % kPong.size()];
  // Who does not read gets none.
  static_cast<void>(
      send(shared_.dependencies.slabs.copy({pongs.data(), size}), flow_.remote.port, nullptr, 0)
          .has_value());
}

// Nothing after a message that cannot be framed can be trusted: the answer goes out, if there is
// one, then the connection ends.
void Connection::refuse(const Frame& faulty) {
  const uint64_t before = accepted_;
  hand_up(faulty);
  if (!usable()) return;
  const bool not_sip = faulty.parsed.error.fault == sip::ParseFault::NotSip;
  end_reason_ = not_sip ? ConnectionEnd::NotSip : ConnectionEnd::Malformed;
  if (accepted_ == before) return close(end_reason_);
  begin_end();
}

// --- out -----------------------------------------------------------------------------------------

bool Connection::takes(std::string_view message) const {
  return usable() || (state_ == State::HalfOpen && is_response(message));
}

Result<void> Connection::send(MessageRef message, uint16_t port, SendObserver* observer,
                              uint64_t tag) {
  if (!message || queue_count_ == kQueueMax) return Error::PoolExhausted;
  if (!takes(message.view())) return Error::Closed;
  queued(queue_count_) = {std::move(message), port, observer, tag};
  ++queue_count_;
  ++accepted_;
  count_reply(queued(queue_count_ - 1).message.view());
  if (observer != nullptr) owner_.note_proven(*this);
  note_traffic();
  if (state_ == State::Connecting || clogged_) return {};
  // Large buffers are few.
  const bool large = queued(queue_count_ - 1).message.capacity() > Framer::kSmallBytes;
  if (large || queue_count_ == kWrittenTogether) {
    write();
  } else {
    owner_.note_unwritten(*this);
  }
  return {};
}

void Connection::limit_connect(Millis most) {
  const bool sooner = phase_timer_.deadline() > shared_.now() + most;
  if (state_ == State::Connecting && sooner) start(phase_timer_, most);
}

void Connection::count_reply(std::string_view message) {
  if (unanswered_ != 0 && is_final_response(message)) --unanswered_;
}

void Connection::write() {
  in_unwritten.unlink();
  while (queue_count_ != 0) {
    std::array<std::span<const char>, port::Stream::kPiecesMax> pieces;
    const size_t count = std::min(queue_count_, pieces.size());
    for (size_t i = 0; i < count; ++i)
      pieces[i] = {queued(i).message.data(), queued(i).message.size()};
    pieces[0] = pieces[0].subspan(head_sent_);
    const port::IoResult written = stream_->write(std::span(pieces).first(count));
    if (written.status == port::IoStatus::WouldBlock) {
      if (!write_timer_.armed()) start(write_timer_, shared_.options.write_timeout);
      clogged_ = true;
      return stream_->want_write(true);
    }
    if (written.status != port::IoStatus::Ok) return abort(ConnectionEnd::Reset, written.error);
    // Each message has its own time, or who takes a byte now and then would hold many for long.
    if (note_written(written.bytes)) write_timer_.cancel();
  }
  if (clogged_) stream_->want_write(false);
  clogged_ = false;
  if (state_ == State::Ending) finish();
}

// True when a message has gone.
bool Connection::note_written(size_t bytes) {
  const size_t before = queue_count_;
  head_sent_ += bytes;
  while (queue_count_ != 0 && head_sent_ >= queued(0).message.size()) {
    head_sent_ -= queued(0).message.size();
    note_sent(take_first());
    ++shared_.counters.sent;
  }
  return queue_count_ != before;
}

void Connection::note_sent(Outgoing sent) {
  if (state_ != State::HalfOpen) return note_request(sent);
  const auto free = std::find_if(unconfirmed_.begin(), unconfirmed_.end(),
                                 [](const Outgoing& one) { return !one.message; });
  if (free != unconfirmed_.end()) *free = std::move(sent);
  start(phase_timer_, kConfirmAfter);
}

// Responses are not noted: who has lost a connection asks again.
void Connection::note_request(const Outgoing& sent) {
  if (sent.observer == nullptr || is_response(sent.message.view())) return;
  requesters_[requests_++ % kRequestersMax] = {sent.observer, sent.tag};
  last_request_at_ = shared_.now();
}

Connection::Outgoing Connection::take_first() {
  Outgoing first = std::exchange(queued(0), {});
  queue_head_ = (queue_head_ + 1) % kQueueMax;
  --queue_count_;
  return first;
}

void Connection::on_writable(port::Stream&) {
  write();
  drained();
}

void Connection::on_connected(port::Stream& stream) {
  state_ = State::Open;
  flow_.local = stream.local();
  phase_timer_.cancel();
  write();
}

// --- the end -------------------------------------------------------------------------------------

// Most peers that end their side have ended altogether, and their replies belong to the Via's port
// (RFC 3261 18.2.2). But one may have said all that it wanted to ask, and wait for the answers.
void Connection::on_end_of_input() {
  end_of_input_ = true;
  if (unanswered_ == 0) return begin_end();
  state_ = State::HalfOpen;
  framer_.clear();
  owner_.on_ending(*this);
  stream_->want_read(false);
  phase_timer_.cancel();
  start(idle_timer_, shared_.options.silence_timeout);
  owner_.note_half_open(*this);
}

// Some time after replies to a half-open peer: either it has reset the connection or it has them.
void Connection::confirm() {
  const port::IoResult probe = stream_->write({});
  if (probe.status == port::IoStatus::Failed) return abort(ConnectionEnd::Reset, probe.error);
  unconfirmed_.fill({});
  if (unanswered_ == 0 && queue_count_ == 0) close(end_reason_);
}

// From here on the peer counts as gone, but what waits for it is still written.
void Connection::begin_end() {
  state_ = State::Ending;
  framer_.clear();
  owner_.on_ending(*this);
  phase_timer_.cancel();
  if (end_of_input_) stream_->want_read(false);
  if (queue_count_ == 0) finish();
}

// All is written. A close with bytes unread would be a RST that destroys what is under way (RFC
// 2525 2.17), so a peer that still sends gets a moment to read our answer.
void Connection::finish() {
  if (end_of_input_) return close(end_reason_);
  start(phase_timer_, kLastWords);
}

void Connection::drop_input() {
  for (int reads = 0; reads < kDropsPerEvent; ++reads) {
    const port::IoResult read = stream_->read(owner_.waste());
    if (read.status == port::IoStatus::Ok) continue;
    if (read.status == port::IoStatus::Failed) return abort(ConnectionEnd::Reset, read.error);
    if (read.status == port::IoStatus::WouldBlock) return;
    end_of_input_ = true;
    stream_->want_read(false);
    if (queue_count_ == 0) close(end_reason_);
    return;
  }
}

void Connection::on_connect_failed(port::Stream&, int error) {
  abort(ConnectionEnd::ConnectFailed, error);
}

void Connection::on_phase_timeout(Millis) {
  if (state_ == State::HalfOpen) return confirm();
  if (state_ == State::Ending) return close(end_reason_);
  abort(state_ == State::Connecting ? ConnectionEnd::ConnectTimeout
                                    : ConnectionEnd::MessageTimeout);
}

// What the kernel has taken already can be much: it alone would keep it for a quarter of an hour.
void Connection::on_write_timeout(Millis) { abort(ConnectionEnd::WriteTimeout); }

void Connection::on_idle_timeout(Millis now) {
  if (state_ == State::Open && now < kept_until_) return start(idle_timer_, kept_until_ - now);
  if (state_ == State::HalfOpen) return close(end_reason_);
  close(spoken_ ? ConnectionEnd::Idle : ConnectionEnd::Silent);
}

void Connection::close(ConnectionEnd end) {
  if (in_unwritten.linked()) write();
  if (state_ == State::Closed) return;
  owner_.log_end(*this, end, 0);
  requesters_.fill({});
  unconfirmed_.fill({});
  stream_->close();
  release(end);
}

void Connection::abort(ConnectionEnd end, int error) {
  if (state_ == State::Closed) return;
  owner_.log_end(*this, end, error);
  const bool by_peer_or_net = error != 0;
  if (!by_peer_or_net || shared_.now() - last_request_at_ > kRequestFresh) requesters_.fill({});
  stream_->reset();
  release(end);
}

void Connection::displace() {
  abort(ConnectionEnd::Displaced);
  queue_.fill({});
  unconfirmed_.fill({});
  queue_count_ = 0;
}

void Connection::release(ConnectionEnd end) {
  if (state_ == State::Connecting) end_ = Error::Unreachable;
  ++shared_.counters.connections_ended[static_cast<size_t>(end)];
  state_ = State::Closed;
  stream_ = nullptr;
  phase_timer_.cancel();
  write_timer_.cancel();
  idle_timer_.cancel();
  framer_.clear();
  owner_.on_closed(*this, std::exchange(source_, nullptr));
}

void Connection::fail(SendObserver* observer, uint64_t tag, Error error) {
  ++shared_.counters.send_failed;
  if (observer != nullptr) observer->on_send_failed(tag, error);
}

bool Connection::settle_one() {
  for (Outgoing& unconfirmed : unconfirmed_) {
    if (!unconfirmed.message) continue;
    settle(std::exchange(unconfirmed, {}));
    return true;
  }
  if (queue_count_ == 0) {
    const auto next = std::find_if(requesters_.begin(), requesters_.end(),
                                   [](const Requester& one) { return one.observer != nullptr; });
    if (next == requesters_.end()) return false;
    const Requester requester = std::exchange(*next, {});
    fail(requester.observer, requester.tag, end_);
    return true;
  }
  settle(take_first());
  return true;
}

void Connection::settle(Outgoing unsent) {
  Result<void> outcome = end_;
  if (unsent.port != flow_.remote.port) {
    Flow second_way = flow_;
    second_way.connection = {};
    second_way.remote.port = unsent.port;
    outcome = owner_.send(std::move(unsent.message), second_way, unsent.observer, unsent.tag);
  }
  if (!outcome) fail(unsent.observer, unsent.tag, outcome.error());
}

}  // namespace tipring::transport

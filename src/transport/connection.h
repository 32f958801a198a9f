// One stream connection: what comes in goes through a framer, what goes out waits in a short queue,
// and timers bound what a peer may hold. RFC 3261 18.3 and 18.4, RFC 5626 3.5.1.
//
// Messages of one turn of the loop are written together, by Connections::write() at its end; before
// it when kWrittenTogether of them wait, or a large one.
//
// Any call may end the connection, also from within its own callbacks: the object itself lives
// until Connections::reap() at the end of the turn.
#pragma once

#include <array>
#include <cstdint>

#include "core/hash_table.h"
#include "core/list.h"
#include "core/timer_wheel.h"
#include "transport/connection_end.h"
#include "transport/framer.h"
#include "transport/shared.h"

namespace tipring::transport {

class Connections;
struct Source;

class Connection final : private port::StreamHandler {
 public:
  static constexpr size_t kQueueMax = 32;  // messages that wait for a slow peer
  // From so many on nothing more is read of him: the others are for what comes from elsewhere.
  static constexpr size_t kQueueHeldBack = 16;
  // So many do not wait for the turn's end.
  static constexpr size_t kWrittenTogether = 8;
  // Read in one turn of the loop. A peer that sends without pause must leave it to the others.
  static constexpr size_t kBytesPerEvent = 8192;
  // Requests that are told of when the peer resets the connection right behind them. They may not
  // have been read, and whoever has lost the connection will not answer: RFC 3261 18.4.
  static constexpr size_t kRequestersMax = 8;
  static constexpr Millis kRequestFresh{5000};
  // How long a refused peer may go on sending, so that a RST does not overtake our answer.
  static constexpr Millis kLastWords{500};
  // A reply to a peer that has ended its side: when no RST has come by then (T1, an estimate of the
  // round trip), he reads it.
  static constexpr Millis kConfirmAfter{500};
  static constexpr size_t kUnconfirmedMax = 4;

  // `source`: where it is counted, if anywhere.
  Connection(Connections& owner, port::Stream& stream, const Flow& flow, Source* source,
             bool connected);
  ~Connection();

  const Flow& flow() const { return flow_; }
  void set_handle(Handle<Connection> handle) { flow_.connection = handle; }

  // Takes new messages: neither closed nor about to be.
  bool usable() const { return state_ == State::Connecting || state_ == State::Open; }
  // A peer that has ended its own side may still read responses.
  bool takes(std::string_view message) const;

  // It must be up by then, if it is not yet: what waits for it has another way to go.
  void limit_connect(Millis most);

  // When the connection fails meanwhile the message goes to `port` of the peer, if that is another
  // one: for a response the port of the Via (RFC 3261 18.2.2).
  // Errors: PoolExhausted (the peer is too slow), Closed.
  Result<void> send(MessageRef message, uint16_t port, SendObserver* observer, uint64_t tag);

  // All that waits, as far as the kernel takes it.
  void write();

  // Ends the connection now, after what the kernel takes. The rest has failed.
  void close(ConnectionEnd end);
  // The same, but the peer sees RST and the kernel keeps nothing.
  void abort(ConnectionEnd end, int error = 0);
  // The same for another's sake, and what waits is forgotten.
  void displace();

  // For want of traffic it does not end before.
  void keep(Millis until) { kept_until_ = std::max(kept_until_, until); }
  // Whoever looks at its message must not lose it.
  bool delivering() const { return delivering_; }

  // Of one that has closed: deals with the next message that did not arrive, by sending it on its
  // second way or telling its observer. False when none is left.
  bool settle_one();

  // A buffer may be free again.
  void resume();
  const Framer& framer() const { return framer_; }

  // For Connections.
  HashNode by_peer;
  ListNode in_closed;
  ListNode in_unfinished;
  ListNode in_large;
  ListNode in_half_open;
  ListNode in_starved;
  ListNode in_unproven;
  ListNode in_unwritten;

 private:
  enum class State : uint8_t {
    Connecting,
    Open,
    HalfOpen,  // the peer has ended its side, before all its requests were answered
    Ending,    // what waits is still written, nothing new is taken, what comes is thrown away
    Closed,
  };

  struct Outgoing {
    MessageRef message;
    uint16_t port = 0;  // of the peer, for another connection
    SendObserver* observer = nullptr;
    uint64_t tag = 0;
  };

  // Who sent a request.
  struct Requester {
    SendObserver* observer = nullptr;
    uint64_t tag = 0;
  };

  void on_connected(port::Stream& stream) override;
  void on_readable(port::Stream& stream) override;
  void on_writable(port::Stream& stream) override;
  void on_connect_failed(port::Stream& stream, int error) override;
  void on_phase_timeout(Millis now);
  void on_write_timeout(Millis now);
  void on_idle_timeout(Millis now);

  bool read_once(size_t& taken);
  void frame();
  void hand_up(const Frame& frame);
  void note_traffic();
  void hold_back();
  void drained();
  void wait_for_rest(bool restart);
  void starve();
  void answer_pings(uint32_t count);
  void refuse(const Frame& faulty);
  void on_end_of_input();
  void begin_end();
  void drop_input();
  void finish();
  void release(ConnectionEnd end);

  bool note_written(size_t bytes);
  void note_sent(Outgoing sent);
  void note_request(const Outgoing& sent);
  void count_reply(std::string_view message);
  void confirm();
  void settle(Outgoing unsent);
  void fail(SendObserver* observer, uint64_t tag, Error error);
  Outgoing take_first();
  void start(Timer& timer, Millis after);
  Outgoing& queued(size_t index) { return queue_[(queue_head_ + index) % kQueueMax]; }

  Connections& owner_;
  Shared& shared_;
  port::Stream* stream_;
  Flow flow_;
  Source* source_;
  State state_;
  Error end_ = Error::Closed;  // what those hear whose messages were not sent
  ConnectionEnd end_reason_ = ConnectionEnd::ClosedByPeer;  // once it is Ending
  bool end_of_input_ = false;
  bool spoken_ = false;     // a message has come, or it is our own connection
  bool paused_ = false;     // nothing is read: for want of a buffer, or since he does not read
  bool held_back_ = false;  // of these, the latter
  bool delivering_ = false;
  bool clogged_ = false;  // the kernel takes no more for now
  Millis kept_until_{0};
  Framer framer_;

  std::array<Outgoing, kQueueMax> queue_;
  size_t queue_head_ = 0;
  size_t queue_count_ = 0;
  size_t head_sent_ = 0;     // bytes of the first one that have gone
  uint64_t accepted_ = 0;    // messages for this connection, ever
  uint32_t unanswered_ = 0;  // requests that came and have no final response yet
  std::array<Outgoing, kUnconfirmedMax> unconfirmed_;
  std::array<Requester, kRequestersMax> requesters_;
  size_t requests_ = 0;
  Millis last_request_at_{0};

  // Of connecting, of an unfinished message, of confirming, of the last words.
  MemberTimer<Connection, &Connection::on_phase_timeout> phase_timer_{*this};
  MemberTimer<Connection, &Connection::on_write_timeout> write_timer_{*this};
  MemberTimer<Connection, &Connection::on_idle_timeout> idle_timer_{*this};
};

}  // namespace tipring::transport

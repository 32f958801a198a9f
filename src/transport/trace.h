// The SIP messages of one number or one peer, or all, kept for an operator to read: a ring of fixed
// size, in which the newest push out the oldest. Off, it costs one look at a flag. A trace of one
// ends by itself, so that one that was forgotten does not go on for ever.
//
// Nothing secret gets into the ring: see mask_secrets().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/timer_wheel.h"
#include "port/loop.h"
#include "sip/message.h"
#include "transport/flow.h"

namespace tipring::transport {

struct TraceEntry {
  uint64_t number = 0;  // from 1 on without a gap: one that is missing was pushed out
  Millis wall{0};
  bool sent = false;
  sip::Transport transport = sip::Transport::Udp;
  port::SocketAddress local;
  port::SocketAddress remote;
  std::string_view text;  // good until the next record
  size_t size = 0;        // of the message; more than the text has where that was cut
};

// Told of each message that is kept, as it is kept.
class TraceSink {
 public:
  virtual void on_traced(const TraceEntry& entry) = 0;

 protected:
  ~TraceSink() = default;
};

class Trace {
 public:
  static constexpr size_t kSubjectMax = 64;

  static void plan(uint32_t kib, MemoryPlan& plan);

  // Borrows all. `kib` 0: there is no ring, and it cannot be started.
  Trace(Arena& arena, uint32_t kib, const port::Clock& clock, const port::Loop& loop,
        TimerWheel& timers, Log& log);

  // Every message is kept from now on, whatever the subject. Of no effect without a ring.
  void keep_all() { all_ = has_ring(); }
  void set_sink(TraceSink& sink) { sink_ = &sink; }
  bool keeps_all() const { return all_; }

  bool is_armed() const { return on_; }  // there is a subject
  bool on() const { return on_ || all_; }
  bool has_ring() const { return !ring_.empty(); }

  // Traces `subject` for so long: an address means all messages from and to it; anything else is
  // the user part of the Request-URI, From or To ("bob", also written as "bob@example.com"). One
  // that is on is replaced; what the ring has stays. Errors: Unsupported (no ring), TooLong, Invalid
  // (an empty subject).
  Result<void> start(std::string_view subject, Millis duration);
  void stop();

  std::string_view subject() const { return {subject_.data(), subject_size_}; }
  Millis left() const;  // 0 when it is off

  uint64_t recorded() const { return last_number_; }  // messages, ever

  // REQUIRES: on(). Each looks whether the message belongs to the subject.
  void received(const sip::MessageView& message, std::string_view text, const Flow& flow);
  void sent(std::string_view text, const Flow& flow);

  // The oldest entry with at least this number; nothing when there is none yet.
  std::optional<TraceEntry> find(uint64_t number) const;

 private:
  struct Record {
    uint64_t number;
    Millis wall;
    uint32_t bytes;  // of the record with its text
    uint32_t text_bytes;
    uint64_t size;
    port::SocketAddress local;
    port::SocketAddress remote;
    sip::Transport transport;
    bool sent;
  };

  bool concerns(const sip::MessageView& message) const;
  bool is_subject(std::string_view uri) const;
  void record(std::string_view text, const Flow& flow, bool sent);
  std::span<std::byte> make_room(size_t bytes);
  Record read_record(size_t at) const;
  void drop_oldest();
  void on_end(Millis now);

  const port::Clock& clock_;
  const port::Loop& loop_;
  TimerWheel& timers_;
  Log& log_;
  std::span<std::byte> ring_;
  size_t oldest_ = 0;   // offset of the first record
  size_t next_ = 0;     // where the next one goes
  size_t turn_at_ = 0;  // where the records end that stand before the ring's end
  size_t count_ = 0;
  uint64_t last_number_ = 0;
  bool all_ = false;
  TraceSink* sink_ = nullptr;
  bool on_ = false;
  Millis until_{0};
  std::array<char, kSubjectMax> subject_{};
  size_t subject_size_ = 0;
  std::optional<port::IpAddress> address_;  // where the subject is one
  sip::HeaderIndex index_;
  MemberTimer<Trace, &Trace::on_end> end_{*this};
};

// Overwrites with "*" what could be used by someone who reads it: in credentials and challenges the
// response, nonces and what proves knowledge of them (RFC 7616 3.3 to 3.5), all of any other scheme
// than Digest; passwords in URIs (RFC 3261 19.1.1); media keys in a session description (RFC 4568
// 6.1, RFC 4566 5.12). Whatever the bytes are, it stays within them, and their number is the same.
void mask_secrets(std::span<char> message);
// The passwords in URIs alone.
void mask_uri_passwords(std::span<char> line);

}  // namespace tipring::transport

// The SIP messages of one number or one peer, or all, and between them what was decided about them,
// kept for an operator to read: a ring of fixed size, in which the newest push out the oldest. Off, it
// costs one look at a flag. A trace of one ends by itself, so that one that was forgotten does not go
// on for ever.
//
// Nothing secret gets out of the ring: what is read or exported is masked first (mask_secrets()), in its
// place and once. What nobody reads is never looked at, so that keeping a message costs one copy.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/recent_hashes.h"
#include "core/timer_wheel.h"
#include "port/loop.h"
#include "sip/message.h"
#include "transport/decision.h"
#include "transport/flow.h"

namespace tipring::transport {

enum class TraceKind : uint8_t { Received, Sent, Decided };

struct TraceEntry {
  uint64_t number = 0;  // from 1 on without a gap: one that is missing was pushed out
  Millis wall{0};
  TraceKind kind = TraceKind::Received;
  bool of_subject = false;  // there was one, and it is about that
  // Of a message.
  sip::Transport transport = sip::Transport::Udp;
  port::SocketAddress local;
  port::SocketAddress remote;
  size_t size = 0;  // more than the text has where that was cut
  // All are good until the next entry.
  std::string_view text;  // the message; or the values of the decision, each with kValueEnd
  // Of a decision.
  Decision decision = Decision::Refused;
  std::string_view call_id;  // what it is about
  std::string_view joins;    // the Call-ID of another leg of that call; mostly empty
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
  Trace(Arena& arena, uint32_t kib, const HashKey& key, const port::Clock& clock,
        const port::Loop& loop, TimerWheel& timers, Log& log);

  // Everything is kept from now on, whatever the subject. Of no effect without a ring.
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

  uint64_t recorded() const { return last_number_; }  // entries, ever

  // REQUIRES of all three: on(). What does not belong to the subject is kept where everything is.
  void received(const sip::MessageView& message, std::string_view text, const Flow& flow);
  void sent(std::string_view text, const Flow& flow);
  // What the server has decided about the dialog of that Call-ID. No value may be a secret. `joins`: it
  // has begun another leg of the same call.
  void decided(std::string_view call_id, Decision what,
               std::initializer_list<DecisionValue> values = {}, std::string_view joins = {});

  // The oldest entry with at least this number; nothing when there is none yet.
  std::optional<TraceEntry> find(uint64_t number);

 private:
  struct Record {
    uint64_t number;
    uint32_t bytes;  // of the record with its texts
    uint32_t text_bytes;
    uint16_t call_id_bytes;  // texts stand behind one another: text, call_id, joins
    uint16_t joins_bytes;
    TraceKind kind;
    Decision decision;
    sip::Transport transport;
    bool is_masked;
    bool of_subject;
    uint64_t size;
    Millis wall;
    port::SocketAddress local;
    port::SocketAddress remote;
  };

  bool concerns(const sip::MessageView& message) const;
  bool is_subject(std::string_view uri) const;
  bool is_about(std::string_view text, const Flow& flow);
  void note_call(std::string_view call_id);
  uint64_t hash_of(std::string_view call_id) const;
  void record(std::string_view text, const Flow& flow, TraceKind kind, bool of_subject);
  TraceEntry entry_at(size_t at);
  std::span<std::byte> make_room(size_t bytes);
  size_t bytes_at(size_t at) const;
  uint64_t number_at(size_t at) const;
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
  HashKey calls_key_;
  RecentHashes<8> calls_;  // Call-IDs of messages of the subject
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

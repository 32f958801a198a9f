// One stream connection: framing of what comes in, a short queue of what goes out, and its timers.
// RFC 3261 18.3 and 18.4, RFC 5626 3.5.1.
#pragma once

#include <array>
#include <cstdint>

#include "core/hash_table.h"
#include "core/list.h"
#include "core/timer_wheel.h"
#include "transport/shared.h"

namespace tipring::transport {

class Connections;

class Connection final : private port::StreamHandler {
 public:
  static constexpr size_t kQueueMax = 32;  // messages that wait for a slow peer

  Connection(Connections& owner, port::Stream& stream, const Flow& flow, bool connected);
  ~Connection();

  const Flow& flow() const { return flow_; }
  void set_handle(Handle<Connection> handle) { flow_.connection = handle; }
  bool closed() const { return stream_ == nullptr; }

  // Errors: PoolExhausted (the peer is too slow), Closed.
  Result<void> send(MessageRef message, SendObserver* observer, uint64_t tag);

  // Ends the connection now; observers of what waits hear of it.
  void close(std::string_view why);

  // For Connections.
  HashNode hash_node;
  ListNode list_node;

 private:
  struct Outgoing {
    MessageRef message;
    SendObserver* observer = nullptr;
    uint64_t tag = 0;
  };

  void on_connected(port::Stream& stream) override;
  void on_readable(port::Stream& stream) override;
  void on_writable(port::Stream& stream) override;
  void on_connect_failed(port::Stream& stream, int error) override;
  void on_message_timeout(Millis now);
  void on_idle_timeout(Millis now);

  bool read_once();
  bool make_room();
  void frame();
  bool frame_one();
  bool skip_empty_lines();
  void take_message(const sip::ParsedMessage& parsed);
  void refuse(const sip::ParsedMessage& parsed);
  void write_queue();
  void note_traffic();
  Outgoing& queued(size_t index) { return queue_[(queue_head_ + index) % kQueueMax]; }

  Connections& owner_;
  Shared& shared_;
  port::Stream* stream_;
  Flow flow_;
  bool connected_;
  bool close_after_write_ = false;

  // What has come of the next message. No buffer while nothing has.
  MessageRef partial_;
  size_t filled_ = 0;
  size_t searched_ = 0;    // for the end of the headers
  size_t needed_ = 0;      // once the headers are there: the size of the whole
  uint8_t line_ends_ = 0;  // of the empty lines before the next message

  std::array<Outgoing, kQueueMax> queue_;
  size_t queue_head_ = 0;
  size_t queue_count_ = 0;
  size_t head_sent_ = 0;  // bytes of the first one that have gone

  MemberTimer<Connection, &Connection::on_message_timeout> message_timer_{*this};
  MemberTimer<Connection, &Connection::on_idle_timeout> idle_timer_{*this};
};

}  // namespace tipring::transport

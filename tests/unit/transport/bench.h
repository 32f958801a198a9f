// A transport layer on a simulated host, with a handler that keeps what it is given, and peers that
// speak to it byte by byte from another host.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "port/sim/sim_host.h"
#include "sip/headers.h"
#include "transport/transport.h"

namespace tipring::transport {

inline port::IpAddress ip(std::string_view text) {
  const auto parsed = port::parse_ip(text);
  REQUIRE(parsed);
  return *parsed;
}
inline port::SocketAddress at(std::string_view host, uint16_t port) { return {ip(host), port}; }

// A request that is whole, unless a test says otherwise.
struct Request {
  std::string via = "SIP/2.0/TCP 10.0.0.2:5060;branch=z9hG4bK1";
  std::string call_id = "c1";
  std::string body;
  std::optional<std::string> length;  // empty: no Content-Length; nothing: the right one
  std::string extra;                  // whole lines

  std::string text() const;
};
std::string response(int status, const std::string& body = "");

// A message, as it was handed up.
struct Heard {
  std::string text;
  std::string call_id;
  Flow flow;
  size_t buffer_bytes = 0;  // of the slab that it came in
  std::optional<sip::ParseFault> fault;
  Millis at{0};
};

struct BenchOptions {
  std::vector<std::string_view> addresses = {"10.0.0.1"};
  std::vector<ListenPoint> listen = {{sip::Transport::Udp, at("10.0.0.1", 5060)},
                                     {sip::Transport::Tcp, at("10.0.0.1", 5060)}};
  Limits limits = kTinyLimits;
  std::optional<MessageSlabs::Counts> slabs;
  TransportOptions transport;
  int receive_buffer_max = 0;
};

class Bench final : public port::TurnHandler, public MessageHandler, public SendObserver {
 public:
  explicit Bench(BenchOptions options = {});
  ~Bench();

  // Runs virtual time.
  void pass(Millis time) { world.run_for(time); }
  // For packets on their way: far less than any timer.
  void settle() { pass(Millis(50)); }
  bool until(const std::function<bool()>& condition, Millis limit = Millis(1000)) {
    return world.run_until(condition, limit);
  }

  // As from a service above: within a turn of the loop. The outcome of send().
  Result<void> send(const std::string& text, const Flow& flow, uint64_t tag = 0);
  // Sends to every request a response with this status, by reply_flow().
  void answer_with(int status, const std::string& body = "");

  uint32_t slabs_in_use(size_t size_class) const { return slabs.stats(size_class).in_use; }
  uint32_t connections() const { return layer->connection_stats().in_use; }
  // Slabs of all classes.
  uint32_t slabs_held() const;
  std::vector<std::string> log_lines();
  size_t count_lines(std::string_view event);  // since the last look

  void on_message(const Incoming& incoming) override;
  void on_malformed(const Incoming& incoming, const sip::ParseError& error) override;
  void on_send_failed(uint64_t tag, Error error) override;
  bool awaits(uint8_t listener) const override { return awaited == listener; }

  std::optional<uint8_t> awaited;  // a listening point on which something is under way
  port::SimWorld world{11};
  port::SimHost& host;
  port::SimHost& far;  // where the peers live: 10.0.0.2, .3, 2001:db8::2, ::3, 2001:db8:0:1::2
  std::vector<Heard> heard;
  size_t heard_in_turn_max = 0;
  std::vector<std::pair<uint64_t, Error>> failed;
  std::function<void(const Incoming&)> on_heard;
  std::function<void(uint64_t tag)> on_failed;

 private:
  void on_turn_end(Millis now) override;
  size_t heard_before_turn_ = 0;
  void note(const Incoming& incoming, std::optional<sip::ParseFault> fault);

  static constexpr size_t kMemory = 16 << 20;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;

 public:
  Arena arena;
  MessageSlabs slabs;
  TimerWheel wheel;
  TimerDriver driver;

 private:
  std::vector<LogSlot> log_slots_;
  LogRing log_ring_;

 public:
  Log log;
  std::unique_ptr<TransportLayer> layer;
  int start_error = 0;
};

// A flow over TCP to a port of the far host.
Flow tcp_flow(Bench& bench, uint16_t port);

// Tags of the messages that were told to have failed, in order.
std::vector<uint64_t> failed_tags(const Bench& bench);

// One end of a TCP connection on the far host.
class TcpPeer final : public port::StreamHandler {
 public:
  explicit TcpPeer(Bench& bench) : bench_(bench) {}
  ~TcpPeer() { close(); }
  TcpPeer(const TcpPeer&) = delete;
  TcpPeer& operator=(const TcpPeer&) = delete;

  void connect(const port::SocketAddress& to = at("10.0.0.1", 5060),
               const port::SocketAddress& from = {});
  void accept(port::Stream& stream);
  void write(std::string_view text);  // all of it, as the connection takes it
  void close();
  void shut_down();  // its own direction only
  void reset();
  void read_nothing();
  void read_a_little();  // in between, at most 4 KiB
  void read_again();

  bool connected = false;
  bool ended = false;  // by the server
  int error = 0;       // why, 0: properly
  std::string received;
  port::SocketAddress local;

 private:
  void on_connected(port::Stream& stream) override;
  void on_readable(port::Stream& stream) override;
  void on_writable(port::Stream& stream) override;
  void on_connect_failed(port::Stream& stream, int error) override;

  Bench& bench_;
  port::Stream* stream_ = nullptr;
  std::string to_send_;
};

// Connects if he has not, and sends a request that anybody may send; the flow by which it came.
Flow speak(Bench& bench, TcpPeer& peer);

// Many connections, in the order in which they were made.
class Crowd {
 public:
  explicit Crowd(Bench& bench) : bench_(bench) {}
  TcpPeer& join(std::string_view from = "10.0.0.2");
  TcpPeer& operator[](size_t index) { return *peers_[index]; }
  size_t still_there() const;

 private:
  Bench& bench_;
  std::vector<std::unique_ptr<TcpPeer>> peers_;
};

// A far host that accepts connections.
class TcpDoor final : public port::ListenerHandler {
 public:
  TcpDoor(Bench& bench, const port::SocketAddress& address);
  void on_accept(port::Listener& listener, port::Stream& stream) override;
  void on_accept_refused(port::Listener&, int) override {}

  std::vector<std::unique_ptr<TcpPeer>> peers;

 private:
  Bench& bench_;
  std::unique_ptr<port::Listener> listener_;
};

class UdpPeer final : public port::DatagramHandler {
 public:
  UdpPeer(Bench& bench, const port::SocketAddress& address);
  void write(std::string_view text, const port::SocketAddress& to = at("10.0.0.1", 5060));
  void close() { socket_.reset(); }

  struct Got {
    std::string text;
    port::SocketAddress from;
  };
  std::vector<Got> received;

 private:
  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  std::unique_ptr<port::DatagramSocket> socket_;
  std::string buffer_ = std::string(70000, '\0');
};

}  // namespace tipring::transport

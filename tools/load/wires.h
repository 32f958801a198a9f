// The load generator's sockets: UDP sockets, or TCP connections to the server, on the library's
// port. What is sent in one turn of the loop leaves together at its end.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "port/linux/linux_network.h"

namespace tipring::load {

class Wires;

// One socket. Its phones have its address in their Contact.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Keeps its own copy.
  virtual void send(std::string_view message) = 0;
  // False when something is left that the kernel did not take.
  virtual bool flush() = 0;
  virtual bool reliable() const = 0;
  virtual uint64_t kernel_drops() const { return 0; }

  std::string_view host_port() const { return host_port_; }
  uint16_t port() const { return port_; }

 protected:
  explicit Endpoint(Wires& wires) : wires_(wires) {}
  void set_local(const port::SocketAddress& local);
  void mark();

  Wires& wires_;

 private:
  friend class Wires;

  std::string host_port_;
  uint16_t port_ = 0;
  bool marked_ = false;  // is in the list of those with something to send
};

class Receiver {
 public:
  virtual void on_datagram(Endpoint& at, std::string_view bytes) = 0;
  // By TCP: how many bytes of `waiting` the first message takes, 0 when it is not whole yet. Nothing
  // for what cannot be framed.
  virtual std::optional<size_t> on_stream(Endpoint& at, std::string_view waiting) = 0;
  virtual void on_unreachable() = 0;                  // ICMP says that nobody listens there
  virtual void on_unreadable() = 0;                   // what cannot be framed or is too large
  virtual void on_connected() = 0;                    // all of them
  virtual void on_lost(Endpoint& at, int error) = 0;  // cannot be made, or was closed (0)

 protected:
  ~Receiver() = default;
};

class Wires {
 public:
  Wires(port::LinuxNetwork& network, Receiver& receiver, const port::SocketAddress& server);
  ~Wires();

  // An errno value, 0 for success.
  int open_udp(size_t count);
  // on_connected() or on_lost() follows. A few at a time, since a listener's queue is short.
  void open_tcp(size_t count);

  size_t size() const { return endpoints_.size(); }
  Endpoint& operator[](size_t index) { return *endpoints_[index]; }
  bool owns(const Endpoint& endpoint) const { return &endpoint.wires_ == this; }

  // What the kernel does not take stays for the next call.
  void flush();
  bool clogged() const { return !marked_.empty(); }  // after flush()
  uint64_t kernel_drops() const;

 private:
  friend class Endpoint;
  friend class UdpEndpoint;
  friend class TcpEndpoint;

  static constexpr size_t kConnectingMax = 32;
  static constexpr size_t kMessageMax = 8192;

  void connect_next();

  port::LinuxNetwork& network_;
  Receiver& receiver_;
  port::SocketAddress server_;
  port::SocketAddress any_;  // of the interface that leads to the server
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<Endpoint*> marked_;
  size_t wanted_ = 0;
  size_t connected_ = 0;
  std::vector<std::array<char, kMessageMax>> buffers_;  // one batch of datagrams
};

}  // namespace tipring::load

// The network of a simulated host. Links lose, delay, repeat and reorder by the world's seed
// (SimLink).
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "port/network.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

class SimDatagramSocket;
class SimListener;
class SimStream;

class SimNetwork final : public Network {
 public:
  explicit SimNetwork(SimHost& host);
  ~SimNetwork() override;

  std::unique_ptr<DatagramSocket> open_datagram(const DatagramOptions& options,
                                                DatagramHandler& handler, int& error) override;
  std::unique_ptr<Listener> listen(const SocketAddress& bind, ListenerHandler& handler,
                                   int& error) override;
  Stream* connect(const SocketAddress& local, const SocketAddress& remote, StreamHandler& handler,
                  int& error) override;
  IpAddress source_for(const IpAddress& remote) override;
  size_t local_addresses(std::span<IpAddress> out) override;

  // Streams at one time; fewer than are in use keeps those. 1024 at first.
  void set_stream_capacity(size_t capacity) { stream_capacity_ = capacity; }
  size_t streams_in_use() const { return streams_in_use_; }

  // The most that a socket's receive buffer gets, whatever is asked: net.core.rmem_max.
  void set_receive_buffer_max(int bytes) { receive_buffer_max_ = bytes; }

  // While on, send() takes nothing: the socket's buffer is full.
  void set_send_blocked(bool on) { send_blocked_ = on; }
  bool send_blocked() const { return send_blocked_; }

  // For port/sim only.
  SimHost& host() { return host_; }
  bool owns(const IpAddress& ip) const;  // its own address, or loopback
  // Who gets what leaves for `destination`; null for nobody. Rewrites both as routers do that
  // translate addresses.
  SimHost* route(SocketAddress& source, SocketAddress& destination, bool datagram);
  void set_nat(SimNat* nat) { nat_ = nat; }
  int choose_port(const SocketAddress& bind, bool datagram, SocketAddress& chosen);
  SimDatagramSocket* find_socket(const SocketAddress& local);
  SimListener* find_listener(const SocketAddress& local);
  void forget(SimDatagramSocket& socket) { std::erase(sockets_, &socket); }
  void forget(SimListener& listener) { std::erase(listeners_, &listener); }
  SimStream* take_stream();  // null when all are in use
  void give_back(SimStream& stream);
  void crash();

 private:
  bool port_in_use(const SocketAddress& bind, bool datagram) const;

  SimHost& host_;
  SimNat* nat_ = nullptr;  // the router in front of it
  std::vector<SimDatagramSocket*> sockets_;
  std::vector<SimListener*> listeners_;
  std::vector<std::unique_ptr<SimStream>> streams_;
  std::vector<SimStream*> free_streams_;
  size_t stream_capacity_ = 1024;
  size_t streams_in_use_ = 0;
  int receive_buffer_max_ = std::numeric_limits<int>::max();
  uint16_t next_port_ = 32768;
  bool send_blocked_ = false;
};

}  // namespace tipring::port

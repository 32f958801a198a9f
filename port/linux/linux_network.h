// Sockets of one LinuxLoop: UDP in batches of recvmmsg and sendmmsg, TCP from a pool of fixed size.
#pragma once

#include <memory>

#include "port/linux/linux_loop.h"
#include "port/network.h"

namespace tipring::port {

class StreamPool;
struct DatagramBatch;

struct LinuxNetworkOptions {
  size_t stream_capacity = 256;  // TCP connections at one time, accepted and made
};

// Sockets and listeners that it made must be destroyed before it; streams still open are closed. No
// call touches the heap except local_addresses(), which is for start-up: sockets and listeners are
// made in the loop's bounded heap, as many as LinuxLoopOptions say.
class LinuxNetwork final : public Network {
 public:
  LinuxNetwork(LinuxLoop& loop, const LinuxNetworkOptions& options);
  ~LinuxNetwork() override;

  LinuxNetwork(const LinuxNetwork&) = delete;
  LinuxNetwork& operator=(const LinuxNetwork&) = delete;

  // What the constructor takes: for the memory plan.
  static size_t memory_bytes(const LinuxNetworkOptions& options);

  bool ok() const;  // false when the system had no memory to give

  std::unique_ptr<DatagramSocket> open_datagram(const DatagramOptions& options,
                                                DatagramHandler& handler, int& error) override;
  std::unique_ptr<Listener> listen(const SocketAddress& bind, ListenerHandler& handler,
                                   int& error) override;
  Stream* connect(const SocketAddress& local, const SocketAddress& remote, StreamHandler& handler,
                  int& error) override;
  IpAddress source_for(const IpAddress& remote) override;
  size_t local_addresses(std::span<IpAddress> out) override;

  size_t streams_in_use() const;

 private:
  LinuxLoop& loop_;
  std::unique_ptr<StreamPool> streams_;
  std::unique_ptr<DatagramBatch> batch_;
  int route_fd_v4_ = -1;  // never sends: the kernel tells the route of what it is connected to
  int route_fd_v6_ = -1;
};

}  // namespace tipring::port

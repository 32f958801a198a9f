// Makes sockets on one loop. Everything below is used from that loop's thread only.
#pragma once

#include <memory>

#include "port/datagram.h"
#include "port/stream.h"

namespace tipring::port {

class Network {
 public:
  virtual ~Network() = default;

  // Null on failure, with the errno value in `error` (EADDRINUSE, EADDRNOTAVAIL, EACCES …).
  virtual std::unique_ptr<DatagramSocket> open_datagram(const DatagramOptions& options,
                                                        DatagramHandler& handler, int& error) = 0;
  virtual std::unique_ptr<Listener> listen(const SocketAddress& bind, ListenerHandler& handler,
                                           int& error) = 0;

  // Starts a connection from `local` (unspecified: the kernel chooses, and a port of 0 is usual).
  // Null when it fails at once or the pool of streams is empty (ENOBUFS). The outcome comes as
  // on_connected() or on_connect_failed(), never before this call has returned.
  virtual Stream* connect(const SocketAddress& local, const SocketAddress& remote,
                          StreamHandler& handler, int& error) = 0;

  // The local address that a packet to `remote` would leave from; unspecified when there is no
  // route.
  virtual IpAddress source_for(const IpAddress& remote) = 0;

  // All addresses of this host, as many as fit; the number written.
  virtual size_t local_addresses(std::span<IpAddress> out) = 0;
};

}  // namespace tipring::port

// UDP sockets that move many datagrams per system call and know the local address of each.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "port/address.h"

namespace tipring::port {

// Where one received datagram goes. `buffer` takes the first bytes, `spill` what does not fit
// there.
struct DatagramSlot {
  std::span<char> buffer;  // set by the caller
  std::span<char> spill;   // set by the caller, may be empty
  size_t size = 0;         // bytes received in both together
  bool truncated = false;  // larger than both together: the rest is lost
  SocketAddress remote;
  SocketAddress local;     // the address that the peer sent to, also on a wildcard socket
  IpAddress answers_from;  // our own where that was a group's; else unspecified
};

struct OutgoingDatagram {
  std::span<const char> bytes;
  SocketAddress remote;
  SocketAddress local;  // leaves from this address; an unspecified one lets the kernel choose
};

class DatagramSocket;

class DatagramHandler {
 public:
  virtual void on_readable(DatagramSocket& socket) = 0;

  // An earlier send to `remote` was refused (ICMP port or host unreachable). `error` is an errno
  // value.
  virtual void on_unreachable(DatagramSocket& socket, const SocketAddress& remote, int error) = 0;

 protected:
  ~DatagramHandler() = default;
};

struct DatagramOptions {
  SocketAddress bind;
  int receive_buffer_bytes = 4 * 1024 * 1024;  // asked of the kernel, which may give less
};

class DatagramSocket {
 public:
  virtual ~DatagramSocket() = default;  // closes

  // Receives up to slots.size() datagrams without blocking, at most kBatchMax; the number received.
  virtual size_t receive(std::span<DatagramSlot> slots) = 0;

  // Sends in order without blocking. Returns how many the kernel took; the rest would block or
  // failed (then `error` of the first not taken is in last_error()) and are the caller's to drop or
  // retry.
  virtual size_t send(std::span<const OutgoingDatagram> datagrams) = 0;

  // Receives also what is sent to the multicast address `group` and arrives at the interface that
  // has the address `own`. Nothing is received for groups that were not joined. An errno value.
  virtual int join(const IpAddress& group, const IpAddress& own) {
    static_cast<void>(group);
    static_cast<void>(own);
    return EOPNOTSUPP;
  }

  virtual int last_error() const = 0;       // errno value, 0 when send() stopped on a full buffer
  virtual SocketAddress local() const = 0;  // as bound, with the real port when 0 was asked for
  virtual int receive_buffer_bytes() const = 0;  // what the kernel gave
  virtual uint64_t kernel_drops() const = 0;     // datagrams lost for want of socket buffer, ever

  static constexpr size_t kBatchMax = 32;
};

}  // namespace tipring::port

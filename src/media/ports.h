// Pairs of media ports, each with the sockets that are open on it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "media/port_range.h"
#include "port/network.h"
#include "port/time.h"

namespace tipring::media {

// Of a stream: RFC 3550 11. With rtcp-mux both come by the first (RFC 5761).
enum class Part : uint8_t { Rtp, Rtcp };
inline constexpr size_t kParts = 2;

// What comes in on a pair.
class PairHandler {
 public:
  // Datagrams wait in `socket`, one of `part` of the pair with that tag.
  virtual void on_media(uint8_t tag, Part part, port::DatagramSocket& socket) = 0;

 protected:
  ~PairHandler() = default;
};

// Who had a pair before, and may not have noticed yet that the call has ended.
struct FormerPeer {
  port::SocketAddress source;  // port 0: nobody
  uint32_t ssrc = 0;
  Millis until{0};
};

class PortPair {
 public:
  uint16_t rtp_number() const { return rtp_number_; }
  uint16_t rtcp_number() const { return static_cast<uint16_t>(rtp_number_ + 1); }

  // Null when none is open for that family.
  port::DatagramSocket* socket(Part part, port::Family family) const;
  bool has(port::Family family) const { return socket(Part::Rtp, family) != nullptr; }
  void close(port::Family family);
  // Who has it; null while it is free.
  PairHandler* handler() const { return handler_; }
  uint8_t tag() const { return tag_; }

  FormerPeer former;

 private:
  friend class PortPool;

  class End final : public port::DatagramHandler {
   public:
    void on_readable(port::DatagramSocket& socket) override;
    // Nobody may listen there yet, or not any more: media are sent all the same.
    void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

    PortPair* pair = nullptr;
    Part part = Part::Rtp;
    std::array<std::unique_ptr<port::DatagramSocket>, 2> sockets;  // IPv4, IPv6
  };

  std::array<End, kParts> ends_;
  PairHandler* handler_ = nullptr;
  uint16_t rtp_number_ = 0;
  uint8_t tag_ = 0;
};

class PortPool {
 public:
  static void plan(MemoryPlan& plan, uint32_t pairs);

  // The first `pairs` of the range.
  PortPool(Arena& arena, port::Network& network, uint32_t pairs, uint16_t first_number);
  ~PortPool();
  PortPool(const PortPool&) = delete;
  PortPool& operator=(const PortPool&) = delete;

  // The pair that has rested longest, with both sockets open on `bind`. One that another program
  // has is passed over. Errors: PoolExhausted.
  Result<PortPair*> acquire(const port::IpAddress& bind, PairHandler& handler, uint8_t tag);
  // Opens the pair for another family too. Errors: PoolExhausted (the system gives no such socket).
  Result<void> open(PortPair& pair, const port::IpAddress& bind);
  // Closes its sockets.
  void release(PortPair& pair);

  // Addresses that lead to us besides our own.
  void set_told(const port::IpAddress& v4, const port::IpAddress& v6) { told_ = {v4, v6}; }

  // The pair in use that a datagram to `address` would come to; null for another host's, or a port
  // that is none of these.
  const PortPair* find(const port::SocketAddress& address) const;

  uint64_t taken() const { return taken_; }  // found in use by another program
  const PoolStats& stats() const { return stats_; }

 private:
  // Looked at before we give up: a range that is mostly another's is not worth a longer search.
  static constexpr uint32_t kTriesMax = 8;

  int open_part(PortPair& pair, Part part, const port::IpAddress& bind);
  int open_pair(PortPair& pair, const port::IpAddress& bind);
  uint32_t pop_free();
  void push_free(uint32_t index);

  port::Network& network_;
  std::span<PortPair> pairs_;
  std::span<uint32_t> free_;  // a ring, the one that has rested longest first
  uint32_t first_free_ = 0;
  uint64_t taken_ = 0;
  std::array<port::IpAddress, 2> told_;
  PoolStats stats_;
};

}  // namespace tipring::media

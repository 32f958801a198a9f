// Sends traced messages to a collector, such as Homer's: HEPv3, each in a datagram of its own. Never
// blocks: what the socket does not take is lost and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "port/network.h"
#include "transport/trace.h"

namespace tipring::transport {

class HepExport final : public TraceSink, private port::DatagramHandler {
 public:
  // The longest message that a ring keeps, and the chunks before it.
  static constexpr size_t kDatagramMax = 17 * 1024;

  // Uses the heap: at start only. 0, or an errno value.
  int open(port::Network& network, const port::SocketAddress& collector);

  void on_traced(const TraceEntry& entry) override;

  uint64_t sent() const { return sent_; }
  uint64_t lost() const { return lost_; }

  // A whole HEPv3 packet in `out`, which has kDatagramMax bytes.
  static std::string_view write(const TraceEntry& entry, std::span<char> out);

 private:
  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  std::unique_ptr<port::DatagramSocket> socket_;
  port::SocketAddress collector_;
  std::vector<char> room_;
  uint64_t sent_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace tipring::transport

// UDP: receives batches into slabs, sends a batch at the end of each turn. RFC 3261 18.1 and 18.2.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "transport/last_senders.h"
#include "transport/shared.h"

namespace tipring::transport {

class Datagrams final : private port::DatagramHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  Datagrams(Shared& shared, const Limits& limits);

  // Opens the socket of the listening point with this number, and tells its real port. An errno
  // value, 0 for success.
  int open(ListenPoint& point, uint8_t number);
  // Receives what is sent to a group too. An errno value, 0 for success.
  int join(const GroupPoint& group);
  void leave_groups();
  // What waits to be sent over it goes first.
  void close(uint8_t number);
  bool has(uint8_t number) const { return place_of(number) != kNoPlace; }
  void close_all();

  // Sent at the end of the turn, or when the batch is full, in order.
  Result<void> send(MessageRef message, const Flow& flow, SendObserver* observer, uint64_t tag);
  void flush();

  uint64_t kernel_drops() const;

 private:
  // A receive must not keep the loop from everything else.
  static constexpr int kBatchesPerEvent = 8;
  static constexpr size_t kOutgoingMax = 64;

  struct Outgoing {
    MessageRef message;
    port::SocketAddress local;
    port::SocketAddress remote;
    SendObserver* observer = nullptr;
    uint64_t tag = 0;
    uint8_t place = 0;
  };
  struct Place {
    std::unique_ptr<port::DatagramSocket> socket;
    uint8_t number = 0;     // of its listening point
    bool is_group = false;  // it is bound to a multicast address, and only receives
  };
  // Those that listen, and those that finish what is under way.
  static constexpr size_t kPlaces =
      2 * TransportLayer::kListenPointsMax + TransportLayer::kGroupsMax;
  static constexpr size_t kNoPlace = kPlaces;

  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket& socket, const port::SocketAddress& remote,
                      int error) override;

  void log_receive_buffer(const port::DatagramSocket& socket) const;
  size_t prepare_slots();
  void drop_batch(port::DatagramSocket& socket);
  void note_kernel_drops();
  void take(size_t index, uint8_t listener);
  bool find_own_side(const port::DatagramSlot& slot, Flow& flow) const;
  MessageRef message_of(size_t index);
  size_t send_run(size_t from, size_t to);
  uint8_t number_of(const port::DatagramSocket& socket) const;
  size_t place_of(uint8_t number) const;

  Shared& shared_;
  std::array<Place, kPlaces> places_;
  std::span<MessageRef> buffers_;  // one for each slot of a batch, null while no slab is free
  std::span<port::DatagramSlot> slots_;
  std::span<char> spill_;
  std::array<Outgoing, kOutgoingMax> outgoing_;
  size_t outgoing_count_ = 0;
  LastSenders last_senders_;
  LogCount kernel_drop_burst_;
  uint64_t kernel_drops_noted_ = 0;
  uint64_t kernel_drops_before_ = 0;  // of sockets that have been closed
  sip::HeaderIndex index_;
};

}  // namespace tipring::transport

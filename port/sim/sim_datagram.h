// One UDP socket of a SimNetwork. Internal to port/sim.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "port/datagram.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

class SimNetwork;

class SimDatagramSocket final : public DatagramSocket {
 public:
  SimDatagramSocket(SimNetwork& network, const SocketAddress& local, int receive_buffer_bytes,
                    DatagramHandler& handler);
  ~SimDatagramSocket() override;

  SimDatagramSocket(const SimDatagramSocket&) = delete;
  SimDatagramSocket& operator=(const SimDatagramSocket&) = delete;

  size_t receive(std::span<DatagramSlot> slots) override;
  size_t send(std::span<const OutgoingDatagram> datagrams) override;
  int last_error() const override { return last_error_; }
  SocketAddress local() const override { return local_; }
  int receive_buffer_bytes() const override { return receive_buffer_bytes_; }
  uint64_t kernel_drops() const override { return kernel_drops_; }

  // For port/sim only.
  void arrive(std::string bytes, const SocketAddress& from, const SocketAddress& to);
  void unreachable(const SocketAddress& remote, int error);

 private:
  struct Packet {
    std::string bytes;
    SocketAddress remote;
    SocketAddress local;
  };
  struct Refusal {
    SocketAddress remote;
    int error;
  };

  int send_one(const OutgoingDatagram& datagram);
  void wake(Millis delay);
  void on_turn();

  SimNetwork& network_;
  DatagramHandler& handler_;
  SocketAddress local_;
  int receive_buffer_bytes_;
  std::deque<Packet> packets_;
  std::deque<Refusal> refusals_;
  size_t buffered_ = 0;  // as the kernel counts it
  uint64_t kernel_drops_ = 0;
  int last_error_ = 0;
  std::optional<SimEventId> event_;
  bool* destroyed_ = nullptr;  // set while a handler runs: where the destructor leaves word
};

}  // namespace tipring::port

// One UDP socket of a LinuxNetwork. Internal to port/linux.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "port/datagram.h"
#include "port/linux/loop_event.h"
#include "port/linux/socket_address.h"

namespace tipring::port {

// What recvmmsg and sendmmsg need for one batch. One for all sockets of a network: no call keeps
// anything in it.
struct DatagramBatch {
  // The larger of the packet information of both families, and the drop counter.
  static constexpr size_t kControlMax =
      CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t));

  std::array<mmsghdr, DatagramSocket::kBatchMax> messages;
  std::array<std::array<iovec, 2>, DatagramSocket::kBatchMax> pieces;
  std::array<KernelAddress, DatagramSocket::kBatchMax> addresses;
  alignas(cmsghdr) std::array<std::array<char, kControlMax>, DatagramSocket::kBatchMax> controls;
};

class LinuxDatagramSocket final : public DatagramSocket {
 public:
  LinuxDatagramSocket(LinuxLoop& loop, DatagramBatch& batch, DatagramHandler& handler);
  ~LinuxDatagramSocket() override;

  LinuxDatagramSocket(const LinuxDatagramSocket&) = delete;
  LinuxDatagramSocket& operator=(const LinuxDatagramSocket&) = delete;

  // In the loop's bounded heap, so that one can be made and destroyed while the loop runs.
  static void* operator new(size_t bytes) noexcept { return library_allocate(bytes); }
  static void operator delete(void* memory) noexcept { library_release(memory); }

  int open(const DatagramOptions& options);  // errno value, 0 for success

  size_t receive(std::span<DatagramSlot> slots) override;
  size_t send(std::span<const OutgoingDatagram> datagrams) override;
  int join(const IpAddress& group, const IpAddress& own) override;
  int last_error() const override { return last_error_; }
  SocketAddress local() const override { return local_; }
  int receive_buffer_bytes() const override { return receive_buffer_bytes_; }
  uint64_t kernel_drops() const override { return kernel_drops_; }

 private:
  void set_options(const DatagramOptions& options);
  void on_event();
  bool report_errors();
  void read_control(msghdr& message, DatagramSlot& slot);
  void count_drops(uint32_t kernel_count);
  void prepare(size_t index, const OutgoingDatagram& datagram);
  size_t send_batch(std::span<const OutgoingDatagram> datagrams);

  LinuxLoop& loop_;
  DatagramBatch& batch_;
  DatagramHandler& handler_;
  LoopEvent event_;
  int fd_ = -1;
  SocketAddress local_;
  int receive_buffer_bytes_ = 0;
  int last_error_ = 0;
  uint64_t kernel_drops_ = 0;
  uint32_t kernel_drops_seen_ = 0;  // the kernel's counter, which wraps
  size_t received_in_event_ = 0;
  bool errors_wait_ = false;   // the error queue may hold something
  bool* destroyed_ = nullptr;  // set while a handler runs: where the destructor leaves word
};

}  // namespace tipring::port

#include "port/linux/linux_datagram.h"

#include <linux/errqueue.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "port/linux/send_errors.h"

namespace tipring::port {
namespace {

constexpr int kErrorsPerEvent = 16;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS; }

template <class T>
void append_control(msghdr& message, int level, int type, const T& value) {
  message.msg_controllen = CMSG_SPACE(sizeof value);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
}

template <class T>
T control_value(const cmsghdr* header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

}  // namespace

LinuxDatagramSocket::LinuxDatagramSocket(LinuxLoop& loop, DatagramBatch& batch,
                                         DatagramHandler& handler)
    : loop_(loop), batch_(batch), handler_(handler) {}

LinuxDatagramSocket::~LinuxDatagramSocket() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  event_.remove();
  if (fd_ >= 0) close(fd_);
}

int LinuxDatagramSocket::open(const DatagramOptions& options) {
  fd_ = open_socket(options.bind.ip.family, SOCK_DGRAM);
  if (fd_ < 0) return errno;
  set_options(options);
  KernelAddress address{};
  const socklen_t size = to_kernel(options.bind, address);
  if (bind(fd_, &address.any, size) != 0) return errno;
  local_ = bound_address(fd_);
  event_.assign(loop_, fd_, EV_READ | EV_PERSIST, bound<&LinuxDatagramSocket::on_event>, this);
  return event_.add() ? 0 : ENOMEM;
}

void LinuxDatagramSocket::set_options(const DatagramOptions& options) {
  // What a socket that is bound to one address receives was sent there.
  const bool many = options.bind.ip.is_unspecified() || options.bind.ip.is_multicast();
  if (options.bind.ip.family == Family::V4) {
    if (many) set_option(fd_, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(fd_, IPPROTO_IP, IP_RECVERR, 1);
    // Not for groups that others on this host have joined.
    set_option(fd_, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (options.bind.ip.is_multicast()) set_option(fd_, SOL_SOCKET, SO_REUSEADDR, 1);
  } else {
    if (many) set_option(fd_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd_, IPPROTO_IPV6, IPV6_RECVERR, 1);
  }
  set_option(fd_, SOL_SOCKET, SO_RXQ_OVFL, 1);
  // The first needs CAP_NET_ADMIN and goes beyond net.core.rmem_max, the second stops there.
  if (!set_option(fd_, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer_bytes)) {
    set_option(fd_, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  }
  int given = 0;
  socklen_t size = sizeof given;
  if (getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &given, &size) == 0) {
    receive_buffer_bytes_ = given / 2;  // socket(7): the kernel doubles what it was asked for
  }
}

// An error queued by ICMP keeps the socket readable until it is fetched from a queue of its own,
// and shows in receive() as an error or as nothing to read. Only then a system call looks there.
void LinuxDatagramSocket::on_event() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  received_in_event_ = 0;
  if (errors_wait_ && !report_errors()) return;
  handler_.on_readable(*this);
  if (destroyed) return;
  destroyed_ = nullptr;
  if (received_in_event_ == 0) errors_wait_ = true;
}

// False when a handler destroyed this socket.
bool LinuxDatagramSocket::report_errors() {
  const bool& destroyed = *destroyed_;
  for (int i = 0; i < kErrorsPerEvent; ++i) {
    KernelAddress remote{};
    alignas(cmsghdr) std::array<char, 512> control;
    msghdr message{};
    message.msg_name = &remote;
    message.msg_namelen = sizeof remote;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(fd_, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      errors_wait_ = false;
      return true;
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      const bool is_error =
          (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
          (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
      if (!is_error) continue;
      const auto error = control_value<sock_extended_err>(header);
      if (!says_unreachable(static_cast<int>(error.ee_errno))) continue;
      handler_.on_unreachable(*this, from_kernel(&remote.any), static_cast<int>(error.ee_errno));
      if (destroyed) return false;
    }
  }
  return true;
}

size_t LinuxDatagramSocket::receive(std::span<DatagramSlot> slots) {
  const size_t count = std::min(slots.size(), kBatchMax);
  for (size_t i = 0; i < count; ++i) {
    batch_.pieces[i][0] = {slots[i].buffer.data(), slots[i].buffer.size()};
    batch_.pieces[i][1] = {slots[i].spill.data(), slots[i].spill.size()};
    msghdr& header = batch_.messages[i].msg_hdr;
    header = {};
    header.msg_name = &batch_.addresses[i];
    header.msg_namelen = sizeof batch_.addresses[i];
    header.msg_iov = batch_.pieces[i].data();
    header.msg_iovlen = slots[i].spill.empty() ? 1 : 2;
    header.msg_control = batch_.controls[i].data();
    header.msg_controllen = batch_.controls[i].size();
  }
  int got = -1;
  for (int attempt = 0; attempt < 3 && got < 0; ++attempt) {
    got =
        recvmmsg(fd_, batch_.messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
    if (got >= 0) break;
    if (would_block(errno)) return 0;
    if (errno != EINTR) errors_wait_ = true;  // an ICMP error, told once: the next call reads on
  }
  if (got < 0) return 0;
  received_in_event_ += static_cast<size_t>(got);
  for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
    DatagramSlot& slot = slots[i];
    msghdr& header = batch_.messages[i].msg_hdr;
    slot.size = batch_.messages[i].msg_len;
    slot.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    slot.remote = from_kernel(&batch_.addresses[i].any);
    slot.local = local_;
    slot.answers_from = {};
    read_control(header, slot);
  }
  return static_cast<size_t>(got);
}

void LinuxDatagramSocket::read_control(msghdr& message, DatagramSlot& slot) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      const auto info = control_value<in_pktinfo>(header);
      slot.local.ip = from_in_addr(info.ipi_addr);
      if (slot.local.ip.is_multicast()) slot.answers_from = from_in_addr(info.ipi_spec_dst);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      const auto info = control_value<in6_pktinfo>(header);
      slot.local.ip = from_in6_addr(info.ipi6_addr, info.ipi6_ifindex);
    } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
      count_drops(control_value<uint32_t>(header));
    }
  }
}

int LinuxDatagramSocket::join(const IpAddress& group, const IpAddress& own) {
  if (group.family != Family::V4 || own.family != Family::V4) return EAFNOSUPPORT;
  ip_mreq wanted{};
  std::memcpy(&wanted.imr_multiaddr, group.bytes.data(), sizeof wanted.imr_multiaddr);
  std::memcpy(&wanted.imr_interface, own.bytes.data(), sizeof wanted.imr_interface);
  const int done = setsockopt(fd_, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wanted, sizeof wanted);
  return done == 0 || errno == EADDRINUSE ? 0 : errno;  // joined already
}

void LinuxDatagramSocket::count_drops(uint32_t kernel_count) {
  kernel_drops_ += kernel_count - kernel_drops_seen_;  // modulo 2^32: right across a wrap
  kernel_drops_seen_ = kernel_count;
}

void LinuxDatagramSocket::prepare(size_t index, const OutgoingDatagram& datagram) {
  batch_.pieces[index][0] = {const_cast<char*>(datagram.bytes.data()), datagram.bytes.size()};
  msghdr& header = batch_.messages[index].msg_hdr;
  header = {};
  header.msg_name = &batch_.addresses[index];
  header.msg_namelen = to_kernel(datagram.remote, batch_.addresses[index]);
  header.msg_iov = batch_.pieces[index].data();
  header.msg_iovlen = 1;

  // A socket bound to one address sends from it anyway, and a group address is nobody's source.
  const IpAddress& source = datagram.local.ip;
  if (!local_.ip.is_unspecified() || source.is_unspecified() || source.is_multicast()) return;
  header.msg_control = batch_.controls[index].data();
  if (source.family == Family::V4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, source.bytes.data(), sizeof info.ipi_spec_dst);
    append_control(header, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, source.bytes.data(), sizeof info.ipi6_addr);
    info.ipi6_ifindex = source.scope;
    append_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

size_t LinuxDatagramSocket::send_batch(std::span<const OutgoingDatagram> datagrams) {
  for (size_t i = 0; i < datagrams.size(); ++i) prepare(i, datagrams[i]);
  SendErrors errors;
  for (;;) {
    const int sent = sendmmsg(fd_, batch_.messages.data(), static_cast<unsigned>(datagrams.size()),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    const int error = errno;
    if (error == EINTR) continue;
    if (errors.is_anothers(error)) {
      errors_wait_ = true;
      continue;
    }
    const bool no_room = would_block(error) || error == ENOBUFS || error == ENOMEM;
    last_error_ = no_room ? 0 : error;
    return 0;
  }
}

size_t LinuxDatagramSocket::send(std::span<const OutgoingDatagram> datagrams) {
  last_error_ = 0;
  size_t sent = 0;
  while (sent < datagrams.size()) {
    const auto rest = datagrams.subspan(sent, std::min(datagrams.size() - sent, kBatchMax));
    const size_t now = send_batch(rest);
    if (now == 0) break;
    sent += now;
  }
  return sent;
}

}  // namespace tipring::port

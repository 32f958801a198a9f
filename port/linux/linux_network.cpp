#include "port/linux/linux_network.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "port/linux/linux_datagram.h"
#include "port/linux/linux_listener.h"
#include "port/linux/linux_stream.h"
#include "port/linux/socket_address.h"

namespace tipring::port {
namespace {

constexpr uint16_t kAnyPort = 9;  // discard; nothing is sent to it

bool usable_host_address(const IpAddress& ip) {
  return ip.family != Family::None && !ip.is_unspecified() && !ip.is_multicast();
}

}  // namespace

LinuxNetwork::LinuxNetwork(LinuxLoop& loop, const LinuxNetworkOptions& options)
    : loop_(loop),
      streams_(std::make_unique<StreamPool>(loop, options.stream_capacity)),
      batch_(std::make_unique<DatagramBatch>()),
      route_fd_v4_(open_socket(Family::V4, SOCK_DGRAM)),
      route_fd_v6_(open_socket(Family::V6, SOCK_DGRAM)) {}

LinuxNetwork::~LinuxNetwork() {
  if (route_fd_v4_ >= 0) close(route_fd_v4_);
  if (route_fd_v6_ >= 0) close(route_fd_v6_);
}

size_t LinuxNetwork::memory_bytes(const LinuxNetworkOptions& options) {
  return options.stream_capacity * sizeof(LinuxStream) + sizeof(DatagramBatch);
}

bool LinuxNetwork::ok() const { return streams_->ok(); }

size_t LinuxNetwork::streams_in_use() const { return streams_->in_use(); }

std::unique_ptr<DatagramSocket> LinuxNetwork::open_datagram(const DatagramOptions& options,
                                                            DatagramHandler& handler, int& error) {
  auto opened = std::make_unique<LinuxDatagramSocket>(loop_, *batch_, handler);
  error = ENOMEM;
  if (opened == nullptr) return nullptr;
  error = opened->open(options);
  if (error != 0) return nullptr;
  return opened;
}

std::unique_ptr<Listener> LinuxNetwork::listen(const SocketAddress& bind, ListenerHandler& handler,
                                               int& error) {
  auto listener = std::make_unique<LinuxListener>(loop_, *streams_, handler);
  error = ENOMEM;
  if (listener == nullptr) return nullptr;
  error = listener->open(bind);
  if (error != 0) return nullptr;
  return listener;
}

Stream* LinuxNetwork::connect(const SocketAddress& local, const SocketAddress& remote,
                              StreamHandler& handler, int& error) {
  error = ENOBUFS;
  if (streams_->empty()) return nullptr;
  const int fd = open_socket(remote.ip.family, SOCK_STREAM);
  if (fd < 0) {
    error = errno;
    return nullptr;
  }
  set_stream_options(fd);
  KernelAddress address{};
  socklen_t size = to_kernel(local, address);
  const bool binds = size != 0 && (!local.ip.is_unspecified() || local.port != 0);
  if (binds && local.port != 0) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  bool started = !binds || bind(fd, &address.any, size) == 0;
  if (started) {
    size = to_kernel(remote, address);
    started = ::connect(fd, &address.any, size) == 0 || errno == EINPROGRESS;
  }
  if (!started) error = errno;
  Stream* const stream = started ? streams_->connecting(fd, remote, handler) : nullptr;
  if (stream == nullptr) {
    close(fd);
    return nullptr;
  }
  error = 0;
  return stream;
}

IpAddress LinuxNetwork::source_for(const IpAddress& remote) {
  const int fd = remote.family == Family::V4 ? route_fd_v4_ : route_fd_v6_;
  KernelAddress address{};
  const socklen_t size = to_kernel({remote, kAnyPort}, address);
  if (fd < 0 || size == 0) return {};
  // Once connected, the socket keeps its source address; so it is taken off its last peer first.
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  (void)::connect(fd, &nobody, sizeof nobody);
  if (::connect(fd, &address.any, size) != 0) return {};
  return bound_address(fd).ip;
}

size_t LinuxNetwork::local_addresses(std::span<IpAddress> out) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return 0;
  size_t count = 0;
  for (const ifaddrs* entry = list; entry != nullptr && count < out.size();
       entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const IpAddress ip = from_kernel(entry->ifa_addr).ip;
    const auto written = out.first(count);
    const bool new_one = std::find(written.begin(), written.end(), ip) == written.end();
    if (usable_host_address(ip) && new_one) out[count++] = ip;
  }
  freeifaddrs(list);
  return count;
}

}  // namespace tipring::port

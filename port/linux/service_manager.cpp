#include "port/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tipring::port {

namespace {

std::string_view text_of(ServiceState state) {
  switch (state) {
    case ServiceState::Ready: return "READY=1";
    case ServiceState::Reloading: return "RELOADING=1";
    case ServiceState::Stopping: return "STOPPING=1";
    case ServiceState::Alive: return "WATCHDOG=1";
  }
  return "";
}

// A whole number; 0 for anything else.
int64_t number_in_environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return 0;
  const char* const end = value + std::strlen(value);
  int64_t number = 0;
  const auto [last, error] = std::from_chars(value, end, number);
  return error == std::errc() && last == end ? number : 0;
}

}  // namespace

void tell_service_manager(ServiceState state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  const size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length < 2 || length > sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // a socket without a file
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return;
  const std::string_view text = text_of(state);
  // There is nobody to tell of a failure; the service manager has a time limit of its own.
  static_cast<void>(::sendto(socket, text.data(), text.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length)));
  ::close(socket);
}

// systemd.exec(5): what a service of type notify is given; a shell within one has the second alone.
bool is_supervised() {
  return std::getenv("NOTIFY_SOCKET") != nullptr && std::getenv("INVOCATION_ID") != nullptr;
}

Millis service_watchdog() {
  // Whoever started us may have been watched himself and left us his environment.
  if (std::getenv("WATCHDOG_PID") != nullptr && number_in_environment("WATCHDOG_PID") != ::getpid())
    return Millis(0);
  const int64_t time_us = number_in_environment("WATCHDOG_USEC");
  return time_us <= 0 ? Millis(0) : std::max(Millis(1), Millis(time_us / 1000));
}

}  // namespace tipring::port

#include "port/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
  }
  return "";
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

}  // namespace tipring::port

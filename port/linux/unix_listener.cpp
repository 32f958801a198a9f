#include "port/linux/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tipring::port {
namespace {

constexpr int kBacklog = 64;

int unix_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

bool to_address(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  // The last byte stays NUL; a NUL inside would end the name early.
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  if (path.find('\0') != std::string::npos) return false;
  std::copy(path.begin(), path.end(), address.sun_path);
  return true;
}

const sockaddr* any(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// errno value; 0 when the name is free, or has been made so.
int clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(status.st_mode)) return EADDRINUSE;
  const int probe = unix_socket();
  if (probe < 0) return errno;
  const bool refused = connect(probe, any(address), sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (!refused) return EADDRINUSE;
  return unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

}  // namespace

int open_unix_listener(const std::string& path, int& error) {
  sockaddr_un address{};
  error = ENAMETOOLONG;
  if (!to_address(path, address)) return -1;
  error = clear_stale(path, address);
  if (error != 0) return -1;
  const int fd = unix_socket();
  // The mode of the socket's own inode is what bind() gives the name: never open to others, not
  // even for a moment.
  if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, any(address), sizeof address) != 0) {
    error = errno;
  } else if (chmod(path.c_str(), 0600) != 0 || listen(fd, kBacklog) != 0) {
    error = errno;
    unlink(path.c_str());
  }
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace tipring::port

#include "port/linux/linux_entropy.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "port/crypto.h"

namespace tipring::port {
namespace {

void wipe_bytes(std::span<std::byte> bytes) {
  wipe({reinterpret_cast<char*>(bytes.data()), bytes.size()});
}

// Blocks only in the first seconds of a boot, until the kernel has gathered enough.
void read_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<size_t>(got));
    } else if (errno != EINTR) {
      std::abort();
    }
  }
}

}  // namespace

LinuxEntropy::~LinuxEntropy() { wipe_bytes(buffer_); }

void LinuxEntropy::fill(std::span<std::byte> out) {
  if (out.size() > buffer_.size() / 2) return read_kernel(out);
  if (out.size() > left_) {
    read_kernel(buffer_);
    left_ = buffer_.size();
  }
  const auto taken = std::span(buffer_).subspan(buffer_.size() - left_, out.size());
  std::copy(taken.begin(), taken.end(), out.begin());
  wipe_bytes(taken);
  left_ -= out.size();
}

}  // namespace tipring::port

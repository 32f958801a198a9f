// The kernel's random generator, read in pieces so that a tag of eight bytes is not a system call
// each.
#pragma once

#include <array>

#include "port/entropy.h"

namespace tipring::port {

// Used by one thread. Bytes are wiped from the buffer when handed out, the rest when it is
// destroyed.
class LinuxEntropy final : public Entropy {
 public:
  LinuxEntropy() = default;
  ~LinuxEntropy() override;

  LinuxEntropy(const LinuxEntropy&) = delete;
  LinuxEntropy& operator=(const LinuxEntropy&) = delete;

  void fill(std::span<std::byte> out) override;

 private:
  std::array<std::byte, 256> buffer_{};
  size_t left_ = 0;  // bytes not yet handed out, at the buffer's end
};

}  // namespace tipring::port

// What of a password is kept, and a buffer that forgets a password when it goes.
#pragma once

#include <string_view>
#include <vector>

#include "port/crypto.h"
#include "store/user.h"

namespace tipring::admin {

// HA1 by each algorithm (RFC 7616 3.4.2): hash of "name:realm:password". Whoever has it can
// register as the user, so each copy is wiped when it goes.
struct UserSecret {
  ~UserSecret() { wipe(); }
  void wipe() { port::wipe({reinterpret_cast<char*>(this), sizeof *this}); }

  port::Md5Digest md5{};
  port::Sha256Digest sha256{};
  uint8_t present = 0;  // mask of the algorithms there is a hash for
};

store::Credentials credentials_of(const UserSecret& secret);

UserSecret make_secret(std::string_view name, std::string_view realm, std::string_view password);

// A copy of text that holds passwords. Wiped when it goes.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : bytes_(text.begin(), text.end()) {}
  ~SecretText() { port::wipe(bytes_); }
  SecretText(SecretText&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretText& operator=(SecretText&& other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  // Parsers that work in place need a closing NUL.
  void close_with_nul() { append(std::string_view("\0", 1)); }
  // Never leaves a copy behind when it has to grow.
  void append(std::string_view text);

  std::vector<char>& bytes() { return bytes_; }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

}  // namespace tipring::admin

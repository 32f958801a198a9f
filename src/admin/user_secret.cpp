#include "admin/user_secret.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "auth/digest.h"

namespace tipring::admin {

namespace {

template <size_t kSize>
std::array<uint8_t, kSize> ha1(auth::Algorithm algorithm, std::string_view name,
                               std::string_view realm, std::string_view password) {
  auth::DigestValue value = auth::make_ha1(algorithm, name, realm, password);
  std::array<uint8_t, kSize> bytes;
  std::copy_n(value.bytes.begin(), kSize, bytes.begin());
  port::wipe({reinterpret_cast<char*>(value.bytes.data()), value.bytes.size()});
  return bytes;
}

}  // namespace

store::Credentials credentials_of(const UserSecret& secret) {
  return {secret.md5, secret.sha256, secret.present};
}

UserSecret make_secret(std::string_view name, std::string_view realm, std::string_view password) {
  return {
      ha1<std::tuple_size_v<port::Md5Digest>>(auth::Algorithm::Md5, name, realm, password),
      ha1<std::tuple_size_v<port::Sha256Digest>>(auth::Algorithm::Sha256, name, realm, password),
      static_cast<uint8_t>(store::kAlgorithmMd5 | store::kAlgorithmSha256)};
}

void SecretText::append(std::string_view text) {
  if (bytes_.size() + text.size() > bytes_.capacity()) {
    std::vector<char> larger;
    larger.reserve(std::max(bytes_.size() + text.size(), bytes_.capacity() * 2));
    larger.assign(bytes_.begin(), bytes_.end());
    bytes_.swap(larger);
    port::wipe(larger);
  }
  bytes_.insert(bytes_.end(), text.begin(), text.end());
}

}  // namespace tipring::admin

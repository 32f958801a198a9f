#include "admin/user_secret.h"

#include <algorithm>
#include <array>

namespace tipring::admin {

UserSecret make_secret(std::string_view name, std::string_view realm, std::string_view password) {
  const std::array<std::string_view, 5> pieces = {name, ":", realm, ":", password};
  return {port::md5(pieces), port::sha256(pieces)};
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

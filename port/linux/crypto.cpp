// port/crypto.h on mbedTLS.
#include "port/crypto.h"

#include <mbedtls/md5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include <array>
#include <cstdlib>

#include "port/linux/mbedtls_versions.h"

namespace tipring::port {
namespace {

// The software hashes cannot fail; a hardware engine behind mbedTLS can. A wrong digest would let
// strangers in or keep everybody out, so the process ends.
void require(int status) {
  if (status != 0) std::abort();
}

// Calls update(bytes, size) for all pieces: each call costs more than to copy a few bytes together.
template <class Update>
void feed(std::span<const std::string_view> pieces, const Update& update) {
  std::array<char, 256> room;
  size_t used = 0;
  const auto flush = [&] {
    require(update(mbed::bytes_of({room.data(), used}), used));
    mbedtls_platform_zeroize(room.data(), used);
    used = 0;
  };
  for (const std::string_view piece : pieces) {
    if (piece.size() > room.size() - used) flush();
    if (piece.size() > room.size()) {
      require(update(mbed::bytes_of(piece), piece.size()));
    } else {
      used += piece.copy(room.data() + used, piece.size());
    }
  }
  flush();
}

}  // namespace

Md5Digest md5(std::span<const std::string_view> pieces) {
  mbedtls_md5_context context;
  mbedtls_md5_init(&context);
  require(mbed::md5_starts(&context));
  feed(pieces, [&](const unsigned char* bytes, size_t size) {
    return mbed::md5_update(&context, bytes, size);
  });
  Md5Digest digest{};
  require(mbed::md5_finish(&context, digest.data()));
  mbedtls_md5_free(&context);
  return digest;
}

Sha256Digest sha256(std::span<const std::string_view> pieces) {
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  require(mbed::sha256_starts(&context, 0));  // 0: SHA-256, not SHA-224
  feed(pieces, [&](const unsigned char* bytes, size_t size) {
    return mbed::sha256_update(&context, bytes, size);
  });
  Sha256Digest digest{};
  require(mbed::sha256_finish(&context, digest.data()));
  mbedtls_sha256_free(&context);
  return digest;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<unsigned char>(a[i]);
    const auto y = static_cast<unsigned char>(b[i]);
    difference = static_cast<unsigned char>(difference | (x ^ y));
  }
  return difference == 0;
}

Sha256Digest pbkdf2_sha256(std::string_view password, std::string_view salt, uint32_t rounds) {
  Sha256Digest key{};
  require(mbed::pbkdf2_sha256(password, salt, rounds, key));
  return key;
}

void wipe(std::span<char> secret) { mbedtls_platform_zeroize(secret.data(), secret.size()); }

}  // namespace tipring::port

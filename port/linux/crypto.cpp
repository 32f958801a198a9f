// port/crypto.h on mbedTLS: 2.28, where the checked functions end in _ret, and 3.x.
#include "port/crypto.h"

#include <mbedtls/md5.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <cstdlib>

namespace tipring::port {
namespace {

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
constexpr auto kMd5Starts = mbedtls_md5_starts;
constexpr auto kMd5Update = mbedtls_md5_update;
constexpr auto kMd5Finish = mbedtls_md5_finish;
constexpr auto kSha256Starts = mbedtls_sha256_starts;
constexpr auto kSha256Update = mbedtls_sha256_update;
constexpr auto kSha256Finish = mbedtls_sha256_finish;
#else
constexpr auto kMd5Starts = mbedtls_md5_starts_ret;
constexpr auto kMd5Update = mbedtls_md5_update_ret;
constexpr auto kMd5Finish = mbedtls_md5_finish_ret;
constexpr auto kSha256Starts = mbedtls_sha256_starts_ret;
constexpr auto kSha256Update = mbedtls_sha256_update_ret;
constexpr auto kSha256Finish = mbedtls_sha256_finish_ret;
#endif

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The software hashes cannot fail; a hardware engine behind mbedTLS can. A wrong digest would let
// strangers in or keep everybody out, so the process ends.
void require(int status) {
  if (status != 0) std::abort();
}

}  // namespace

Md5Digest md5(std::span<const std::string_view> pieces) {
  mbedtls_md5_context context;
  mbedtls_md5_init(&context);
  require(kMd5Starts(&context));
  for (const std::string_view piece : pieces) {
    require(kMd5Update(&context, bytes_of(piece), piece.size()));
  }
  Md5Digest digest{};
  require(kMd5Finish(&context, digest.data()));
  mbedtls_md5_free(&context);
  return digest;
}

Sha256Digest sha256(std::span<const std::string_view> pieces) {
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  require(kSha256Starts(&context, 0));  // 0: SHA-256, not SHA-224
  for (const std::string_view piece : pieces) {
    require(kSha256Update(&context, bytes_of(piece), piece.size()));
  }
  Sha256Digest digest{};
  require(kSha256Finish(&context, digest.data()));
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
  const auto key_size = static_cast<uint32_t>(key.size());
#if MBEDTLS_VERSION_NUMBER >= 0x03030000
  require(mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, bytes_of(password), password.size(),
                                        bytes_of(salt), salt.size(), rounds, key_size, key.data()));
#else
  mbedtls_md_context_t context;
  mbedtls_md_init(&context);
  require(mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1));
  require(mbedtls_pkcs5_pbkdf2_hmac(&context, bytes_of(password), password.size(), bytes_of(salt),
                                    salt.size(), rounds, key_size, key.data()));
  mbedtls_md_free(&context);
#endif
  return key;
}

void wipe(std::span<char> secret) { mbedtls_platform_zeroize(secret.data(), secret.size()); }

}  // namespace tipring::port

// What mbedTLS 2.28 and 3.x do not have alike, under one name each: their differences are here and
// nowhere else. Internal to port/linux.
#pragma once

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/md5.h>
#include <mbedtls/pk.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <span>
#include <string_view>

#if MBEDTLS_VERSION_NUMBER < 0x021c0000 || MBEDTLS_VERSION_NUMBER >= 0x04000000 || \
    (MBEDTLS_VERSION_NUMBER >= 0x03000000 && MBEDTLS_VERSION_NUMBER < 0x03040000)
#error "mbedTLS 2.28, or 3.4 and what follows below 4, is needed"
#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) || defined(MBEDTLS_USE_PSA_CRYPTO)
#include <psa/crypto.h>
#define TIPRING_PSA
#endif

// A new certificate is read on a thread of its own while sessions go on.
#if defined(MBEDTLS_USE_PSA_CRYPTO) && !defined(MBEDTLS_THREADING_C)
#error "mbedTLS with MBEDTLS_USE_PSA_CRYPTO needs MBEDTLS_THREADING_C"
#endif

namespace tipring::port::mbed {

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

inline constexpr auto md5_starts = mbedtls_md5_starts;
inline constexpr auto md5_update = mbedtls_md5_update;
inline constexpr auto md5_finish = mbedtls_md5_finish;
inline constexpr auto sha256_starts = mbedtls_sha256_starts;
inline constexpr auto sha256_update = mbedtls_sha256_update;
inline constexpr auto sha256_finish = mbedtls_sha256_finish;

inline int pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned rounds,
                         std::span<uint8_t> key) {
  return mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, bytes_of(password), password.size(),
                                       bytes_of(salt), salt.size(), rounds,
                                       static_cast<uint32_t>(key.size()), key.data());
}

inline int parse_keyfile(mbedtls_pk_context& into, const char* path,
                         mbedtls_ctr_drbg_context* random) {
  return mbedtls_pk_parse_keyfile(&into, path, nullptr, mbedtls_ctr_drbg_random, random);
}

inline int check_pair(const mbedtls_pk_context& open, const mbedtls_pk_context& secret,
                      mbedtls_ctr_drbg_context* random) {
  return mbedtls_pk_check_pair(&open, &secret, mbedtls_ctr_drbg_random, random);
}

inline int set_serial(mbedtls_x509write_cert& certificate, std::span<unsigned char> serial) {
  return mbedtls_x509write_crt_set_serial_raw(&certificate, serial.data(), serial.size());
}

// TLS 1.2 or later.
inline void set_versions(mbedtls_ssl_config& settings) {
  mbedtls_ssl_conf_min_tls_version(&settings, MBEDTLS_SSL_VERSION_TLS1_2);
}

#else

inline constexpr auto md5_starts = mbedtls_md5_starts_ret;
inline constexpr auto md5_update = mbedtls_md5_update_ret;
inline constexpr auto md5_finish = mbedtls_md5_finish_ret;
inline constexpr auto sha256_starts = mbedtls_sha256_starts_ret;
inline constexpr auto sha256_update = mbedtls_sha256_update_ret;
inline constexpr auto sha256_finish = mbedtls_sha256_finish_ret;

inline int pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned rounds,
                         std::span<uint8_t> key) {
  mbedtls_md_context_t context;
  mbedtls_md_init(&context);
  int error = mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
  if (error == 0)
    error = mbedtls_pkcs5_pbkdf2_hmac(&context, bytes_of(password), password.size(), bytes_of(salt),
                                      salt.size(), rounds, static_cast<uint32_t>(key.size()),
                                      key.data());
  mbedtls_md_free(&context);
  return error;
}

inline int parse_keyfile(mbedtls_pk_context& into, const char* path, mbedtls_ctr_drbg_context*) {
  return mbedtls_pk_parse_keyfile(&into, path, nullptr);
}

inline int check_pair(const mbedtls_pk_context& open, const mbedtls_pk_context& secret,
                      mbedtls_ctr_drbg_context*) {
  return mbedtls_pk_check_pair(&open, &secret);
}

inline int set_serial(mbedtls_x509write_cert& certificate, std::span<unsigned char> serial) {
  mbedtls_mpi number;
  mbedtls_mpi_init(&number);
  int error = mbedtls_mpi_read_binary(&number, serial.data(), serial.size());
  if (error == 0) error = mbedtls_x509write_crt_set_serial(&certificate, &number);
  mbedtls_mpi_free(&number);
  return error;
}

inline void set_versions(mbedtls_ssl_config& settings) {
  mbedtls_ssl_conf_min_version(&settings, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

#endif

// Before the first session: TLS 1.3 keeps its keys in PSA, some builds of the library all of them.
inline bool begin_sessions() {
#ifdef TIPRING_PSA
  return psa_crypto_init() == PSA_SUCCESS;
#else
  return true;
#endif
}

}  // namespace tipring::port::mbed

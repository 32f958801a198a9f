#include "port/linux/linux_tls_identity.h"

#include <arpa/inet.h>
#include <mbedtls/error.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include "port/crypto.h"
#include "port/linux/mbedtls_versions.h"

namespace tipring::port {
namespace {

constexpr int64_t kDay = 24 * 60 * 60;
constexpr int64_t kRenewedBefore = 30 * kDay;

std::string in_words(int error) {
  std::array<char, 128> text{};
  mbedtls_strerror(error, text.data(), text.size());
  return text.data();
}

int64_t seconds_of(const mbedtls_x509_time& time) {
  tm parts{};
  parts.tm_year = time.year - 1900;
  parts.tm_mon = time.mon - 1;
  parts.tm_mday = time.day;
  parts.tm_hour = time.hour;
  parts.tm_min = time.min;
  parts.tm_sec = time.sec;
  return timegm(&parts);
}

}  // namespace

TlsRandom::TlsRandom() {
  mbedtls_entropy_init(&entropy_);
  mbedtls_ctr_drbg_init(&state_);
  ok_ = mbedtls_ctr_drbg_seed(&state_, mbedtls_entropy_func, &entropy_, nullptr, 0) == 0 &&
        mbed::begin_sessions();
}

TlsRandom::~TlsRandom() {
  mbedtls_ctr_drbg_free(&state_);
  mbedtls_entropy_free(&entropy_);
}

TlsIdentity::TlsIdentity() {
  mbedtls_x509_crt_init(&chain_);
  mbedtls_pk_init(&key_);
  mbedtls_ssl_config_init(&settings_);
}

TlsIdentity::~TlsIdentity() {
  mbedtls_ssl_config_free(&settings_);
  mbedtls_pk_free(&key_);
  mbedtls_x509_crt_free(&chain_);
}

std::string TlsIdentity::load(const std::string& certificate, const std::string& key) {
  if (!random_.ok()) return "the system gives no random numbers";
  if (const int error = mbedtls_x509_crt_parse_file(&chain_, certificate.c_str()); error != 0)
    return certificate + ": no certificate in PEM can be read (" + in_words(error) + ")";
  if (const int error = mbed::parse_keyfile(key_, key.c_str(), random_.state()); error != 0)
    return key + ": no key in PEM without a password can be read (" + in_words(error) + ")";
  if (mbed::check_pair(chain_.pk, key_, random_.state()) != 0)
    return key + ": this is not the key of " + certificate;
  const int error = mbedtls_ssl_config_defaults(
      &settings_, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (error != 0) return in_words(error);
  mbed::set_versions(settings_);
  mbedtls_ssl_conf_rng(&settings_, mbedtls_ctr_drbg_random, random_.state());
  const int set = mbedtls_ssl_conf_own_cert(&settings_, &chain_, &key_);
  return set == 0 ? "" : in_words(set);
}

std::shared_ptr<TlsIdentity> load_tls_identity(const std::string& certificate,
                                               const std::string& key, std::string& fault) {
  auto identity = std::make_shared<TlsIdentity>();
  fault = identity->load(certificate, key);
  return fault.empty() ? identity : nullptr;
}

std::shared_ptr<TlsIdentity> own_tls_identity(const std::string& folder, std::string& fault) {
  const std::string base = folder.empty() ? std::string() : folder + "/";
  const std::string certificate = base + "admin.crt";
  const std::string key = base + "admin.key";
  const bool absent = access(certificate.c_str(), F_OK) != 0 || access(key.c_str(), F_OK) != 0;
  if (!absent) {
    std::shared_ptr<TlsIdentity> kept = load_tls_identity(certificate, key, fault);
    // Damaged files are not replaced: they may be all that somebody has of his own.
    if (kept == nullptr) return nullptr;
    if (time(nullptr) < seconds_of(kept->chain().valid_to) - kRenewedBefore) return kept;
  }
  fault = make_tls_files(certificate, key);
  return fault.empty() ? load_tls_identity(certificate, key, fault) : nullptr;
}

std::string tls_fingerprint(const TlsIdentity& identity) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const mbedtls_x509_buf& raw = identity.chain().raw;
  const std::string_view pieces[] = {{reinterpret_cast<const char*>(raw.p), raw.len}};
  std::string text;
  for (const uint8_t byte : sha256(pieces)) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

namespace {

std::string time_text(const mbedtls_x509_time& time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", time.year, time.mon,
                time.day, time.hour, time.min, time.sec);
  return text.data();
}

// The entry's text, or empty for what is neither a name nor an address.
std::string name_text(const mbedtls_x509_buf& entry) {
  constexpr int kDnsName = 2;  // RFC 5280 4.2.1.6, GeneralName
  constexpr int kIpAddress = 7;
  const int kind = entry.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
  if (kind == kDnsName) return {reinterpret_cast<const char*>(entry.p), entry.len};
  const bool is_ipv4 = entry.len == sizeof(in_addr);
  if (kind != kIpAddress || (!is_ipv4 && entry.len != sizeof(in6_addr))) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_ipv4 ? AF_INET : AF_INET6, entry.p, text.data(), text.size());
  return text.data();
}

std::vector<std::string> names_of(const mbedtls_x509_crt& certificate) {
  constexpr size_t kShown = 16;
  std::vector<std::string> names;
  const mbedtls_x509_sequence* entry = &certificate.subject_alt_names;
  for (; entry != nullptr && entry->buf.p != nullptr && names.size() < kShown;
       entry = entry->next) {
    if (std::string name = name_text(entry->buf); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

TlsFacts tls_facts(const TlsIdentity& identity) {
  const mbedtls_x509_crt& certificate = identity.chain();
  std::array<char, 512> subject{};
  if (mbedtls_x509_dn_gets(subject.data(), subject.size(), &certificate.subject) < 0)
    subject.front() = '\0';
  return {subject.data(), names_of(certificate), tls_fingerprint(identity),
          time_text(certificate.valid_from), time_text(certificate.valid_to)};
}

}  // namespace tipring::port

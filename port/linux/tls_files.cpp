// A certificate that this host signs itself.
#include <fcntl.h>
#include <ifaddrs.h>
#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <span>
#include <string_view>
#include <vector>

#include "port/crypto.h"
#include "port/linux/linux_tls_identity.h"
#include "port/linux/mbedtls_versions.h"

namespace tipring::port {
namespace {

constexpr int64_t kEarliest = 1'767'225'600;  // 2026: an earlier clock was never set
constexpr int64_t kYears = 10;
constexpr int64_t kYear = 366LL * 24 * 60 * 60;
constexpr size_t kAddressesMax = 32;
constexpr size_t kPemBytes = 4096;

struct Writer {
  Writer() {
    mbedtls_x509write_crt_init(&certificate);
    mbedtls_pk_init(&key);
  }
  ~Writer() {
    mbedtls_x509write_crt_free(&certificate);
    mbedtls_pk_free(&key);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  mbedtls_x509write_cert certificate;
  mbedtls_pk_context key;
  TlsRandom random;
};

// DER: a tag, the length and the value.
std::string tlv(uint8_t tag, const std::string& value) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = value.size();
  if (size > 0xff) out += {'\x82', static_cast<char>(size >> 8)};
  if (size > 0x7f && size <= 0xff) out += '\x81';
  return out + static_cast<char>(size & 0xff) + value;
}

// subjectAltName: RFC 5280 4.2.1.6.
std::string alternative_names(const std::string& host) {
  constexpr uint8_t kName = 0x82;
  constexpr uint8_t kAddress = 0x87;
  std::vector<std::string> names = {tlv(kName, "localhost")};
  if (host != "localhost") names.push_back(tlv(kName, host));
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) all = nullptr;
  for (const ifaddrs* one = all; one != nullptr && names.size() < kAddressesMax;
       one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    std::string bytes;
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* const v4 = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      bytes.assign(reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr);
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      bytes.assign(reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr);
    }
    if (!bytes.empty()) names.push_back(tlv(kAddress, bytes));
  }
  if (all != nullptr) freeifaddrs(all);
  std::string list;
  for (const std::string& name : names) list += name;
  return tlv(MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, list);
}

std::string host_name() {
  std::array<char, 65> name{};
  gethostname(name.data(), name.size() - 1);
  std::string text = name.data();
  std::erase_if(text, [](char c) {
    return !(c == '-' || c == '.' || (c >= '0' && c <= '9') ||
             ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
  });
  return text.empty() ? "localhost" : text;
}

int set_serial(Writer& writer) {
  std::array<unsigned char, 16> serial{};
  const int error = mbedtls_ctr_drbg_random(writer.random.state(), serial.data(), serial.size());
  if (error != 0) return error;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);
  return mbed::set_serial(writer.certificate, serial);
}

int set_extension(Writer& writer, const char* oid, size_t oid_bytes, const std::string& value) {
  return mbedtls_x509write_crt_set_extension(&writer.certificate, oid, oid_bytes, 0,
                                             reinterpret_cast<const unsigned char*>(value.data()),
                                             value.size());
}

// 0, or mbedTLS's error.
int fill(Writer& writer) {
  mbedtls_x509write_cert* const out = &writer.certificate;
  int error = mbedtls_pk_setup(&writer.key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (error == 0)
    error = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(writer.key),
                                mbedtls_ctr_drbg_random, writer.random.state());
  const time_t end = std::max<int64_t>(time(nullptr), kEarliest) + kYears * kYear;
  tm parts{};
  gmtime_r(&end, &parts);
  std::array<char, 16> until{};
  strftime(until.data(), until.size(), "%Y%m%d%H%M%S", &parts);
  const std::string host = host_name();
  const std::string subject = "CN=" + host;
  mbedtls_x509write_crt_set_version(out, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(out, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(out, &writer.key);
  mbedtls_x509write_crt_set_issuer_key(out, &writer.key);
  if (error == 0) error = set_serial(writer);
  if (error == 0) error = mbedtls_x509write_crt_set_validity(out, "20200101000000", until.data());
  if (error == 0) error = mbedtls_x509write_crt_set_subject_name(out, subject.c_str());
  if (error == 0) error = mbedtls_x509write_crt_set_issuer_name(out, subject.c_str());
  if (error == 0) error = mbedtls_x509write_crt_set_basic_constraints(out, 0, -1);
  constexpr char kServerAuth[] = "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
  if (error == 0)
    error = set_extension(writer, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                          MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), kServerAuth);
  if (error != 0) return error;
  return set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                       MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), alternative_names(host));
}

std::string next_of(const std::string& path) { return path + ".new"; }

std::string fault_of(const std::string& path) {
  return path + ": cannot be written (" + std::strerror(errno) + ")";
}

// Beside the file that it is to replace.
bool write_next(const std::string& path, std::string_view text, mode_t mode) {
  unlink(next_of(path).c_str());
  const int fd = open(next_of(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool written = fd >= 0 && fchmod(fd, mode) == 0 &&
                       write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return written;
}
bool put_in_place(const std::string& path) {
  return rename(next_of(path).c_str(), path.c_str()) == 0;
}

}  // namespace

std::string make_tls_files(const std::string& certificate, const std::string& key) {
  Writer writer;
  std::array<unsigned char, kPemBytes> pem{};
  const std::string impossible = certificate + ": no certificate can be made";
  if (!writer.random.ok() || fill(writer) != 0) return impossible;
  const auto text = [&] { return std::string_view(reinterpret_cast<const char*>(pem.data())); };
  if (mbedtls_pk_write_key_pem(&writer.key, pem.data(), pem.size()) != 0) return impossible;
  const bool has_key = write_next(key, text(), 0600);
  const std::string fault = has_key ? std::string() : fault_of(key);
  wipe({reinterpret_cast<char*>(pem.data()), pem.size()});
  if (!has_key) return fault;
  if (mbedtls_x509write_crt_pem(&writer.certificate, pem.data(), pem.size(),
                                mbedtls_ctr_drbg_random, writer.random.state()) != 0)
    return impossible;
  // Both or none: a key beside another's certificate would be good for nothing.
  if (!write_next(certificate, text(), 0644)) return fault_of(certificate);
  if (!put_in_place(key)) return fault_of(key);
  return put_in_place(certificate) ? "" : fault_of(certificate);
}

}  // namespace tipring::port

// What a TLS server shows its clients: a certificate and the key to it. May use the heap.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace tipring::port {

class TlsIdentity;

// From PEM files. Null with a sentence in `fault` when they cannot be read or don't belong together.
std::shared_ptr<TlsIdentity> load_tls_identity(const std::string& certificate,
                                               const std::string& key, std::string& fault);

// This host's own, signed by itself: the files admin.crt and admin.key (mode 0600) of `folder`, which
// are made when they are not there, and anew 30 days before the certificate ends, for ten years. It
// is valid since 2020, so that a clock that was never set does no harm.
std::shared_ptr<TlsIdentity> own_tls_identity(const std::string& folder, std::string& fault);

// SHA-256 of the certificate, as browsers show it: "AB:CD:…".
std::string tls_fingerprint(const TlsIdentity& identity);

struct TlsFacts {
  std::string subject;             // "CN=tipring"
  std::vector<std::string> names;  // DNS names and addresses, the first 16: RFC 5280 4.2.1.6
  std::string sha256;              // as tls_fingerprint()
  std::string not_before;          // "2020-01-01T00:00:00Z"
  std::string not_after;
};
TlsFacts tls_facts(const TlsIdentity& identity);

}  // namespace tipring::port

// Keys and settings of mbedTLS for the sessions of one certificate. Internal to port/linux.
#pragma once

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "port/tls_identity.h"

namespace tipring::port {

class TlsRandom {
 public:
  TlsRandom();
  ~TlsRandom();
  TlsRandom(const TlsRandom&) = delete;
  TlsRandom& operator=(const TlsRandom&) = delete;
  bool ok() const { return ok_; }
  mbedtls_ctr_drbg_context* state() { return &state_; }

 private:
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context state_;
  bool ok_ = false;
};

class TlsIdentity {
 public:
  TlsIdentity();
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  std::string load(const std::string& certificate, const std::string& key);  // empty, or a fault
  const mbedtls_x509_crt& chain() const { return chain_; }
  const mbedtls_ssl_config& settings() const { return settings_; }

 private:
  TlsRandom random_;
  mbedtls_x509_crt chain_;
  mbedtls_pk_context key_;
  mbedtls_ssl_config settings_;
};

// A key on the curve P-256 and a certificate of its own, as PEM files. Empty, or a fault.
std::string make_tls_files(const std::string& certificate, const std::string& key);

}  // namespace tipring::port

// One TLS session of the HTTP server. Internal to port/linux.
#pragma once

#include <mbedtls/ssl.h>

#include <memory>
#include <string_view>

#include "port/tls_identity.h"

struct evbuffer;

namespace tipring::port {

class HttpTls {
 public:
  // Takes from `input` what the client has sent, puts into `output` what it is sent. Null without
  // memory.
  static std::unique_ptr<HttpTls> make(std::shared_ptr<TlsIdentity> identity, evbuffer* input,
                                       evbuffer* output);
  ~HttpTls();
  HttpTls(const HttpTls&) = delete;
  HttpTls& operator=(const HttpTls&) = delete;

  bool read(evbuffer* into);          // all that is there; false when the session has ended
  bool write(std::string_view text);  // false when it cannot be
  void finish(int fd);                // says that no more comes, at once

 private:
  HttpTls(std::shared_ptr<TlsIdentity> identity, evbuffer* input, evbuffer* output);

  static int give(void* self, const unsigned char* bytes, size_t size);
  static int take(void* self, unsigned char* into, size_t size);

  std::shared_ptr<TlsIdentity> identity_;
  evbuffer* input_;
  evbuffer* output_;
  int fd_ = -1;  // for the last word
  mbedtls_ssl_context session_;
};

}  // namespace tipring::port

#include "port/linux/http_tls.h"

#include <event2/buffer.h>
#include <sys/socket.h>

#include <array>
#include <new>

#include "port/crypto.h"
#include "port/linux/linux_tls_identity.h"

namespace tipring::port {

HttpTls::HttpTls(std::shared_ptr<TlsIdentity> identity, evbuffer* input, evbuffer* output)
    : identity_(std::move(identity)), input_(input), output_(output) {
  mbedtls_ssl_init(&session_);
}

HttpTls::~HttpTls() { mbedtls_ssl_free(&session_); }

std::unique_ptr<HttpTls> HttpTls::make(std::shared_ptr<TlsIdentity> identity, evbuffer* input,
                                       evbuffer* output) {
  auto tls = std::unique_ptr<HttpTls>(new (std::nothrow) HttpTls(identity, input, output));
  if (tls == nullptr || mbedtls_ssl_setup(&tls->session_, &identity->settings()) != 0) return {};
  mbedtls_ssl_set_bio(&tls->session_, tls.get(), &HttpTls::give, &HttpTls::take, nullptr);
  return tls;
}

int HttpTls::give(void* self, const unsigned char* bytes, size_t size) {
  auto& tls = *static_cast<HttpTls*>(self);
  if (tls.fd_ >= 0)
    return static_cast<int>(send(tls.fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT));
  return evbuffer_add(tls.output_, bytes, size) == 0 ? static_cast<int>(size)
                                                     : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

int HttpTls::take(void* self, unsigned char* into, size_t size) {
  auto& tls = *static_cast<HttpTls*>(self);
  const int got = evbuffer_remove(tls.input_, into, size);
  return got > 0 ? got : MBEDTLS_ERR_SSL_WANT_READ;
}

bool HttpTls::read(evbuffer* into) {
  std::array<char, 4096> text;
  for (;;) {
    const int got =
        mbedtls_ssl_read(&session_, reinterpret_cast<unsigned char*>(text.data()), text.size());
    if (got <= 0) {
      wipe(text);
      return got == MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (evbuffer_add(into, text.data(), static_cast<size_t>(got)) != 0) return false;
  }
}

bool HttpTls::write(std::string_view text) {
  while (!text.empty()) {
    const int sent = mbedtls_ssl_write(
        &session_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void HttpTls::finish(int fd) {
  fd_ = fd;
  mbedtls_ssl_close_notify(&session_);
}

}  // namespace tipring::port

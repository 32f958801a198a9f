// The running server, over its Unix socket.
#pragma once

#include <string>

#include "app/ctl_backend.h"
#include "port/http_client.h"

namespace tipring::app {

class CtlServer final : public CtlBackend {
 public:
  explicit CtlServer(std::string_view socket) : socket_(socket) {}

  std::string put_user(const admin::UserName& user, std::string_view password,
                       admin::PutMode mode) override;
  std::string remove_user(const admin::UserName& user) override;
  // In requests of a few hundred lines, since the server answers each when all of it is on the
  // disk.
  std::string import(const admin::ImportLines& lines, uint32_t& created,
                     uint32_t& changed) override;
  std::string list(CtlListing listing, CtlRows& rows) override;

 private:
  // Empty when the server answered 2xx.
  std::string ask(const port::HttpRequest& request, port::HttpReply& reply) const;

  std::string socket_;
};

}  // namespace tipring::app

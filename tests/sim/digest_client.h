// A phone's side of digest authentication: RFC 3261 22, RFC 7616 3.4. Keeps the nonce and counts on,
// so that only the first request is challenged.
#pragma once

#include <string>

#include "sip/message.h"

namespace tipring::sim {

class DigestClient {
 public:
  DigestClient(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}

  // Takes the challenge of a 401 or 407; false when there is none that can be answered.
  bool learn(const sip::MessageView& response);
  bool knows_nonce() const { return !nonce_.empty(); }

  // The line for the next request; empty before any challenge. `header` is Authorization or
  // Proxy-Authorization.
  std::string next_line(std::string_view header, std::string_view method, std::string_view uri);

 private:
  std::string user_;
  std::string password_;
  std::string realm_;
  std::string nonce_;
  std::string algorithm_;
  uint32_t count_ = 0;
};

}  // namespace tipring::sim

// Refusals for want of capacity: 503 with a Retry-After of one to five seconds, spread so that
// those refused do not come back together (RFC 3261 21.5.4), and the configuration key to raise.
#pragma once

#include <array>
#include <string_view>

#include "core/hash.h"
#include "core/log.h"
#include "core/log_count.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::service {

// What those are told who ask for something while the server ends. It is back soon, or another one
// takes its place.
inline sip::ResponseParts stopping() {
  sip::ResponseParts parts;
  parts.reason = "Service Unavailable - Stopping";
  parts.headers = "Retry-After: 5\r\n";
  return parts;
}

class Overload {
 public:
  // Borrows the log.
  Overload(const HashKey& key, Log& log) : hash_key_(key), log_(log) {}

  // What goes with the 503 to `request`, the same for a retransmission of it (8.2.7). `key` is a
  // literal: "capacity.transactions". Views are good until the next call.
  sip::ResponseParts refuse(const sip::MessageView& request, std::string_view key, Millis now);

  // The same for a refusal that somebody else will answer.
  void note(std::string_view key, Millis now);

  // The Retry-After line alone, for a 503 with another cause.
  std::string_view retry_after(const sip::MessageView& request);

  uint64_t refused() const { return refused_; }

 private:
  struct Shortage {
    std::string_view key;
    LogCount lines;
  };

  void log(std::string_view key, Millis now);

  HashKey hash_key_;
  Log& log_;
  uint64_t refused_ = 0;
  std::array<Shortage, 8> shortages_;  // as many as there are keys
  std::array<char, 96> reason_;
  std::array<char, 32> retry_after_;
};

}  // namespace tipring::service

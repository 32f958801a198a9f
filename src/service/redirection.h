// Following redirections as UAC: RFC 3261 8.1.3.4. The addresses that a 3xx names, best first, each
// once, so that two servers that point to each other do not go on for ever.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/message_slabs.h"
#include "sip/message.h"

namespace tipring::service {

class Redirection {
 public:
  // All that one request is sent to, the first included.
  static constexpr size_t kTargetsMax = 8;

  bool has_begun() const { return count_ != 0; }
  // The Request-URI of the first try. False: no buffer was free, and no redirection is followed.
  bool begin(MessageSlabs& slabs, std::string_view request_uri);

  // Takes the contacts of a 3xx, as far as they are new, can be reached by SIP and there is room.
  // Where the first try was a SIPS URI, others are left out (RFC 5630 5). The number taken.
  size_t on_redirect(MessageSlabs& slabs, const sip::MessageView& response);

  // The best that was not tried, as it stood in its Contact; it counts as tried then. Its method and
  // headers are not for the Request-URI (sip::write_request_uri()). Of equal ones the first that came.
  // Empty when none is left. Good until the next on_redirect().
  std::string_view next();
  bool has_next() const;
  // What next() gave last; empty before. Good until the next on_redirect().
  std::string_view current() const;

  void clear();

 private:
  static constexpr size_t kTextsMax = 4096;
  struct Target {
    uint16_t begin = 0;
    uint16_t end = 0;
    uint16_t q = 0;  // thousandths
    bool tried = false;
  };

  std::string_view text(const Target& target) const;
  bool knows(std::string_view uri) const;
  bool add(MessageSlabs& slabs, std::string_view uri, uint16_t q);

  MessageRef texts_;
  std::array<Target, kTargetsMax> targets_;
  uint8_t count_ = 0;
  uint8_t current_ = 0;
};

}  // namespace tipring::service

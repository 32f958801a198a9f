// A request of our own, written once more for another try: to another address, after a challenge, or
// after a wait. RFC 3261 8.1.3.5, 14.1; RFC 3263 4.3.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"
#include "sip/message_edit.h"

namespace tipring::service {

struct Rewrite {
  std::string_view via;               // value of its only Via
  std::string_view request_uri = {};  // empty: as it stands
  std::string_view contact = {};      // value; empty: as it stands
  uint32_t cseq = 0;                  // 0: as it stands
  const sip::LineFilter* filter = nullptr;
  std::string_view lines = {};  // whole lines behind all others
};

// Errors: BufferFull.
Result<size_t> write_again(const sip::MessageView& request, const Rewrite& rewrite,
                           std::span<char> out);

}  // namespace tipring::service

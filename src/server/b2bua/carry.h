// What goes from one leg to the other of what a phone has written: RFC 7092 3.1.3, RFC 7332 5 and 6.
// Each leg has a dialog, transactions and extensions of its own, so that whatever belongs to these
// stays where it is; what one person tells the other is carried.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"

namespace tipring::b2bua {

enum class Passage : uint8_t {
  Begin,    // an INVITE outside any dialog
  Within,   // a request within a dialog
  Answer,   // a provisional response or a 2xx
  Refusal,  // any other response
};

// Whether a line of `message` goes across. Those that tell of its body are not asked about here.
bool is_carried(const sip::HeaderView& line, Passage passage);

// All lines of `message` that go across, in their order, unfolded, each with its CR LF. Of a caller
// who wants it, P-Asserted-Identity stays behind (RFC 3325 7: a phone is outside what it is for).
// Errors: BufferFull.
Result<size_t> write_carried(const sip::MessageView& message, Passage passage, std::span<char> out);

// What is told of a body that is carried as it came, beside its Content-Type. Nothing where there is
// no body. Errors: BufferFull.
Result<size_t> write_body_lines(const sip::MessageView& message, std::span<char> out);

}  // namespace tipring::b2bua

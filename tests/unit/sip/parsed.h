// A message as a test writes it, parsed where a read past its end crashes.
#pragma once

#include <string>
#include <string_view>

#include "sip/message.h"
#include "support/guard_page.h"

namespace tipring::test {

// Lines of a raw string, which end in LF and begin with one, with the CR LF of the wire.
inline std::string wire(std::string_view lines) {
  std::string text;
  if (lines.starts_with('\n')) lines.remove_prefix(1);
  for (const char c : lines) {
    if (c == '\n') text += '\r';
    text += c;
  }
  return text;
}

class Parsed {
 public:
  explicit Parsed(std::string_view text, sip::Framing framing = sip::Framing::Datagram)
      : text_(text), result_(sip::parse_message(text_.view(), index_, framing)) {}
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  const sip::ParsedMessage* operator->() const { return &result_; }
  const sip::MessageView& view() const { return result_.view; }
  std::string_view text() const { return text_.view(); }
  bool complete() const { return result_.status == sip::ParseStatus::Complete; }
  sip::ParseFault fault() const { return result_.error.fault; }

 private:
  GuardedText text_;
  sip::HeaderIndex index_;
  sip::ParsedMessage result_;
};

// A request with these header lines behind the mandatory ones.
inline std::string request_with(std::string_view lines) {
  return wire(R"(
INVITE sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
)") + wire(lines) +
         "\r\n";
}

}  // namespace tipring::test

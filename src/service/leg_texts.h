// What a leg reads from the peer's messages and writes into its own.
#pragma once

#include <array>
#include <string_view>

#include "service/environment.h"
#include "service/leg_user.h"
#include "sip/writer.h"

namespace tipring::service {

// Who rings for long says so again, so that no proxy takes him for dead: RFC 3261 13.3.1.1.
inline constexpr Millis kProgressInterval{60 * 1000};

inline constexpr std::string_view kNoAckReason = "Reason: SIP;cause=408;text=\"No ACK\"\r\n";
inline constexpr std::string_view kLostForkReason =
    "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

inline constexpr std::string_view kAllowLine =
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE\r\n";

// Option tags that a Require may name.
bool is_supported_option(std::string_view tag);

bool has_description(const sip::MessageView& message);
bool is_description(const LegContent& content);

// Notes what this message says; what it does not speak of stays.
void note_features(PeerFeatures& peer, const sip::MessageView& message);
// The same of what he allows alone, which any message may tell: RFC 4028 7.4.
void note_allowed(PeerFeatures& peer, const sip::MessageView& message);

// "<sip:user@10.0.0.1:5060;transport=tcp>": where we are to be reached by who is reached by `flow`.
inline constexpr size_t kContactMax = 256;
std::string_view write_contact(const Environment& environment, const Flow& flow,
                               std::string_view user, std::span<char> out);

// An answer that takes none of the streams that `offer` names; empty where that cannot be read.
std::string_view write_rejection(std::string_view offer, const port::IpAddress& address,
                                 uint64_t session_id, std::span<char> out);

// Whole lines for a message of ours.
class HeaderLines {
 public:
  void contact(const Environment& environment, const Flow& flow, std::string_view user);
  // Allow and Supported; `reliable`: with 100rel. RFC 4028 7.1: all requests but ACK list "timer".
  void capabilities(bool reliable);
  void add(std::string_view lines) { out_.text(lines); }
  sip::Writer& writer() { return out_; }

  bool full() const { return out_.full(); }
  std::string_view view() const { return out_.view(); }

 private:
  std::array<char, 4096> room_;
  sip::Writer out_{room_};
};

}  // namespace tipring::service

// The session interval that a proxy asks for, so that calls whose phones have died come to an end:
// RFC 4028 8.1 and 8.2.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "service/context.h"
#include "service/environment.h"
#include "sip/message_edit.h"

namespace tipring::service {

class DigestServerAuth;
class DestinationSelection;
class ViaManagement;
class OutputControl;

class SessionInterval {
 public:
  using Before = ServiceList<DigestServerAuth, DestinationSelection, ViaManagement, OutputControl>;

  // 422 for an interval below ours, where the sender can raise it; before anybody is asked who he
  // is.
  Screening screen_request(const Environment& environment, const Incoming& request);

  // Decides what the forwarded request says, and remembers it for the answer. Again after a pause:
  // the outcome is the same.
  void prepare_request(const Environment& environment, const sip::MessageView& request);

  // False for the lines that `lines()` replaces.
  bool keeps(const sip::HeaderView& line) const;
  // Whole lines for the forwarded request; good until the next prepare_request().
  std::string_view lines() const { return {lines_.data(), lines_size_}; }

  // Whole lines for a 2xx that goes back: where the callee knows no session timer, the caller
  // refreshes. Good while `out` is, which holds kResponseLinesMax.
  std::string_view response_lines(const sip::MessageView& response, std::span<char> out) const;
  static constexpr size_t kResponseLinesMax = 80;

 private:
  static bool is_refresh(sip::Method method);
  void raise(const Environment& environment, const sip::MessageView& request);

  uint32_t interval_s_ = 0;  // in the forwarded request; 0: none
  bool caller_refreshes_ = false;
  bool replaces_ = false;
  uint8_t lines_size_ = 0;
  std::array<char, 120> lines_;
};

}  // namespace tipring::service

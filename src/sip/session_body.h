// Where the session description of a message is: the body itself, or a part of it (RFC 3261 13.2.1,
// RFC 5621 3 and 4). Only what has the disposition "session" is an offer or an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sip/message.h"

namespace tipring::sip {

inline constexpr size_t kMultipartDepthMax = 2;  // what is nested deeper is not looked into

enum class SessionBodyStatus : uint8_t {
  None,  // no body, or one that is about something else
  Found,
  Malformed,  // a multipart body that cannot be cut, or with two descriptions: 400
  Encoded,    // compressed, base64 …: 415
};

struct SessionBody {
  SessionBodyStatus status = SessionBodyStatus::None;
  std::string_view text;  // a view into the message
};

// Takes application/sdp whose Content-Disposition is "session" or absent. Of multipart/alternative
// the last one counts (RFC 2046 5.1.4).
SessionBody find_session_body(const MessageView& message);

}  // namespace tipring::sip

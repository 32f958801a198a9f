#include "sdp/parse_error.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace tipring::sdp {

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::TooLarge: return "too large";
    case Fault::Empty: return "no session description";
    case Fault::NotALine: return "not a line of SDP";
    case Fault::ForbiddenByte: return "NUL or bare CR";
    case Fault::UnknownType: return "unknown type";
    case Fault::WrongPlace: return "in a wrong place";
    case Fault::Duplicate: return "a second such line";
    case Fault::TwoDescriptions: return "a second session description";
    case Fault::BadVersion: return "unknown version";
    case Fault::NoOrigin: return "no o= line";
    case Fault::BadOrigin: return "bad origin";
    case Fault::BadConnection: return "bad connection address";
    case Fault::NoConnection: return "media without a c= line";
    case Fault::BadMedia: return "bad media description";
    case Fault::BadPort: return "bad port";
    case Fault::NoFormat: return "media without a format";
    case Fault::TooManyMedia: return "too many media";
  }
  return "unknown";
}

uint16_t status_for(Fault fault) { return fault == Fault::TooManyMedia ? 488 : 400; }

std::string_view write_error_reason(const ParseError& error, std::span<char> out) {
  size_t size = 0;
  const auto put = [&](std::string_view piece) {
    const size_t room = std::min(piece.size(), out.size() - size);
    std::copy_n(piece.begin(), room, out.begin() + static_cast<std::ptrdiff_t>(size));
    size += room;
  };
  put("SDP");
  if (error.line != 0) {
    std::array<char, kNumberTextMax> digits;
    put(" line ");
    put(write_u32(error.line, digits));
  }
  if (error.type != 0) {
    put(", ");
    put({&error.type, 1});
    put("=");
  }
  put(": ");
  put(to_text(error.fault));
  return {out.data(), size};
}

}  // namespace tipring::sdp

// Bodies of several parts: RFC 2046 5.1, as RFC 3261 7.4.1 and RFC 5621 use them. Views into the
// body; a part that is multipart itself is read the same way.
#pragma once

#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/text_headers.h"

namespace tipring::sip {

struct BodyPart {
  std::string_view head;  // the header lines, each with its line end
  std::string_view body;  // without the line end before the next boundary

  // Value of the first line with this name, without its compact form: a part's headers are MIME's.
  // Folds inside are left as they are.
  std::optional<std::string_view> header(std::string_view name) const;
};

enum class PartStatus : uint8_t { Found, End, Malformed };

class Multipart {
 public:
  // `type` is the Content-Type of the body. Errors: BadValue (not multipart, or no boundary of 1 to
  // 70 characters).
  static Result<Multipart, ParseError> open(const MediaType& type, std::string_view body);

  // The next part. What stands before the first boundary and behind the last is skipped. Malformed
  // when the body ends before its last boundary; so it is at every call after that.
  PartStatus next(BodyPart& part);

 private:
  Multipart(std::string_view boundary, std::string_view body) : boundary_(boundary), rest_(body) {}

  enum class Place : uint8_t { Preamble, Parts, End, Broken };

  struct Delimiter {
    size_t begin = std::string_view::npos;  // of the line end before it, which belongs to it
    size_t end = 0;                         // behind its line
    bool last = false;
  };
  Delimiter find_delimiter() const;
  bool read_delimiter(size_t line, Delimiter& found) const;

  std::string_view boundary_;
  std::string_view rest_;
  Place place_ = Place::Preamble;
};

}  // namespace tipring::sip

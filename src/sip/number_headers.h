// Headers whose value begins with a number: RFC 3261 20.14, 20.16, 20.19, 20.22 to 20.24, 20.33,
// 20.38; RFC 3262 7.1 and 7.2; RFC 4028 4 and 5; RFC 5393 5.3.3; RFC 5626 11.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/method.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

// 20.16. The number is below 2**31 (8.1.1.5).
struct CSeq {
  uint32_t number = 0;
  Method method = Method::Other;
  std::string_view method_text;
};

struct CSeqTraits {
  using Type = CSeq;
  // Errors: BadNumber, BadMethod.
  static Result<CSeq, ParseError> parse(std::string_view text);
};

// RFC 3262 7.2: the response that a PRACK acknowledges.
struct RAck {
  uint32_t response = 0;
  CSeq cseq;
};

struct RAckTraits {
  using Type = RAck;
  static Result<RAck, ParseError> parse(std::string_view text);
};

// 20.22: 0 to 255.
struct HopsTraits {
  using Type = uint8_t;
  static Result<uint8_t, ParseError> parse(std::string_view text);
};

// Digits and nothing else, below 2**32.
struct NumberTraits {
  using Type = uint32_t;
  static Result<uint32_t, ParseError> parse(std::string_view text);
};

// Seconds with parameters, and in Retry-After a comment between them.
struct Delta {
  uint32_t seconds = 0;
  std::string_view comment;  // with its parentheses
  std::string_view params;   // from the first ";"

  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
};

struct DeltaTraits {
  using Type = Delta;
  static Result<Delta, ParseError> parse(std::string_view text);
};

// 20.38: seconds, which a 100 gives back with the delay. Decimal digits with at most one ".".
struct Timestamp {
  std::string_view time;
  std::string_view delay;  // empty: absent
};

struct TimestampTraits {
  using Type = Timestamp;
  static Result<Timestamp, ParseError> parse(std::string_view text);
};

// 20.24.
struct MimeVersion {
  uint32_t major = 0;
  uint32_t minor = 0;
};

struct MimeVersionTraits {
  using Type = MimeVersion;
  static Result<MimeVersion, ParseError> parse(std::string_view text);
};

// 20.43.
struct Warning {
  uint16_t code = 0;
  std::string_view agent;
  std::string_view text;  // without quotes, escapes as they are
};

struct WarningTraits {
  using Type = Warning;
  static Result<Warning, ParseError> parse(std::string_view text);
};

// qvalue (25.1), in thousandths: "0.5" is 500. Errors: Invalid.
Result<uint16_t> parse_q(std::string_view text);

}  // namespace tipring::sip

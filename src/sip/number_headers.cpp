#include "sip/number_headers.h"

#include "core/text.h"
#include "sip/scan.h"

namespace tipring::sip {

namespace {

// Size of the comment at the front of `text`, 0 when it has no end. Comments nest (25.1).
size_t comment_size(std::string_view text) {
  size_t depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return 0;
}

// A ";" with no parameter behind it, which other headers are let have. `params` are good.
bool has_empty_param(std::string_view params) {
  Param param;
  while (!params.empty()) {
    params.remove_prefix(1);  // the ";" that next_param() has left
    params.remove_prefix(kLwsChar.skip(params));
    if (params.empty() || params.front() == ';') return true;
    static_cast<void>(next_param(params, param));
  }
  return false;
}

// Digits with at most one "." among or behind them. `text` is what `scan` has left.
std::string_view take_decimal(Scan& scan) {
  const std::string_view start = scan.rest();
  if (scan.digits_here().empty()) return {};
  if (scan.accept_here('.')) scan.digits_here();
  return start.substr(0, start.size() - scan.remaining());
}

}  // namespace

Result<CSeq, ParseError> CSeqTraits::parse(std::string_view text) {
  Scan scan(text);
  const Result<uint32_t> number = parse_u32(scan.digits_here());
  if (!number || *number > INT32_MAX) return scan.fault_at_start(ParseFault::BadNumber);
  const bool apart = scan.blank_here();
  const std::string_view method = scan.token();
  if (!apart || method.empty() || !scan.done()) return scan.fault(ParseFault::BadMethod);
  return CSeq{*number, parse_method(method), method};
}

Result<RAck, ParseError> RAckTraits::parse(std::string_view text) {
  Scan scan(text);
  const Result<uint32_t> response = parse_u32(scan.digits_here());
  if (!response || !scan.blank_here()) return scan.fault_at_start(ParseFault::BadNumber);
  const auto cseq = CSeqTraits::parse(scan.rest());
  if (!cseq) return scan.fault(cseq.error().fault);
  return RAck{*response, *cseq};
}

Result<uint8_t, ParseError> HopsTraits::parse(std::string_view text) {
  const Result<uint8_t> number = parse_u8(text);
  if (!number) return ParseError{ParseFault::BadNumber, HeaderId::Other, 0};
  return *number;
}

Result<uint32_t, ParseError> NumberTraits::parse(std::string_view text) {
  const Result<uint32_t> number = parse_u32(text);
  if (!number) return ParseError{ParseFault::BadNumber, HeaderId::Other, 0};
  return *number;
}

Result<Delta, ParseError> DeltaTraits::parse(std::string_view text) {
  Scan scan(text);
  const Result<uint32_t> seconds = parse_u32(scan.digits_here());
  if (!seconds) return scan.fault_at_start(ParseFault::BadNumber);
  Delta delta;
  delta.seconds = *seconds;
  if (scan.rest().starts_with('(')) {
    delta.comment = scan.take(comment_size(scan.rest()));
    if (delta.comment.empty()) return scan.fault(ParseFault::BadValue);
  }
  const auto params = scan.params();
  if (!params) return params.error();
  if (has_empty_param(*params)) return scan.fault(ParseFault::BadParameter);
  delta.params = *params;
  return delta;
}

Result<Timestamp, ParseError> TimestampTraits::parse(std::string_view text) {
  Scan scan(text);
  Timestamp stamp;
  stamp.time = take_decimal(scan);
  if (stamp.time.empty()) return scan.fault(ParseFault::BadNumber);
  if (scan.blank_here()) stamp.delay = take_decimal(scan);
  if (!scan.done()) return scan.fault(ParseFault::BadNumber);
  return stamp;
}

Result<MimeVersion, ParseError> MimeVersionTraits::parse(std::string_view text) {
  const auto [major, minor] = split_once(text, '.');
  const Result<uint32_t> first = parse_u32(major);
  const Result<uint32_t> second = parse_u32(minor);
  if (!first || !second) return ParseError{ParseFault::BadNumber, HeaderId::Other, 0};
  return MimeVersion{*first, *second};
}

Result<Warning, ParseError> WarningTraits::parse(std::string_view text) {
  Scan scan(text);
  Warning warning;
  const std::string_view digits = scan.digits_here();
  const Result<uint16_t> code = parse_u16(digits);
  if (digits.size() != 3 || !code || !scan.blank_here())
    return scan.fault_at_start(ParseFault::BadNumber);
  warning.code = *code;
  warning.agent = scan.word();
  const std::string_view quoted = scan.quoted();
  if (warning.agent.empty() || quoted.empty() || !scan.done())
    return scan.fault(ParseFault::BadValue);
  warning.text = quoted.substr(1, quoted.size() - 2);
  return warning;
}

Result<uint16_t> parse_q(std::string_view text) {
  const auto [whole, fraction] = split_once(text, '.');
  if ((whole != "0" && whole != "1") || fraction.size() > 3) return Error::Invalid;
  uint16_t q = whole == "1" ? 1000 : 0;
  uint16_t unit = 100;
  for (const char digit : fraction) {
    if (!is_digit(digit)) return Error::Invalid;
    q = static_cast<uint16_t>(q + (digit - '0') * unit);
    unit = static_cast<uint16_t>(unit / 10);
  }
  if (q > 1000) return Error::Invalid;
  return q;
}

}  // namespace tipring::sip

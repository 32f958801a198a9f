// Walks through one header value from left to right: RFC 3261 25.1. Where a rule allows LWS, and
// between any two pieces it does, it is skipped in front of the next piece.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "sip/chars.h"
#include "sip/params.h"
#include "sip/parse_error.h"
#include "sip/scan_value.h"

namespace tipring::sip {

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text), rest_(text) {}

  // Empty when none stands here.
  std::string_view token() { return take(kTokenChar); }
  std::string_view word() { return take(kGraphicChar); }
  // With its quotes.
  std::string_view quoted() {
    skip();
    return take(rest_.starts_with('"') ? quoted_string_size(rest_) : 0);
  }
  bool accept(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Directly behind what was taken last.
  bool accept_here(char c) { return rest_.starts_with(c) && accept(c); }
  bool blank_here() const { return !rest_.empty() && kLwsChar(rest_.front()); }
  std::string_view digits_here() { return take(kDigit.skip(rest_)); }
  std::string_view take(size_t size) {
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(piece.size());
    return piece;
  }

  bool done() {
    skip();
    return rest_.empty();
  }
  std::string_view rest() {
    skip();
    return rest_;
  }
  // What follows from here on: nothing, or parameters behind a ";" each.
  // Errors: BadValue (something else), BadParameter, TooManyParameters.
  Result<std::string_view, ParseError> params();

  size_t remaining() const { return rest_.size(); }

  ParseError fault(ParseFault fault) const {
    return {fault, HeaderId::Other, static_cast<uint32_t>(text_.size() - rest_.size())};
  }
  static ParseError fault_at_start(ParseFault fault) { return {fault, HeaderId::Other, 0}; }

 private:
  void skip() { rest_.remove_prefix(skip_lws(rest_, 0)); }
  std::string_view take(CharClass allowed) {
    skip();
    return take(allowed.skip(rest_));
  }

  std::string_view text_;
  std::string_view rest_;
};

inline Result<std::string_view, ParseError> Scan::params() {
  skip();
  if (rest_.empty()) return rest_;
  if (rest_.front() != ';') return fault(ParseFault::BadValue);
  const auto good = check_params(rest_);
  if (good) return rest_;
  rest_.remove_prefix(good.error().offset);
  return fault(good.error().fault);
}

}  // namespace tipring::sip

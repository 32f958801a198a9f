// Reading of SIP and SIPS URIs: uri.h.
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "port/address.h"
#include "sip/chars.h"
#include "sip/uri.h"

namespace tipring::sip {

namespace {

// Reads a URI from left to right; what stands at `at_` is next.
class UriReader {
 public:
  UriReader(std::string_view text, Uri& uri) : text_(text), uri_(uri) {}

  Result<void, ParseError> read();

 private:
  Result<void, ParseError> read_scheme();
  Result<void, ParseError> read_userinfo();
  Result<void, ParseError> read_host();
  Result<void, ParseError> read_port();
  Result<void, ParseError> read_params();
  Result<void, ParseError> read_headers();

  ParseError fault(ParseFault fault) const {
    return {fault, HeaderId::Other, static_cast<uint32_t>(at_)};
  }
  // What stands here is not what may.
  ParseError bad_char() const {
    return fault(next_is('%') ? ParseFault::BadEscape : ParseFault::BadUri);
  }
  bool at_end() const { return at_ == text_.size(); }
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string_view take(CharClass allowed) {
    const size_t start = at_;
    at_ = allowed.skip(text_, start);
    return between(text_, start, at_);
  }

  // Characters of `allowed`, which has no "%", and well-formed escapes; up to `end`.
  std::string_view take_escaped(CharClass allowed, size_t end) {
    const std::string_view text = between(text_, 0, end);
    const size_t start = at_;
    at_ = allowed.skip(text, at_);
    while (next_is('%') && end - at_ >= 3 && kHexDigit(text[at_ + 1]) && kHexDigit(text[at_ + 2]))
      at_ = allowed.skip(text, at_ + 3);
    return between(text, start, at_);
  }

  const std::string_view text_;
  size_t at_ = 0;
  Uri& uri_;
};

Result<void, ParseError> UriReader::read_scheme() {
  const std::string_view scheme = scheme_of(text_);
  if (scheme.empty()) return fault(ParseFault::BadUri);
  if (scheme.size() == 4 && iequals(scheme, "sips")) {
    uri_.scheme = Scheme::Sips;
  } else if (!iequals(scheme, "sip")) {
    return fault(ParseFault::UnknownScheme);
  }
  at_ = scheme.size() + 1;
  return {};
}

// userinfo "@": the user may hold ";", "?" and "/", so the "@" is looked for first; a host never
// holds one.
Result<void, ParseError> UriReader::read_userinfo() {
  const size_t plain = kUserChar.skip(text_, at_);
  if (plain == text_.size()) return {};  // an "@" would have stopped it
  // Neither password nor escapes: nearly always.
  const bool whole = plain > at_ && text_[plain] == '@';
  const size_t end = whole ? plain : text_.find('@', plain);
  if (end == std::string_view::npos) return {};
  if (whole) {
    uri_.user = between(text_, at_, end);
  } else {
    if (at_ == end || text_[at_] == ':') return fault(ParseFault::BadUri);
    uri_.user = take_escaped(kUserChar, end);
    if (at_ < end && text_[at_] == ':') {
      ++at_;
      uri_.has_password = true;
      uri_.password = take_escaped(kPasswordChar, end);
    }
    if (at_ < end) return bad_char();
  }
  uri_.has_user = true;
  at_ = end + 1;
  return {};
}

Result<void, ParseError> UriReader::read_host() {
  if (!next_is('[')) {
    uri_.host = take(kHostChar);
    if (uri_.host.empty()) return fault(ParseFault::BadHost);
    return {};
  }
  const size_t close = text_.find(']', at_);
  if (close == std::string_view::npos) return fault(ParseFault::BadHost);
  uri_.host = between(text_, at_ + 1, close);
  uri_.is_ipv6 = true;
  if (uri_.host.find(':') == std::string_view::npos || !port::parse_ip(uri_.host))
    return fault(ParseFault::BadHost);
  at_ = close + 1;
  return {};
}

Result<void, ParseError> UriReader::read_port() {
  if (!next_is(':')) return {};
  const size_t start = ++at_;
  const Result<uint16_t> number = parse_u16(take(kDigit));
  if (!number || *number == 0) {
    at_ = start;
    return fault(ParseFault::BadPort);
  }
  uri_.port = *number;
  return {};
}

// Parameters behind ";" each: names, and values behind an "=".
Result<void, ParseError> UriReader::read_params() {
  const size_t start = at_;
  uri_.initials = ParamInitials::none();
  for (size_t count = 0; next_is(';'); ++count) {
    if (count == kParamsMax) return fault(ParseFault::TooManyParameters);
    ++at_;
    const std::string_view name = take_escaped(kUriParamChar, text_.size());
    const bool has_value = next_is('=');
    if (name.empty() && (has_value || at_end() || next_is(';') || next_is('?')))
      return fault(ParseFault::BadParameter);
    if (has_value) {
      ++at_;
      take_escaped(kUriParamChar, text_.size());
    }
    if (!at_end() && !next_is(';') && !next_is('?')) return bad_char();
    uri_.initials.note(name);
  }
  uri_.params = between(text_, start, at_);
  return {};
}

// name=value pairs with "&" between them.
Result<void, ParseError> UriReader::read_headers() {
  if (!next_is('?')) return {};
  ++at_;
  uri_.headers = between(text_, at_, text_.size());
  if (at_end()) return {};  // a "?" that nothing follows
  for (size_t count = 0; count < kParamsMax; ++count) {
    const std::string_view name = take_escaped(kUriHeaderChar, text_.size());
    const bool has_value = next_is('=');
    if (name.empty() && (has_value || at_end() || next_is('&'))) return fault(ParseFault::BadUri);
    if (has_value) {
      ++at_;
      take_escaped(kUriHeaderChar, text_.size());
    }
    if (at_end()) return {};
    if (!next_is('&')) return bad_char();
    ++at_;
  }
  return fault(ParseFault::TooManyParameters);
}

Result<void, ParseError> UriReader::read() {
  if (const auto good = read_scheme(); !good) return good;
  if (const auto good = read_userinfo(); !good) return good;
  if (const auto good = read_host(); !good) return good;
  if (const auto good = read_port(); !good) return good;
  if (const auto good = read_params(); !good) return good;
  if (const auto good = read_headers(); !good) return good;
  if (!at_end()) return fault(ParseFault::BadUri);
  return {};
}

}  // namespace

std::string_view scheme_of(std::string_view text) {
  if (istarts_with(text, "sip:")) return between(text, 0, 3);  // nearly always
  const std::string_view scheme = text.substr(0, kSchemeChar.skip(text));
  const bool good =
      !scheme.empty() && kAlpha(scheme.front()) && text.substr(scheme.size()).starts_with(':');
  return good ? scheme : std::string_view();
}

Result<Uri, ParseError> parse_uri(std::string_view text) {
  Result<Uri, ParseError> result(std::in_place);
  parse_uri(text, result);
  return result;
}

void parse_uri(std::string_view text, Result<Uri, ParseError>& result) {
  if (const auto good = UriReader(text, *result).read(); !good) result = good.error();
}

}  // namespace tipring::sip

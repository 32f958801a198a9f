#include "sip/tel_uri.h"

#include "core/text.h"
#include "sip/chars.h"
#include "sip/uri.h"

namespace tipring::sip {

namespace {

bool is_separator(char c) { return c == '-' || c == '.' || c == '(' || c == ')'; }

// phonedigit of a global number, phonedigit-hex of a local one; at least one that is no separator.
size_t number_size(std::string_view text, bool is_global) {
  size_t size = 0;
  bool any = false;
  for (; size < text.size() && text[size] != ';'; ++size) {
    const char c = text[size];
    const bool digit = is_global ? kDigit(c) : kHexDigit(c) || c == '*' || c == '#';
    if (!digit && !is_separator(c)) return 0;
    any = any || digit;
  }
  return any ? size : 0;
}

// No parameter stands twice, of ext and isub one may, and only a local number has a phone-context,
// which is a domain or a global prefix.
Result<void, ParseError> check_tel_params(std::string_view text, const TelUri& uri) {
  if (const auto good = check_params(uri.params); !good) {
    return fault_at(good.error().fault, text, uri.params.substr(good.error().offset));
  }
  std::string_view rest = uri.params;
  Param param;
  while (next_param(rest, param) == ParamStatus::Found) {
    const auto first = uri.param(param.name);
    if (first->name.data() != param.name.data())
      return fault_at(ParseFault::BadParameter, text, param.name);
  }
  const auto context = uri.param("phone-context");
  const bool placed = !context || (!uri.is_global && !context->value.empty());
  if (!placed || (uri.param("ext") && uri.param("isub")))
    return fault_at(ParseFault::BadParameter, text, uri.params);
  return {};
}

// The next character that counts, in lower case; 0 at the end.
char next_digit(std::string_view number, size_t& at) {
  while (at < number.size() && is_separator(number[at])) ++at;
  return at < number.size() ? to_lower(number[at++]) : '\0';
}

bool equal_numbers(std::string_view a, std::string_view b) {
  size_t i = 0;
  size_t k = 0;
  while (true) {
    const char left = next_digit(a, i);
    if (left != next_digit(b, k)) return false;
    if (left == '\0') return true;
  }
}

bool is_number_param(std::string_view name, std::string_view value) {
  return iequals(name, "ext") || (iequals(name, "phone-context") && value.starts_with('+'));
}

// Every parameter of `from` stands in `to` with an equal value.
bool holds_params(const TelUri& from, const TelUri& to) {
  std::string_view rest = from.params;
  Param param;
  while (next_param(rest, param) == ParamStatus::Found) {
    const auto other = to.param(param.name);
    if (!other || other->has_value != param.has_value) return false;
    const bool same = is_number_param(param.name, param.value)
                          ? equal_numbers(param.value, other->value)
                          : equal_unescaped(param.value, other->value, true);
    if (!same) return false;
  }
  return true;
}

}  // namespace

Result<TelUri, ParseError> parse_tel_uri(std::string_view text) {
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) return fault_at(ParseFault::BadUri, text, text);
  if (!iequals(scheme, "tel")) return fault_at(ParseFault::UnknownScheme, text, text);
  const size_t start = scheme.size() + 1;
  const auto uri = parse_telephone_subscriber(text.substr(start));
  if (!uri) {
    const ParseError error = uri.error();
    return ParseError{error.fault, error.header, error.offset + static_cast<uint32_t>(start)};
  }
  if (!uri->is_global && !uri->param("phone-context"))
    return fault_at(ParseFault::NoPhoneContext, text, uri->params);
  return uri;
}

Result<TelUri, ParseError> parse_telephone_subscriber(std::string_view text) {
  if (!kGraphicChar.all(text)) return fault_at(ParseFault::BadUri, text, text);
  TelUri uri;
  uri.is_global = text.starts_with('+');
  const size_t plus = uri.is_global ? 1 : 0;
  const size_t size = number_size(text.substr(plus), uri.is_global);
  if (size == 0) return fault_at(ParseFault::BadUri, text, text);
  uri.number = text.substr(0, plus + size);
  uri.params = text.substr(uri.number.size());
  if (const auto good = check_tel_params(text, uri); !good) return good.error();
  return uri;
}

bool equal(const TelUri& a, const TelUri& b) {
  return a.is_global == b.is_global && equal_numbers(a.number, b.number) && holds_params(a, b) &&
         holds_params(b, a);
}

std::optional<std::string_view> write_number(const TelUri& uri, std::span<char> out) {
  size_t used = 0;
  for (const char c : uri.number) {
    if (is_separator(c)) continue;
    if (used == out.size()) return std::nullopt;
    out[used++] = c;
  }
  return std::string_view(out.data(), used);
}

}  // namespace tipring::sip

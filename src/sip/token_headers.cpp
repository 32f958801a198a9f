#include "sip/token_headers.h"

#include "core/text.h"
#include "sip/scan.h"
#include "sip/scan_value.h"

namespace tipring::sip {

namespace {

struct PrivacyName {
  std::string_view name;
  bool Privacy::*member;
};

constexpr PrivacyName kPrivacyNames[] = {
    {"header", &Privacy::header},  {"session", &Privacy::session},   {"user", &Privacy::user},
    {"none", &Privacy::none},      {"critical", &Privacy::critical}, {"id", &Privacy::id},
    {"history", &Privacy::history}};

// How often a parameter stands there. `params` are good.
size_t count_param(std::string_view params, std::string_view name) {
  size_t count = 0;
  Param param;
  while (next_param(params, param) == ParamStatus::Found) count += iequals(param.name, name);
  return count;
}

Result<TokenParams, ParseError> with_params(std::string_view token, Scan& scan) {
  if (token.empty()) return scan.fault(ParseFault::BadValue);
  const auto params = scan.params();
  if (!params) return params.error();
  return TokenParams{token, *params};
}

}  // namespace

Result<std::string_view, ParseError> TokenTraits::parse(std::string_view text) {
  Scan scan(text);
  const std::string_view token = scan.token();
  if (token.empty() || !scan.done()) return scan.fault(ParseFault::BadValue);
  return token;
}

Result<TokenParams, ParseError> TokenParamsTraits::parse(std::string_view text) {
  Scan scan(text);
  const std::string_view token = scan.token();
  return with_params(token, scan);
}

Result<TokenParams, ParseError> ValueParamsTraits::parse(std::string_view text) {
  Scan scan(text);
  const std::string_view quoted = scan.quoted();
  if (quoted.empty()) return with_params(scan.token(), scan);
  const auto params = scan.params();
  if (!params) return params.error();
  return TokenParams{quoted.substr(1, quoted.size() - 2), *params};
}

Result<std::string_view, ParseError> ParamsTraits::parse(std::string_view text) {
  const auto good = check_params(text);
  if (!good) return good.error();
  std::string_view rest = text;
  Param first;
  if (next_param(rest, first) != ParamStatus::Found)
    return Scan::fault_at_start(ParseFault::BadValue);
  return text;
}

Result<std::string_view, ParseError> LanguageTagTraits::parse(std::string_view text) {
  std::string_view rest = text;
  while (true) {
    // The first part is of letters; later RFCs have digits in the others.
    const std::string_view part = rest.substr(0, rest.find('-'));
    const bool first = part.data() == text.data();
    if (part.empty() || part.size() > 8 || !(first ? kAlpha : kAlphaNum).all(part)) {
      return ParseError{ParseFault::BadValue, HeaderId::Other,
                        static_cast<uint32_t>(text.size() - rest.size())};
    }
    if (part.size() == rest.size()) return text;
    rest.remove_prefix(part.size() + 1);
  }
}

Result<std::string_view, ParseError> CallIdTraits::parse(std::string_view text) {
  const size_t end = skip_graphic(text);
  if (text.empty() || end < text.size())
    return ParseError{ParseFault::BadValue, HeaderId::Other, static_cast<uint32_t>(end)};
  // word [ "@" word ]. Of a word's characters we want no more than that they can be seen.
  const size_t at = text.find('@');
  if (at == std::string_view::npos) return text;
  if (at == 0 || at + 1 == text.size() || text.find('@', at + 1) != std::string_view::npos)
    return ParseError{ParseFault::BadValue, HeaderId::Other, static_cast<uint32_t>(at)};
  return text;
}

Result<DialogRef, ParseError> DialogRefTraits::parse(std::string_view text) {
  // A Call-ID holds no ";" (25.1 word).
  const std::string_view call_id = trim_lws(text.substr(0, text.find(';')));
  const auto good = CallIdTraits::parse(call_id);
  if (!good) return Scan::fault_at_start(ParseFault::BadValue);
  Scan scan(text);
  scan.take(static_cast<size_t>(call_id.data() - text.data()) + call_id.size());
  const auto params = scan.params();
  if (!params) return params.error();
  return DialogRef{call_id, *params};
}

Result<DialogRef, ParseError> ReplacesTraits::parse(std::string_view text) {
  auto dialog = DialogRefTraits::parse(text);
  const bool good = !dialog || (count_param(dialog->params, "to-tag") == 1 &&
                                count_param(dialog->params, "from-tag") == 1);
  if (!good) dialog = Scan::fault_at_start(ParseFault::BadParameter);
  return dialog;
}

Result<Privacy, ParseError> PrivacyTraits::parse(std::string_view text) {
  Scan scan(text);
  Privacy privacy;
  do {
    const std::string_view value = scan.token();
    if (value.empty()) return scan.fault(ParseFault::BadValue);
    for (const PrivacyName& known : kPrivacyNames) {
      if (iequals(known.name, value)) privacy.*known.member = true;
    }
  } while (scan.accept(';'));
  if (!scan.done()) return scan.fault(ParseFault::BadValue);
  return privacy;
}

}  // namespace tipring::sip

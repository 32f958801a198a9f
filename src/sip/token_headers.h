// Headers that are made of tokens: option tags, methods, event packages, feature preferences,
// references to dialogs, privacy. RFC 3261 20.2, 20.3, 20.5, 20.11 to 20.13, 20.26, 20.29, 20.32,
// 20.37, 20.40; RFC 3323, 3326, 3329, 3841, 3891, 3903, 4538, 6086, 6665, 7315.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

// One token. Errors: BadValue.
struct TokenTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// A token, maybe "*", and parameters.
struct TokenParams {
  std::string_view token;
  std::string_view params;  // from the first ";"

  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
};

// Errors: BadValue, BadParameter, TooManyParameters.
struct TokenParamsTraits {
  using Type = TokenParams;
  static Result<TokenParams, ParseError> parse(std::string_view text);
};

// The same, with a quoted string where there may be one instead of the token; without its quotes.
struct ValueParamsTraits {
  using Type = TokenParams;
  static Result<TokenParams, ParseError> parse(std::string_view text);
};

// Nothing but parameters, with ";" between them.
struct ParamsTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// 20.13: "en", "en-US".
struct LanguageTagTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// 20.8: compared byte by byte. White space inside is a fault; more than `word` is let through.
struct CallIdTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// A dialog by Call-ID and tags. Target-Dialog calls them local-tag and remote-tag: RFC 4538 7.
struct DialogRef {
  std::string_view call_id;
  std::string_view params;  // from the first ";"

  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
};

struct DialogRefTraits {
  using Type = DialogRef;
  static Result<DialogRef, ParseError> parse(std::string_view text);
};

// RFC 3891 6.1, RFC 3911 7.1: to-tag and from-tag once each. Errors: also BadParameter for that.
struct ReplacesTraits {
  using Type = DialogRef;
  static Result<DialogRef, ParseError> parse(std::string_view text);
};

// RFC 3323 4.2: what the user wants to be hidden, and RFC 3325 9.3, RFC 7044 10.1. Other values
// are let through.
struct Privacy {
  bool header = false;
  bool session = false;
  bool user = false;
  bool none = false;
  bool critical = false;
  bool id = false;
  bool history = false;
};

struct PrivacyTraits {
  using Type = Privacy;
  static Result<Privacy, ParseError> parse(std::string_view text);
};

}  // namespace tipring::sip

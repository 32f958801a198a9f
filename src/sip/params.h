// Parameters: ";name" and ";name=value", the value a token, a host or a quoted string (RFC
// 3261 25.1 generic-param).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/parse_error.h"

namespace tipring::sip {

struct Param {
  std::string_view name;
  std::string_view value;  // without quotes, escapes as they are
  bool has_value = false;  // tells ";lr=" and ";lr=on" from ";lr"
  bool quoted = false;
};

inline constexpr size_t kParamsMax = 64;

enum class ParamStatus : uint8_t { Found, End, Malformed };

// Takes the next parameter off `rest`, which begins with ";" or is empty; white space around names
// and "=" is skipped. When Malformed, `rest` begins at the fault.
ParamStatus next_param(std::string_view& rest, Param& param);

// The first parameter with this name, case-insensitive. Nothing when there is none before the end
// or a fault.
std::optional<Param> find_param(std::string_view params, std::string_view name);

// All parameters follow the grammar, and there are at most kParamsMax. The error's offset counts
// from the start.
Result<void, ParseError> check_params(std::string_view params);

}  // namespace tipring::sip

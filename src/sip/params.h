// Parameters: ";name" and ";name=value", the value a token, a host or a quoted string (RFC
// 3261 25.1 generic-param).
#pragma once

#include <cstddef>
#include <cstdint>
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

// Calls visit(param) for each. All follow the grammar then, and there are at most kParamsMax; else
// BadParameter or TooManyParameters, with an offset that counts from the start.
template <class Visit>
Result<void, ParseError> visit_params(std::string_view params, const Visit& visit) {
  std::string_view rest = params;
  Param param;
  for (size_t count = 0;; ++count) {
    const ParamStatus status = next_param(rest, param);
    if (status == ParamStatus::End) return {};
    const bool found = status == ParamStatus::Found;
    if (!found || count == kParamsMax) {
      return ParseError{found ? ParseFault::TooManyParameters : ParseFault::BadParameter,
                        HeaderId::Other, static_cast<uint32_t>(params.size() - rest.size())};
    }
    visit(param);
  }
}

// The same for who only wants to know.
Result<void, ParseError> check_params(std::string_view params);

// The letters that the names of some parameters begin with, noted when these are read: nearly
// always that tells that one is not among them.
class ParamInitials {
 public:
  // Nothing is known: any may be among them.
  constexpr ParamInitials() = default;
  static constexpr ParamInitials none() { return ParamInitials(0); }

  constexpr void note(std::string_view name) { bits_ |= bit_of(name); }
  constexpr bool may_have(std::string_view name) const { return (bits_ & bit_of(name)) != 0; }

 private:
  explicit constexpr ParamInitials(uint32_t bits) : bits_(bits) {}
  // Both cases of a letter have the same five bits at the end.
  static constexpr uint32_t bit_of(std::string_view name) {
    return name.empty() ? ~uint32_t{0} : 1U << (static_cast<uint8_t>(name.front()) & 31);
  }

  uint32_t bits_ = ~uint32_t{0};
};

}  // namespace tipring::sip

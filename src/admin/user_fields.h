// What an administrator may set of a user besides its password, as texts of people, files and
// requests. Used by the API and the tool alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/fixed_text.h"
#include "store/user.h"

namespace tipring::admin {

inline constexpr size_t kAuthNameMax = 128;
inline constexpr size_t kDisplayNameMax = 128;
inline constexpr size_t kAliasesMax = 512;  // all of a user, with a byte between two

struct UserFields {
  uint8_t present = 0;                // mask of store::kAuthName and its neighbours
  FixedText<kAuthNameMax> auth_name;  // empty: the name
  FixedText<kDisplayNameMax> display_name;
  FixedText<kAliasesMax> aliases;  // separated by "\n"
  uint8_t algorithms = 0;          // mask; 0: as configured
  store::SessionTimerRule session_timer = store::SessionTimerRule::AsConfigured;
};

// What the store is given of the fields. Its texts are views into all three.
store::UserRecord record_of(std::string_view domain, std::string_view name,
                            const UserFields& fields);

// "auth_name", "display_name", "aliases", "algorithms", "session_timer".
std::span<const std::string_view> user_field_names();

// Sets one field from its text: names of aliases and algorithms are separated by commas, "default"
// stands for what the configuration says. An empty text clears the field. Returns what is wrong,
// with the field's name and the rule; then nothing is set.
std::string set_user_field(UserFields& fields, std::string_view name, std::string_view text);

// The field as set_user_field() reads it.
std::string algorithms_text(uint8_t algorithms);
std::string_view session_timer_text(store::SessionTimerRule rule);
std::string aliases_text(std::string_view aliases);

}  // namespace tipring::admin

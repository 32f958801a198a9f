#include "transport/decision.h"

#include <array>
#include <charconv>

namespace tipring::transport {

std::string_view to_text(Decision decision) {
  constexpr std::array<std::string_view, kDecisions> kNames = {
      "refused",           "wrong_password",  "login_blocked",     "nonce_stale",
      "login_for_another", "phones_found",    "goes_elsewhere",    "timer_b",
      "timer_f",           "timer_c",         "next_phones",       "all_refused",
      "others_cancelled",  "session_expired", "ended_by_operator", "group_called",
      "member_skipped",    "member_rung",     "member_not_rung",   "phones_skipped",
      "member_stopped",    "member_refused",  "member_answered",   "group_time_over",
      "goes_on_to",        "nobody_answered", "session_over",      "no_media",
      "leg_lost",          "not_recorded"};
  return kNames[static_cast<size_t>(decision)];
}

std::string_view DecisionValue::write(char (&out)[kMax]) const {
  if (address_ != nullptr) return port::write_address(*address_, out);
  if (!is_number_) return text_;
  const auto end = std::to_chars(out, out + kMax, number_).ptr;
  return {out, static_cast<size_t>(end - out)};
}

}  // namespace tipring::transport

// Whether what stands in a row can be used: people edit the file, and disks rot. What cannot be used
// is left in the file and not loaded.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/binding.h"
#include "store/group.h"
#include "store/sqlite.h"
#include "store/user.h"

namespace tipring::store {

// No later Unix time is taken for one (the year 2286); beyond it, sums of times could overflow.
inline constexpr Millis kWallMax{9'999'999'999'999};

// SELECT lists in the order in which the functions below read them.
inline constexpr std::string_view kUserColumns =
    "id, domain, name, auth_name, display_name, aliases, algorithms, session_timer";
inline constexpr std::string_view kBindingColumns =
    "slot, user_id, contact, params, path, call_id, cseq, expires_at, interval_ms, q, received,"
    " local, transport, listener, instance, reg_id, user_agent, methods, display_name";

inline constexpr std::string_view kGroupColumns =
    "id, domain, name, display_name, strategy, ring_timeout, member_ring, no_answer_status,"
    " no_answer_to, enabled";
inline constexpr std::string_view kMemberColumns =
    "id, group_id, name, place, delay, ring, enabled";

// All return what cannot be used, by the name of its column; null when all can. Texts live until
// the next step of `row`.
const char* read_user(const Statement& row, UserRecord& record);

const char* read_group(const Statement& row, GroupRecord& record);
const char* read_member(const Statement& row, MemberRecord& record);

struct BindingRow {
  uint32_t slot = 0;
  int64_t user_id = 0;
  Millis expires_at_wall{0};
  Millis interval{0};
  BindingFields fields;  // without expires_at and flow
};
const char* read_binding(const Statement& row, BindingRow& binding);

}  // namespace tipring::store

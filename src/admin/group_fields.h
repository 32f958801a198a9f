// What an administrator may set of a hunt group and of a member of one, as texts of people, files
// and requests. Used by the API and the tool alike.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "admin/user_names.h"
#include "core/fixed_text.h"
#include "store/group.h"

namespace tipring::admin {

struct GroupFields {
  uint8_t present = 0;  // mask of store::kGroupDisplayName and its neighbours
  FixedText<store::kGroupDisplayMax> display_name;
  store::GroupStrategy strategy = store::GroupStrategy::All;
  uint16_t ring_timeout_s = store::GroupRecord().ring_timeout_s;
  uint16_t member_ring_s = store::GroupRecord().member_ring_s;
  uint16_t no_answer_status = 0;
  FixedText<store::kExtensionMax> no_answer_to;
  bool enabled = true;
};

struct MemberFields {
  uint8_t present = 0;  // mask of store::kMemberOrder and its neighbours
  uint16_t order = 0;
  uint16_t delay_s = 0;
  uint16_t ring_s = 0;
  bool enabled = true;
};

// What the store is given of the fields. Their texts are views into all three.
store::GroupRecord record_of(std::string_view domain, std::string_view name,
                             const GroupFields& fields);
store::MemberRecord record_of(std::string_view name, const MemberFields& fields);

// Each sets one field from its text; an empty text makes it what it is at first. Return what is
// wrong, with the field's name and the rule; then nothing is set. Of no_answer_status and
// no_answer_to one clears the other.
std::string set_group_field(GroupFields& fields, std::string_view name, std::string_view text);
std::string set_member_field(MemberFields& fields, std::string_view name, std::string_view text);
// "display_name", "strategy", …, and "order", …, in the order in which they are shown.
std::span<const std::string_view> group_field_names();
std::span<const std::string_view> member_field_names();

// The field as its setter reads it; REQUIRES: the name of one.
std::string group_field_text(const GroupFields& fields, std::string_view name);
std::string member_field_text(const MemberFields& fields, std::string_view name);
bool has_field(const GroupFields& fields, std::string_view name);
bool has_field(const MemberFields& fields, std::string_view name);

std::string_view strategy_text(store::GroupStrategy strategy);

// As fault_of(user), of a group or of a member.
std::string fault_of_group(const UserName& group);
std::string fault_of_member(std::string_view member);

}  // namespace tipring::admin

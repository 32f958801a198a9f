// Whom a call to a group rings, and in which order.
#pragma once

#include <array>
#include <cstdint>

#include "store/group.h"

namespace tipring::store {

struct OrderedMembers {
  std::array<GroupMember*, kGroupMembersMax> members;
  uint32_t count = 0;

  GroupMember* const* begin() const { return members.data(); }
  GroupMember* const* end() const { return members.data() + count; }
};

// The members of `group` that are enabled, in the order of its strategy, for one call: with
// RoundRobin the turn passes on. `random` is what Random shuffles by, any number that strangers
// cannot foretell. Whether the members exist is not looked at.
OrderedMembers order_members(Group& group, uint64_t random);

}  // namespace tipring::store

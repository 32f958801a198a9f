// Who is rung in one call, and in which order: one flat list of steps. The members of one step ring
// together, and the next step has its turn when nobody of this one rings any more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/handle.h"
#include "port/time.h"

namespace tipring::store {
class GroupMember;
}  // namespace tipring::store

namespace tipring::b2bua {

using MemberSet = uint32_t;  // bit i: the member at place i
using InnerSet = uint8_t;    // bit i: the inner group at place i

struct PlannedMember {
  Handle<store::GroupMember> member;  // null where no group was called: the user himself
  uint16_t delay_s = 0;               // from the beginning of the step
  uint16_t ring_s = 0;                // how long he rings; 0: for as long as the call may
  InnerSet within = 0;                // the groups inside the one that is called, down to him
  uint8_t step = 0;                   // ascending
};

struct RingPlan {
  static constexpr size_t kMembersMax = 32;
  static constexpr size_t kInnerMax = 8;
  static_assert(kMembersMax <= 8 * sizeof(MemberSet) && kInnerMax <= 8 * sizeof(InnerSet));

  // False where there is no room.
  bool add(const PlannedMember& member) {
    if (count == kMembersMax) return false;
    members[count++] = member;
    return true;
  }
  size_t size() const { return count; }
  uint8_t steps() const {
    return count == 0 ? uint8_t{0} : static_cast<uint8_t>(members[count - 1].step + 1);
  }
  const PlannedMember& operator[](size_t index) const { return members[index]; }

  // What any of the members is within.
  InnerSet within(MemberSet set) const {
    InnerSet found = 0;
    for (size_t i = 0; i < count; ++i) {
      if ((set >> i & 1) != 0) found |= members[i].within;
    }
    return found;
  }

  // Groups that are members of the one that is called, or of one inside it; more are not counted.
  std::array<Handle<store::GroupMember>, kInnerMax> inner;
  uint8_t inner_count = 0;
  std::array<PlannedMember, kMembersMax> members;
  uint8_t count = 0;
};

}  // namespace tipring::b2bua

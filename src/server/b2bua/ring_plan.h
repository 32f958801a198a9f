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
}

namespace tipring::b2bua {

struct PlannedMember {
  Handle<store::GroupMember> member;  // null where no group was called: the user himself
  uint16_t delay_s = 0;               // from the beginning of the step
  uint16_t ring_s = 0;                // how long he rings; 0: for as long as the call may
  uint8_t step = 0;                   // ascending
};

struct RingPlan {
  static constexpr size_t kMembersMax = 32;

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

  std::array<PlannedMember, kMembersMax> members;
  uint8_t count = 0;
};

}  // namespace tipring::b2bua

// How a change of a hunt group ended, and who is told.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/store_status.h"

namespace tipring::store {

enum class GroupVerdict : uint8_t {
  Created,  // these four are durable, and visible in memory
  Changed,
  Renamed,
  Removed,
  Exists,       // PutMode::Create of what stands; a new name that a group has
  Taken,        // a user is called by the name
  NoGroup,      // nothing to change or remove
  NoMember,     // likewise
  GroupsFull,   // capacity.groups
  MembersFull,  // capacity.group_members
  GroupFull,    // kGroupMembersMax
  Loop,         // calls to the group could come back to it: `loop` says how
  NotStored,    // the file could not be written: `status` says why
};

struct GroupReply {
  GroupVerdict verdict = GroupVerdict::NotStored;
  StoreStatus status = StoreStatus::Durable;
  std::string_view loop;  // "600 > 610 > 600"; only until the call ends
};

// Told on the loop's thread what has come of a change. When that is none of the first four,
// nothing has changed. It outlives the store; what `tag` names may have gone.
class GroupWaiter {
 public:
  virtual void on_group_changed(uint64_t tag, const GroupReply& reply) = 0;

 protected:
  ~GroupWaiter() = default;
};

}  // namespace tipring::store

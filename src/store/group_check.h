// What the records of groups and members must look like, whoever gives them.
#pragma once

#include "store/group.h"

namespace tipring::store {

// The column that cannot be stored as it is; null when all can.
const char* fault_of(const GroupRecord& record);
const char* fault_of(const MemberRecord& record);

}  // namespace tipring::store

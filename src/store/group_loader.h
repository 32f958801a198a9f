// Brings hunt groups from the file into memory, after the users. Blocks and uses the heap: at start
// only.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/database.h"
#include "store/group_loops.h"
#include "store/group_table.h"
#include "store/start_report.h"
#include "store/user_table.h"

namespace tipring::store {

class GroupLoader {
 public:
  GroupLoader(Database& database, const UserTable& users, GroupTable& groups)
      : database_(database), users_(users), groups_(groups), loops_(groups) {}

  // Fills status, message and the counts of `report`; whether it is ready.
  bool load(StartReport& report);

 private:
  bool load_groups(StartReport& report);
  bool load_members(StartReport& report);
  const char* fault_of(const GroupRecord& record) const;
  const char* fault_of(const MemberRecord& record, const Group& group);
  bool failed(int code, StartReport& report) const;
  bool does_not_fit(std::string_view key, uint32_t capacity, StartReport& report) const;

  Database& database_;
  const UserTable& users_;
  GroupTable& groups_;
  GroupLoops loops_;
};

}  // namespace tipring::store

// Hunt groups in the file, for OfflineStore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/group.h"
#include "store/group_reply.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/writes.h"

namespace tipring::store {

struct OfflineMember {
  int64_t id = 0;
  std::string name;
  uint16_t order = 0;
  uint16_t delay_s = 0;
  uint16_t ring_s = 0;
  bool enabled = true;
};

struct OfflineGroup {
  int64_t id = 0;
  std::string domain;
  std::string name;
  std::string display_name;
  std::string no_answer_to;
  GroupRecord record;                  // without its texts
  std::vector<OfflineMember> members;  // by order

  // Null when there is none.
  const OfflineMember* find(std::string_view member) const;
};
using OfflineGroupList = std::vector<OfflineGroup>;  // by domain and name

// Rows that cannot be used are left out. SQLite's code.
int read_groups(Connection& database, OfflineGroupList& groups);
const OfflineGroup* find_group(const OfflineGroupList& groups, std::string_view domain,
                               std::string_view name);

// As GroupLoops::would_close() and its path; empty: it closes none.
std::string find_loop(const OfflineGroupList& groups, std::string_view domain,
                      std::string_view group, std::string_view next);

// `record` with what it does not change taken from what stands.
void keep_other_fields(GroupRecord& record, const OfflineGroup& stands);
void keep_other_fields(MemberRecord& record, const OfflineMember& stands);

}  // namespace tipring::store

#include "store/group_loader.h"

#include <map>
#include <string>

#include "store/row_check.h"

namespace tipring::store {

bool GroupLoader::load(StartReport& report) { return load_groups(report) && load_members(report); }

bool GroupLoader::failed(int code, StartReport& report) const {
  database_.explain(code, report);
  return false;
}

bool GroupLoader::does_not_fit(std::string_view key, uint32_t capacity, StartReport& report) const {
  report.status = StartStatus::DoesNotFit;
  report.message = database_.path() + " holds more " +
                   (key == "groups" ? "hunt groups" : "members of hunt groups") +
                   " than there is room for (capacity." + std::string(key) + " is " +
                   std::to_string(capacity) + "). Raise capacity." + std::string(key);
  return false;
}

// What the server itself would not have written.
const char* GroupLoader::fault_of(const GroupRecord& record) const {
  const bool is_taken = users_.find(record.domain, record.name) != nullptr ||
                        users_.find_by_alias(record.domain, record.name) != nullptr;
  return is_taken || groups_.find(record.domain, record.name) != nullptr ? "name" : nullptr;
}

const char* GroupLoader::fault_of(const MemberRecord& record, const Group& group) {
  if (group.member_count() == kGroupMembersMax) return "group_id";
  if (group.find_member(record.name) != nullptr) return "name";
  return loops_.would_close(group.domain(), group.name(), record.name) ? "name" : nullptr;
}

bool GroupLoader::load_groups(StartReport& report) {
  Statement rows;
  const std::string sql = "SELECT " + std::string(kGroupColumns) + " FROM hunt_groups ORDER BY id";
  int code = rows.prepare(database_.connection().get(), sql);
  if (code != SQLITE_OK) return failed(code, report);
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    GroupRecord record;
    const char* fault = read_group(rows, record);
    if (fault == nullptr) fault = fault_of(record);
    if (fault != nullptr) {
      report.skip("hunt_groups", rows.integer(0), fault);
      continue;
    }
    // Calls are not to go round; the group itself can still be called.
    if (!record.no_answer_to.empty() &&
        loops_.would_close(record.domain, record.name, record.no_answer_to)) {
      report.skip("hunt_groups", rows.integer(0), "no_answer_to");
      record.no_answer_to = {};
    }
    Group* group = groups_.make(record);
    if (group == nullptr) return does_not_fit("groups", groups_.slots(), report);
    groups_.show(*group, rows.integer(0));
  }
  report.groups = groups_.visible();
  return code == SQLITE_DONE || failed(code, report);
}

bool GroupLoader::load_members(StartReport& report) {
  std::map<int64_t, Group*> by_id;
  for (uint32_t slot = 0; slot < groups_.slots(); ++slot) {
    if (Group* group = groups_.at_slot(slot)) by_id.emplace(group->id(), group);
  }
  Statement rows;
  const std::string sql =
      "SELECT " + std::string(kMemberColumns) + " FROM group_members ORDER BY group_id, place, id";
  int code = rows.prepare(database_.connection().get(), sql);
  if (code != SQLITE_OK) return failed(code, report);
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    MemberRecord record;
    const char* fault = read_member(rows, record);
    const auto group = by_id.find(rows.integer(1));
    if (fault == nullptr && group == by_id.end()) fault = "group_id";
    if (fault == nullptr) fault = fault_of(record, *group->second);
    if (fault != nullptr) {
      report.skip("group_members", rows.integer(0), fault);
      continue;
    }
    if (groups_.add_member(*group->second, record, rows.integer(0)) == nullptr)
      return does_not_fit("group_members", groups_.members_max(), report);
  }
  return code == SQLITE_DONE || failed(code, report);
}

}  // namespace tipring::store

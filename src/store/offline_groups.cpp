#include "store/offline_groups.h"

#include <algorithm>
#include <map>
#include <set>

#include "store/row_check.h"

namespace tipring::store {
namespace {

int read_members(Connection& database, OfflineGroupList& groups) {
  std::map<int64_t, OfflineGroup*> by_id;
  for (OfflineGroup& group : groups) by_id.emplace(group.id, &group);
  Statement rows;
  const std::string sql =
      "SELECT " + std::string(kMemberColumns) + " FROM group_members ORDER BY place, id";
  int code = rows.prepare(database.get(), sql);
  if (code != SQLITE_OK) return code;
  while ((code = rows.step()) == SQLITE_ROW) {
    MemberRecord member;
    const auto group = by_id.find(rows.integer(1));
    if (read_member(rows, member) != nullptr || group == by_id.end()) continue;
    group->second->members.push_back({rows.integer(0), std::string(member.name), member.order,
                                      member.delay_s, member.ring_s, member.enabled});
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

}  // namespace

const OfflineMember* OfflineGroup::find(std::string_view member) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const OfflineMember& one) { return one.name == member; });
  return found == members.end() ? nullptr : &*found;
}

int read_groups(Connection& database, OfflineGroupList& groups) {
  groups.clear();
  Statement rows;
  const std::string sql =
      "SELECT " + std::string(kGroupColumns) + " FROM hunt_groups ORDER BY domain, name";
  int code = rows.prepare(database.get(), sql);
  if (code != SQLITE_OK) return code;
  while ((code = rows.step()) == SQLITE_ROW) {
    OfflineGroup group;
    if (read_group(rows, group.record) != nullptr) continue;
    group.id = rows.integer(0);
    group.domain = group.record.domain;
    group.name = group.record.name;
    group.display_name = group.record.display_name;
    group.no_answer_to = group.record.no_answer_to;
    groups.push_back(std::move(group));
  }
  return code == SQLITE_DONE ? read_members(database, groups) : code;
}

const OfflineGroup* find_group(const OfflineGroupList& groups, std::string_view domain,
                               std::string_view name) {
  const auto found = std::find_if(groups.begin(), groups.end(), [&](const OfflineGroup& group) {
    return group.name == name && group.domain == domain;
  });
  return found == groups.end() ? nullptr : &*found;
}

std::string find_loop(const OfflineGroupList& groups, std::string_view domain,
                      std::string_view group, std::string_view next) {
  const std::string start(group);
  // Breadth first: ways that begin with `group`, and where each has come to.
  std::vector<std::pair<std::string, std::string>> ways = {
      {std::string(next), start + " > " + std::string(next)}};
  std::set<std::string> seen;
  for (size_t i = 0; i < ways.size(); ++i) {
    const auto [here, way] = ways[i];
    if (here == start) return way;
    const OfflineGroup* stands = find_group(groups, domain, here);
    if (stands == nullptr || !seen.insert(here).second) continue;
    for (const OfflineMember& member : stands->members)
      ways.emplace_back(member.name, way + " > " + member.name);
    if (!stands->no_answer_to.empty())
      ways.emplace_back(stands->no_answer_to, way + " > " + stands->no_answer_to);
  }
  return "";
}

void keep_other_fields(GroupRecord& record, const OfflineGroup& stands) {
  const auto keeps = [&](uint8_t field) { return (record.fields & field) == 0; };
  if (keeps(kGroupDisplayName)) record.display_name = stands.display_name;
  if (keeps(kGroupStrategy)) record.strategy = stands.record.strategy;
  if (keeps(kGroupRingTimeout)) record.ring_timeout_s = stands.record.ring_timeout_s;
  if (keeps(kGroupMemberRing)) record.member_ring_s = stands.record.member_ring_s;
  if (keeps(kGroupNoAnswer)) {
    record.no_answer_status = stands.record.no_answer_status;
    record.no_answer_to = stands.no_answer_to;
  }
  if (keeps(kGroupEnabled)) record.enabled = stands.record.enabled;
}

void keep_other_fields(MemberRecord& record, const OfflineMember& stands) {
  const auto keeps = [&](uint8_t field) { return (record.fields & field) == 0; };
  if (keeps(kMemberOrder)) record.order = stands.order;
  if (keeps(kMemberDelay)) record.delay_s = stands.delay_s;
  if (keeps(kMemberRing)) record.ring_s = stands.ring_s;
  if (keeps(kMemberEnabled)) record.enabled = stands.enabled;
}

}  // namespace tipring::store

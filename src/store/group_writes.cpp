// What hunt groups write. They change seldom: their statements are made when they are needed, and
// take no memory of SQLite's otherwise.
#include "store/writes.h"

namespace tipring::store {
namespace {

// Of a statement that ends with RETURNING id.
int take_id(Statement& statement, int64_t& id) {
  const int code = statement.step();
  if (code != SQLITE_ROW) return code;
  id = statement.integer(0);
  return statement.run();
}

int remove_row(sqlite3* connection, std::string_view sql, int64_t id) {
  Statement statement;
  const int code = statement.prepare(connection, sql);
  return code == SQLITE_OK ? statement.bind(1, id).run() : code;
}

}  // namespace

int Writes::put_group(const GroupRecord& record, int64_t& id) {
  Statement statement;
  const int code = statement.prepare(
      connection_,
      "INSERT INTO hunt_groups (domain, name, display_name, strategy, ring_timeout, member_ring,"
      " no_answer_status, no_answer_to, enabled)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (domain, name) DO UPDATE SET"
      " display_name = ?3, strategy = ?4, ring_timeout = ?5, member_ring = ?6,"
      " no_answer_status = ?7, no_answer_to = ?8, enabled = ?9 RETURNING id");
  if (code != SQLITE_OK) return code;
  statement.bind(1, record.domain).bind(2, record.name).bind(3, record.display_name);
  statement.bind(4, static_cast<int64_t>(record.strategy));
  statement.bind(5, int64_t{record.ring_timeout_s}).bind(6, int64_t{record.member_ring_s});
  statement.bind(7, int64_t{record.no_answer_status}).bind(8, record.no_answer_to);
  return take_id(statement.bind(9, int64_t{record.enabled ? 1 : 0}), id);
}

int Writes::put_member(int64_t group_id, const MemberRecord& member, int64_t& id) {
  Statement statement;
  const int code = statement.prepare(
      connection_,
      "INSERT INTO group_members (group_id, name, place, delay, ring, enabled)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (group_id, name) DO UPDATE SET"
      " place = ?3, delay = ?4, ring = ?5, enabled = ?6 RETURNING id");
  if (code != SQLITE_OK) return code;
  statement.bind(1, group_id).bind(2, member.name).bind(3, int64_t{member.order});
  statement.bind(4, int64_t{member.delay_s}).bind(5, int64_t{member.ring_s});
  return take_id(statement.bind(6, int64_t{member.enabled ? 1 : 0}), id);
}

// Before the row itself is changed, since the others are found by the name that it has.
int Writes::rename_named(const std::string& table, int64_t id, std::string_view new_name) {
  const std::string name = "(SELECT name FROM " + table + " WHERE id = ?1)";
  const std::string domain = "(SELECT domain FROM " + table + " WHERE id = ?1)";
  Statement members;
  int code = members.prepare(
      connection_, "UPDATE OR IGNORE group_members SET name = ?2 WHERE name = " + name +
                       " AND group_id IN (SELECT id FROM hunt_groups WHERE domain = " + domain +
                       ")");
  if (code == SQLITE_OK) code = members.bind(1, id).bind(2, new_name).run();
  if (code != SQLITE_OK) return code;
  Statement diversions;
  code = diversions.prepare(
      connection_, "UPDATE hunt_groups SET no_answer_to = ?2 WHERE no_answer_to = " + name +
                       " AND domain = " + domain);
  return code == SQLITE_OK ? diversions.bind(1, id).bind(2, new_name).run() : code;
}

int Writes::rename_group(int64_t group_id, std::string_view name) {
  int code = rename_named("hunt_groups", group_id, name);
  if (code != SQLITE_OK) return code;
  Statement statement;
  code = statement.prepare(connection_, "UPDATE hunt_groups SET name = ?2 WHERE id = ?1");
  return code == SQLITE_OK ? statement.bind(1, group_id).bind(2, name).run() : code;
}

int Writes::remove_group(int64_t group_id) {
  return remove_row(connection_, "DELETE FROM hunt_groups WHERE id = ?1", group_id);
}

int Writes::remove_member(int64_t member_id) {
  return remove_row(connection_, "DELETE FROM group_members WHERE id = ?1", member_id);
}

}  // namespace tipring::store

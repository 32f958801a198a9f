// Rows of hunt groups that somebody edited by hand.
#include "linux_bench.h"
#include "store/sqlite.h"

using namespace tipring;
using namespace tipring::store;

namespace {

struct Row {
  const char* sql;
  const char* first_skipped;  // empty when all rows are good
  uint32_t groups;
  uint32_t members;
};

// The file holds the user alice, and the groups 600 (1) with the members alice (1) and 610 (2), and
// 610 (2) with the member bob (3).
constexpr Row kRows[] = {
    {"", "", 2, 3},
    {"UPDATE hunt_groups SET strategy = 5 WHERE id = 1", "hunt_groups 1: strategy", 1, 1},
    {"UPDATE hunt_groups SET strategy = 'all' WHERE id = 2", "hunt_groups 2: strategy", 1, 2},
    {"UPDATE hunt_groups SET ring_timeout = 0 WHERE id = 1", "hunt_groups 1: ring_timeout", 1, 1},
    {"UPDATE hunt_groups SET ring_timeout = -1 WHERE id = 1", "hunt_groups 1: ring_timeout", 1, 1},
    {"UPDATE hunt_groups SET member_ring = 3601 WHERE id = 1", "hunt_groups 1: member_ring", 1, 1},
    {"UPDATE hunt_groups SET member_ring = 65551 WHERE id = 1", "hunt_groups 1: member_ring", 1, 1},
    {"UPDATE hunt_groups SET no_answer_status = 200 WHERE id = 1",
     "hunt_groups 1: no_answer_status", 1, 1},
    {"UPDATE hunt_groups SET no_answer_status = 486, no_answer_to = '200' WHERE id = 1",
     "hunt_groups 1: no_answer_to", 1, 1},
    {"UPDATE hunt_groups SET no_answer_to = x'ff' WHERE id = 1", "hunt_groups 1: no_answer_to", 1,
     1},
    {"UPDATE hunt_groups SET enabled = 2 WHERE id = 1", "hunt_groups 1: enabled", 1, 1},
    {"UPDATE hunt_groups SET domain = 'UPPER' WHERE id = 1", "hunt_groups 1: domain", 1, 1},
    {"UPDATE hunt_groups SET name = 'a' || char(10) WHERE id = 1", "hunt_groups 1: name", 1, 1},
    {"UPDATE hunt_groups SET name = printf('%.65c', '6') WHERE id = 1", "hunt_groups 1: name", 1,
     1},
    {"UPDATE hunt_groups SET display_name = printf('%.129c', 'a') WHERE id = 1",
     "hunt_groups 1: display_name", 1, 1},
    // An older program knows no groups, and lets a user have the name of one.
    {"UPDATE users SET name = '600', auth_name = '600'", "hunt_groups 1: name", 1, 1},
    {"UPDATE users SET aliases = '5' || char(10) || '610'", "hunt_groups 2: name", 1, 2},
    {"UPDATE hunt_groups SET no_answer_to = '600' WHERE id = 1", "hunt_groups 1: no_answer_to", 2,
     3},
    {"UPDATE hunt_groups SET no_answer_to = '610' WHERE id = 1;"
     "UPDATE hunt_groups SET no_answer_to = '600' WHERE id = 2",
     "hunt_groups 2: no_answer_to", 2, 3},
    {"UPDATE hunt_groups SET no_answer_to = '600' WHERE id = 2", "group_members 2: name", 2, 2},
    {"UPDATE group_members SET name = '600' WHERE id = 3", "group_members 3: name", 2, 2},
    {"UPDATE group_members SET name = '600' WHERE id = 1", "group_members 1: name", 2, 2},
    {"UPDATE group_members SET name = x'c328' WHERE id = 1", "group_members 1: name", 2, 2},
    {"UPDATE group_members SET place = 0 WHERE id = 1", "group_members 1: place", 2, 2},
    {"UPDATE group_members SET place = 10000 WHERE id = 1", "group_members 1: place", 2, 2},
    {"UPDATE group_members SET delay = 3601 WHERE id = 1", "group_members 1: delay", 2, 2},
    {"UPDATE group_members SET ring = 'long' WHERE id = 1", "group_members 1: ring", 2, 2},
    {"UPDATE group_members SET enabled = -1 WHERE id = 1", "group_members 1: enabled", 2, 2},
    {"PRAGMA foreign_keys = OFF; UPDATE group_members SET group_id = 9 WHERE id = 1",
     "group_members 1: group_id", 2, 2},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 31)"
     " INSERT INTO group_members (id, group_id, name, place) SELECT i + 10, 2, 'm' || i, 2 FROM n",
     "", 2, 34},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 32)"
     " INSERT INTO group_members (id, group_id, name, place) SELECT i + 10, 2, 'm' || i, 2 FROM n",
     "group_members 42: group_id", 2, 34},
};

void execute(const std::string& path, const char* sql) {
  Connection editor;
  REQUIRE(editor.open(path, "") == SQLITE_OK);
  REQUIRE_MESSAGE(editor.execute(sql) == SQLITE_OK, editor.error_text());
}

void fill(const std::string& path) {
  LinuxBench(path).make_user("alice");
  execute(path,
          "INSERT INTO hunt_groups (id, domain, name) VALUES (1, '', '600'), (2, '', '610');"
          "INSERT INTO group_members (id, group_id, name, place)"
          " VALUES (1, 1, 'alice', 1), (2, 1, '610', 2), (3, 2, 'bob', 1)");
}

uint32_t members_of(const Store& store) {
  uint32_t members = 0;
  store.walk_groups(0, UINT32_MAX, [&](const Group& group) { members += group.member_count(); });
  return members;
}

}  // namespace

TEST_CASE("groups: a row that cannot be used is skipped by its name, the others are loaded" *
          doctest::description("R15.1; SPEC 1.7 Appliance")) {
  const TempFolder folder;
  fill(folder.file("good.db"));
  for (const Row& row : kRows) {
    CAPTURE(row.sql);
    const std::string path = folder.file("edited.db");
    std::filesystem::copy_file(folder.file("good.db"), path,
                               std::filesystem::copy_options::overwrite_existing);
    execute(path, row.sql);
    LinuxBench bench(path);
    const StartReport& report = bench.server->report;
    REQUIRE_MESSAGE(report.ready(), report.message);
    CHECK(report.first_skipped == row.first_skipped);
    CHECK(report.groups == row.groups);
    CHECK(members_of(bench.server->store()) == row.members);
  }
}

TEST_CASE("groups: a file without one of their tables is refused in words") {
  for (const char* table : {"hunt_groups", "group_members"}) {
    CAPTURE(table);
    const TempFolder folder;
    const std::string path = folder.file("tipring.db");
    fill(path);
    execute(path, (std::string("DROP TABLE ") + table).c_str());
    LinuxBench bench(path);
    CHECK(bench.server->report.status == StartStatus::Corrupt);
    CHECK(bench.server->report.message.find("no such table") != std::string::npos);
  }
}

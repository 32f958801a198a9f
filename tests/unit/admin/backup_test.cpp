#include <doctest/doctest.h>

#include "admin/backup_json.h"
#include "admin/caller.h"

namespace tipring::admin {
namespace {

store::Backup sample() {
  store::Backup backup;
  backup.realm = "office";
  store::BackupUser user;
  user.name = "100";
  user.domain = "example.org";
  user.auth_name = "login";
  user.display_name = "Anna \"the first\" \xc3\xa4";
  user.aliases = "200\n201";
  user.algorithms = store::kAlgorithmSha256;
  user.session_timer = store::SessionTimerRule::Exempt;
  user.credentials.present = store::kAlgorithmMd5 | store::kAlgorithmSha256;
  user.credentials.md5.fill(0xab);
  user.credentials.sha256.fill(0x01);
  backup.users.push_back(user);
  store::OfflineGroup group;
  group.name = "600";
  group.record.strategy = store::GroupStrategy::LongestIdle;
  group.record.ring_timeout_s = 33;
  group.record.no_answer_status = 486;
  group.record.enabled = false;
  group.members = {{0, "100", 3, 4, 5, false}, {0, "101", 3, 0, 0, true}};
  backup.groups.push_back(group);
  store::AdminAccountRow admin;
  admin.name = "boss";
  admin.role = static_cast<uint8_t>(Role::Administrator);
  admin.rounds = 1000;
  admin.created_ms = 12345;
  admin.salt.fill(7);
  admin.hash.fill(8);
  backup.admins.push_back(admin);
  return backup;
}

std::string text_of_sample() {
  return backup_json(sample(), R"({"log.level":"debug"})", Millis(1'700'000'000'000));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

TEST_CASE("backup: what is written is read again, every field of it") {
  const ReadBackup read = parse_backup(text_of_sample(), "");
  REQUIRE(read.fault.text == "");
  CHECK(read.settings == R"({"log.level":"debug"})");
  const store::Backup made = sample();
  CHECK(read.backup.realm == made.realm);
  REQUIRE(read.backup.users.size() == 1);
  const store::BackupUser& user = read.backup.users[0];
  const store::BackupUser& given = made.users[0];
  CHECK(user.name == given.name);
  CHECK(user.domain == given.domain);
  CHECK(user.auth_name == given.auth_name);
  CHECK(user.display_name == given.display_name);
  CHECK(user.aliases == given.aliases);
  CHECK(user.algorithms == given.algorithms);
  CHECK(user.session_timer == given.session_timer);
  CHECK(user.credentials.present == given.credentials.present);
  CHECK(user.credentials.md5 == given.credentials.md5);
  CHECK(user.credentials.sha256 == given.credentials.sha256);
  REQUIRE(read.backup.groups.size() == 1);
  const store::OfflineGroup& group = read.backup.groups[0];
  CHECK(group.record.strategy == store::GroupStrategy::LongestIdle);
  CHECK(group.record.ring_timeout_s == 33);
  CHECK(group.record.no_answer_status == 486);
  CHECK_FALSE(group.record.enabled);
  REQUIRE(group.members.size() == 2);
  CHECK(group.members[0].delay_s == 4);
  CHECK(group.members[0].ring_s == 5);
  CHECK_FALSE(group.members[0].enabled);
  CHECK(group.members[1].order == 3);
  REQUIRE(read.backup.admins.size() == 1);
  CHECK(read.backup.admins[0].salt == made.admins[0].salt);
  CHECK(read.backup.admins[0].hash == made.admins[0].hash);
  CHECK(read.backup.admins[0].created_ms == 12345);
}

TEST_CASE("backup: users of the default domain are those without one") {
  CHECK(parse_backup(text_of_sample(), "example.org").backup.users[0].domain == "");
  CHECK(parse_backup(text_of_sample(), "example.com").backup.users[0].domain == "example.org");
}

TEST_CASE("backup: a newer version is told from what is none") {
  const ReadBackup newer =
      parse_backup(replaced(text_of_sample(), "\"tipring_backup\":1", "\"tipring_backup\":2"), "");
  CHECK(newer.is_newer);
  CHECK(newer.fault.text.find("newer") != std::string::npos);
  for (const std::string_view text : {"", "nothing", "[]", "{}", "{\"tipring_backup\":0}"}) {
    const ReadBackup none = parse_backup(text, "");
    CHECK_FALSE(none.is_newer);
    CHECK(none.fault.text.find("no backup") != std::string::npos);
  }
}

TEST_CASE("backup: a text that is cut anywhere is refused") {
  std::string text = text_of_sample();
  while (text.back() != '}') text.pop_back();
  for (size_t size = 0; size < text.size(); ++size)
    CHECK(parse_backup(std::string_view(text).substr(0, size), "").fault.text != "");
}

TEST_CASE("backup: the row at fault is named by its path") {
  const auto field = [](std::string_view what, std::string_view by) {
    return parse_backup(replaced(text_of_sample(), what, by), "").fault.field;
  };
  CHECK(field("\"realm\":\"office\"", "\"realm\":7") == "realm");
  CHECK(field("\"order\":3", "\"order\":0") == "groups.0.members.0.order");
  CHECK(field("\"ring_s\":5", "\"ring_s\":-5") == "groups.0.members.0.ring_s");
  CHECK(field("\"rounds\":1000", "\"rounds\":0") == "admins.0.rounds");
  CHECK(field("\"strategy\":\"longest_idle\"", "\"strategy\":\"loud\"") == "groups.0.strategy");
  CHECK(field("abab", "abax") == "users.0.ha1_md5");
  CHECK(field("{\"log.level\":\"debug\"}", "[]") == "settings");
}

}  // namespace
}  // namespace tipring::admin

#include "store/backup.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "core/text.h"
#include "store/row_check.h"
#include "store/user_table.h"
#include "store/writes.h"

namespace tipring::store {
namespace {

constexpr size_t kAdminsMax = 1000;  // of a file that somebody has written

using Key = std::pair<std::string, std::string>;  // domain and name

template <size_t N>
bool copy_hash(std::span<const uint8_t> blob, std::array<uint8_t, N>& hash) {
  if (blob.size() != N) return false;
  std::copy(blob.begin(), blob.end(), hash.begin());
  return true;
}

int read_users(Connection& database, std::map<int64_t, BackupUser>& users) {
  Statement rows;
  int code = rows.prepare(database.get(),
                          "SELECT " + std::string(kUserColumns) + " FROM users ORDER BY id");
  if (code != SQLITE_OK) return code;
  while ((code = rows.step()) == SQLITE_ROW) {
    UserRecord record;
    if (read_user(rows, record) != nullptr) continue;
    BackupUser& user = users[rows.integer(0)];
    user.domain = record.domain;
    user.name = record.name;
    user.auth_name = record.auth_name;
    user.display_name = record.display_name;
    user.aliases = record.aliases;
    user.algorithms = record.algorithms;
    user.session_timer = record.session_timer;
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int read_credentials(Connection& database, std::string_view realm,
                     std::map<int64_t, BackupUser>& users) {
  Statement rows;
  int code = rows.prepare(database.get(),
                          "SELECT user_id, algorithm, ha1 FROM credentials WHERE realm = ?1");
  if (code != SQLITE_OK) return code;
  rows.bind(1, realm);
  while ((code = rows.step()) == SQLITE_ROW) {
    const auto user = users.find(rows.integer(0));
    if (user == users.end()) continue;
    Credentials& credentials = user->second.credentials;
    if (rows.text(1) == "MD5" && copy_hash(rows.blob(2), credentials.md5))
      credentials.present |= kAlgorithmMd5;
    else if (rows.text(1) == "SHA-256" && copy_hash(rows.blob(2), credentials.sha256))
      credentials.present |= kAlgorithmSha256;
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

std::string text_of(const Key& key) {
  return key.first.empty() ? key.second : key.second + "@" + key.first;
}

// What there would be after the restore, and what of it does not go together.
class Check {
 public:
  Check(const Backup& backup, const Backup& stands, const RestoreRoom& room)
      : backup_(backup), room_(room) {
    for (const BackupUser& user : stands.users) users_[{user.domain, user.name}] = &user;
    for (const BackupUser& user : backup.users) users_[{user.domain, user.name}] = &user;
    for (const OfflineGroup& group : stands.groups) groups_[{group.domain, group.name}] = group;
    for (const OfflineGroup& group : backup.groups) groups_[{group.domain, group.name}] = group;
  }

  RestoreFault find() {
    for (const auto look : {&Check::look_at_names, &Check::look_at_groups, &Check::look_at_loops,
                            &Check::look_at_room}) {
      (this->*look)();
      if (!fault_.field.empty()) break;
    }
    return std::move(fault_);
  }

 private:
  void refuse(std::string_view field, std::string detail, const Key& whose = {}) {
    if (fault_.field.empty())
      fault_ = {std::string(field), std::move(detail), whose.first, whose.second};
  }

  void take_name(const Key& user, std::string_view name, bool is_called) {
    const auto [found, added] = names_.try_emplace({user.first, std::string(name)}, user);
    if (!added && found->second != user) {
      refuse("users", "user " + text_of(user) + " cannot have the name " + std::string(name) +
                          ", which user " + text_of(found->second) +
                          " has as name, auth_name or alias; change one of them");
    }
    if (is_called && groups_.contains({user.first, std::string(name)})) {
      refuse("users",
             "user " + text_of(user) + " cannot have the name " + std::string(name) +
                 ", which a hunt group has; change one of them",
             {user.first, std::string(name)});
    }
  }

  void look_at_names() {
    for (const auto& [key, user] : users_) {
      take_name(key, user->name, true);
      if (!user->auth_name.empty()) take_name(key, user->auth_name, false);
      for (std::string_view rest = user->aliases; !rest.empty();) {
        const auto [alias, more] = split_once(rest, '\n');
        take_name(key, alias, true);
        rest = more;
      }
    }
  }

  void look_at_groups() {
    for (const auto& [key, group] : groups_) {
      if (group.members.size() > kGroupMembersMax)
        refuse("groups", "group " + text_of(key) + " has more than 32 members", key);
      for (size_t i = 0; i < group.members.size(); ++i)
        if (group.find(group.members[i].name) != &group.members[i])
          refuse("groups",
                 "group " + text_of(key) + " has the member " + group.members[i].name + " twice",
                 key);
    }
  }

  void look_at_loops() {
    OfflineGroupList all;
    for (const auto& [key, group] : groups_) all.push_back(group);
    for (const OfflineGroup& group : backup_.groups) {
      std::string loop = find_loop(all, group.domain, group.name, group.no_answer_to);
      for (const OfflineMember& member : group.members)
        if (loop.empty()) loop = find_loop(all, group.domain, group.name, member.name);
      if (!loop.empty())
        return refuse("groups", "calls to group " + group.name + " would come back to it: " + loop,
                      {group.domain, group.name});
    }
  }

  void look_at_room() {
    const auto need = [&](std::string_view field, size_t wanted, size_t there_is,
                          std::string_view key) {
      if (wanted <= there_is) return;
      refuse(field, "there is room for " + std::to_string(there_is) + " and " +
                        std::to_string(wanted) + " are needed; raise " + std::string(key) +
                        " and restart the server");
    };
    size_t aliases = 0;
    for (const auto& [key, user] : users_) aliases += UserTable::count_aliases(user->aliases);
    if (!has_room_for_texts())
      refuse("users",
             "there is no room for so many long names and aliases; raise capacity.users "
             "and restart the server");
    size_t members = 0;
    for (const auto& [key, group] : groups_) members += group.members.size();
    const Limits& limits = room_.limits;
    need("users", users_.size(), limits.users, "capacity.users");
    need("users", aliases, aliases_max(limits), "capacity.users, which bounds aliases too,");
    need("groups", groups_.size(), limits.groups, "capacity.groups");
    need("groups", members, limits.group_members, "capacity.group_members");
  }

  // As TextSlabs gives them out: each text takes the smallest slab that is free and large enough.
  bool has_room_for_texts() const {
    const TextSlabs::Counts counts = UserTable::text_counts(room_.limits);
    for (size_t c = 0; c < TextSlabs::kClasses; ++c) {
      const size_t too_small = c == 0 ? 0 : TextSlabs::kClassBytes[c - 1];
      const auto texts = std::count_if(users_.begin(), users_.end(), [&](const auto& one) {
        return UserTable::text_size(one.second->record()) > too_small;
      });
      const size_t slabs =
          std::accumulate(counts.begin() + static_cast<ptrdiff_t>(c), counts.end(), size_t{0});
      if (static_cast<size_t>(texts) > slabs) return false;
    }
    return true;
  }

  const Backup& backup_;
  const RestoreRoom& room_;
  std::map<Key, const BackupUser*> users_;
  std::map<Key, OfflineGroup> groups_;
  std::map<Key, Key> names_;  // whose each name is
  RestoreFault fault_;
};

int write_users(Writes& writes, const Backup& backup) {
  for (const BackupUser& user : backup.users) {
    UserRecord record = user.record();
    if (record.auth_name.empty()) record.auth_name = record.name;
    int64_t id = 0;
    int code = writes.put_user(record, id);
    if (code == SQLITE_OK) code = writes.set_credentials(id, user.credentials);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

// Members that go, go last: their rows' numbers are not given to new ones, which the server's memory
// would take for the old.
int write_groups(Writes& writes, const Backup& backup, const OfflineGroupList& stands,
                 Restored& restored) {
  for (const OfflineGroup& group : backup.groups) {
    GroupRecord record = group.record;
    record.domain = group.domain;
    record.name = group.name;
    record.display_name = group.display_name;
    record.no_answer_to = group.no_answer_to;
    int64_t id = 0;
    int code = writes.put_group(record, id);
    for (const OfflineMember& member : group.members) {
      int64_t member_id = 0;
      if (code != SQLITE_OK) return code;
      code = writes.put_member(
          id, {member.name, member.order, member.delay_s, member.ring_s, member.enabled},
          member_id);
    }
    const OfflineGroup* const before = find_group(stands, group.domain, group.name);
    for (size_t i = 0; code == SQLITE_OK && before != nullptr && i < before->members.size(); ++i) {
      const OfflineMember& member = before->members[i];
      if (group.find(member.name) != nullptr) continue;
      code = writes.remove_member(member.id);
      restored.removed.push_back({group.domain, group.name, member.name});
    }
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

// Those that are to be added, of which there may be too many.
RestoreFault find_new_admins(const Backup& backup, const Backup& stands, const RestoreRoom& room,
                             std::vector<AdminAccountRow>& added) {
  for (const AdminAccountRow& row : backup.admins) {
    const bool is_there = std::any_of(stands.admins.begin(), stands.admins.end(),
                                      [&](const auto& one) { return one.name == row.name; });
    if (!is_there) added.push_back(row);
  }
  if (stands.admins.size() + added.size() <= room.admins_max) return {};
  return {"admins", "there may be " + std::to_string(room.admins_max) +
                        " administrators, and there would be more; remove some first"};
}

}  // namespace

UserRecord BackupUser::record() const {
  UserRecord record;
  record.domain = domain;
  record.name = name;
  record.auth_name = auth_name;
  record.display_name = display_name;
  record.aliases = aliases;
  record.algorithms = algorithms;
  record.session_timer = session_timer;
  return record;
}

int read_backup(Connection& database, Backup& backup) {
  std::map<int64_t, BackupUser> users;
  int code = read_users(database, users);
  if (code == SQLITE_OK) code = read_credentials(database, backup.realm, users);
  backup.users.clear();
  for (auto& [id, user] : users) backup.users.push_back(std::move(user));
  if (code == SQLITE_OK) code = read_groups(database, backup.groups);
  backup.admins.clear();
  return code == SQLITE_OK ? load_admin_accounts(database, kAdminsMax, backup.admins) : code;
}

int restore_backup(Connection& database, const Backup& backup, const RestoreRoom& room,
                   Restored& restored) {
  restored = {};
  Backup stands;
  stands.realm = backup.realm;
  int code = read_backup(database, stands);
  if (code != SQLITE_OK) return code;
  restored.fault = Check(backup, stands, room).find();
  if (restored.fault.field.empty())
    restored.fault = find_new_admins(backup, stands, room, restored.admins);
  if (!restored.fault.field.empty()) return SQLITE_OK;
  Writes writes;
  code = writes.prepare_for_users(database, backup.realm);
  if (code == SQLITE_OK) code = write_users(writes, backup);
  if (code == SQLITE_OK) code = write_groups(writes, backup, stands.groups, restored);
  for (const AdminAccountRow& row : restored.admins)
    if (code == SQLITE_OK) code = put_admin_account(database, row);
  return code;
}

}  // namespace tipring::store

// Users, hunt groups and accounts of the administration as a whole, for a backup and its way back.
// Functions run on the storage thread, within errands, and use the heap there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "store/admin_rows.h"
#include "store/offline_groups.h"
#include "store/user.h"

namespace tipring::store {

struct BackupUser {
  std::string domain;
  std::string name;
  std::string auth_name;  // empty: the name
  std::string display_name;
  std::string aliases;  // separated by "\n"
  uint8_t algorithms = 0;
  SessionTimerRule session_timer = SessionTimerRule::AsConfigured;
  Credentials credentials;  // for the realm of the backup; none: the user needs a new password

  UserRecord record() const;
};

struct Backup {
  std::string realm;
  std::vector<BackupUser> users;
  OfflineGroupList groups;
  std::vector<AdminAccountRow> admins;
};

// All of it as it stands at one moment. `backup.realm` says which credentials. SQLite's code.
int read_backup(Connection& database, Backup& backup);

struct RestoreFault {
  std::string field;        // "users", "groups" or "admins"; empty: nothing is wrong
  std::string detail;       // what is wrong, and what to do
  std::string domain = {};  // of the user or group at fault, where it is a single one
  std::string name = {};
};
struct RestoreRoom {
  Limits limits;
  size_t admins_max = 0;
};
// What a member was removed from.
struct RemovedMember {
  std::string domain;
  std::string group;
  std::string member;
};
struct Restored {
  RestoreFault fault;
  std::vector<RemovedMember> removed;
  std::vector<AdminAccountRow> admins;  // those that were added
};

// Users and groups take the place of those of the same name, and others stay; accounts that stand
// stay as they are. All is checked against what stands before the first change: with a fault nothing
// is changed. In a transaction. REQUIRES: each record alone is right (check_record(), fault_of()).
int restore_backup(Connection& database, const Backup& backup, const RestoreRoom& room,
                   Restored& restored);

}  // namespace tipring::store

// A backup as one JSON file: users with the hashes that they log in with, hunt groups and members,
// accounts of the page with the hashes of their passwords, and the settings of the configuration's
// file. No password is in it, but whoever has the hashes of a user can register as the user. For the
// admin thread: it uses the heap.
#pragma once

#include <string>
#include <string_view>

#include "admin/reply.h"
#include "port/time.h"
#include "store/backup.h"

namespace tipring::admin {

// A program reads all backups of its own version and of those before. Members that come later, and
// that an older program may leave aside, do not raise it.
inline constexpr uint32_t kBackupVersion = 1;

// `settings` is a JSON object.
std::string backup_json(const store::Backup& backup, std::string_view settings, Millis wall);

struct ReadBackup {
  store::Backup backup;
  std::string settings;   // a JSON object; empty: there are none
  BodyFault fault;        // the field as a path: "groups.2.members.0.order"
  bool is_newer = false;  // that is what is wrong
};
// Every record is looked at by itself, and whether two are the same. Users of `default_domain` are
// those without one.
ReadBackup parse_backup(std::string_view json, std::string_view default_domain);

}  // namespace tipring::admin

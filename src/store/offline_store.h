// Users and hunt groups changed directly in the file, for `tipringctl --offline` and for tools. Blocks and uses the
// heap. While a server has the file it cannot be opened here (StartStatus::Locked), since the
// server would not see the changes; while it is open here, a server cannot start on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "port/files.h"
#include "port/time.h"
#include "store/offline_groups.h"
#include "store/start_report.h"
#include "store/store.h"
#include "store/user.h"

namespace tipring::store {

struct OfflineUser {
  std::string domain;
  std::string name;
  std::string auth_name;
  std::string display_name;
  std::string aliases;
  uint8_t algorithms = 0;
  uint8_t credentials = 0;  // mask of the algorithms with a hash for this realm
  SessionTimerRule session_timer = SessionTimerRule::AsConfigured;
  uint32_t bindings = 0;  // rows in the file, expired ones included
};

// The hashes in hexadecimal digits; empty: there is none.
struct OfflineCredentials {
  std::string domain;
  std::string name;
  std::string auth_name;
  std::string ha1_md5;
  std::string ha1_sha256;
};

class OfflineStore {
 public:
  // Both outlive it. `realm`: as in StoreOptions.
  OfflineStore(port::Files& files, const port::Clock& clock, std::string_view path,
               std::string_view realm);
  ~OfflineStore();
  OfflineStore(const OfflineStore&) = delete;
  OfflineStore& operator=(const OfflineStore&) = delete;

  // Opens the file, makes or migrates it. Call the others only when the report is ready().
  StartReport open();

  // Error: Exists, Taken, TakenByGroup, NotFound, Invalid, TooLong as Store::put_user(); any other failure of the file
  // is Unsupported with its reason in failure().
  Result<void> put_user(const UserRecord& record, const Credentials* credentials, PutMode mode);
  // Errors: as Store::rename_user(), and Unsupported.
  Result<void> rename_user(std::string_view domain, std::string_view name,
                           std::string_view new_name, const Credentials* credentials);
  Result<void> set_credentials(std::string_view domain, std::string_view name,
                               const Credentials& credentials);
  Result<void> remove_user(std::string_view domain, std::string_view name);
  Result<std::vector<OfflineUser>> list_users();
  // Of all users, for this realm.
  Result<std::vector<OfflineCredentials>> list_credentials();
  // Error: NotFound.
  Result<OfflineUser> find_user(std::string_view domain, std::string_view name);

  // Of hunt groups, as Store's: NotStored has its reason in failure(), Loop its way in loop(). What
  // `capacity` has room for is not looked at.
  GroupVerdict put_group(const GroupRecord& record, PutMode mode);
  GroupVerdict rename_group(std::string_view domain, std::string_view name,
                            std::string_view new_name);
  GroupVerdict remove_group(std::string_view domain, std::string_view name);
  GroupVerdict put_group_member(std::string_view domain, std::string_view name,
                                const MemberRecord& record, PutMode mode);
  GroupVerdict remove_group_member(std::string_view domain, std::string_view name,
                                   std::string_view member);
  Result<std::vector<OfflineGroup>> list_groups();
  const std::string& loop() const;

  const std::string& failure() const;

  // One transaction around many changes, so that an import is quick and whole.
  Result<void> begin();
  Result<void> end();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tipring::store

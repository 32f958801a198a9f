// What an offline store is made of. Internal to src/store.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "store/database.h"
#include "store/offline_groups.h"
#include "store/offline_store.h"
#include "store/writes.h"

namespace tipring::store {

struct OfflineStore::Parts {
  Parts(port::Files& files, const port::Clock& clock, std::string_view file,
        std::string_view its_realm)
      : database(files, clock, 256, Database::Use::Alone), path(file), realm(its_realm) {}

  // Everything that changes the file goes through here: alone, or in the transaction that is open.
  template <class Change>
  Result<void> transact(Change change) {
    int code = open_transaction ? SQLITE_OK : writes.begin();
    if (code == SQLITE_OK) code = change();
    if (code == SQLITE_OK && !open_transaction) code = writes.commit();
    const Result<void> result = result_of(code);
    if (code != SQLITE_OK && !open_transaction && database.connection().in_transaction()) {
      writes.rollback();
    }
    return result;
  }

  Result<void> result_of(int code) {
    if (code == SQLITE_OK) return {};
    const StoreStatus status = database.connection().status_of(code);
    if (status == StoreStatus::Exists) return Error::Exists;
    failure = path + ": " + std::string(to_text(status)) + " (" +
              database.connection().error_text() + "). " + std::string(advice(status));
    return Error::Unsupported;
  }

  template <class Visit>
  static void for_each_name(const UserRecord& user, Visit visit) {
    visit(user.name);
    if (!user.auth_name.empty()) visit(user.auth_name);
    for (std::string_view rest = user.aliases; !rest.empty();) {
      const auto [alias, others] = split_once(rest, '\n');
      visit(alias);
      rest = others;
    }
  }

  void note_names(const UserRecord& user) {
    for_each_name(user, [&](std::string_view name) {
      names.try_emplace({std::string(user.domain), std::string(name)}, user.name);
    });
  }

  void forget_names(const OfflineUser& user) {
    for_each_name({user.domain, user.name, user.auth_name, {}, user.aliases, 0},
                  [&](std::string_view name) {
                    const auto found = names.find({user.domain, std::string(name)});
                    if (found != names.end() && found->second == user.name) names.erase(found);
                  });
  }

  int read_names() {
    names.clear();
    Statement rows;
    int code = rows.prepare(database.connection().get(),
                            "SELECT domain, name, auth_name, aliases FROM users");
    if (code != SQLITE_OK) return code;
    while ((code = rows.step()) == SQLITE_ROW)
      note_names({rows.text(0), rows.text(1), rows.text(2), {}, rows.text(3), 0});
    names_read = code == SQLITE_DONE;
    return names_read ? SQLITE_OK : code;
  }

  // Errors: TakenByGroup, and those of result_of().
  Result<void> check_groups(std::string_view domain, std::string_view name,
                            std::string_view aliases);

  // Errors: Taken, TakenByGroup, and those of result_of().
  Result<void> check_names(const UserRecord& record) {
    if (!names_read) {
      if (const Result<void> read = result_of(read_names()); !read) return read;
    }
    bool taken = false;
    for_each_name(record, [&](std::string_view name) {
      const auto found = names.find({std::string(record.domain), std::string(name)});
      taken = taken || (found != names.end() && found->second != record.name);
    });
    if (taken) return Error::Taken;
    return check_groups(record.domain, record.name, record.aliases);
  }

  // Another user may not have it as a name of any kind, nor a group. Errors: as check_names().
  Result<void> check_new_name(const OfflineUser& user, std::string_view name) {
    if (!names_read) {
      if (const Result<void> read = result_of(read_names()); !read) return read;
    }
    const auto found = names.find({user.domain, std::string(name)});
    if (found != names.end() && found->second != user.name) return Error::Taken;
    return check_groups(user.domain, name, "");
  }

  // Whether a user of the domain has it as name or alias. Errors: those of result_of().
  Result<bool> calls_anybody(std::string_view domain, std::string_view name);

  // 0 when there is no such user.
  int find(std::string_view domain, std::string_view name, int64_t& id) {
    Statement statement;
    int code = statement.prepare(database.connection().get(),
                                 "SELECT id FROM users WHERE domain = ?1 AND name = ?2");
    if (code != SQLITE_OK) return code;
    code = statement.bind(1, domain).bind(2, name).step();
    id = code == SQLITE_ROW ? statement.integer(0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
  }

  Result<std::vector<OfflineUser>> select_users(std::string_view which, std::string_view domain,
                                                std::string_view name);

  Database database;
  Writes writes;
  // Every name that a user has in its domain, and whose it is by name. Read when it is first asked
  // for.
  std::map<std::pair<std::string, std::string>, std::string> names;
  bool names_read = false;
  OfflineGroupList groups;   // as they stood at the last look
  bool groups_read = false;  // nothing has changed them since
  std::string loop;
  std::string path;
  std::string realm;
  std::string failure;
  bool open_transaction = false;
};

}  // namespace tipring::store

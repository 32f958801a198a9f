#include "store/offline_store.h"

#include <utility>

#include "core/text.h"
#include "store/offline_parts.h"
#include "store/user_changes.h"

namespace tipring::store {
namespace {

constexpr std::string_view kSelectUsers =
    "SELECT domain, name, auth_name, display_name, aliases, algorithms,"
    " (SELECT coalesce(sum(CASE algorithm WHEN 'MD5' THEN 1 WHEN 'SHA-256' THEN 2 ELSE 0 END), 0)"
    "  FROM credentials WHERE user_id = id AND realm = ?1),"
    " (SELECT count(*) FROM bindings WHERE user_id = id), session_timer"
    " FROM users ";

constexpr std::string_view kSelectCredentials =
    "SELECT domain, name, auth_name,"
    " (SELECT lower(hex(ha1)) FROM credentials"
    "  WHERE user_id = id AND realm = ?1 AND algorithm = 'MD5'),"
    " (SELECT lower(hex(ha1)) FROM credentials"
    "  WHERE user_id = id AND realm = ?1 AND algorithm = 'SHA-256')"
    " FROM users ORDER BY domain, name";

SessionTimerRule rule_of(int64_t value) {
  return value == 0 ? SessionTimerRule::AsConfigured : SessionTimerRule::Exempt;
}

// The views are into `stands`.
void keep_other_fields(const OfflineUser& stands, UserRecord& record) {
  if ((record.fields & kAuthName) == 0) record.auth_name = stands.auth_name;
  if ((record.fields & kDisplayName) == 0) record.display_name = stands.display_name;
  if ((record.fields & kAliases) == 0) record.aliases = stands.aliases;
  if ((record.fields & kAlgorithms) == 0) record.algorithms = stands.algorithms;
  if ((record.fields & kSessionTimer) == 0) record.session_timer = stands.session_timer;
}

// One row of kSelectUsers.
OfflineUser user_of(const Statement& row) {
  return {std::string(row.text(0)),
          std::string(row.text(1)),
          std::string(row.text(2)),
          std::string(row.text(3)),
          std::string(row.text(4)),
          static_cast<uint8_t>(row.integer(5)),
          static_cast<uint8_t>(row.integer(6)),
          rule_of(row.integer(8)),
          static_cast<uint32_t>(row.integer(7))};
}

}  // namespace

Result<std::vector<OfflineUser>> OfflineStore::Parts::select_users(std::string_view which,
                                                                   std::string_view domain,
                                                                   std::string_view name) {
  Statement rows;
  int code =
      rows.prepare(database.connection().get(), std::string(kSelectUsers) + std::string(which));
  std::vector<OfflineUser> users;
  if (code == SQLITE_OK) {
    rows.bind(1, std::string_view(realm));
    if (!name.empty()) rows.bind(2, domain).bind(3, name);
    while ((code = rows.step()) == SQLITE_ROW) users.push_back(user_of(rows));
  }
  if (const auto result = result_of(code == SQLITE_DONE ? SQLITE_OK : code); !result)
    return result.error();
  return users;
}

OfflineStore::OfflineStore(port::Files& files, const port::Clock& clock, std::string_view path,
                           std::string_view realm)
    : parts_(std::make_unique<Parts>(files, clock, path, realm)) {}

OfflineStore::~OfflineStore() = default;

StartReport OfflineStore::open() {
  StartReport report;
  if (!parts_->database.open(parts_->path, migrations(), report)) return report;
  const int code = parts_->writes.prepare(parts_->database.connection(), parts_->realm);
  if (code != SQLITE_OK) parts_->database.explain(code, report);
  return report;
}

const std::string& OfflineStore::failure() const { return parts_->failure; }

Result<void> OfflineStore::begin() {
  const Result<void> result = parts_->result_of(parts_->writes.begin());
  parts_->open_transaction = result.has_value();
  return result;
}

Result<void> OfflineStore::end() {
  parts_->open_transaction = false;
  const Result<void> result = parts_->result_of(parts_->writes.commit());
  if (!result && parts_->database.connection().in_transaction()) parts_->writes.rollback();
  return result;
}

Result<void> OfflineStore::put_user(const UserRecord& record, const Credentials* credentials,
                                    PutMode mode) {
  if (const Result<void> checked = check_record(record); !checked) return checked;
  int64_t id = 0;
  if (const auto found = parts_->result_of(parts_->find(record.domain, record.name, id)); !found) {
    return found;
  }
  if (id != 0 && mode == PutMode::Create) return Error::Exists;
  if (id == 0 && mode == PutMode::Change) return Error::NotFound;
  if (const Result<void> checked = parts_->check_names(record); !checked) return checked;
  UserRecord whole = record;
  OfflineUser stands;
  if (id != 0) {
    Result<OfflineUser> found = find_user(record.domain, record.name);
    if (!found) return found.error();
    stands = std::move(*found);
    if (record.fields != kAllUserFields) keep_other_fields(stands, whole);
    parts_->forget_names(stands);
  }
  if (whole.auth_name.empty()) whole.auth_name = record.name;
  parts_->note_names(whole);
  const Result<void> stored = parts_->transact([&] {
    int code = parts_->writes.put_user(whole, id);
    if (code == SQLITE_OK && credentials != nullptr) {
      code = parts_->writes.set_credentials(id, *credentials);
    }
    return code;
  });
  if (!stored) parts_->names_read = false;
  return stored;
}

Result<void> OfflineStore::rename_user(std::string_view domain, std::string_view name,
                                       std::string_view new_name, const Credentials* credentials) {
  int64_t id = 0;
  if (const auto found = parts_->result_of(parts_->find(domain, name, id)); !found) return found;
  const Result<OfflineUser> stands = find_user(domain, name);
  if (!stands) return stands.error();
  if (new_name == stands->name) return Error::Exists;
  const bool login_follows = stands->auth_name.empty() || stands->auth_name == stands->name;
  if (login_follows != (credentials != nullptr)) return Error::Mismatch;
  UserRecord record;
  record.domain = domain;
  record.name = new_name;
  if (const Result<void> checked = check_record(record); !checked) return checked;
  if (const Result<void> free = parts_->check_new_name(*stands, new_name); !free) return free;
  record.auth_name = login_follows ? new_name : std::string_view(stands->auth_name);
  std::string aliases(stands->aliases.size(), '\0');
  record.aliases = without_line(stands->aliases, new_name, aliases);
  parts_->names_read = false;
  return parts_->transact([&] {
    const int code = parts_->writes.rename_user(id, record);
    if (code != SQLITE_OK || credentials == nullptr) return code;
    return parts_->writes.set_credentials(id, *credentials);
  });
}

Result<void> OfflineStore::set_credentials(std::string_view domain, std::string_view name,
                                           const Credentials& credentials) {
  int64_t id = 0;
  if (const auto found = parts_->result_of(parts_->find(domain, name, id)); !found) return found;
  if (id == 0) return Error::NotFound;
  return parts_->transact([&] { return parts_->writes.set_credentials(id, credentials); });
}

Result<void> OfflineStore::remove_user(std::string_view domain, std::string_view name) {
  int64_t id = 0;
  if (const auto found = parts_->result_of(parts_->find(domain, name, id)); !found) return found;
  if (id == 0) return Error::NotFound;
  parts_->names_read = false;
  return parts_->transact([&] { return parts_->writes.remove_user(id); });
}

Result<std::vector<OfflineUser>> OfflineStore::list_users() {
  return parts_->select_users("ORDER BY domain, name", "", "");
}

Result<std::vector<OfflineCredentials>> OfflineStore::list_credentials() {
  Statement rows;
  std::vector<OfflineCredentials> found;
  int code = rows.prepare(parts_->database.connection().get(), std::string(kSelectCredentials));
  if (code == SQLITE_OK) {
    rows.bind(1, std::string_view(parts_->realm));
    while ((code = rows.step()) == SQLITE_ROW) {
      found.push_back({std::string(rows.text(0)), std::string(rows.text(1)),
                       std::string(rows.text(2)), std::string(rows.text(3)),
                       std::string(rows.text(4))});
    }
  }
  if (const auto result = parts_->result_of(code == SQLITE_DONE ? SQLITE_OK : code); !result)
    return result.error();
  return found;
}

Result<OfflineUser> OfflineStore::find_user(std::string_view domain, std::string_view name) {
  auto users = parts_->select_users("WHERE domain = ?2 AND name = ?3", domain, name);
  if (!users) return users.error();
  if (users->empty()) return Error::NotFound;
  return std::move(users->front());
}

}  // namespace tipring::store

// Accounts, tokens and the audit log of the administration, as the database keeps them. Functions
// run on the storage thread, within errands; each returns SQLite's result code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tipring::store {

class Connection;

inline constexpr size_t kAdminSaltBytes = 16;
inline constexpr size_t kAdminHashBytes = 32;
// The oldest go first. Sign-ins that were refused have a share of their own: strangers make them.
inline constexpr int64_t kAuditRowsMax = 2000;
inline constexpr int64_t kAuditRefusedMax = 500;
inline constexpr int64_t kAuditRefused = 401;

struct AdminAccountRow {
  std::string name;
  uint8_t role = 0;
  std::array<uint8_t, kAdminSaltBytes> salt{};
  uint32_t rounds = 0;
  std::array<uint8_t, kAdminHashBytes> hash{};
  int64_t created_ms = 0;
};

struct AdminTokenRow {
  std::string name;
  uint8_t role = 0;
  uint16_t scopes = 0;
  std::array<uint8_t, kAdminHashBytes> hash{};
  int64_t created_ms = 0;
  int64_t expires_ms = 0;  // 0: never
};

struct AuditRow {
  int64_t id = 0;  // of rows that were read
  int64_t at_ms = 0;
  std::string who;
  std::string source;
  std::string action;
  int status = 0;
};

// In order of names, at most `max` of each. A row that no program of ours has written is left out.
int load_admin_accounts(Connection& database, size_t max, std::vector<AdminAccountRow>& rows);
int load_admin_tokens(Connection& database, size_t max, std::vector<AdminTokenRow>& rows);

int put_admin_account(Connection& database, const AdminAccountRow& row);  // by its name
int remove_admin_account(Connection& database, std::string_view name);
int put_admin_token(Connection& database, const AdminTokenRow& row);
int remove_admin_token(Connection& database, std::string_view name);

int add_audit(Connection& database, const AuditRow& row);
// The newest first, older than `before` unless that is 0.
int list_audit(Connection& database, int64_t before, size_t max, std::vector<AuditRow>& rows);

}  // namespace tipring::store

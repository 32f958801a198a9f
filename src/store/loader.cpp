#include "store/loader.h"

#include <algorithm>

#include "store/grace.h"
#include "store/row_check.h"

namespace tipring::store {
namespace {

template <size_t N>
bool copy_digest(std::span<const uint8_t> blob, std::array<uint8_t, N>& digest) {
  if (blob.size() != N) return false;
  std::copy(blob.begin(), blob.end(), digest.begin());
  return true;
}

}  // namespace

bool Loader::load(std::string_view realm, StoreClock& clock, StartReport& report) {
  if (!load_clock(clock, report)) return false;
  const Millis offset = clock.wall_offset();
  const Millis now = clock.monotonic();
  return load_seeming_key(report) && load_users(report) && load_credentials(realm, report) &&
         make_room(now + offset, report) && load_bindings(offset, now, report);
}

bool Loader::failed(int code, StartReport& report) const {
  database_.explain(code, report);
  return false;
}

bool Loader::does_not_fit(std::string_view what, std::string_view key, StartReport& report) const {
  const bool users = key == "users";
  const uint32_t capacity = users ? users_.slots() : bindings_.slots().capacity();
  report.status = StartStatus::DoesNotFit;
  report.message = database_.path() + " holds more " + std::string(what) +
                   " than there is room for (capacity." + std::string(key) + " is " +
                   std::to_string(capacity) + (what == "aliases" ? ", with as many aliases" : "") +
                   "). Raise capacity." + std::string(key);
  return false;
}

bool Loader::load_clock(StoreClock& clock, StartReport& report) {
  int64_t last_written = 0;
  const int code = database_.connection().query("SELECT value FROM meta WHERE key = 'last_written'",
                                                last_written);
  if (code != SQLITE_OK) return failed(code, report);
  if (last_written < 0 || last_written > kWallMax.count()) {
    report.skip("meta", 1, "last_written");
    last_written = 0;
  }
  report.clock_was_unset = clock.set_last_written(Millis(last_written));
  return true;
}

// Made once for each file. One that cannot be written does until the next start.
bool Loader::load_seeming_key(StartReport& report) {
  constexpr const char* kSelect = "SELECT value FROM meta WHERE key = 'seeming_key'";
  Connection& connection = database_.connection();
  int64_t value = 0;
  int code = connection.query(kSelect, value);
  if (code == SQLITE_OK && value == 0) {
    static_cast<void>(connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('seeming_key', random())"));
    code = connection.query(kSelect, value);
  }
  if (code != SQLITE_OK) return failed(code, report);
  if (value != 0) users_.set_seeming_key({static_cast<uint64_t>(value), 0});
  return true;
}

bool Loader::load_users(StartReport& report) {
  Statement rows;
  const std::string sql = "SELECT " + std::string(kUserColumns) + " FROM users ORDER BY id";
  int code = rows.prepare(database_.connection().get(), sql);
  if (code != SQLITE_OK) return failed(code, report);
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    UserRecord record;
    const char* fault = read_user(rows, record);
    if (fault == nullptr && is_second(record)) fault = "auth_name";
    if (fault != nullptr) {
      report.skip("users", rows.integer(0), fault);
      continue;
    }
    std::array<uint16_t, 5> ends{};
    const uint32_t aliases = UserTable::count_aliases(record.aliases);
    if (!users_.reserve_aliases(aliases)) return does_not_fit("aliases", "users", report);
    users_.give_back_aliases(aliases);
    Result<SlabText> text = users_.store_text(record, ends);
    User* user = text ? users_.make(std::move(*text), ends) : nullptr;
    if (user == nullptr) return does_not_fit("users", "users", report);
    user->id_ = rows.integer(0);
    users_.set_algorithms(*user, record.algorithms);
    user->session_timer_ = record.session_timer;
    users_.show(*user);
    by_id_.emplace_back(user->id_, user);
  }
  report.users = users_.visible();
  return code == SQLITE_DONE || failed(code, report);
}

// The file forbids it, unless somebody has made the table anew.
bool Loader::is_second(const UserRecord& record) const {
  const std::string_view auth_name = record.auth_name.empty() ? record.name : record.auth_name;
  return users_.find(record.domain, record.name) != nullptr ||
         users_.find_by_auth_name(record.domain, auth_name) != nullptr;
}

bool Loader::load_credentials(std::string_view realm, StartReport& report) {
  Statement rows;
  int code = rows.prepare(database_.connection().get(),
                          "SELECT user_id, algorithm, ha1, realm = ?1 FROM credentials"
                          " ORDER BY user_id");
  if (code != SQLITE_OK) return failed(code, report);
  rows.bind(1, realm);
  std::vector<User*> of_other_realms;
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    User* user = user_of(rows.integer(0));
    if (user == nullptr) continue;
    if (rows.integer(3) == 0) {
      if (of_other_realms.empty() || of_other_realms.back() != user)
        of_other_realms.push_back(user);
      continue;
    }
    Credentials& credentials = user->credentials_;
    if (rows.text(1) == "MD5" && copy_digest(rows.blob(2), credentials.md5)) {
      credentials.present |= kAlgorithmMd5;
    } else if (rows.text(1) == "SHA-256" && copy_digest(rows.blob(2), credentials.sha256)) {
      credentials.present |= kAlgorithmSha256;
    }
  }
  report.users_without_secret = static_cast<uint32_t>(
      std::count_if(of_other_realms.begin(), of_other_realms.end(),
                    [](const User* user) { return user->credentials().present == 0; }));
  return code == SQLITE_DONE || failed(code, report);
}

// After `capacity` was made smaller: rows beyond it move to free places.
bool Loader::make_room(Millis wall_now, StartReport& report) {
  const uint32_t slots = bindings_.slots().capacity();
  int64_t beyond = 0;
  const std::string count =
      "SELECT count(*) FROM bindings WHERE slot < 0 OR slot >= " + std::to_string(slots);
  int code = database_.connection().query(count.c_str(), beyond);
  if (code != SQLITE_OK) return failed(code, report);
  if (beyond == 0) return true;

  const std::string drop_expired =
      "DELETE FROM bindings WHERE expires_at + min(30000, interval_ms / 4) <= " +
      std::to_string(wall_now.count());
  code = writes_.begin();
  if (code == SQLITE_OK) code = database_.connection().execute(drop_expired.c_str());
  if (code == SQLITE_OK) {
    report.bindings_expired += static_cast<uint32_t>(sqlite3_changes(database_.connection().get()));
    code = move_rows(report);
  }
  if (code == SQLITE_OK && report.ready()) code = writes_.commit();
  if (database_.connection().in_transaction()) writes_.rollback();
  if (!report.ready()) return false;
  return code == SQLITE_OK || failed(code, report);
}

int Loader::move_rows(StartReport& report) {
  const uint32_t slots = bindings_.slots().capacity();
  sqlite3* const connection = database_.connection().get();
  std::vector<bool> used(slots, false);
  std::vector<int64_t> beyond;
  Statement rows;
  int code = rows.prepare(connection, "SELECT slot FROM bindings ORDER BY slot");
  if (code != SQLITE_OK) return code;
  while ((code = rows.step()) == SQLITE_ROW) {
    const int64_t slot = rows.integer(0);
    if (slot < 0 || slot >= slots) {
      beyond.push_back(slot);
    } else {
      used[static_cast<size_t>(slot)] = true;
    }
  }
  Statement move;
  if (code == SQLITE_DONE) {
    code = move.prepare(connection, "UPDATE bindings SET slot = ?2 WHERE slot = ?1");
  }
  auto free = used.begin();
  for (const int64_t slot : beyond) {
    free = std::find(free, used.end(), false);
    if (free == used.end()) {
      does_not_fit("bindings", "bindings", report);
      return SQLITE_OK;
    }
    *free = true;
    if (code == SQLITE_OK) code = move.bind(1, slot).bind(2, int64_t{free - used.begin()}).run();
  }
  return code;
}

bool Loader::load_bindings(Millis wall_offset, Millis now, StartReport& report) {
  Statement rows;
  const std::string sql = "SELECT " + std::string(kBindingColumns) + " FROM bindings ORDER BY slot";
  int code = rows.prepare(database_.connection().get(), sql);
  if (code != SQLITE_OK) return failed(code, report);
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    BindingRow row;
    const char* fault = read_binding(rows, row);
    if (fault == nullptr && user_of(row.user_id) == nullptr) fault = "user_id";
    if (fault != nullptr) {
      report.skip("bindings", rows.integer(0), fault);
    } else if (!load_binding(row, wall_offset, now, report)) {
      return false;
    }
  }
  report.bindings = bindings_.visible();
  return code == SQLITE_DONE || failed(code, report);
}

// A binding lives longer than its row says by as much as a refresh may be late, but never longer
// than it was granted: the clock may have been wrong. The connection that it came by is gone: its
// flow is not loaded.
bool Loader::load_binding(BindingRow& row, Millis wall_offset, Millis now, StartReport& report) {
  const Millis left = row.expires_at_wall - wall_offset - now;
  row.fields.expires_at = now + std::min(left, row.interval) + refresh_grace(row.interval);
  bindings_.slots().set_row(row.slot, true);
  if (row.fields.expires_at <= now) {
    ++report.bindings_expired;
    return true;
  }
  User& user = *user_of(row.user_id);
  const Result<Binding*> binding = bindings_.make_at(row.slot, row.fields);
  if (!binding && binding.error() == Error::TooLong) {
    report.skip("bindings", row.slot, "its texts are too long");
    return true;
  }
  if (!binding) return does_not_fit("bindings", "bindings", report);
  bindings_.set_interval(**binding, row.interval);
  bindings_.show(**binding, user);
  return true;
}

User* Loader::user_of(int64_t id) const {
  const auto found =
      std::lower_bound(by_id_.begin(), by_id_.end(), id,
                       [](const auto& entry, int64_t key) { return entry.first < key; });
  return found != by_id_.end() && found->first == id ? found->second : nullptr;
}

}  // namespace tipring::store

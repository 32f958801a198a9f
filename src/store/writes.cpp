#include "store/writes.h"

#include <array>

namespace tipring::store {

int Writes::prepare_for_users(Connection& connection, std::string_view realm) {
  connection_ = connection.get();
  realm_ = realm;
  return prepare_all({
      {put_user_,
       "INSERT INTO users (domain, name, auth_name, display_name, aliases, algorithms,"
       " session_timer)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (domain, name) DO UPDATE SET"
       " auth_name = ?3, display_name = ?4, aliases = ?5, algorithms = ?6, session_timer = ?7"},
      {find_user_, "SELECT id FROM users WHERE domain = ?1 AND name = ?2"},
      {clear_credentials_, "DELETE FROM credentials WHERE user_id = ?1"},
      {put_credential_,
       "INSERT INTO credentials (user_id, algorithm, realm, ha1) VALUES (?1, ?2, ?3, ?4)"},
  });
}

int Writes::prepare_all(std::initializer_list<Prepared> list) {
  for (const Prepared& one : list) {
    const int code = one.statement.prepare(connection_, one.sql);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int Writes::prepare(Connection& connection, std::string_view realm) {
  int code = prepare_for_users(connection, realm);
  if (code != SQLITE_OK) return code;
  code = prepare_all({
      {begin_, "BEGIN IMMEDIATE"},
      {commit_, "COMMIT"},
      {rollback_, "ROLLBACK"},
      {rename_user_, "UPDATE users SET name = ?2, auth_name = ?3, aliases = ?4 WHERE id = ?1"},
      {remove_user_, "DELETE FROM users WHERE id = ?1"},
      {put_binding_,
       "INSERT INTO bindings (slot, user_id, contact, params, path, call_id, cseq,"
       " expires_at, interval_ms, q, received, local, transport, listener, flow, instance, reg_id,"
       " user_agent, methods, display_name)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
       "?19, ?20)"},
      // The user stays the same, so that no foreign key is to be looked at.
      {replace_binding_,
       "UPDATE bindings SET contact = ?3, params = ?4, path = ?5, call_id = ?6, cseq = ?7,"
       " expires_at = ?8, interval_ms = ?9, q = ?10, received = ?11, local = ?12, transport = ?13,"
       " listener = ?14, flow = ?15, instance = ?16, reg_id = ?17, user_agent = ?18, methods = ?19,"
       " display_name = ?20"
       " WHERE slot = ?1 AND user_id = ?2"},
      {refresh_binding_,
       "UPDATE bindings SET expires_at = ?2, interval_ms = ?3, cseq = ?4 WHERE slot = ?1"},
      {delete_binding_, "DELETE FROM bindings WHERE slot = ?1"},
      {set_meta_, "INSERT OR REPLACE INTO meta (key, value) VALUES ('last_written', ?1)"},
  });
  return code == SQLITE_OK ? records_.prepare(connection.get()) : code;
}

void Writes::close() {
  for (Statement* statement :
       {&begin_, &commit_, &rollback_, &put_user_, &find_user_, &rename_user_, &remove_user_,
        &clear_credentials_, &put_credential_, &put_binding_, &replace_binding_, &refresh_binding_,
        &delete_binding_, &set_meta_}) {
    statement->finalize();
  }
  records_.close();
}

int Writes::put_user(const UserRecord& record, int64_t& id) {
  put_user_.bind(1, record.domain).bind(2, record.name).bind(3, record.auth_name);
  put_user_.bind(4, record.display_name).bind(5, record.aliases);
  put_user_.bind(6, int64_t{record.algorithms});
  int code = put_user_.bind(7, static_cast<int64_t>(record.session_timer)).run();
  if (code != SQLITE_OK) return code;
  code = find_user_.bind(1, record.domain).bind(2, record.name).step();
  if (code == SQLITE_ROW) id = find_user_.integer(0);
  find_user_.reset();
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

// Groups that he is in, or that send their calls to him, go on to name him.
int Writes::rename_user(int64_t user_id, const UserRecord& record) {
  if (record.name.size() <= kExtensionMax) {
    const int code = rename_named("users", user_id, record.name);
    if (code != SQLITE_OK) return code;
  }
  rename_user_.bind(1, user_id).bind(2, record.name).bind(3, record.auth_name);
  return rename_user_.bind(4, record.aliases).run();
}

int Writes::set_credentials(int64_t user_id, const Credentials& credentials) {
  int code = clear_credentials_.bind(1, user_id).run();
  if (code == SQLITE_OK && (credentials.present & kAlgorithmMd5) != 0) {
    code = put_credential(user_id, "MD5", credentials.md5);
  }
  if (code == SQLITE_OK && (credentials.present & kAlgorithmSha256) != 0) {
    code = put_credential(user_id, "SHA-256", credentials.sha256);
  }
  return code;
}

int Writes::put_credential(int64_t user_id, std::string_view algorithm,
                           std::span<const uint8_t> ha1) {
  put_credential_.bind(1, user_id).bind(2, algorithm).bind(3, std::string_view(realm_));
  return put_credential_.bind(4, ha1).run();
}

int Writes::remove_user(int64_t user_id) { return remove_user_.bind(1, user_id).run(); }

void Writes::bind_binding(Statement& statement, const Binding& binding, const RowContext& more) {
  statement.bind(1, int64_t{more.row}).bind(2, more.user_id);
  statement.bind(3, binding.contact()).bind(4, binding.params()).bind(5, binding.path());
  statement.bind(6, more.call_id).bind(7, int64_t{binding.cseq()});
  statement.bind(8, int64_t{(binding.expires_at() + more.wall_offset).count()});
  statement.bind(9, int64_t{binding.interval().count()}).bind(10, int64_t{binding.q()});
  statement.bind(13, int64_t{binding.transport()}).bind(14, int64_t{binding.listener()});
  statement.bind(15, static_cast<int64_t>(binding.flow())).bind(16, binding.instance());
  statement.bind(17, int64_t{binding.reg_id()}).bind(18, binding.user_agent());
  statement.bind(19, int64_t{binding.methods()}).bind(20, binding.display_name());
}

int Writes::put_binding(const Binding& binding, const RowContext& more) {
  std::array<char, port::kAddressTextMax> received;
  std::array<char, port::kAddressTextMax> local;
  bind_binding(put_binding_, binding, more);
  put_binding_.bind(11, port::write_address(binding.received(), received));
  int code = put_binding_.bind(12, port::write_address(binding.local(), local)).run();
  // Seldom: the row of a binding that has ended and was not deleted yet. OR REPLACE would look for
  // it each time, and keep a journal of its own for each statement.
  if (code == SQLITE_CONSTRAINT_PRIMARYKEY) {
    code = delete_binding(more.row);
    if (code == SQLITE_OK) code = put_binding_.run();
  }
  return code;
}

int Writes::replace_binding(const Binding& binding, const RowContext& more) {
  std::array<char, port::kAddressTextMax> received;
  std::array<char, port::kAddressTextMax> local;
  bind_binding(replace_binding_, binding, more);
  replace_binding_.bind(11, port::write_address(binding.received(), received));
  const int code = replace_binding_.bind(12, port::write_address(binding.local(), local)).run();
  // The row was deleted behind our back.
  return code == SQLITE_OK && replace_binding_.changes() == 0 ? put_binding(binding, more) : code;
}

int Writes::refresh_binding(uint32_t slot, Millis expires_at_wall, Millis interval, uint32_t cseq) {
  refresh_binding_.bind(1, int64_t{slot}).bind(2, int64_t{expires_at_wall.count()});
  return refresh_binding_.bind(3, int64_t{interval.count()}).bind(4, int64_t{cseq}).run();
}

int Writes::delete_binding(uint32_t slot) { return delete_binding_.bind(1, int64_t{slot}).run(); }

int Writes::set_last_written(Millis wall) { return set_meta_.bind(1, int64_t{wall.count()}).run(); }

}  // namespace tipring::store

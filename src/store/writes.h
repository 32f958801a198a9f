// The statements that change the file, prepared once, but for those of hunt groups. Both the storage
// thread and the offline store write through them, inside a transaction of theirs. All results are
// SQLite's extended result codes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "store/binding.h"
#include "store/group.h"
#include "store/record_writes.h"
#include "store/sqlite.h"
#include "store/user.h"

namespace tipring::store {

// What goes into the row of a binding beside what the binding knows.
struct RowContext {
  uint32_t row;
  int64_t user_id;
  std::string_view call_id;
  Millis wall_offset;
};

class Writes {
 public:
  // The connection outlives it. `realm` is what credentials are made for.
  int prepare(Connection& connection, std::string_view realm);

  // As prepare(), for put_user(), set_credentials() and what is of groups alone, in a transaction of
  // somebody else: it takes a part of SQLite's memory.
  int prepare_for_users(Connection& connection, std::string_view realm);

  // Before the connection is closed. prepare() follows when it is open again.
  void close();

  int begin() { return begin_.run(); }
  int commit() { return commit_.run(); }
  int rollback() { return rollback_.run(); }

  // The auth_name of `record` is not empty. Fills `id`.
  int put_user(const UserRecord& record, int64_t& id);
  // The name, the auth_name and the aliases of `record`.
  int rename_user(int64_t user_id, const UserRecord& record);
  // Those of other realms go too: they belong to the password before this one.
  int set_credentials(int64_t user_id, const Credentials& credentials);
  int remove_user(int64_t user_id);  // with its credentials and bindings

  // Both fill `id`. The order of `member` is not 0.
  int put_group(const GroupRecord& record, int64_t& id);
  int put_member(int64_t group_id, const MemberRecord& member, int64_t& id);
  int rename_group(int64_t group_id, std::string_view name);
  int remove_group(int64_t group_id);  // with its members
  int remove_member(int64_t member_id);

  // Replaces what stands in the row. The first expects nothing there, the second another binding of
  // the user; both do what is needed when it is otherwise.
  int put_binding(const Binding& binding, const RowContext& more);
  int replace_binding(const Binding& binding, const RowContext& more);
  int refresh_binding(uint32_t slot, Millis expires_at_wall, Millis interval, uint32_t cseq);
  int delete_binding(uint32_t slot);

  int set_last_written(Millis wall);

  RecordWrites& records() { return records_; }

 private:
  struct Prepared {
    Statement& statement;
    std::string_view sql;
  };
  int prepare_all(std::initializer_list<Prepared> list);
  static void bind_binding(Statement& statement, const Binding& binding, const RowContext& more);
  // Those of `table`, users or hunt_groups, that has the row: groups that name it name it anew.
  int rename_named(const std::string& table, int64_t id, std::string_view new_name);
  int put_credential(int64_t user_id, std::string_view algorithm, std::span<const uint8_t> ha1);

  sqlite3* connection_ = nullptr;
  std::string realm_;
  Statement begin_, commit_, rollback_;
  Statement put_user_, find_user_, rename_user_, remove_user_;
  Statement clear_credentials_, put_credential_;
  Statement put_binding_, replace_binding_, refresh_binding_, delete_binding_;
  Statement set_meta_;
  RecordWrites records_;
};

}  // namespace tipring::store

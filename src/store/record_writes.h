// The statements that write call records. On the storage thread, inside a transaction of its own.
// All results are SQLite's extended result codes.
#pragma once

#include <cstdint>
#include <span>

#include "store/call_records.h"
#include "store/sqlite.h"

namespace tipring::store {

class RecordWrites {
 public:
  int prepare(sqlite3* connection);
  // Before the connection is closed. prepare() follows when it is open again.
  void close();

  // One that stands already is left as it is.
  int insert(const CallRecord& record);
  // Times that are not 0, texts that are not empty, and all the rest; nothing when it is gone.
  int update(const CallRecord& record);

  // Deletes up to `rows_max` of the oldest that `bounds` do not allow, and are no calls that go on;
  // by number and by age each. `deleted`: the more of both.
  int prune(const RecordBounds& bounds, Millis wall, uint32_t rows_max, uint32_t& deleted);

  // At start: those that were open when the server went. What was answered ends then, as far as
  // that is known.
  int close_open(Millis last_written);
  // Greater than all that stand in the file.
  int next_id(uint64_t& id);

 private:
  static void bind(Statement& row, const CallRecord& record);
  static int run_delete(Statement& statement, int64_t bound, uint32_t rows_max, uint32_t& deleted);

  Statement insert_, update_, newest_, delete_before_, delete_older_;
  sqlite3* connection_ = nullptr;
};

}  // namespace tipring::store

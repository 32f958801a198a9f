#include "store/record_writes.h"

#include <algorithm>

namespace tipring::store {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO call_records (id, rang, answered, ended, outcome, ended_by, status,"
    " session_interval, supervised, media, caller_packets, caller_lost, caller_jitter_us,"
    " callee_packets, callee_lost, callee_jitter_us, call_id, from_uri, from_name, from_user, "
    "to_uri,"
    " group_name, answered_by, peer, reason, call, leg, kind, begun)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
    " ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)"
    " ON CONFLICT (id) DO NOTHING";
// Times and texts that are not said stay.
constexpr std::string_view kUpdate =
    "UPDATE call_records SET rang = max(rang, ?2), answered = max(answered, ?3), ended = ?4,"
    " outcome = ?5, ended_by = ?6, status = ?7, session_interval = ?8, supervised = ?9, media = "
    "?10,"
    " caller_packets = ?11, caller_lost = ?12, caller_jitter_us = ?13, callee_packets = ?14,"
    " callee_lost = ?15, callee_jitter_us = ?16,"
    " call_id = coalesce(nullif(?17, ''), call_id), from_uri = coalesce(nullif(?18, ''), from_uri),"
    " from_name = coalesce(nullif(?19, ''), from_name),"
    " from_user = coalesce(nullif(?20, ''), from_user), to_uri = coalesce(nullif(?21, ''), to_uri),"
    " group_name = coalesce(nullif(?22, ''), group_name),"
    " answered_by = coalesce(nullif(?23, ''), answered_by), peer = coalesce(nullif(?24, ''), peer),"
    " reason = coalesce(nullif(?25, ''), reason) WHERE id = ?1";

template <class Number>
int64_t wide(Number number) {
  return static_cast<int64_t>(number);
}

}  // namespace

int RecordWrites::prepare(sqlite3* connection) {
  struct Pair {
    Statement& statement;
    std::string_view sql;
  };
  const Pair pairs[] = {
      {insert_, kInsert},
      {update_, kUpdate},
      {newest_, "SELECT max(id) FROM call_records"},
      {delete_before_,
       "DELETE FROM call_records WHERE id IN (SELECT id FROM call_records WHERE id <= ?1 AND"
       " ended <> 0 ORDER BY id LIMIT ?2)"},
      {delete_older_,
       "DELETE FROM call_records WHERE id IN (SELECT id FROM call_records WHERE begun < ?1 AND"
       " ended <> 0 ORDER BY begun LIMIT ?2)"},
  };
  connection_ = connection;
  for (const Pair& pair : pairs) {
    const int code = pair.statement.prepare(connection, pair.sql);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void RecordWrites::close() {
  for (Statement* statement : {&insert_, &update_, &newest_, &delete_before_, &delete_older_}) {
    statement->finalize();
  }
}

void RecordWrites::bind(Statement& row, const CallRecord& record) {
  row.bind(1, wide(record.id)).bind(2, wide(record.rang.count()));
  row.bind(3, wide(record.answered.count())).bind(4, wide(record.ended.count()));
  row.bind(5, wide(record.outcome)).bind(6, wide(record.ended_by)).bind(7, wide(record.status));
  row.bind(8, wide(record.session_interval_s)).bind(9, wide(record.supervised));
  row.bind(10, wide(record.media));
  int place = 11;
  for (const RecordSound& sound : {record.from_caller, record.from_callee}) {
    row.bind(place, wide(sound.packets)).bind(place + 1, wide(sound.lost));
    row.bind(place + 2, wide(sound.jitter_us));
    place += 3;
  }
  for (const std::string_view text : record.texts) row.bind(place++, text);
}

int RecordWrites::insert(const CallRecord& record) {
  bind(insert_, record);
  insert_.bind(26, wide(record.call)).bind(27, wide(record.leg)).bind(28, wide(record.kind));
  return insert_.bind(29, wide(record.begun.count())).run();
}

int RecordWrites::update(const CallRecord& record) {
  bind(update_, record);
  return update_.run();
}

int RecordWrites::run_delete(Statement& statement, int64_t bound, uint32_t rows_max,
                             uint32_t& deleted) {
  const int code = statement.bind(1, bound).bind(2, int64_t{rows_max}).run();
  if (code == SQLITE_OK) deleted = std::max(deleted, static_cast<uint32_t>(statement.changes()));
  return code;
}

int RecordWrites::prune(const RecordBounds& bounds, Millis wall, uint32_t rows_max,
                        uint32_t& deleted) {
  uint64_t next = 0;
  int code = next_id(next);
  const uint64_t kept = bounds.records_max;
  if (code == SQLITE_OK && next > kept + 1) {
    code = run_delete(delete_before_, static_cast<int64_t>(next - 1 - kept), rows_max, deleted);
  }
  if (code == SQLITE_OK && bounds.days_max != 0) {
    const Millis oldest = wall - std::chrono::hours(24 * int64_t{bounds.days_max});
    code = run_delete(delete_older_, oldest.count(), rows_max, deleted);
  }
  return code;
}

// Once, so the statement is not kept.
int RecordWrites::close_open(Millis last_written) {
  static_assert(static_cast<int>(RecordOutcome::Failed) == 6);
  static_assert(static_cast<int>(RecordEnd::Restart) == 8);
  Statement close;
  const int code =
      close.prepare(connection_,
                    "UPDATE call_records SET ended = max(begun, rang, answered, ?1), ended_by = 8,"
                    " outcome = CASE outcome WHEN 0 THEN 6 ELSE outcome END WHERE ended = 0");
  return code != SQLITE_OK ? code : close.bind(1, wide(last_written.count())).run();
}

int RecordWrites::next_id(uint64_t& id) {
  const int code = newest_.step();
  if (code == SQLITE_ROW) id = static_cast<uint64_t>(std::max<int64_t>(newest_.integer(0), 0)) + 1;
  newest_.reset();
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

}  // namespace tipring::store

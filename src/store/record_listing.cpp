#include "store/record_listing.h"

#include "core/text.h"
#include "sip/uri.h"
#include "store/sqlite.h"

namespace tipring::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, call, leg, kind, begun, rang, answered, ended, outcome, ended_by, status,"
    " session_interval, supervised, media, caller_packets, caller_lost, caller_jitter_us,"
    " callee_packets, callee_lost, callee_jitter_us, call_id, from_uri, from_name, from_user, "
    "to_uri,"
    " group_name, answered_by, peer, reason FROM call_records ";

// By primary key, and nothing else: no sort.
constexpr std::string_view kNewestFirst = "WHERE id < ?1 AND id >= ?3 ORDER BY id DESC LIMIT ?2";
constexpr std::string_view kOfCall =
    "WHERE id < ?1 AND id >= ?3 AND call = ?4 ORDER BY id LIMIT ?2";

// Legs are not far from their call.
constexpr uint64_t kLegsWithin = 100'000;

template <class Number>
Number narrow(const Statement& row, int column) {
  return static_cast<Number>(row.integer(column));
}

RecordSound read_sound(const Statement& row, int column) {
  return {narrow<uint32_t>(row, column), narrow<uint32_t>(row, column + 1),
          narrow<uint32_t>(row, column + 2)};
}

RecordRow read_row(const Statement& row) {
  RecordRow record;
  record.id = narrow<uint64_t>(row, 0);
  record.call = narrow<uint64_t>(row, 1);
  record.leg = narrow<uint8_t>(row, 2);
  record.kind = narrow<RecordKind>(row, 3);
  record.begun = Millis(row.integer(4));
  record.rang = Millis(row.integer(5));
  record.answered = Millis(row.integer(6));
  record.ended = Millis(row.integer(7));
  record.outcome = narrow<RecordOutcome>(row, 8);
  record.ended_by = narrow<RecordEnd>(row, 9);
  record.status = narrow<uint16_t>(row, 10);
  record.session_interval_s = narrow<uint32_t>(row, 11);
  record.supervised = row.integer(12) != 0;
  record.media = narrow<RecordMedia>(row, 13);
  record.from_caller = read_sound(row, 14);
  record.from_callee = read_sound(row, 17);
  for (size_t i = 0; i < kRecordTexts; ++i) record.texts[i] = row.text(static_cast<int>(20 + i));
  return record;
}

bool is_party(std::string_view party, std::string_view uri) {
  if (party == uri) return true;
  const auto parsed = sip::parse_uri(uri);
  return parsed && iequals(parsed->user, party);
}

}  // namespace

bool RecordListing::matches(const RecordRow& row) const {
  if (row.leg != 0 && !filter_.with_legs && filter_.call == 0) return false;
  if (filter_.from != Millis(0) && row.begun < filter_.from) return false;
  if (filter_.to != Millis(0) && row.begun > filter_.to) return false;
  if (!filter_.outcome.empty() && to_text(row.outcome) != filter_.outcome) return false;
  if (!filter_.group.empty() && !iequals(row.text(RecordText::Group), filter_.group)) return false;
  if (filter_.party.empty()) return true;
  return iequals(row.text(RecordText::FromUser), filter_.party) ||
         iequals(row.text(RecordText::AnsweredBy), filter_.party) ||
         is_party(filter_.party, row.text(RecordText::FromUri)) ||
         is_party(filter_.party, row.text(RecordText::ToUri));
}

Errand::Step RecordListing::run(Connection& database) {
  const bool of_call = filter_.call != 0;
  Statement rows;
  const std::string sql = std::string(kColumns) + std::string(of_call ? kOfCall : kNewestFirst);
  int code = rows.prepare(database.get(), sql);
  if (code != SQLITE_OK) return {code, false};
  const uint64_t before = of_call               ? filter_.call + kLegsWithin
                          : filter_.before == 0 ? static_cast<uint64_t>(INT64_MAX)
                                                : filter_.before;
  rows.bind(1, static_cast<int64_t>(before)).bind(2, int64_t{kScannedPerStep});
  rows.bind(3, static_cast<int64_t>(filter_.call));
  if (of_call) rows.bind(4, static_cast<int64_t>(filter_.call));
  size_t scanned = 0;
  for (code = rows.step(); code == SQLITE_ROW; code = rows.step()) {
    ++scanned;
    RecordRow row = read_row(rows);
    filter_.before = row.id;
    if (!matches(row)) continue;
    if (page_.rows.size() == rows_max_) {
      page_.next = page_.rows.back().id;
      return {SQLITE_OK, false};
    }
    page_.rows.push_back(std::move(row));
  }
  return {code, code == SQLITE_DONE && !of_call && scanned == kScannedPerStep};
}

}  // namespace tipring::store

// What came of opening the file: for the log, and for the person who has to mend it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tipring::store {

enum class StartStatus : uint8_t {
  Ready,
  CannotOpen,    // folder missing, no permission
  NotADatabase,  // the file holds something else, or another program's database
  NewerMajor,    // written by a newer program
  Locked,
  ReadOnly,
  Corrupt,
  DiskFull,
  Io,
  DoesNotFit,  // more users, bindings or groups than `capacity` has room for
};

struct StartReport {
  StartStatus status = StartStatus::Ready;
  std::string message;   // unless Ready: what is wrong and what to do, naming the file
  std::string copy;      // path of the copy made before a major migration, or empty
  bool created = false;  // there was no file
  uint32_t users = 0;
  uint32_t groups = 0;
  uint32_t bindings = 0;
  uint32_t bindings_expired = 0;      // dropped
  uint32_t users_without_secret = 0;  // their credentials were made for another realm (warn)
  uint32_t rows_skipped = 0;          // unreadable records, left in the file (warn)
  std::string first_skipped;          // of them: table, row and column
  bool clock_was_unset = false;       // remaining life counts from the last written time (warn)

  // Notes a record that cannot be used.
  void skip(std::string_view table, int64_t row, std::string_view column);

  bool ready() const { return status == StartStatus::Ready; }
};

inline void StartReport::skip(std::string_view table, int64_t row, std::string_view column) {
  if (rows_skipped++ > 0) return;
  first_skipped = std::string(table) + " " + std::to_string(row) + ": " + std::string(column);
}

}  // namespace tipring::store

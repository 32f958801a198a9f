// Call records as they stand in the file, newest first, for the admin thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/call_record.h"
#include "store/errands.h"

namespace tipring::store {

// Times are those of the wall clock.
struct RecordRow : RecordFacts {
  std::array<std::string, kRecordTexts> texts;

  const std::string& text(RecordText which) const { return texts[static_cast<size_t>(which)]; }
};

// What is not set does not count.
struct RecordFilter {
  uint64_t before = 0;     // only records with a lower id
  uint64_t call = 0;       // all records of this call
  Millis from{0};          // begun then or later
  Millis to{0};            // begun then or earlier
  bool with_legs = false;  // else only the calls' own
  std::string party;       // a user or number, or a whole URI: who calls, is called or has answered
  std::string group;
  std::string outcome;  // to_text() of one
};

struct RecordPage {
  std::vector<RecordRow> rows;
  uint64_t next = 0;  // as RecordFilter::before, for the rows to come; 0 after the last
};

class RecordListing final : public Errand {
 public:
  static constexpr size_t kRowsMax = 1000;
  // Looked at in one step of the errand.
  static constexpr size_t kScannedPerStep = 2000;

  using Done = std::function<void(StoreStatus, RecordPage&)>;

  // `rows_max`: 1 to kRowsMax.
  RecordListing(RecordFilter filter, size_t rows_max, Done done)
      : Errand(Kind::Read),
        filter_(std::move(filter)),
        rows_max_(rows_max),
        done_(std::move(done)) {}

  Step run(Connection& database) override;
  void on_done(StoreStatus status) override { done_(status, page_); }

 private:
  bool matches(const RecordRow& row) const;

  RecordFilter filter_;
  size_t rows_max_;
  Done done_;
  RecordPage page_;
};

}  // namespace tipring::store

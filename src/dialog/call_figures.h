// What has become of the calls, for those who watch the server: how each one's INVITE ended, and how
// long those lasted that were answered. A proxied call and one that is led through the server count
// alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/histogram.h"

namespace tipring::dialog {

enum class CallOutcome : uint8_t {
  Answered,
  Busy,        // 486, 600
  Cancelled,   // 487: the caller gave it up
  Unanswered,  // 408, 480
  NotFound,    // 404, 410, 484, 485, 604
  Redirected,  // 3xx
  Refused,     // the other 4xx and 6xx
  Failed,      // 5xx, and what could not be answered any more
};
inline constexpr size_t kCallOutcomes = static_cast<size_t>(CallOutcome::Failed) + 1;

// By the final status of the INVITE; 0: none.
CallOutcome outcome_of(uint16_t status);
std::string_view to_text(CallOutcome outcome);

class CallFigures {
 public:
  // An INVITE that has been let in and begins to look for its callee.
  void on_begun() { ++ringing_; }
  // It has its final answer, once; or it has gone without one.
  void on_settled(uint16_t status) {
    --ringing_;
    ++outcomes_[static_cast<size_t>(outcome_of(status))];
  }

  // Somebody has answered whose dialog is followed; then it is over.
  void on_confirmed() { ++talking_; }
  void on_over(Millis talk) {
    --talking_;
    talks_.add(talk);
  }

  uint32_t ringing() const { return ringing_; }
  uint32_t talking() const { return talking_; }
  uint64_t outcomes(CallOutcome outcome) const { return outcomes_[static_cast<size_t>(outcome)]; }
  const TalkHistogram& talks() const { return talks_; }

 private:
  uint32_t ringing_ = 0;
  uint32_t talking_ = 0;
  std::array<uint64_t, kCallOutcomes> outcomes_{};
  TalkHistogram talks_;
};

}  // namespace tipring::dialog

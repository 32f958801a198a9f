// A line of log for each block that begins or is lifted, and no flood of them.
#pragma once

#include "auth/blocks.h"
#include "core/log.h"

namespace tipring::policy {

class BlockLog final : public auth::BlockObserver {
 public:
  static constexpr Millis kWindow{10'000};
  static constexpr uint32_t kLinesPerWindow = 20;

  // Borrows both.
  BlockLog(Log& log, const port::Clock& clock) : log_(log), clock_(clock) {}

 private:
  void on_block_begun(const auth::BlockInfo& block) override;
  void on_block_lifted(const auth::BlockInfo& block) override;
  bool may_write();

  Log& log_;
  const port::Clock& clock_;
  Millis window_end_{0};
  uint32_t lines_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace tipring::policy

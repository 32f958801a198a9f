// A line of log for each block that begins or is lifted, and no flood of them.
#pragma once

#include "auth/blocks.h"
#include "core/log_bursts.h"
#include "port/loop.h"

namespace tipring::policy {

class BlockLog final : public auth::BlockObserver {
 public:
  // Borrows all three.
  BlockLog(Log& log, TimerWheel& timers, const port::Loop& loop)
      : log_(log),
        loop_(loop),
        begun_("block_begun", log, timers),
        lifted_("block_lifted", log, timers) {}

 private:
  void on_block_begun(const auth::BlockInfo& block) override;
  void on_block_lifted(const auth::BlockInfo& block) override;

  Log& log_;
  const port::Loop& loop_;
  LogBursts begun_;
  LogBursts lifted_;
};

}  // namespace tipring::policy

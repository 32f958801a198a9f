#include "server/policy/block_log.h"

#include <utility>

namespace tipring::policy {

bool BlockLog::may_write() {
  const Millis now = clock_.monotonic();
  if (now >= window_end_) {
    if (left_out_ > 0) log_.warning("blocks_not_logged", kv("count", std::exchange(left_out_, 0)));
    window_end_ = now + kWindow;
    lines_ = 0;
  }
  if (lines_ == kLinesPerWindow) {
    ++left_out_;
    return false;
  }
  ++lines_;
  return true;
}

void BlockLog::on_block_begun(const auth::BlockInfo& block) {
  if (!may_write()) return;
  std::array<char, auth::kSourceTextMax> source;
  const std::string_view text = auth::write_source(block.source, source);
  const int64_t seconds = (block.until - block.since).count() / 1000;
  if (block.user.empty()) {
    log_.warning("block_begun", kv("source", text), kv("users_failed", block.failures),
                 kv("seconds", seconds));
  } else {
    log_.warning("block_begun", kv("source", text), kv("user", block.user),
                 kv("failures", block.failures), kv("seconds", seconds));
  }
}

void BlockLog::on_block_lifted(const auth::BlockInfo& block) {
  if (!may_write()) return;
  std::array<char, auth::kSourceTextMax> source;
  const std::string_view text = auth::write_source(block.source, source);
  if (block.user.empty()) {
    log_.info("block_lifted", kv("source", text));
  } else {
    log_.info("block_lifted", kv("source", text), kv("user", block.user));
  }
}

}  // namespace tipring::policy

#include "server/policy/block_log.h"

namespace tipring::policy {

namespace {

// The kinds of lines: what is blocked.
constexpr uint16_t kSource = 0;
constexpr uint16_t kUser = 1;

uint16_t kind_of(const auth::BlockInfo& block) { return block.user.empty() ? kSource : kUser; }

}  // namespace

void BlockLog::on_block_begun(const auth::BlockInfo& block) {
  if (!begun_.admits(kind_of(block), LogLevel::Warning, loop_.now())) return;
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
  if (!lifted_.admits(kind_of(block), LogLevel::Info, loop_.now())) return;
  std::array<char, auth::kSourceTextMax> source;
  const std::string_view text = auth::write_source(block.source, source);
  if (block.user.empty()) {
    log_.info("block_lifted", kv("source", text));
  } else {
    log_.info("block_lifted", kv("source", text), kv("user", block.user));
  }
}

}  // namespace tipring::policy

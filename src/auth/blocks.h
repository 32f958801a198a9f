// Slows the guessing of passwords down. Failures are counted for each user as named from each
// source, whether there is such a user or not; too many block the pair for a while, and longer each
// time. A source from which more users fail than a house behind one address has is blocked as a
// whole.
//
// Over UDP anyone can write anyone's address, so a failure is counted only for a nonce that was
// given to that very address (NonceTable): who does not receive there can block nobody.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "auth/block_table.h"
#include "auth/source.h"
#include "core/hash.h"
#include "core/source_ranges.h"

namespace tipring::auth {

struct BlockOptions {
  uint32_t failures = 10;  // that block; 0: nobody is ever blocked
  Millis time{60'000};     // of the first block; each that follows takes twice as long
  // The longest; and how long it takes until failures and blocks are forgotten.
  Millis time_max{3'600'000};
  SourceRanges safe = {};  // never blocked
};

// The user as credentials name him, and the domain in which he would be one.
struct Login {
  std::string_view user;
  std::string_view domain;
};

// A block as operators see it.
struct BlockInfo {
  port::IpAddress source;
  std::string_view user;  // "user" or "user@domain", perhaps cut; empty: the source as a whole
  Millis since{0};
  Millis until{0};
  uint32_t failures = 0;  // that have led to it; of a source: users that have failed
};

class BlockObserver {
 public:
  virtual void on_block_begun(const BlockInfo& block) = 0;
  virtual void on_block_lifted(const BlockInfo& block) = 0;

 protected:
  ~BlockObserver() = default;
};

struct BlockCounters {
  uint64_t failures = 0;   // wrong credentials
  uint64_t begun = 0;      // blocks
  uint64_t refused = 0;    // credentials that were not looked at: 403
  uint64_t dropped = 0;    // requests of blocked sources, unanswered
  uint64_t uncounted = 0;  // failures for which the table had no room
};

class Blocks {
 public:
  static constexpr size_t kUserTextMax = 64;
  static constexpr uint32_t kSourceUsersMax = 20;  // that may fail from one source

  static void plan(MemoryPlan& plan, uint32_t users);

  Blocks(Arena& arena, const HashKey& key, uint32_t users);

  void set_options(const BlockOptions& options) { options_ = options; }
  void set_observer(BlockObserver* observer) { observer_ = observer; }

  // How long the block still stands; zero when there is none.
  Millis left_for_source(const port::IpAddress& address, Millis now);
  Millis left_for(const port::IpAddress& address, const Login& login, Millis now);

  // Wrong credentials. `attempt` is a hash of them: what comes again as it was, because an answer
  // was lost, is counted once.
  void on_failure(const port::IpAddress& address, const Login& login, uint64_t attempt, Millis now);
  // The right password: what was counted against this user is forgotten.
  void on_success(const port::IpAddress& address, const Login& login, Millis now);

  // Ends the block of `user`, as BlockInfo names him, or with an empty one all blocks of the
  // source. How many there were.
  uint32_t lift(const port::IpAddress& source, std::string_view user, Millis now);

  // Calls `visit(const BlockInfo&)` for the blocks in at most `slots` slots. The cursor for the
  // next step, 0 at the end. Start with 0.
  template <class Visit>
  size_t walk(size_t cursor, size_t slots, Millis now, Visit visit) {
    const size_t end = pairs_.slots() + sources_.slots();
    for (; slots > 0 && cursor < end; ++cursor, --slots) {
      if (entry_at(cursor).blocked(now)) visit(info_at(cursor));
    }
    return cursor < end ? cursor : 0;
  }

  // Sources that are not answered. Looks at all slots, while there is any.
  uint32_t sources_blocked(Millis now);
  const BlockCounters& counters() const { return counters_; }
  void count_refused() { ++counters_.refused; }
  void count_dropped() { ++counters_.dropped; }

 private:
  struct Pair : BlockEntry {
    uint64_t attempt = 0;  // the last one
    uint8_t text_size = 0;
    std::array<char, kUserTextMax> text;
  };
  struct Source : BlockEntry {
    // Of those that fail; short hashes, so that a pair which was given up is not counted twice.
    std::array<uint16_t, kSourceUsersMax> users;
  };

  uint64_t source_id(const port::IpAddress& source) const;
  uint64_t pair_id(const port::IpAddress& source, const Login& login) const;
  bool is_safe(const port::IpAddress& address) const;
  bool any_pair_matters(Millis now) const { return now - pairs_last_ < options_.time_max; }
  template <class Entry>
  Entry* refresh(BlockTable<Entry>& table, uint64_t id, const port::IpAddress& source, Millis now);
  void count_user(const port::IpAddress& source, uint64_t pair, bool has_entry, Millis now);
  void begin(BlockEntry& entry, const BlockInfo& block, Millis now);
  BlockEntry& entry_at(size_t slot);
  BlockInfo info_at(size_t slot);

  HashKey key_;
  BlockOptions options_;
  BlockObserver* observer_ = nullptr;
  BlockTable<Pair> pairs_;
  BlockTable<Source> sources_;
  Millis pairs_last_ = Millis::min() / 2;  // the last failure or end of a block of any pair
  Millis sources_until_{0};                // no source is blocked from then on
  BlockCounters counters_;
};

}  // namespace tipring::auth

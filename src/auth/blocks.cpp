#include "auth/blocks.h"

#include <algorithm>

namespace tipring::auth {

namespace {

// Pairs that can be counted at a time; those that stand blocked hold their places.
uint32_t pairs_for(uint32_t users) { return std::clamp(users, 256u, 16384u); }
uint32_t sources_for(uint32_t users) { return pairs_for(users) / 4; }

uint64_t id_of(uint64_t hash) { return hash == 0 ? 1 : hash; }

uint16_t short_hash(uint64_t pair) { return static_cast<uint16_t>(pair >> 48); }

void add_source(TableHasher64& hasher, const port::IpAddress& source) {
  hasher.add({reinterpret_cast<const char*>(source.bytes.data()), source.bytes.size()});
  hasher.add_u64(uint64_t{source.scope} << 8 | static_cast<uint64_t>(source.family));
}

// Whole UTF-8 characters as far as they fit.
uint8_t write_login(const Login& login, std::span<char> out) {
  size_t used = 0;
  const auto add = [&](std::string_view text) {
    size_t fits = std::min(text.size(), out.size() - used);
    while (fits > 0 && fits < text.size() && (static_cast<uint8_t>(text[fits]) & 0xc0) == 0x80)
      --fits;
    std::copy_n(text.data(), fits, out.data() + used);
    used += fits;
  };
  add(login.user);
  if (!login.domain.empty()) add("@");
  add(login.domain);
  return static_cast<uint8_t>(used);
}

}  // namespace

void Blocks::plan(MemoryPlan& plan, uint32_t users) {
  plan.add("failed_logins", BlockTable<Pair>::sets_for(pairs_for(users)),
           sizeof(BlockTable<Pair>::Set));
  plan.add("failed_sources", BlockTable<Source>::sets_for(sources_for(users)),
           sizeof(BlockTable<Source>::Set));
}

Blocks::Blocks(Arena& arena, const HashKey& key, uint32_t users)
    : key_(key), pairs_(arena, pairs_for(users)), sources_(arena, sources_for(users)) {}

uint64_t Blocks::source_id(const port::IpAddress& source) const {
  TableHasher64 hasher(key_);
  add_source(hasher, source);
  return id_of(hasher.finish());
}

uint64_t Blocks::pair_id(const port::IpAddress& source, const Login& login) const {
  TableHasher64 hasher(key_);
  add_source(hasher, source);
  hasher.add_sized(login.user);
  hasher.add_lower(login.domain);
  return id_of(hasher.finish());
}

bool Blocks::is_safe(const port::IpAddress& address) const {
  return options_.safe.contains(port::unmapped(address));
}

Millis Blocks::left_for_source(const port::IpAddress& address, Millis now) {
  if (now >= sources_until_) return Millis(0);
  const Source* source = sources_.find(source_id(source_of(address)));
  if (source == nullptr || !source->blocked(now) || is_safe(address)) return Millis(0);
  return source->until - now;
}

Millis Blocks::left_for(const port::IpAddress& address, const Login& login, Millis now) {
  if (!any_pair_matters(now)) return Millis(0);
  const Pair* pair = pairs_.find(pair_id(source_of(address), login));
  if (pair == nullptr || !pair->blocked(now) || is_safe(address)) return Millis(0);
  return pair->until - now;
}

// The entry for one more failure, without what has been forgotten; null when there is no room.
template <class Entry>
Entry* Blocks::refresh(BlockTable<Entry>& table, uint64_t id, const port::IpAddress& source,
                       Millis now) {
  Entry* entry = table.find(id);
  if (entry != nullptr && entry->forgotten(now, options_.time_max)) {
    *entry = Entry();
    entry->id = id;
  }
  if (entry == nullptr) entry = table.make(id, now, options_.time_max);
  if (entry == nullptr) return nullptr;
  if (entry->until != Millis(0) && now >= entry->until) {
    // The block is over: the next one takes as many failures again.
    entry->failures = 0;
    entry->until = Millis(0);
  }
  entry->source = source;
  entry->last = now;
  return entry;
}

void Blocks::on_failure(const port::IpAddress& address, const Login& login, uint64_t attempt,
                        Millis now) {
  if (options_.failures == 0 || is_safe(address)) return;
  const port::IpAddress source = source_of(address);
  const uint64_t id = pair_id(source, login);
  const Pair* known = pairs_.find(id);
  if (known != nullptr && known->attempt == attempt) return;
  ++counters_.failures;
  Pair* pair = refresh(pairs_, id, source, now);
  count_user(source, id, pair != nullptr, now);
  if (pair == nullptr) {
    ++counters_.uncounted;
    return;
  }
  pair->attempt = attempt;
  pair->text_size = write_login(login, pair->text);
  pairs_last_ = std::max({pairs_last_, now, pair->until});
  if (++pair->failures < options_.failures || pair->blocked(now)) return;
  begin(*pair, {source, {pair->text.data(), pair->text_size}, {}, {}, pair->failures}, now);
  pairs_last_ = std::max(pairs_last_, pair->until);
}

// A user who fails from a source. When the table of pairs has no room for him, each of his failures
// counts as a user of its own, so that a full table is no licence to guess.
void Blocks::count_user(const port::IpAddress& address, uint64_t pair, bool has_entry, Millis now) {
  Source* source = refresh(sources_, source_id(address), address, now);
  if (source == nullptr || source->blocked(now)) return;
  const auto users = std::span(source->users).first(source->failures);
  const uint16_t user = short_hash(pair);
  if (has_entry && std::find(users.begin(), users.end(), user) != users.end()) return;
  if (source->failures < kSourceUsersMax) {
    source->users[source->failures++] = user;
    return;
  }
  begin(*source, {address, {}, {}, {}, source->failures + 1}, now);
  sources_until_ = std::max(sources_until_, source->until);
}

void Blocks::begin(BlockEntry& entry, const BlockInfo& block, Millis now) {
  constexpr uint8_t kDoublingsMax = 20;
  const Millis wanted = options_.time * (int64_t{1} << std::min(entry.repeats, kDoublingsMax));
  entry.repeats = static_cast<uint8_t>(std::min(entry.repeats + 1, 255));
  entry.since = now;
  entry.until = now + std::min(wanted, options_.time_max);
  ++counters_.begun;
  if (observer_ == nullptr) return;
  BlockInfo told = block;
  told.since = entry.since;
  told.until = entry.until;
  observer_->on_block_begun(told);
}

void Blocks::on_success(const port::IpAddress& address, const Login& login, Millis now) {
  if (!any_pair_matters(now)) return;
  const port::IpAddress source = source_of(address);
  const uint64_t id = pair_id(source, login);
  Pair* pair = pairs_.find(id);
  if (pair == nullptr) return;
  *pair = Pair();
  Source* house = sources_.find(source_id(source));
  if (house == nullptr) return;
  const auto users = std::span(house->users).first(house->failures);
  const auto found = std::find(users.begin(), users.end(), short_hash(id));
  if (found == users.end()) return;
  *found = users.back();
  --house->failures;
}

uint32_t Blocks::lift(const port::IpAddress& source, std::string_view user, Millis now) {
  uint32_t lifted = 0;
  for (size_t slot = 0; slot < pairs_.slots() + sources_.slots(); ++slot) {
    BlockEntry& entry = entry_at(slot);
    if (!entry.blocked(now) || entry.source != source) continue;
    const BlockInfo block = info_at(slot);
    if (!user.empty() && block.user != user) continue;
    if (observer_ != nullptr) observer_->on_block_lifted(block);
    entry.until = Millis(0);
    entry.failures = 0;
    entry.repeats = 0;
    ++lifted;
  }
  return lifted;
}

BlockEntry& Blocks::entry_at(size_t slot) {
  if (slot < pairs_.slots()) return pairs_.at(slot);
  return sources_.at(slot - pairs_.slots());
}

BlockInfo Blocks::info_at(size_t slot) {
  const BlockEntry& entry = entry_at(slot);
  BlockInfo block{entry.source, {}, entry.since, entry.until, entry.failures};
  if (slot < pairs_.slots()) {
    const Pair& pair = pairs_.at(slot);
    block.user = {pair.text.data(), pair.text_size};
  } else {
    block.failures = kSourceUsersMax + 1;
  }
  return block;
}

uint32_t Blocks::sources_blocked(Millis now) {
  uint32_t count = 0;
  if (now >= sources_until_) return 0;
  for (size_t slot = 0; slot < sources_.slots(); ++slot) {
    if (sources_.at(slot).blocked(now)) ++count;
  }
  return count;
}

}  // namespace tipring::auth

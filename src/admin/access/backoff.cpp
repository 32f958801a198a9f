#include "admin/access/backoff.h"

#include <algorithm>

namespace tipring::admin {

namespace {

constexpr Millis kForgotten{15 * 60 * 1000};
constexpr Millis kCheckCost{400};    // passwords are checked so often at most,
constexpr Millis kCheckDepth{4000};  // but for a burst

std::string key_of(const port::IpAddress& source) {
  std::array<char, port::kAddressTextMax> text;
  port::IpAddress network = source;
  if (network.family == port::Family::V6)
    std::fill(network.bytes.begin() + 8, network.bytes.end(), uint8_t{0});
  return "@" + std::string(port::write_ip(network, text));
}

std::string pair_of(const port::IpAddress& source, std::string_view name) {
  return key_of(source) + " " + std::string(name);
}

}  // namespace

Backoff::Entry* Backoff::find(std::string_view key, Millis now) {
  auto* const found = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const Entry& one) { return one.key == key; });
  if (found == entries_.end()) return nullptr;
  if (now - found->last > kForgotten) *found = {};
  return found->key.empty() ? nullptr : found;
}

Millis Backoff::ask(const port::IpAddress& source, std::string_view name, Millis now) {
  Millis wait{};
  if (const Entry* const entry = find(key_of(source), now)) wait = entry->until - now;
  const Entry* const of_name = is_known(source, name) ? nullptr : find(name, now);
  if (of_name != nullptr) wait = std::max(wait, of_name->until - now);
  if (wait > Millis(0)) return wait;
  const Millis done_at = std::max(checks_done_at_, now) + kCheckCost;
  if (done_at - now > kCheckDepth) return kFirstWait;
  checks_done_at_ = done_at;
  return Millis(0);
}

void Backoff::fail(const port::IpAddress& source, std::string_view name, Millis now) {
  count(key_of(source), kFreeOfSource, now);
  count(name, kFreeOfName, now);
}

void Backoff::succeed(const port::IpAddress& source, std::string_view name) {
  const std::string key = key_of(source);
  for (Entry& entry : entries_)
    if (entry.key == key) entry = {};
  if (is_known(source, name)) return;
  known_[next_known_] = pair_of(source, name);
  next_known_ = (next_known_ + 1) % known_.size();
}

bool Backoff::is_known(const port::IpAddress& source, std::string_view name) const {
  return std::find(known_.begin(), known_.end(), pair_of(source, name)) != known_.end();
}

void Backoff::count(std::string_view key, uint32_t free, Millis now) {
  if (key.empty()) return;
  Entry* entry = find(key, now);
  if (entry == nullptr) {
    entry = std::min_element(entries_.begin(), entries_.end(),
                             [](const auto& a, const auto& b) { return a.last < b.last; });
    *entry = {std::string(key), 0, now, now};
  }
  entry->last = now;
  if (++entry->failures < free) return;
  const uint32_t doublings = std::min<uint32_t>(entry->failures - free, 10);
  entry->until = now + std::min(kLongestWait, kFirstWait * (1 << doublings));
}

}  // namespace tipring::admin

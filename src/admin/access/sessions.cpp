#include "admin/access/sessions.h"

#include <algorithm>

namespace tipring::admin {

namespace {

constexpr size_t kIdBytes = 32;
constexpr size_t kCsrfBytes = 16;

}  // namespace

std::string random_text(port::Entropy& entropy, size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    std::byte byte{};
    entropy.fill({&byte, 1});
    text += kDigits[std::to_integer<size_t>(byte) >> 4];
    text += kDigits[std::to_integer<size_t>(byte) & 15];
  }
  return text;
}

port::Sha256Digest hash_of(std::string_view secret) { return port::sha256({&secret, 1}); }

bool same_hash(const port::Sha256Digest& a, const port::Sha256Digest& b) {
  return port::equal_constant_time({reinterpret_cast<const char*>(a.data()), a.size()},
                                   {reinterpret_cast<const char*>(b.data()), b.size()});
}

std::string Sessions::begin(std::string_view account, Role role, Millis now) {
  std::erase_if(sessions_, [&](const Session& session) {
    return session.ends_idle <= now || session.ends_at_last <= now;
  });
  const auto of_account = std::count_if(sessions_.begin(), sessions_.end(),
                                        [&](const auto& one) { return one.account == account; });
  if (static_cast<size_t>(of_account) >= kMaxOfAccount) drop_idlest(account);
  if (sessions_.size() >= kMax) drop_idlest({});
  std::string id = random_text(entropy_, kIdBytes);
  sessions_.push_back({std::string(account), role, random_text(entropy_, kCsrfBytes), now + kIdle,
                       now + kWhole, hash_of(id)});
  return id;
}

void Sessions::drop_idlest(std::string_view account) {
  auto idlest = sessions_.end();
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    if (!account.empty() && one->account != account) continue;
    if (idlest == sessions_.end() || one->ends_idle < idlest->ends_idle) idlest = one;
  }
  if (idlest != sessions_.end()) sessions_.erase(idlest);
}

// By the hash of the id: the time that a comparison takes tells nothing of the id itself.
Session* Sessions::find(std::string_view id, Millis now) {
  if (id.size() != 2 * kIdBytes) return nullptr;
  const port::Sha256Digest hash = hash_of(id);
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& one) { return same_hash(one.id_hash, hash); });
  if (found == sessions_.end()) return nullptr;
  if (found->ends_idle <= now || found->ends_at_last <= now) {
    sessions_.erase(found);
    return nullptr;
  }
  found->ends_idle = now + kIdle;
  return &*found;
}

bool Sessions::stands(const port::Sha256Digest& id_hash, Millis now) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const Session& one) {
    return same_hash(one.id_hash, id_hash) && one.ends_idle > now && one.ends_at_last > now;
  });
}

void Sessions::set_role(std::string_view account, Role role) {
  for (Session& one : sessions_)
    if (one.account == account) one.role = role;
}

void Sessions::end(std::string_view id) {
  const port::Sha256Digest hash = hash_of(id);
  std::erase_if(sessions_, [&](const Session& one) { return same_hash(one.id_hash, hash); });
}

void Sessions::end_all(std::string_view account, std::string_view but) {
  const port::Sha256Digest kept = hash_of(but);
  std::erase_if(sessions_, [&](const Session& one) {
    return one.account == account && (but.empty() || !same_hash(one.id_hash, kept));
  });
}

}  // namespace tipring::admin

#include "store/user_table.h"

#include <algorithm>

#include "core/assert.h"
#include "core/text.h"

namespace tipring::store {
namespace {

constexpr uint32_t kTextsBeingChanged = 33;  // one of them twice for a moment

}  // namespace

bool holds_line(std::string_view aliases, std::string_view name) {
  for (std::string_view rest = aliases; !rest.empty();) {
    const auto [alias, others] = split_once(rest, '\n');
    if (alias == name) return true;
    rest = others;
  }
  return false;
}

// A name and a display name stay below 64 bytes; aliases are few.
TextSlabs::Counts UserTable::text_counts(const Limits& limits) {
  const uint32_t all = limits.users + kTextsBeingChanged;
  return {all, std::max(all / 4, 16u), 0, std::max(all / 16, 8u), std::max(all / 64, 4u), 4, 2};
}

void UserTable::plan(const Limits& limits, MemoryPlan& plan) {
  TextSlabs::plan(plan, "user_texts", text_counts(limits));
  Pool<User>::plan(plan, "users", limits.users);
  HashTable<User, &User::name_node_>::plan(plan, "users_by_name", limits.users);
  HashTable<User, &User::auth_name_node_>::plan(plan, "users_by_auth_name", limits.users);
  Pool<Alias>::plan(plan, "aliases", aliases_max(limits));
  HashTable<Alias, &Alias::hash_node>::plan(plan, "users_by_alias", aliases_max(limits));
}

UserTable::UserTable(Arena& arena, const Limits& limits, HashKey key)
    : key_(key),
      seeming_key_(key),
      texts_("user_texts", arena, text_counts(limits)),
      users_("users", arena, limits.users),
      by_name_(arena, limits.users),
      by_auth_name_(arena, limits.users),
      aliases_("aliases", arena, aliases_max(limits)),
      by_alias_(arena, aliases_max(limits)) {}

uint32_t UserTable::count_aliases(std::string_view aliases) {
  if (aliases.empty()) return 0;
  return static_cast<uint32_t>(std::count(aliases.begin(), aliases.end(), '\n')) + 1;
}

Result<void> UserTable::reserve_aliases(uint32_t count) {
  const PoolStats& stats = aliases_.stats();
  if (count > stats.capacity - stats.in_use - aliases_reserved_) return Error::PoolExhausted;
  aliases_reserved_ += count;
  return {};
}

size_t UserTable::text_size(const UserRecord& record) {
  const size_t auth_name = record.auth_name == record.name ? 0 : record.auth_name.size();
  return record.domain.size() + record.name.size() + auth_name + record.display_name.size() +
         record.aliases.size();
}

Result<SlabText> UserTable::store_text(const UserRecord& record, std::array<uint16_t, 5>& ends) {
  const std::string_view auth_name =
      record.auth_name == record.name ? std::string_view() : record.auth_name;
  const std::array<std::string_view, 5> parts = {record.domain, record.name, auth_name,
                                                 record.display_name, record.aliases};
  size_t end = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    end += parts[i].size();
    ends[i] = static_cast<uint16_t>(std::min<size_t>(end, UINT16_MAX));
  }
  return texts_.store(parts);
}

User* UserTable::make(SlabText text, const std::array<uint16_t, 5>& ends) {
  User* user = users_.acquire();
  if (user == nullptr) return nullptr;
  user->text_ = std::move(text);
  user->ends_ = ends;
  insert(*user);
  return user;
}

void UserTable::set_text(User& user, SlabText text, const std::array<uint16_t, 5>& ends) {
  erase(user);
  user.text_ = std::move(text);
  user.ends_ = ends;
  insert(user);
}

void UserTable::insert(User& user) {
  by_name_.insert(hash(user.domain(), user.name()), user);
  by_auth_name_.insert(hash(user.domain(), user.auth_name()), user);
  for (std::string_view rest = user.aliases(); !rest.empty();) {
    const auto [name, others] = split_once(rest, '\n');
    const auto begin = static_cast<uint16_t>(name.data() - user.text_.view().data());
    Alias* alias = aliases_.acquire(user, begin, static_cast<uint16_t>(name.size()));
    TIPRING_ASSERT(alias != nullptr);  // room was kept
    by_alias_.insert(hash(user.domain(), name), *alias);
    rest = others;
  }
}

void UserTable::erase(User& user) {
  by_name_.erase(user);
  by_auth_name_.erase(user);
  for (std::string_view rest = user.aliases(); !rest.empty();) {
    const auto [name, others] = split_once(rest, '\n');
    Alias* alias = by_alias_.find(hash(user.domain(), name),
                                  [&](const Alias& other) { return &other.user == &user; });
    TIPRING_ASSERT(alias != nullptr);  // each was inserted
    by_alias_.erase(*alias);
    aliases_.release(*alias);
    rest = others;
  }
}

void UserTable::show(User& user) {
  if (user.visible_) return;
  ++visible_;
  ++having_[user.algorithms_];
  user.visible_ = true;
}

void UserTable::set_algorithms(User& user, uint8_t algorithms) {
  TIPRING_ASSERT(algorithms < having_.size());
  if (user.visible_) {
    --having_[user.algorithms_];
    ++having_[algorithms];
  }
  user.algorithms_ = algorithms;
}

// A part of the whole range for each user, not a remainder: one user more or less changes what few
// names seem to have.
uint8_t UserTable::seeming_algorithms(std::string_view domain, std::string_view name) const {
  SipHasher64 hasher(seeming_key_);
  hasher.add(name);
  hasher.add("@");
  hasher.add_lower(domain);
  uint64_t place = ((hasher.finish() >> 32) * visible_) >> 32;
  uint8_t algorithms = 0;
  while (algorithms + 1U < having_.size() && place >= having_[algorithms]) {
    place -= having_[algorithms++];
  }
  return algorithms;
}

void UserTable::release(User& user) {
  if (user.visible_) {
    --visible_;
    --having_[user.algorithms_];
  }
  erase(user);
  users_.release(user);
}

uint64_t UserTable::hash(std::string_view domain, std::string_view name) const {
  TableHasher64 hasher(key_);
  hasher.add(name);
  hasher.add("@");
  hasher.add_lower(domain);
  return hasher.finish();
}

User* UserTable::find_any(std::string_view domain, std::string_view name) const {
  return by_name_.find(hash(domain, name), [&](const User& user) {
    return user.name() == name && iequals(user.domain(), domain);
  });
}

User* UserTable::find_any_by_auth_name(std::string_view domain, std::string_view auth_name) const {
  return by_auth_name_.find(hash(domain, auth_name), [&](const User& user) {
    return user.auth_name() == auth_name && iequals(user.domain(), domain);
  });
}

User* UserTable::find_any_by_alias(std::string_view domain, std::string_view name) const {
  const Alias* alias = by_alias_.find(hash(domain, name), [&](const Alias& other) {
    const std::string_view text = other.user.text_.view().substr(other.begin, other.size);
    return text == name && iequals(other.user.domain(), domain);
  });
  return alias == nullptr ? nullptr : &alias->user;
}

bool UserTable::is_taken(std::string_view domain, std::string_view name, const User* self) const {
  const auto is_other = [self](const User* user) { return user != nullptr && user != self; };
  return is_other(find_any(domain, name)) || is_other(find_any_by_auth_name(domain, name)) ||
         is_other(find_any_by_alias(domain, name));
}

User* UserTable::find_by_alias(std::string_view domain, std::string_view alias) const {
  User* user = find_any_by_alias(domain, alias);
  return user != nullptr && user->visible_ ? user : nullptr;
}

User* UserTable::find(std::string_view domain, std::string_view name) const {
  User* user = find_any(domain, name);
  return user != nullptr && user->visible_ ? user : nullptr;
}

User* UserTable::find_by_auth_name(std::string_view domain, std::string_view auth_name) const {
  User* user = find_any_by_auth_name(domain, auth_name);
  return user != nullptr && user->visible_ ? user : nullptr;
}

User* UserTable::at_slot(uint32_t slot) const {
  User* user = users_.at_slot(slot);
  return user != nullptr && user->visible_ ? user : nullptr;
}

void UserTable::register_pools(PoolRegistry& registry) const {
  registry.add(users_.stats());
  registry.add(aliases_.stats());
  for (size_t i = 0; i < TextSlabs::kClasses; ++i) {
    if (texts_.stats(i).capacity > 0) registry.add(texts_.stats(i));
  }
}

}  // namespace tipring::store

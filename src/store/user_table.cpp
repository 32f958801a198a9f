#include "store/user_table.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::store {
namespace {

constexpr uint32_t kTextsBeingChanged = 33;  // one of them twice for a moment

}  // namespace

bool User::has_alias(std::string_view name) const {
  for (std::string_view rest = aliases(); !rest.empty();) {
    const auto [alias, others] = split_once(rest, '\n');
    if (alias == name) return true;
    rest = others;
  }
  return false;
}

// A name and a display name stay below 64 bytes; aliases are few.
TextSlabs::Counts UserTable::text_counts(const Limits& limits) {
  const uint32_t all = limits.users + kTextsBeingChanged;
  return {all, std::max(all / 4, 16u), std::max(all / 16, 8u), std::max(all / 64, 4u), 4, 2};
}

void UserTable::plan(const Limits& limits, MemoryPlan& plan) {
  TextSlabs::plan(plan, "user_texts", text_counts(limits));
  Pool<User>::plan(plan, "users", limits.users);
  HashTable<User, &User::name_node_>::plan(plan, "users_by_name", limits.users);
  HashTable<User, &User::auth_name_node_>::plan(plan, "users_by_auth_name", limits.users);
}

UserTable::UserTable(Arena& arena, const Limits& limits, HashKey key)
    : key_(key),
      texts_("user_texts", arena, text_counts(limits)),
      users_("users", arena, limits.users),
      by_name_(arena, limits.users),
      by_auth_name_(arena, limits.users) {}

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
  by_name_.erase(user);
  by_auth_name_.erase(user);
  user.text_ = std::move(text);
  user.ends_ = ends;
  insert(user);
}

void UserTable::insert(User& user) {
  by_name_.insert(hash(user.domain(), user.name()), user);
  by_auth_name_.insert(hash(user.domain(), user.auth_name()), user);
}

void UserTable::show(User& user) {
  if (!user.visible_) ++visible_;
  user.visible_ = true;
}

void UserTable::release(User& user) {
  if (user.visible_) --visible_;
  by_name_.erase(user);
  by_auth_name_.erase(user);
  users_.release(user);
}

uint64_t UserTable::hash(std::string_view domain, std::string_view name) const {
  SipHasher64 hasher(key_);
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
  for (size_t i = 0; i < TextSlabs::kClasses; ++i) {
    if (texts_.stats(i).capacity > 0) registry.add(texts_.stats(i));
  }
}

}  // namespace tipring::store

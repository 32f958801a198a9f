// All users in memory, found by name, by the name in their digest, and by their aliases. Within a
// domain none of these names belongs to two users.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "core/hash_table.h"
#include "core/limits.h"
#include "core/pool.h"
#include "core/pool_registry.h"
#include "core/slab_text.h"
#include "store/user.h"

namespace tipring::store {

class UserTable {
 public:
  static uint32_t count_aliases(std::string_view aliases);

  // Of what store_text() keeps.
  static size_t text_size(const UserRecord& record);
  static TextSlabs::Counts text_counts(const Limits& limits);
  static void plan(const Limits& limits, MemoryPlan& plan);

  UserTable(Arena& arena, const Limits& limits, HashKey key);

  // What one user's texts are, and where each of them ends. Error: TooLong, PoolExhausted.
  Result<SlabText> store_text(const UserRecord& record, std::array<uint16_t, 5>& ends);

  // Keeps room for so many aliases of a user whose change is on its way. Error: PoolExhausted.
  Result<void> reserve_aliases(uint32_t count);
  void give_back_aliases(uint32_t count) { aliases_reserved_ -= count; }

  // A user that nobody finds but find_any(). Null when the pool is full. Room for the aliases of the
  // next two has been given back just before.
  User* make(SlabText text, const std::array<uint16_t, 5>& ends);
  void set_text(User& user, SlabText text, const std::array<uint16_t, 5>& ends);
  void show(User& user);
  void set_algorithms(User& user, uint8_t algorithms);
  void release(User& user);

  User* find(std::string_view domain, std::string_view name) const;
  User* find_by_auth_name(std::string_view domain, std::string_view auth_name) const;
  User* find_by_alias(std::string_view domain, std::string_view alias) const;
  // Those too whose creation is on its way.
  User* find_any(std::string_view domain, std::string_view name) const;
  User* find_any_by_auth_name(std::string_view domain, std::string_view auth_name) const;
  // Whether another user than `self` (may be null) has it as a name of any kind.
  bool is_taken(std::string_view domain, std::string_view name, const User* self) const;

  // By name or alias, those too whose creation is on its way.
  bool calls_anybody(std::string_view domain, std::string_view name) const {
    return find_any(domain, name) != nullptr || find_any_by_alias(domain, name) != nullptr;
  }

  // What a name that nobody has seems to have for `algorithms`: as often this or that as users have
  // it, and always the same, so that a challenge does not tell who is a user. By a key that is kept
  // in the file, since the next start must answer as the last one has.
  uint8_t seeming_algorithms(std::string_view domain, std::string_view name) const;
  void set_seeming_key(HashKey key) { seeming_key_ = key; }

  User* get(Handle<User> handle) const { return users_.get(handle); }
  Handle<User> handle_of(const User& user) const { return users_.handle_of(user); }
  User* at_slot(uint32_t slot) const;  // visible ones
  uint32_t slots() const { return users_.stats().capacity; }
  uint32_t visible() const { return visible_; }
  void register_pools(PoolRegistry& registry) const;

 private:
  uint64_t hash(std::string_view domain, std::string_view name) const;
  void insert(User& user);
  void erase(User& user);
  User* find_any_by_alias(std::string_view domain, std::string_view alias) const;

  HashKey key_;
  HashKey seeming_key_;
  uint32_t visible_ = 0;
  std::array<uint32_t, 4> having_{};  // of these, by their algorithms
  uint32_t aliases_reserved_ = 0;
  TextSlabs texts_;
  Pool<User> users_;
  HashTable<User, &User::name_node_> by_name_;
  HashTable<User, &User::auth_name_node_> by_auth_name_;
  Pool<Alias> aliases_;
  HashTable<Alias, &Alias::hash_node> by_alias_;
};

}  // namespace tipring::store

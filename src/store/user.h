// A user of the exchange: an address-of-record, the credentials for its digest, and its bindings.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/hash_table.h"
#include "core/list.h"
#include "core/slab_text.h"
#include "core/timer_wheel.h"
#include "port/crypto.h"
#include "store/binding.h"

namespace tipring::store {

class BindingTable;
class User;

// Digest algorithms as a mask.
inline constexpr uint8_t kAlgorithmMd5 = 1;
inline constexpr uint8_t kAlgorithmSha256 = 2;

// Hash of "auth_name:realm:password" by each algorithm (RFC 7616 3.4.2). A password is never kept.
struct Credentials {
  port::Md5Digest md5{};
  port::Sha256Digest sha256{};
  uint8_t present = 0;  // mask of the algorithms there is a hash for
};

// What of a user may be changed on its own, as a mask.
inline constexpr uint8_t kAuthName = 1;
inline constexpr uint8_t kDisplayName = 2;
inline constexpr uint8_t kAliases = 4;
inline constexpr uint8_t kAlgorithms = 8;
inline constexpr uint8_t kSessionTimer = 16;
inline constexpr uint8_t kAllUserFields = 31;

// Whether the exchange asks this user's phones for session timers (RFC 4028).
enum class SessionTimerRule : uint8_t { AsConfigured, Exempt };

// Whether `name` is one of the lines of `aliases`.
bool holds_line(std::string_view aliases, std::string_view name);

// What an administrator gives. Views are copied.
struct UserRecord {
  std::string_view domain;     // empty: the default domain. Lower case
  std::string_view name;       // the user part, unescaped; case matters (RFC 3261 19.1.4)
  std::string_view auth_name;  // empty: the name
  std::string_view display_name;
  std::string_view aliases;  // other names to be called by, separated by one "\n"
  uint8_t algorithms = 0;    // mask of those offered to this user; 0: as configured
  SessionTimerRule session_timer = SessionTimerRule::AsConfigured;
  // The fields that count for a user that stands; the others stay as they are when it is its turn
  // to be changed.
  uint8_t fields = kAllUserFields;
};

// Waits until no update of a user is on its way; those who wait are served in order. Destroying it
// gives up waiting.
class UpdateWaiter {
 public:
  // begin_update() succeeds from in here. `user` is null when the user was removed meanwhile.
  virtual void on_user_free(User* user) = 0;

  bool waiting() const { return store_node.linked(); }
  void stop_waiting() { store_node.unlink(); }

  ListNode store_node;  // the store's

 protected:
  UpdateWaiter() = default;
  ~UpdateWaiter() = default;
};

// One alias in the index of them.
struct Alias {
  Alias(User& its_user, uint16_t its_begin, uint16_t its_size)
      : user(its_user), begin(its_begin), size(its_size) {}

  User& user;
  uint16_t begin;  // in the user's text
  uint16_t size;
  HashNode hash_node;
};

// A pointer to a user is good until the loop's next turn; keep a handle (Store::handle_of) beyond.
class User {
 public:
  User() = default;

  std::string_view domain() const { return part(Domain); }
  std::string_view name() const { return part(Name); }
  std::string_view auth_name() const { return part(AuthName).empty() ? name() : part(AuthName); }
  std::string_view display_name() const { return part(DisplayName); }
  std::string_view aliases() const { return part(Aliases); }
  bool has_alias(std::string_view name) const { return holds_line(aliases(), name); }

  const Credentials& credentials() const { return credentials_; }
  uint8_t algorithms() const { return algorithms_; }
  SessionTimerRule session_timer() const { return session_timer_; }
  int64_t id() const { return id_; }  // its row in the file

  // The bindings that are durable, oldest first.
  uint32_t binding_count() const { return binding_count_; }
  Binding* first_binding() const { return bindings_.front(); }
  Binding* next_binding(const Binding& binding) const { return bindings_.next(binding); }

  // An update or a change of it waits for the disk.
  bool busy() const { return busy_; }

 private:
  friend class BindingTable;
  friend class UserTable;
  friend class UserChanges;
  friend class UpdateQueue;
  friend class Loader;

  enum Part : uint8_t { Domain, Name, AuthName, DisplayName, Aliases, Parts };
  using Ends = std::array<uint16_t, Parts>;

  std::string_view part(Part part) const {
    const size_t from = part == 0 ? 0 : ends_[part - 1U];
    return text_.view().substr(from, ends_[part] - from);
  }

  void on_timer(Millis now);  // for the first of its bindings to end

  SlabText text_;  // all parts, one after the other
  Ends ends_{};
  uint8_t algorithms_ = 0;
  SessionTimerRule session_timer_ = SessionTimerRule::AsConfigured;
  bool visible_ = false;  // false until its creation is durable
  bool busy_ = false;
  bool serving_ = false;  // one who waited is being called
  uint32_t binding_count_ = 0;
  int64_t id_ = 0;
  Credentials credentials_;
  HashNode name_node_;
  HashNode auth_name_node_;
  List<Binding, &Binding::user_node_> bindings_;
  List<UpdateWaiter, &UpdateWaiter::store_node> waiters_;
  MemberTimer<User, &User::on_timer> timer_{*this};
  BindingTable* table_ = nullptr;  // of its bindings, when it has had one
};

}  // namespace tipring::store

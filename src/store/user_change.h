// A change of a user on its way to the file.
#pragma once

#include <array>
#include <string_view>

#include "core/handle.h"
#include "core/slab_text.h"
#include "store/store.h"
#include "store/user.h"

namespace tipring::store {

class UserChanges;

struct UserChange final : public UpdateWaiter {
  enum class Kind : uint8_t { Put, Credentials, Rename, Remove };

  explicit UserChange(UserChanges& changes) : owner(changes) {}
  void on_user_free(User* user) override;
  // The domain, name, auth_name, display name or aliases in `text`.
  std::string_view part(size_t i) const {
    const size_t from = i == 0 ? 0 : ends[i - 1];
    return text.view().substr(from, ends[i] - from);
  }

  UserChanges& owner;
  Kind kind = Kind::Put;
  PutMode mode = PutMode::Either;
  bool creates = false;
  bool has_credentials = false;
  uint32_t aliases_reserved = 0;  // places in the index, until the change is applied or given up
  uint8_t algorithms = 0;
  SessionTimerRule session_timer = SessionTimerRule::AsConfigured;
  uint8_t fields = kAllUserFields;
  SlabText text;  // of Put and Rename: what the user will have
  std::array<uint16_t, 5> ends{};
  // What the storage thread reads; views into `text` or into the user's own.
  std::string_view domain, name, auth_name, display_name, aliases;
  Credentials credentials;
  Handle<User> user;
  int64_t user_id = 0;  // of a new user: what the storage thread found
  StoreWaiter* waiter = nullptr;
  uint64_t tag = 0;
};

}  // namespace tipring::store

// Users that get another name.
#include <array>

#include "core/text.h"
#include "store/user_changes.h"

namespace tipring::store {
// What was asked for under the old name must not meet whoever has it next.
bool UserChanges::is_being_renamed(const User& user) {
  const Handle<User> handle = users_.handle_of(user);
  bool found = false;
  changes_.for_each([&](const UserChange& change) {
    found = found || (change.kind == UserChange::Kind::Rename && change.user == handle);
  });
  return found;
}

Result<void> UserChanges::rename(std::string_view domain, std::string_view name,
                                 std::string_view new_name, const Credentials* credentials,
                                 StoreWaiter& waiter, uint64_t tag) {
  UserRecord record;
  record.domain = domain;
  record.name = new_name;
  if (const Result<void> checked = check_record(record); !checked) return checked;
  User* user = users_.find(domain, name);
  if (user == nullptr) return Error::NotFound;
  if (new_name == user->name()) return Error::Exists;
  if (is_being_renamed(*user)) return Error::Busy;
  if (const Result<void> free = check_called(record, new_name, user); !free) return free;
  const bool login_follows = user->auth_name() == user->name();
  if (login_follows != (credentials != nullptr)) return Error::Mismatch;
  UserChange* change = acquire(UserChange::Kind::Rename, waiter, tag);
  if (change == nullptr) return Error::PoolExhausted;
  Result<SlabText> text = users_.store_text(record, change->ends);
  if (!text) {
    changes_.release(*change);
    return text.error();
  }
  change->text = std::move(*text);
  change->user = users_.handle_of(*user);
  change->has_credentials = credentials != nullptr;
  if (credentials != nullptr) change->credentials = *credentials;
  start(*change, *user);
  return {};
}

// Errors: TooLong, PoolExhausted, Mismatch.
Result<void> UserChanges::keep_all_but_name(UserChange& change, const User& user) {
  if ((user.auth_name() == user.name()) != change.has_credentials) return Error::Mismatch;
  std::array<char, TextSlabs::kTextMax> aliases;
  UserRecord record;
  record.domain = user.domain();
  record.name = change.part(User::Name);
  record.auth_name = user.part(User::AuthName);
  record.display_name = user.display_name();
  record.aliases = without_line(user.aliases(), record.name, aliases);
  Result<SlabText> whole = users_.store_text(record, change.ends);
  if (!whole) return whole.error();
  change.text = std::move(*whole);
  return {};
}

}  // namespace tipring::store

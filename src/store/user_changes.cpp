#include "store/user_changes.h"

#include <algorithm>

#include "core/assert.h"
#include "core/text.h"
#include "store/update_queue.h"

namespace tipring::store {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool aliases_are_whole(std::string_view aliases) {
  for (std::string_view rest = aliases; !rest.empty();) {
    const auto [alias, others] = split_once(rest, '\n');
    if (alias.empty() || has_control(alias)) return false;
    rest = others;
  }
  return true;
}

}  // namespace

Result<void> check_record(const UserRecord& record) {
  if (record.name.empty() || has_control(record.name) || has_control(record.auth_name) ||
      has_control(record.domain) || has_control(record.display_name) ||
      !aliases_are_whole(record.aliases) || has_upper(record.domain) ||
      (record.algorithms & ~(kAlgorithmMd5 | kAlgorithmSha256)) != 0) {
    return Error::Invalid;
  }
  const size_t size = record.domain.size() + record.name.size() + record.auth_name.size() +
                      record.display_name.size() + record.aliases.size();
  if (size > TextSlabs::kTextMax) return Error::TooLong;
  return {};
}

void UserChange::on_user_free(User* found) { owner.run(*this, found); }

UserChanges::UserChanges(Arena& arena, UserTable& users, GroupTable& groups, BindingTable& bindings,
                         UpdateQueue& queue, StorageLink& link)
    : users_(users),
      groups_(groups),
      bindings_(bindings),
      queue_(queue),
      link_(link),
      changes_("user_changes", arena, kUserChangesMax) {}

UserChange* UserChanges::acquire(UserChange::Kind kind, StoreWaiter& waiter, uint64_t tag) {
  UserChange* change = changes_.acquire(*this);
  if (change == nullptr) return nullptr;
  change->kind = kind;
  change->waiter = &waiter;
  change->tag = tag;
  return change;
}

Result<void> UserChanges::put(const UserRecord& record, const Credentials* credentials,
                              PutMode mode, StoreWaiter& waiter, uint64_t tag) {
  if (const Result<void> checked = check_record(record); !checked) return checked;
  User* user = users_.find_any(record.domain, record.name);
  const bool visible = users_.find(record.domain, record.name) != nullptr;
  if (visible && mode == PutMode::Create) return Error::Exists;
  if (user == nullptr && mode == PutMode::Change) return Error::NotFound;
  if (user != nullptr && is_being_renamed(*user)) return Error::Busy;
  if (const Result<void> checked = check_names(record, user); !checked) return checked;

  const uint32_t aliases = aliases_more(record, user);
  if (const Result<void> room = users_.reserve_aliases(aliases); !room) return room;
  UserChange* change = acquire(UserChange::Kind::Put, waiter, tag);
  if (change == nullptr) {
    users_.give_back_aliases(aliases);
    return Error::PoolExhausted;
  }
  change->aliases_reserved = aliases;
  Result<SlabText> text = users_.store_text(record, change->ends);
  if (!text) {
    give_back(*change);
    changes_.release(*change);
    return text.error();
  }
  change->text = std::move(*text);
  change->mode = mode;
  change->algorithms = record.algorithms;
  change->session_timer = record.session_timer;
  change->fields = record.fields;
  change->has_credentials = credentials != nullptr;
  if (credentials != nullptr) change->credentials = *credentials;
  if (user == nullptr) return create(*change);
  start(*change, *user);
  return {};
}

// In the tables, or in a change that waits for the disk and will be.
bool UserChanges::is_taken(const UserRecord& record, std::string_view name, const User* user) {
  if (users_.is_taken(record.domain, name, user)) return true;
  bool found = false;
  changes_.for_each([&](const UserChange& change) {
    if (change.text.view().empty()) return;
    if (change.part(0) != record.domain) return;
    // Those of the user itself do not count, but whoever is to become one of this name.
    if (change.part(1) == record.name && change.kind != UserChange::Kind::Rename) return;
    found = found || change.part(1) == name || change.part(2) == name ||
            holds_line(change.part(4), name);
  });
  return found;
}

bool UserChanges::calls_anybody(std::string_view domain, std::string_view name) const {
  bool found = users_.calls_anybody(domain, name);
  changes_.for_each([&](const UserChange& change) {
    if (change.text.view().empty() || change.part(User::Domain) != domain) return;
    found =
        found || change.part(User::Name) == name || holds_line(change.part(User::Aliases), name);
  });
  return found;
}

// What a user is to be called by. Errors: Taken, TakenByGroup.
Result<void> UserChanges::check_called(const UserRecord& record, std::string_view name,
                                       const User* user) {
  if (is_taken(record, name, user)) return Error::Taken;
  if (groups_.has(record.domain, name)) return Error::TakenByGroup;
  return {};
}

// Those that a standing user keeps were looked at when they came.
Result<void> UserChanges::check_names(const UserRecord& record, const User* user) {
  const auto changes = [&](uint8_t field) {
    return user == nullptr || (record.fields & field) != 0;
  };
  if (user == nullptr) {
    if (const Result<void> name = check_called(record, record.name, user); !name) return name;
  }
  const std::string_view auth_name = record.auth_name.empty() ? record.name : record.auth_name;
  if (changes(kAuthName) && is_taken(record, auth_name, user)) return Error::Taken;
  for (std::string_view rest = changes(kAliases) ? record.aliases : ""; !rest.empty();) {
    const auto [alias, others] = split_once(rest, '\n');
    if (const Result<void> name = check_called(record, alias, user); !name) return name;
    rest = others;
  }
  return {};
}

// How many the change needs beyond those that the user has. Only of a user that is not busy: what
// waits before us may give some up, for others to take.
uint32_t UserChanges::aliases_more(const UserRecord& record, const User* user) {
  const uint32_t wanted = UserTable::count_aliases(record.aliases);
  if (user == nullptr || !UpdateQueue::may_begin(*user)) return wanted;
  return wanted - std::min(wanted, UserTable::count_aliases(user->aliases()));
}

void UserChanges::give_back(UserChange& change) {
  users_.give_back_aliases(change.aliases_reserved);
  change.aliases_reserved = 0;
}

Result<void> UserChanges::set_credentials(std::string_view domain, std::string_view name,
                                          const Credentials& credentials, StoreWaiter& waiter,
                                          uint64_t tag) {
  User* user = users_.find(domain, name);
  if (user == nullptr) return Error::NotFound;
  if (is_being_renamed(*user)) return Error::Busy;
  UserChange* change = acquire(UserChange::Kind::Credentials, waiter, tag);
  if (change == nullptr) return Error::PoolExhausted;
  change->has_credentials = true;
  change->credentials = credentials;
  start(*change, *user);
  return {};
}

Result<void> UserChanges::remove(std::string_view domain, std::string_view name,
                                 StoreWaiter& waiter, uint64_t tag) {
  User* user = users_.find(domain, name);
  if (user == nullptr) return Error::NotFound;
  if (is_being_renamed(*user)) return Error::Busy;
  UserChange* change = acquire(UserChange::Kind::Remove, waiter, tag);
  if (change == nullptr) return Error::PoolExhausted;
  start(*change, *user);
  return {};
}

void UserChanges::start(UserChange& change, User& user) {
  if (UpdateQueue::may_begin(user)) {
    run(change, &user);
  } else {
    queue_.wait(user, change);
  }
}

// The user stands in the tables at once, so that there are never two of it, but nobody finds it
// yet.
Result<void> UserChanges::create(UserChange& change) {
  give_back(change);
  User* user = users_.make(std::move(change.text), change.ends);
  if (user == nullptr) {
    changes_.release(change);
    return Error::PoolExhausted;
  }
  change.creates = true;
  send(change, *user);
  return {};
}

// `user` is free, or was removed or never came to be.
void UserChanges::run(UserChange& change, User* user) {
  const StoreStatus status = obstacle(change, user);
  if (status != StoreStatus::Durable) return finish(change, status);
  if (user != nullptr) {
    if (!complete(change, *user)) return finish(change, StoreStatus::Rejected);
    return send(change, *user);
  }
  // The name's new owner may have come before us, by another waiter.
  if (User* next = users_.find_any(change.part(0), change.part(1))) {
    start(change, *next);
    return;
  }
  StoreWaiter* const waiter = change.waiter;
  const uint64_t tag = change.tag;
  if (!create(change)) waiter->on_stored(tag, StoreStatus::Rejected);
}

// With what the user has now, which the changes before it have left.
bool UserChanges::complete(UserChange& change, const User& user) {
  if (change.kind == UserChange::Kind::Rename) return keep_all_but_name(change, user).has_value();
  if (change.kind != UserChange::Kind::Put || change.fields == kAllUserFields) return true;
  return keep_other_fields(change, user).has_value();
}

// Errors: TooLong, PoolExhausted.
Result<void> UserChanges::keep_other_fields(UserChange& change, const User& user) {
  const auto changes = [&](uint8_t field) { return (change.fields & field) != 0; };
  UserRecord record;
  record.domain = change.part(User::Domain);
  record.name = change.part(User::Name);
  record.auth_name = changes(kAuthName) ? change.part(User::AuthName) : user.part(User::AuthName);
  record.display_name =
      changes(kDisplayName) ? change.part(User::DisplayName) : user.display_name();
  record.aliases = changes(kAliases) ? change.part(User::Aliases) : user.aliases();
  Result<SlabText> whole = users_.store_text(record, change.ends);
  if (!whole) return whole.error();
  change.text = std::move(*whole);
  if (!changes(kAlgorithms)) change.algorithms = user.algorithms();
  if (!changes(kSessionTimer)) change.session_timer = user.session_timer();
  return {};
}

// Why the change cannot be made after what happened while it waited; Durable when it can.
StoreStatus UserChanges::obstacle(const UserChange& change, const User* user) {
  const bool may_create = change.kind == UserChange::Kind::Put && change.mode != PutMode::Change;
  if (user == nullptr) return may_create ? StoreStatus::Durable : StoreStatus::Gone;
  const bool may_change = change.kind != UserChange::Kind::Put || change.mode != PutMode::Create;
  return may_change ? StoreStatus::Durable : StoreStatus::Exists;
}

void UserChanges::send(UserChange& change, User& user) {
  change.user = users_.handle_of(user);
  change.user_id = user.id_;
  const std::string_view text = change.creates ? user.text_.view() : change.text.view();
  const auto part = [&](size_t i) {
    const size_t from = i == 0 ? 0 : change.ends[i - 1];
    return text.substr(from, change.ends[i] - from);
  };
  change.domain = part(0);
  change.name = part(1);
  change.auth_name = part(2).empty() ? change.name : part(2);
  change.display_name = part(3);
  change.aliases = part(4);
  user.busy_ = true;
  StoreRequest request;
  request.kind = RequestKind::Change;
  request.change = &change;
  link_.push(request);
}

void UserChanges::on_reply(UserChange& change, StoreStatus status) {
  User* user = users_.get(change.user);
  TIPRING_ASSERT(user != nullptr);  // a busy user is not removed
  const Handle<User> handle = change.user;
  user->busy_ = false;
  const bool removed = status == StoreStatus::Durable && change.kind == UserChange::Kind::Remove;
  const bool came_to_nothing = status != StoreStatus::Durable && change.creates;
  if (status == StoreStatus::Durable && !removed) apply(change, *user);
  if (removed) drop_bindings(*user);
  if (removed || came_to_nothing) queue_.release(*user);
  finish(change, status);
  queue_.serve_waiters(handle);
}

void UserChanges::apply(UserChange& change, User& user) {
  if (change.kind == UserChange::Kind::Put) {
    give_back(change);
    if (!change.creates) users_.set_text(user, std::move(change.text), change.ends);
    users_.set_algorithms(user, change.algorithms);
    user.session_timer_ = change.session_timer;
    user.id_ = change.user_id;
    users_.show(user);
  }
  if (change.kind == UserChange::Kind::Rename) {
    groups_.rename_named(user.domain(), user.name(), change.part(User::Name));
    users_.set_text(user, std::move(change.text), change.ends);
  }
  if (change.has_credentials) user.credentials_ = change.credentials;
}

// Their rows went with the user's.
void UserChanges::drop_bindings(User& user) {
  while (Binding* binding = user.bindings_.front()) {
    bindings_.slots().set_row(binding->slot(), false);
    bindings_.drop(*binding, user);
  }
}

void UserChanges::finish(UserChange& change, StoreStatus status) {
  StoreWaiter* const waiter = change.waiter;
  const uint64_t tag = change.tag;
  give_back(change);
  changes_.release(change);
  if (!queue_.silent()) waiter->on_stored(tag, status);
}

}  // namespace tipring::store

#include "admin/store_exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "admin/revision.h"
#include "core/assert.h"
#include "core/text.h"
#include "port/address.h"
#include "sip/via.h"

namespace tipring::admin {

namespace {

// Slots of the pool of users that one command looks at.
constexpr uint32_t kSlotsPerPage = 64;

// A tag is the command's ticket, and what has happened when the write is durable.
constexpr uint64_t kTagShift = 2;
constexpr uint64_t kTagMask = (1u << kTagShift) - 1;

uint64_t tag_of(uint64_t ticket, Outcome success) {
  static_assert(static_cast<uint64_t>(Outcome::Changed) <= kTagMask);
  return ticket << kTagShift | static_cast<uint64_t>(success);
}

// A place in the walk over bindings: the slot of the user, and how many of its bindings were shown.
constexpr uint64_t kPositionShift = 16;
constexpr uint64_t kPositionMask = (1u << kPositionShift) - 1;

// Of `part`, which is in lower case, as far as that is of ASCII.
bool holds(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) { return to_lower(a) == b; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() ||
         part.empty();
}

bool holds(const store::User& user, std::string_view part) {
  return holds(user.name(), part) || holds(user.display_name(), part) ||
         holds(user.aliases(), part) || holds(user.domain(), part) || holds(user.auth_name(), part);
}

bool is_on_line(const store::User& user, OnLine wanted) {
  return wanted == OnLine::Either || (wanted == OnLine::Yes) == (user.binding_count() > 0);
}

std::string_view transport_text(uint8_t transport) {
  const auto last = static_cast<uint8_t>(sip::Transport::Other);
  return sip::to_text(static_cast<sip::Transport>(std::min(transport, last)));
}

}  // namespace

Outcome outcome_of_status(store::StoreStatus status, Outcome success) {
  switch (status) {
    case store::StoreStatus::Durable: return success;
    case store::StoreStatus::DiskFull: return Outcome::DiskFull;
    case store::StoreStatus::ReadOnly: return Outcome::ReadOnly;
    case store::StoreStatus::Locked: return Outcome::Locked;
    case store::StoreStatus::Corrupt: return Outcome::Corrupt;
    case store::StoreStatus::Io: return Outcome::Io;
    case store::StoreStatus::Missing:
    case store::StoreStatus::Replaced: return Outcome::FileMoved;
    case store::StoreStatus::NoMemory:
    case store::StoreStatus::Rejected: return Outcome::Refused;
    case store::StoreStatus::Exists: return Outcome::Exists;
    case store::StoreStatus::Gone: return Outcome::NotFound;
  }
  return Outcome::Refused;
}

std::optional<Outcome> StoreExchange::outcome_of(const Result<void>& started) const {
  if (started) return std::nullopt;
  if (started.error() == Error::Exists) return Outcome::Exists;
  if (started.error() == Error::Taken) return Outcome::Taken;
  if (started.error() == Error::TakenByGroup) return Outcome::TakenByGroup;
  if (started.error() == Error::NotFound) return Outcome::NotFound;
  if (started.error() == Error::Busy) return Outcome::Busy;
  if (started.error() != Error::PoolExhausted) return Outcome::Refused;
  return store_.takes_changes() ? Outcome::UsersFull : Outcome::Busy;
}

std::optional<Outcome> StoreExchange::put_user(const UserChange& change, uint64_t ticket) {
  const store::User* user = store_.find_user(change.domain, change.name);
  if (user != nullptr && change.mode == PutMode::Create) return Outcome::Exists;
  if (user == nullptr && (change.mode == PutMode::Change || change.secret == nullptr))
    return Outcome::NotFound;
  if (user != nullptr) {
    if (const auto obstacle = auth_name_obstacle(change, *user)) return obstacle;
  }
  store::Credentials credentials;
  if (change.secret != nullptr) credentials = credentials_of(*change.secret);
  const store::Credentials* secret = change.secret != nullptr ? &credentials : nullptr;
  const uint64_t tag = tag_of(ticket, user != nullptr ? Outcome::Changed : Outcome::Created);
  if (user != nullptr && change.fields.present == 0)
    return outcome_of(store_.set_credentials(change.domain, change.name, credentials, *this, tag));
  const auto mode = user != nullptr ? store::PutMode::Change : store::PutMode::Create;
  store::UserRecord record = record_of(change.domain, change.name, change.fields);
  // Hashes and the name that they are made for go together.
  if (secret != nullptr) record.fields |= store::kAuthName;
  return outcome_of(store_.put_user(record, secret, mode, *this, tag));
}

// A digest's hash holds the auth_name, so hashes and name must fit each other.
std::optional<Outcome> StoreExchange::auth_name_obstacle(const UserChange& change,
                                                         const store::User& user) {
  const std::string_view given = change.fields.auth_name.view();
  const bool same = (given.empty() ? change.name : given) == user.auth_name();
  const bool is_set = (change.fields.present & store::kAuthName) != 0;
  if (!same && change.secret != nullptr && !is_set) return Outcome::OtherAuthName;
  if (!same && change.secret == nullptr && is_set) return Outcome::NeedsPassword;
  return std::nullopt;
}

std::optional<Outcome> StoreExchange::rename_user(std::string_view domain, std::string_view name,
                                                  std::string_view new_name,
                                                  const UserSecret* secret, uint64_t ticket) {
  store::Credentials credentials;
  if (secret != nullptr) credentials = credentials_of(*secret);
  const Result<void> started =
      store_.rename_user(domain, name, new_name, secret != nullptr ? &credentials : nullptr, *this,
                         tag_of(ticket, Outcome::Changed));
  if (!started && started.error() == Error::Mismatch)
    return secret == nullptr ? Outcome::NeedsPassword : Outcome::KeepsPassword;
  return outcome_of(started);
}

std::optional<Outcome> StoreExchange::remove_user(std::string_view domain, std::string_view name,
                                                  uint64_t ticket) {
  return outcome_of(store_.remove_user(domain, name, *this, tag_of(ticket, Outcome::Done)));
}

std::optional<Outcome> StoreExchange::remove_bindings(std::string_view domain,
                                                      std::string_view name,
                                                      std::string_view contact, uint64_t ticket) {
  store::User* user = store_.find_user(domain, name);
  if (user == nullptr) return Outcome::NotFound;
  const Result<store::BindingUpdate*> update = store_.begin_update(*user);
  if (update) return remove_bindings(*user, **update, contact, ticket);
  if (update.error() != Error::Busy) return Outcome::Busy;
  const auto free = std::find_if(removals_.begin(), removals_.end(),
                                 [](const Removal& removal) { return removal.owner == nullptr; });
  if (free == removals_.end()) return Outcome::Busy;
  free->owner = this;
  free->ticket = ticket;
  free->contact = FixedText<kContactMax>(contact);
  store_.wait_for(*user, *free);
  return std::nullopt;
}

std::optional<Outcome> StoreExchange::remove_bindings(store::User& user,
                                                      store::BindingUpdate& update,
                                                      std::string_view contact, uint64_t ticket) {
  for (store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    if (contact.empty() || binding->contact() == contact) update.remove(*binding);
  }
  if (update.removed_count() == 0) {
    store_.abandon(update);
    return Outcome::NoSuchRegistration;
  }
  if (!store_.commit(update, *this, tag_of(ticket, Outcome::Done))) return Outcome::Busy;
  return std::nullopt;
}

void StoreExchange::Removal::on_user_free(store::User* user) {
  StoreExchange& exchange = *std::exchange(owner, nullptr);
  std::optional<Outcome> outcome = Outcome::NotFound;
  if (user != nullptr) {
    const Result<store::BindingUpdate*> update = exchange.store_.begin_update(*user);
    outcome =
        update ? exchange.remove_bindings(*user, **update, contact.view(), ticket) : Outcome::Busy;
  }
  if (outcome) exchange.endpoint_->complete(ticket, *outcome);
}

void StoreExchange::on_stored(uint64_t tag, store::StoreStatus status) {
  TIPRING_ASSERT(endpoint_ != nullptr);
  endpoint_->complete(tag >> kTagShift,
                      outcome_of_status(status, static_cast<Outcome>(tag & kTagMask)));
}

UserRow StoreExchange::row_of(const store::User& user) const {
  UserRow row{user.name(),          user.domain(),
              user.binding_count(), user.credentials().present != 0,
              user.auth_name(),     user.display_name(),
              user.aliases(),       user.algorithms(),
              user.session_timer()};
  row.revision = revision_of(revision_key_, user);
  return row;
}

uint32_t StoreExchange::seconds_since(Millis at) const {
  return static_cast<uint32_t>((loop_.now() - at).count() / 1000);
}

const policy::UntimedCaller* StoreExchange::find_refused(const store::User& user) const {
  return untimed_calls_ == nullptr ? nullptr : untimed_calls_->find(user);
}

const policy::SignIn* StoreExchange::find_sign_in(const store::User& user) const {
  return sign_ins_ == nullptr ? nullptr : sign_ins_->find(store_.handle_of(user));
}

// What became of its phones' calls without session timers and of their sign-ins.
void StoreExchange::set_phone_facts(UserRow& row, const store::User& user,
                                    PhoneTexts& texts) const {
  if (const policy::UntimedCaller* const refused = find_refused(user)) {
    row.calls_refused = refused->calls;
    row.last_refused_s = seconds_since(refused->last);
    row.refused_source = port::write_address(refused->source, texts.refused);
  }
  const policy::SignIn* known = find_sign_in(user);
  if (known == nullptr) return;
  if (known->seen != Millis(0)) {
    row.last_seen_s = seconds_since(known->seen);
    row.seen_at = port::write_address(known->seen_at, texts.seen);
  }
  if (!sign_ins_->shows_fault(*known, row.bindings, loop_.now())) return;
  row.fault = policy::to_text(known->fault);
  row.failed_s = seconds_since(known->failed);
  row.failed_at = port::write_address(known->failed_at, texts.failed);
}

bool StoreExchange::is_in_trouble(const store::User& user) const {
  if (user.credentials().present == 0 || find_refused(user) != nullptr) return true;
  const policy::SignIn* known = find_sign_in(user);
  return known != nullptr && sign_ins_->shows_fault(*known, user.binding_count(), loop_.now());
}

uint64_t StoreExchange::list_users(uint64_t cursor, const UserFilter& filter, Page& page) {
  if (cursor > UINT32_MAX) return 0;
  auto slot = static_cast<uint32_t>(cursor);
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    slot = store_.walk_users(slot, 1, [&](const store::User& user) {
      if (!is_on_line(user, filter.on_line) || !holds(user, filter.text)) return;
      if (filter.in_trouble && !is_in_trouble(user)) return;
      UserRow row = row_of(user);
      PhoneTexts texts;
      set_phone_facts(row, user, texts);
      // A registered phone is seen all the time: without it the page's tag stays as it is.
      if (row.bindings > 0) row.seen_at = {};
      page.add(row);
    });
    if (slot == 0) break;
  }
  return slot;
}

uint64_t StoreExchange::revision_of_user(std::string_view domain, std::string_view name) const {
  const store::User* user = store_.find_user(domain, name);
  return user == nullptr ? 0 : revision_of(revision_key_, *user);
}

uint64_t StoreExchange::list_credentials(uint64_t cursor, Page& page) {
  if (cursor > UINT32_MAX) return 0;
  auto slot = static_cast<uint32_t>(cursor);
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    slot = store_.walk_users(slot, 1, [&](const store::User& user) {
      const store::Credentials& secret = user.credentials();
      std::array<char, 2 * sizeof secret.md5> md5;
      std::array<char, 2 * sizeof secret.sha256> sha256;
      CredentialRow row{user.name(), user.domain(), user.auth_name(), {}, {}, {}};
      if ((secret.present & store::kAlgorithmMd5) != 0) row.ha1_md5 = write_hex(secret.md5, md5);
      if ((secret.present & store::kAlgorithmSha256) != 0)
        row.ha1_sha256 = write_hex(secret.sha256, sha256);
      page.add(row);
    });
    if (slot == 0) break;
  }
  return slot;
}

uint64_t StoreExchange::list_bindings(uint64_t cursor, std::string_view search, Page& page) {
  if (cursor >> kPositionShift > UINT32_MAX) return 0;
  auto slot = static_cast<uint32_t>(cursor >> kPositionShift);
  uint64_t skip = cursor & kPositionMask;
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    uint64_t shown = 0;
    bool whole = true;
    const uint32_t next = store_.walk_users(slot, 1, [&](const store::User& user) {
      for (const store::Binding* binding = user.first_binding(); binding != nullptr;
           binding = user.next_binding(*binding)) {
        if (shown++ < skip) continue;
        whole = page.has_room() && shown <= kPositionMask;
        if (!whole) break;
        if (holds(user, search) || holds(binding->contact(), search) ||
            holds(binding->user_agent(), search))
          add_binding(user, *binding, page);
      }
    });
    if (!whole) return uint64_t{slot} << kPositionShift | (shown - 1);
    if (next == 0) return 0;
    slot = next;
    skip = 0;
  }
  return uint64_t{slot} << kPositionShift;
}

bool StoreExchange::show_user(std::string_view domain, std::string_view name, Page& page) {
  const store::User* user = store_.find_user(domain, name);
  if (user == nullptr) return false;
  UserRow row = row_of(*user);
  PhoneTexts texts;
  set_phone_facts(row, *user, texts);
  page.add(row);
  return true;
}

std::optional<uint64_t> StoreExchange::list_bindings_of(std::string_view domain,
                                                        std::string_view name, uint64_t cursor,
                                                        Page& page) {
  const store::User* user = store_.find_user(domain, name);
  if (user == nullptr) return std::nullopt;
  uint64_t shown = 0;
  for (const store::Binding* binding = user->first_binding(); binding != nullptr;
       binding = user->next_binding(*binding), ++shown) {
    if (shown < cursor) continue;
    if (!page.has_room()) return shown;
    add_binding(*user, *binding, page);
  }
  return 0;
}

void StoreExchange::add_binding(const store::User& user, const store::Binding& binding,
                                Page& page) const {
  std::array<char, port::kAddressTextMax> received;
  const Millis left = std::max(binding.expires_at() - loop_.now(), Millis(0));
  BindingRow row;
  row.name = user.name();
  row.domain = user.domain();
  row.contact = binding.contact();
  row.received = port::write_address(binding.received(), received);
  row.transport = transport_text(binding.transport());
  row.user_agent = binding.user_agent();
  row.expires_s = static_cast<uint32_t>(left.count() / 1000);
  row.q = binding.q();
  row.methods = binding.methods();
  page.add(row);
}

uint64_t StoreExchange::list_blocks(uint64_t cursor, Page& page) {
  const Millis now = loop_.now();
  auto slot = static_cast<size_t>(cursor);
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    slot = blocks_.walk(slot, 1, now, [&](const auth::BlockInfo& block) {
      std::array<char, auth::kSourceTextMax> source;
      page.add(BlockRow{auth::write_source(block.source, source), block.user,
                        static_cast<uint32_t>((now - block.since).count() / 1000),
                        static_cast<uint32_t>(((block.until - now).count() + 999) / 1000),
                        block.failures});
    });
    if (slot == 0) break;
  }
  return slot;
}

uint64_t StoreExchange::list_refused(uint64_t cursor, Page& page) {
  const Millis now = loop_.now();
  auto place = static_cast<size_t>(cursor);
  while (untimed_calls_ != nullptr && page.has_room()) {
    place = untimed_calls_->walk(
        place, 1, [&](const store::User& user, const policy::UntimedCaller& refused) {
          std::array<char, port::kAddressTextMax> source;
          page.add(RefusedRow{user.name(), user.domain(), refused.calls,
                              static_cast<uint32_t>((now - refused.last).count() / 1000),
                              port::write_address(refused.source, source)});
        });
    if (place == 0) break;
  }
  return place;
}

uint64_t StoreExchange::list_unknown(uint64_t cursor, Page& page) {
  if (sign_ins_ == nullptr) return 0;
  const std::span<const policy::UnknownName> all = sign_ins_->unknown().all();
  for (; cursor < all.size() && page.has_room(); ++cursor) {
    const policy::UnknownName& one = all[cursor];
    std::array<char, port::kAddressTextMax> source;
    // Whoever has been added meanwhile is somebody.
    if (one.tries != 0 && store_.find_called(one.domain.view(), one.name.view()) == nullptr)
      page.add(UnknownRow{one.name.view(), one.domain.view(),
                          port::write_address(one.source, source), one.tries,
                          static_cast<uint32_t>((loop_.now() - one.last).count() / 1000)});
  }
  return cursor < all.size() ? cursor : 0;
}

uint64_t StoreExchange::list_calls(uint64_t cursor, Page& page) {
  return calls_ == nullptr ? 0 : calls_->list(cursor, page);
}

Outcome StoreExchange::end_call(uint64_t id) {
  return calls_ == nullptr ? Outcome::NoCall : calls_->end(id);
}

Outcome StoreExchange::lift_block(const port::IpAddress& source, std::string_view user) {
  return blocks_.lift(source, user, loop_.now()) > 0 ? Outcome::Done : Outcome::NoBlock;
}

void StoreExchange::status(Page& page) {
  status_.add_facts(page);
  const store::StoreCounters& counters = store_.counters();
  const bool failing = store_.failing_since() != kNever;
  const FactRow facts[] = {
      {"users", "", store_.user_count()},
      {"users_on_line", "", store_.users_on_line()},
      {"groups", "", store_.group_count()},
      {"registrations", "", store_.binding_count()},
      {"registrations_expired", "", counters.expired},
      {"store", failing ? store::to_text(store_.last_status()) : "ok", 0},
      {"store_commits", "", counters.commits},
      {"store_commits_failed", "", counters.commits_failed},
      {"store_refused", "", counters.refused},
  };
  for (const FactRow& fact : facts) {
    if (page.has_room()) page.add(fact);
  }
}

}  // namespace tipring::admin

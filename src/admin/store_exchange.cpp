#include "admin/store_exchange.h"

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "port/address.h"
#include "sip/via.h"

namespace tipring::admin {

namespace {

// Slots of the pool of users that one command looks at.
constexpr uint32_t kSlotsPerPage = 512;

// A tag is the command's ticket, and what has happened when the write is durable.
constexpr uint64_t kTagShift = 2;
constexpr uint64_t kTagMask = (1u << kTagShift) - 1;

uint64_t tag_of(uint64_t ticket, Outcome success) {
  static_assert(static_cast<uint64_t>(Outcome::Changed) <= kTagMask);
  return ticket << kTagShift | static_cast<uint64_t>(success);
}

Outcome outcome_of_status(store::StoreStatus status, Outcome success) {
  switch (status) {
    case store::StoreStatus::Durable: return success;
    case store::StoreStatus::DiskFull: return Outcome::DiskFull;
    case store::StoreStatus::ReadOnly: return Outcome::ReadOnly;
    case store::StoreStatus::Locked: return Outcome::Locked;
    case store::StoreStatus::Corrupt: return Outcome::Corrupt;
    case store::StoreStatus::Io: return Outcome::Io;
    case store::StoreStatus::Rejected: return Outcome::Refused;
    case store::StoreStatus::Exists: return Outcome::Exists;
    case store::StoreStatus::Gone: return Outcome::NotFound;
  }
  return Outcome::Refused;
}

// A place in the walk over bindings: the slot of the user, and how many of its bindings were shown.
constexpr uint64_t kPositionShift = 16;
constexpr uint64_t kPositionMask = (1u << kPositionShift) - 1;

store::UserRecord record_of(const store::User& user) {
  store::UserRecord record;
  record.domain = user.domain();
  record.name = user.name();
  record.auth_name = user.auth_name();
  record.display_name = user.display_name();
  record.aliases = user.aliases();
  record.algorithms = user.algorithms();
  return record;
}

std::string_view transport_text(uint8_t transport) {
  const auto last = static_cast<uint8_t>(sip::Transport::Other);
  return sip::to_text(static_cast<sip::Transport>(std::min(transport, last)));
}

}  // namespace

std::optional<Outcome> StoreExchange::outcome_of(const Result<void>& started) const {
  if (started) return std::nullopt;
  if (started.error() == Error::Exists) return Outcome::Exists;
  if (started.error() == Error::NotFound) return Outcome::NotFound;
  if (started.error() != Error::PoolExhausted) return Outcome::Refused;
  return store_.takes_changes() ? Outcome::UsersFull : Outcome::Busy;
}

std::optional<Outcome> StoreExchange::put_user(const UserChange& change, uint64_t ticket) {
  std::optional<store::Credentials> credentials;
  if (change.secret != nullptr) {
    credentials = {change.secret->md5, change.secret->sha256,
                   static_cast<uint8_t>(store::kAlgorithmMd5 | store::kAlgorithmSha256)};
  }
  const store::Credentials* secret = credentials ? &*credentials : nullptr;
  const store::User* user = store_.find_user(change.domain, change.name);
  if (user != nullptr && change.mode == PutMode::Create) return Outcome::Exists;
  if (user == nullptr && (change.mode == PutMode::Change || secret == nullptr))
    return Outcome::NotFound;
  const uint64_t tag = tag_of(ticket, user != nullptr ? Outcome::Changed : Outcome::Created);
  if (user != nullptr && !change.algorithms)
    return outcome_of(store_.set_credentials(change.domain, change.name, *secret, *this, tag));
  // The record says all of the user, so a change that is on its way would be undone by it.
  if (user != nullptr && user->busy()) return Outcome::Busy;
  store::UserRecord record;
  if (user != nullptr) record = record_of(*user);
  record.domain = change.domain;
  record.name = change.name;
  record.algorithms = change.algorithms.value_or(0);
  const auto mode = user != nullptr ? store::PutMode::Change : store::PutMode::Create;
  return outcome_of(store_.put_user(record, secret, mode, *this, tag));
}

std::optional<Outcome> StoreExchange::remove_user(std::string_view domain, std::string_view name,
                                                  uint64_t ticket) {
  return outcome_of(store_.remove_user(domain, name, *this, tag_of(ticket, Outcome::Done)));
}

void StoreExchange::on_stored(uint64_t tag, store::StoreStatus status) {
  TIPRING_ASSERT(endpoint_ != nullptr);
  endpoint_->complete(tag >> kTagShift,
                      outcome_of_status(status, static_cast<Outcome>(tag & kTagMask)));
}

uint64_t StoreExchange::list_users(uint64_t cursor, Page& page) {
  if (cursor > UINT32_MAX) return 0;
  auto slot = static_cast<uint32_t>(cursor);
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    slot = store_.walk_users(slot, 1, [&](const store::User& user) {
      page.add(UserRow{user.name(), user.domain(), user.binding_count(),
                       user.credentials().present != 0});
    });
    if (slot == 0) break;
  }
  return slot;
}

uint64_t StoreExchange::list_bindings(uint64_t cursor, Page& page) {
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
  page.add(row);
}

void StoreExchange::status(Page& page) {
  status_.add_facts(page);
  const store::StoreCounters& counters = store_.counters();
  const bool failing = store_.failing_since() != kNever;
  const FactRow facts[] = {
      {"users", "", store_.user_count()},
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

#include "server/policy/call_shares.h"

#include <array>

#include "sip/headers.h"

namespace tipring::policy {

namespace {

constexpr size_t kNameMax = 256;  // longer than any name of a user

}  // namespace

const store::User* find_sender(const Domains& domains, const store::Store& store,
                               const sip::MessageView& request) {
  const sip::ParsedUri& from = request.from_uri();
  if (!from) return nullptr;
  const auto domain = domains.domain_of(from->host, from->port);
  if (!domain) return nullptr;
  std::array<char, kNameMax> room;
  const auto name = sip::unescape(from->user, room);
  if (!name) return nullptr;
  const store::User* user = store.find_called(*domain, *name);
  return user != nullptr ? user : store.find_by_auth_name(*domain, *name);
}

// Where nobody is asked for a password (auth.invite), all are trusted to say who they are.
const store::User* CallShares::find_caller(const service::Incoming& request, uint64_t user) const {
  if (user != 0) return store_.get(Handle<store::User>::from_u64(user));
  return find_sender(domains_, store_, request.message);
}

// Callers from elsewhere share what their address may have: theirs is no name that proves anything.
dialog::Terms CallShares::terms_of(const service::Incoming& request,
                                   const sip::ParsedUri& request_uri, uint64_t user) {
  dialog::Terms terms;
  terms.held_max = calls_per_user_;
  terms.emergency =
      emergency_.is_for_help(request_uri) && domain_of_target(domains_, request_uri).has_value();
  const port::IpAddress& ip = request.flow.remote.ip;
  TableHasher64 hasher(key_);
  if (const store::User* caller = find_caller(request, user)) {
    hasher.add_u64(store_.handle_of(*caller).to_u64());
  } else if (!safe_sources_.contains(ip)) {
    hasher.add({reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()});
  } else {
    return terms;
  }
  terms.holder = hasher.finish() | 1;
  return terms;
}

void CallShares::on_over_share(const service::Incoming& request, uint64_t user) {
  ++refused_;
  if (!bursts_.admits(0, LogLevel::Warning, request.now)) return;
  std::array<char, port::kAddressTextMax> source;
  const store::User* caller = find_caller(request, user);
  log_.warning(kEvent, kv("user", caller != nullptr ? caller->name() : std::string_view()),
               kv("domain", caller != nullptr ? caller->domain() : std::string_view()),
               kv("source", port::write_address(request.flow.remote, source)),
               kv("calls", calls_per_user_), kv("key", "capacity.calls_per_user"));
}

}  // namespace tipring::policy

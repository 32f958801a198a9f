// A phone that answers with 300, 301 or 302 names others that ring in its place, for the same member and
// for the rest of his time: RFC 3261 8.1.3.4. What may be followed is what the proxy may follow, since a
// phone sends its callers on, and makes us no relay: users and groups of ours and their numbers, and
// abroad only where the caller might have gone by himself. Of a group everybody rings at once, for
// it stands in the place of one member and has his time. Each phone once in a call, so that no circle is
// gone round twice, whoever names whom.
#include <algorithm>

#include "server/b2bua/b2bua.h"
#include "server/b2bua/planner.h"
#include "sip/disposition.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/tel_uri.h"
#include "sip/uri_host.h"

namespace tipring::b2bua {

namespace {

constexpr uint16_t kQDefault = 1000;

// 305 names a proxy and 380 a service, neither of them a place of the callee.
bool names_places(uint16_t status) {
  return status == sip::status::kMultipleChoices || status == sip::status::kMovedPermanently ||
         status == sip::status::kMovedTemporarily;
}

uint16_t q_of(const sip::NameAddr& contact) {
  const auto param = contact.param("q");
  const auto q = param ? sip::parse_q(param->value) : Result<uint16_t>(kQDefault);
  return q ? *q : uint16_t{0};
}

}  // namespace

// What is to ring, the best first.
struct B2bua::Targets {
  static constexpr size_t kMax = Call::kRungMax;
  struct Target {
    Phone phone;
    const store::User* user = nullptr;  // whose it is
    uint16_t q = 0;
  };

  void add(const Phone& phone, const store::User* user, uint16_t q) {
    if (count == kMax) return;
    const auto end = all.begin() + count;
    const auto place = std::find_if(all.begin(), end, [&](const Target& t) { return t.q < q; });
    std::move_backward(place, end, end + 1);
    *place = {phone, user, q};
    ++count;
  }

  bool from_host = false;  // who names them is on this host
  std::array<Target, kMax> all;
  uint8_t count = 0;
};

// Whether somebody rings by it. `breadth`: what the phone's own INVITE was given (RFC 5393 5.3.3).
bool B2bua::follow(Call& call, size_t member, const sip::MessageView& response, bool from_host,
                   uint32_t breadth) {
  if (!names_places(response.status())) return false;
  const auto view = legs_.view(call.caller->leg);
  const MessageRef kept = view ? environment_.transactions.request_of(view->invite) : MessageRef();
  if (!kept) return false;
  sip::HeaderIndex room;
  const sip::MessageView invite = environment_.transactions.read(kept, room);
  if (!is_followed(call, invite)) return false;
  Targets targets;
  targets.from_host = from_host;
  for (const std::string_view value : response.values(sip::HeaderId::Contact)) {
    const auto contact = sip::parse_name_addr(value);
    if (contact) add_target(call, member, invite, *contact, targets);
  }
  bool rings = false;
  uint32_t left = targets.count;
  for (const Targets::Target& target : std::span(targets.all).first(targets.count)) {
    const uint32_t share = breadth / left--;
    if (share == 0 || !note_rung(call, target.phone.contact)) continue;
    if (!ring_phone(call, target.phone, member, target.user, invite, share)) continue;
    breadth -= share;
    rings = true;
  }
  return rings;
}

// Whether this call follows redirections at all.
bool B2bua::is_followed(const Call&, const sip::MessageView& invite) const {
  const sip::Disposition wishes = sip::read_disposition(invite);
  const bool wanted =
      wishes.recurse == sip::Wish::None ? options_.recurses : wishes.recurse == sip::Wish::Yes;
  return wanted && wishes.fork != sip::Wish::No;
}

void B2bua::add_target(const Call& call, size_t member, const sip::MessageView& invite,
                       const sip::NameAddr& contact, Targets& targets) {
  const uint16_t q = q_of(contact);
  if (const auto number = sip::parse_tel_uri(contact.uri)) {
    std::array<char, 64> digits;
    const auto text = sip::write_number(*number, digits);
    const store::User* by = user_of(call, member);
    if (text && by != nullptr)
      add_extension(call, directory_.find(by->domain(), *text), q, targets);
    return;
  }
  const sip::ParsedUri uri(contact.uri);
  if (!uri || !sip::names_one_host(*uri)) return;
  if (uri->scheme == sip::Scheme::Sips) {
    if (const store::User* by = user_of(call, member)) pass_over(call, *by, 1);
    return;
  }
  if (directory_.is_local(*uri)) return add_extension(call, directory_.find(*uri), q, targets);
  const bool may = (targets.from_host || !sip::names_loopback(*uri)) &&
                   environment_.access.may_follow(invite, *uri);
  Phone phone;
  phone.contact = contact.uri;
  phone.keeps_off_host = !targets.from_host;
  const auto ip = port::parse_ip(uri->host);
  if (ip) phone.remote = {*ip, uri->port != 0 ? uri->port : sip::kSipPort};
  if (may) targets.add(phone, nullptr, q);
}

void B2bua::add_extension(const Call& call, const store::Extension& named, uint16_t q,
                          Targets& targets) {
  if (named.user != nullptr) add_phones(call, *named.user, q, targets);
  if (named.group == nullptr) return;
  RingPlan plan;
  plan_group(directory_, *named.group, entropy_.u64(), call.caller_user, plan);
  for (const PlannedMember& planned : std::span(plan.members).first(plan.size())) {
    const store::GroupMember* entry = directory_.get(planned.member);
    const store::User* user =
        entry == nullptr ? nullptr : directory_.find(entry->group().domain(), entry->name()).user;
    if (user != nullptr) add_phones(call, *user, q, targets);
  }
}

void B2bua::add_phones(const Call& call, const store::User& user, uint16_t q, Targets& targets) {
  // A caller is not rung by his own call.
  if (directory_.handle_of(user) == call.caller_user) return;
  PhoneList phones;
  directory_.find_phones(user, phones);
  pass_over(call, user, phones.out_of_reach());
  for (const Phone& phone : phones) targets.add(phone, &user, q);
}

// False where it was before, or nothing more can be kept in mind.
bool B2bua::note_rung(Call& call, std::string_view contact) {
  SipHasher64 hasher(environment_.route_key);
  hasher.add(contact);
  const auto hash = static_cast<uint32_t>(hasher.finish64());
  const auto end = call.rung.begin() + call.rung_count;
  if (std::find(call.rung.begin(), end, hash) != end || end == call.rung.end()) return false;
  call.rung[call.rung_count++] = hash;
  return true;
}

}  // namespace tipring::b2bua

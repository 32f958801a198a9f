#include "server/registrar/update.h"

#include <array>

#include "server/registrar/answer.h"
#include "server/registrar/path.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

// In one REGISTER: as many as one may have (registrar.max_bindings_per_aor), and the same again to
// remove. Comparing each with each stays bounded.
constexpr size_t kContactsMax = 64;

constexpr Refusal kTwice{sip::status::kBadRequest, "Bad Request - Contact: the same twice"};
constexpr Refusal kLate{sip::status::kServerInternalError, "CSeq Out of Order"};
constexpr Refusal kNoHost{sip::status::kBadRequest,
                          "Bad Request - Contact: an address that is no host's"};
constexpr Refusal kLoopback{sip::status::kForbidden, "Forbidden - Contact: the server's own host"};
constexpr Refusal kOwnAddress{sip::status::kForbidden,
                              "Forbidden - Contact: the address-of-record itself"};
constexpr Refusal kTooMany{
    sip::status::kForbidden,
    "Too Many Contacts - remove one, or raise registrar.max_bindings_per_aor",
    {},
    true};

// Nothing but the time has changed.
bool is_same(const store::Binding& binding, const store::BindingFields& fields,
             uint64_t call_id_hash) {
  return binding.call_id_hash() == call_id_hash && binding.contact() == fields.contact &&
         binding.params() == fields.params && binding.display_name() == fields.display_name &&
         binding.path() == fields.path && binding.user_agent() == fields.user_agent &&
         binding.received() == fields.received && binding.local() == fields.local &&
         binding.transport() == fields.transport && binding.listener() == fields.listener &&
         binding.flow() == fields.flow;
}

Millis last_heard(const store::Binding& binding) {
  return binding.expires_at() - binding.interval();
}

bool is_sips(const Result<sip::Uri, sip::ParseError>& uri) {
  return uri && uri->scheme == sip::Scheme::Sips;
}

}  // namespace

Update::Update(const RegistrarOptions& options, const service::Environment& environment,
               const From& from, const store::User& user, store::BindingUpdate& bindings,
               std::span<char> scratch)
    : options_(options),
      transport_(environment.transport),
      names_(environment.names),
      from_(from),
      user_(user),
      bindings_(bindings),
      scratch_(scratch),
      cseq_(from.request.typed<sip::HeaderId::CSeq>()->number),
      sender_{from.flow, bindings.call_id_hash(*from.request.header(sip::HeaderId::CallId)),
              from.request.header(sip::HeaderId::UserAgent).value_or("")} {}

Refusal Update::gather() {
  const Refusal bad_path =
      check_path(from_.request, options_.path_needs_support, from_.flow.remote.ip.is_loopback());
  if (bad_path) return bad_path;
  const auto contacts = from_.request.values(sip::HeaderId::Contact);
  if (contacts.empty()) return {sip::status::kBadRequest, "Bad Request - Contact"};
  if (*contacts.begin() == "*") return remove_all();
  // All contacts are read before any is taken; the only one, as it is nearly always, just once.
  Contact last;
  if (const Refusal refusal = read_all(last)) return refusal;
  const bool alone = ++contacts.begin() == contacts.end();
  for (const std::string_view value : contacts) {
    if (!alone) last = {};
    if (!alone) static_cast<void>(read_contact(from_.request, value, options_, last));
    if (const Refusal refusal = take(last)) return refusal;
  }
  return make_room();
}

// "*" removes all, and stands alone with an Expires of zero (10.2.2).
Refusal Update::remove_all() {
  const auto contacts = from_.request.values(sip::HeaderId::Contact);
  const auto expires = from_.request.typed<sip::HeaderId::Expires>();
  if (++contacts.begin() != contacts.end() || !expires || *expires != 0) {
    return {sip::status::kBadRequest,
            "Bad Request - Contact: * needs Expires: 0 and no other contact"};
  }
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    if (is_late(*binding)) return kLate;
    remove(*binding);
  }
  return {};
}

Refusal Update::read_all(Contact& last) const {
  size_t count = 0;
  size_t added = 0;
  size_t sips = 0;
  bool flow = false;
  for (const std::string_view value : from_.request.values(sip::HeaderId::Contact)) {
    if (++count > kContactsMax) return kTooMany;
    last = {};
    if (const Refusal refusal = read_contact(from_.request, value, options_, last)) return refusal;
    if (last.expires.count() == 0) continue;
    if (const Refusal refusal = check_host(last)) return refusal;
    ++added;
    sips += last.is_sips ? 1 : 0;
    flow = flow || last.reg_id != 0;
  }
  // RFC 5626 6: a flow is registered alone.
  if (flow && added > 1) {
    return {sip::status::kBadRequest, "Bad Request - Contact: reg-id beside other contacts"};
  }
  if (sips != 0) return check_sips(sips != added);
  // 10.2.1, as a MUST of ours: who is only to be reached safely is not bound to an open address.
  if (added != 0 && is_sips(from_.request.to_uri())) {
    return {sip::status::kBadRequest, "Bad Request - Contact: a sips address needs sips contacts"};
  }
  return {};
}

// RFC 5630 5.2: a sips contact is one only where all the way to it is.
Refusal Update::check_sips(bool other_contacts) const {
  bool whole = !other_contacts && is_sips(from_.request.parsed_request_uri());
  for (const std::string_view value : from_.request.values(sip::HeaderId::Path)) {
    const auto address = sip::parse_name_addr(value);
    whole = whole && address && is_sips(sip::parse_uri(address->uri));
  }
  if (whole) return {};
  return {sip::status::kBadRequest,
          "Bad Request - Contact: sips needs sips in Request-URI, Path and all contacts"};
}

// Calls go to where a contact says, so whoever has a password could have us speak to all hosts of a
// network at once, to what listens on our own host for nobody but it, or to ourselves.
Refusal Update::check_host(const Contact& contact) const {
  if (!contact.names_one_host) return kNoHost;
  if (contact.names_loopback && !from_.flow.remote.ip.is_loopback()) return kLoopback;
  return leads_back(contact) ? kOwnAddress : Refusal();
}

// A contact may be the address of another user here, who is called in this one's place (10.2.1);
// his own can only go in a circle. A phone behind NAT may have the address by chance that we have:
// it is called where it registered from.
bool Update::leads_back(const Contact& contact) const {
  const auto uri = sip::parse_uri(contact.uri);
  // Headers may bring a Route, which leads elsewhere.
  if (!uri || uri->param("maddr") || !uri->headers.empty()) return false;
  const auto ip = port::parse_ip(uri->host);
  const bool ours = ip ? transport_.is_own(*ip, uri->port) : names_.is_own(uri->host, uri->port);
  if (!ours) return false;
  const bool himself = !uri->has_user || names_user(*uri);
  const bool behind_nat = ip && *ip != from_.flow.remote.ip &&
                          !from_.flow.remote.ip.is_loopback() && !from_.third_party &&
                          !from_.request.has(sip::HeaderId::Path);
  return himself && !behind_nat;
}

// By any of the names that he is called by.
bool Update::names_user(const sip::Uri& uri) const {
  const auto to = from_.request.to_uri();
  if (to && sip::equal_unescaped(uri.user, to->user, false)) return true;
  std::array<char, 256> room;
  const auto name = sip::unescape(uri.user, room);
  return name && (*name == user_.name() || user_.has_alias(*name));
}

// 10.3 step 7: what comes out of its order is ignored.
bool Update::is_late(const store::Binding& binding) const {
  return binding.call_id_hash() == sender_.call_id_hash && cseq_ <= binding.cseq();
}

void Update::remove(store::Binding& binding) {
  bindings_.remove(binding);
  ++changes_.removed;
}

// A contact of this REGISTER beside `contact` has the URI of the binding.
bool Update::is_named_by_another(const Contact& contact, const store::Binding& binding) const {
  const sip::ValueRange values = from_.request.values(sip::HeaderId::Contact);
  if (auto value = values.begin(); ++value == values.end()) return false;  // nearly always
  for (const std::string_view value : values) {
    const auto address = sip::parse_name_addr(value);
    if (!address || address->uri.data() == contact.uri.data()) continue;
    if (sip::equal_uris(binding.contact(), address->uri)) return true;
  }
  return false;
}

// The binding that `contact` means, by URI or instance, null for none. Others that it means as well
// are removed: one contact is one binding.
Refusal Update::find_old(const Contact& contact, store::Binding*& old) {
  for (store::Binding* added = bindings_.first_added(); added != nullptr;
       added = bindings_.next_added(*added)) {
    if (sip::equal_uris(added->contact(), contact.uri)) return kTwice;
  }
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    const bool same_uri = sip::equal_uris(binding->contact(), contact.uri);
    if (same_uri && bindings_.touches(*binding)) return kTwice;
    if (!same_uri && (!is_same_instance(*binding, contact) || bindings_.touches(*binding) ||
                      is_named_by_another(contact, *binding))) {
      continue;
    }
    if (is_late(*binding)) return kLate;
    if (old == nullptr) {
      old = binding;
    } else {
      remove(*binding);
    }
  }
  if (old != nullptr || contact.expires.count() == 0) return {};
  old = find_moved(contact);
  return old != nullptr && is_late(*old) ? kLate : Refusal();
}

// Of several the one that was heard of least recently.
store::Binding* Update::find_moved(const Contact& contact) const {
  store::Binding* found = nullptr;
  if (from_.third_party) return found;
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    if (found != nullptr && last_heard(*found) <= last_heard(*binding)) continue;
    if (bindings_.touches(*binding) || !has_moved(*binding, contact, sender_, transport_)) continue;
    if (!is_named_by_another(contact, *binding)) found = binding;
  }
  return found;
}

store::BindingFields Update::fields_of(const Contact& contact, std::span<char> path) const {
  store::BindingFields fields;
  fields.contact = contact.uri;
  fields.display_name = write_kept_name(contact.display_name, scratch_);
  fields.params = write_kept_params(contact.params, scratch_.subspan(fields.display_name.size()));
  fields.call_id = *from_.request.header(sip::HeaderId::CallId);
  fields.path = write_path(from_.request, path);
  fields.instance = contact.instance;
  fields.reg_id = contact.reg_id;
  fields.user_agent = sender_.user_agent;
  fields.received = from_.flow.remote;
  fields.local = from_.flow.local;
  fields.transport = static_cast<uint8_t>(from_.flow.transport);
  fields.listener = from_.flow.listener;
  fields.flow = from_.flow.connection.to_u64();
  if (from_.third_party) {
    fields.received.port = 0;
    fields.flow = 0;
  }
  fields.q = contact.q;
  fields.methods = contact.methods;
  fields.cseq = cseq_;
  fields.expires_at = from_.now + contact.expires;
  return fields;
}

Refusal Update::take(const Contact& contact) {
  store::Binding* old = nullptr;
  if (const Refusal refusal = find_old(contact, old)) return refusal;
  if (contact.expires.count() == 0) {
    if (old != nullptr) remove(*old);
    return {};
  }
  std::array<char, kPathMax> path;
  const store::BindingFields fields = fields_of(contact, path);
  ++(old != nullptr ? changes_.refreshed : changes_.added);
  if (old != nullptr && is_same(*old, fields, sender_.call_id_hash)) {
    bindings_.refresh(*old, fields.expires_at, fields.cseq);
    return {};
  }
  const Result<void> done =
      old != nullptr ? bindings_.replace(*old, fields) : bindings_.add(fields);
  if (done) return {};
  if (done.error() == Error::TooLong) {
    return {sip::status::kBadRequest, "Bad Request - Contact: too long"};
  }
  return shortage("capacity.bindings");
}

// More than the user's places are refused, unless a look-alike gives up its own.
Refusal Update::make_room() {
  const uint32_t count =
      user_.binding_count() + bindings_.added_count() - bindings_.removed_count();
  for (uint32_t over = options_.max_bindings_per_aor; over < count; ++over) {
    store::Binding* const binding = find_look_alike();
    if (binding == nullptr) return kTooMany;
    remove(*binding);
  }
  const std::string_view to = from_.request.header(sip::HeaderId::To).value_or("");
  return answer_fits(user_, bindings_, options_.service_route.size() + to.size()) ? Refusal()
                                                                                  : kTooMany;
}

store::Binding* Update::find_look_alike() const {
  store::Binding* found = nullptr;
  if (from_.third_party) return found;
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    if (bindings_.touches(*binding)) continue;
    if (found != nullptr && last_heard(*found) <= last_heard(*binding)) continue;
    for (const std::string_view value : from_.request.values(sip::HeaderId::Contact)) {
      Contact contact;
      static_cast<void>(read_contact(from_.request, value, options_, contact));
      if (contact.expires.count() == 0 || !looks_alike(*binding, contact, sender_)) continue;
      found = binding;
      break;
    }
  }
  return found;
}

}  // namespace tipring::registrar

#include "server/registrar/update.h"

#include <array>

#include "server/registrar/answer.h"
#include "server/registrar/path.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

// Nothing but the time has changed.
bool is_same(const store::Binding& binding, const store::BindingFields& fields) {
  return binding.contact() == fields.contact && binding.params() == fields.params &&
         binding.call_id() == fields.call_id && binding.path() == fields.path &&
         binding.q() == fields.q && binding.received() == fields.received &&
         binding.local() == fields.local && binding.transport() == fields.transport &&
         binding.listener() == fields.listener && binding.flow() == fields.flow;
}

}  // namespace

Update::Update(const RegistrarOptions& options, const sip::MessageView& request,
               const transport::Flow& flow, Millis now, const store::User& user,
               store::BindingUpdate& bindings, std::span<char> scratch)
    : options_(options),
      request_(request),
      flow_(flow),
      now_(now),
      user_(user),
      bindings_(bindings),
      scratch_(scratch),
      call_id_(*request.header(sip::HeaderId::CallId)),
      cseq_(request.typed<sip::HeaderId::CSeq>()->number) {}

Refusal Update::gather() {
  if (const Refusal refusal = check_path(request_, options_.path_needs_support)) return refusal;
  const auto contacts = request_.values(sip::HeaderId::Contact);
  if (*contacts.begin() == "*") return remove_all();
  // All contacts are read before any is taken.
  for (const std::string_view value : contacts) {
    Contact contact;
    if (const Refusal refusal = read_contact(request_, value, options_, contact)) return refusal;
  }
  for (const std::string_view value : contacts) {
    Contact contact;
    static_cast<void>(read_contact(request_, value, options_, contact));
    if (const Refusal refusal = take(contact)) return refusal;
  }
  const uint32_t count =
      user_.binding_count() + bindings_.added_count() - bindings_.removed_count();
  if (count > options_.max_bindings_per_aor || !answer_fits(user_, bindings_)) {
    return {sip::status::kForbidden, "Too Many Contacts"};
  }
  return {};
}

// "*" removes all, and stands alone with an Expires of zero (10.2.2).
Refusal Update::remove_all() {
  const auto contacts = request_.values(sip::HeaderId::Contact);
  const auto expires = request_.typed<sip::HeaderId::Expires>();
  if (++contacts.begin() != contacts.end() || !expires || *expires != 0) {
    return {sip::status::kBadRequest, "Contact: * needs Expires: 0 and no other contact"};
  }
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    if (binding->call_id() == call_id_ && cseq_ <= binding->cseq()) {
      return {sip::status::kServerInternalError, "CSeq Out of Order"};
    }
    bindings_.remove(*binding);
    ++changes_.removed;
  }
  return {};
}

// The binding that `contact` means, by URI (10.3 step 7) or as the same flow of the same phone (RFC
// 5626 6). Null for none. Others that it means as well are removed: one contact is one binding.
Refusal Update::find_old(const Contact& contact, store::Binding*& old) {
  for (store::Binding* added = bindings_.first_added(); added != nullptr;
       added = bindings_.next_added(*added)) {
    if (sip::equal_uris(added->contact(), contact.uri))
      return {sip::status::kBadRequest, "Contact Twice"};
  }
  for (store::Binding* binding = user_.first_binding(); binding != nullptr;
       binding = user_.next_binding(*binding)) {
    const bool same_phone = contact.reg_id != 0 && !contact.instance.empty() &&
                            binding->reg_id() == contact.reg_id &&
                            binding->instance() == contact.instance;
    if (!same_phone && !sip::equal_uris(binding->contact(), contact.uri)) continue;
    if (bindings_.touches(*binding)) return {sip::status::kBadRequest, "Contact Twice"};
    if (binding->call_id() == call_id_ && cseq_ <= binding->cseq()) {
      return {sip::status::kServerInternalError, "CSeq Out of Order"};
    }
    if (old == nullptr) {
      old = binding;
    } else {
      bindings_.remove(*binding);
      ++changes_.removed;
    }
  }
  return {};
}

store::BindingFields Update::fields_of(const Contact& contact, std::span<char> path) const {
  store::BindingFields fields;
  fields.contact = contact.uri;
  fields.params = write_kept_params(contact.params, scratch_);
  fields.call_id = call_id_;
  fields.path = write_path(request_, path);
  fields.instance = contact.instance;
  fields.reg_id = contact.reg_id;
  fields.user_agent = request_.header(sip::HeaderId::UserAgent).value_or("");
  fields.received = flow_.remote;
  fields.local = flow_.local;
  fields.transport = static_cast<uint8_t>(flow_.transport);
  fields.listener = flow_.listener;
  fields.flow = flow_.connection.to_u64();
  fields.q = contact.q;
  fields.cseq = cseq_;
  fields.expires_at = now_ + contact.expires;
  return fields;
}

Refusal Update::take(const Contact& contact) {
  store::Binding* old = nullptr;
  if (const Refusal refusal = find_old(contact, old)) return refusal;
  if (contact.expires.count() == 0) {
    if (old == nullptr) return {};
    bindings_.remove(*old);
    ++changes_.removed;
    return {};
  }
  std::array<char, kPathMax> path;
  const store::BindingFields fields = fields_of(contact, path);
  ++(old != nullptr ? changes_.refreshed : changes_.added);
  if (old != nullptr && is_same(*old, fields)) {
    bindings_.refresh(*old, fields.expires_at, fields.cseq);
    return {};
  }
  const Result<void> done =
      old != nullptr ? bindings_.replace(*old, fields) : bindings_.add(fields);
  if (done) return {};
  if (done.error() == Error::TooLong) return {sip::status::kBadRequest, "Contact Too Long"};
  return shortage("capacity.bindings");
}

}  // namespace tipring::registrar

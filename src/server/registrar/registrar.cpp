#include "server/registrar/registrar.h"

#include <algorithm>

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

constexpr std::string_view kName = "registrations";
// 10.3 step 7: a shorter wish may be refused only below an hour.
constexpr Millis kHour{3'600'000};
constexpr size_t kHeadersMax = 16384;

uint16_t parse_q(std::string_view text) {
  if (text.starts_with('1')) return 1000;
  uint16_t q = 0;
  const std::string_view digits = text.size() > 2 && text[1] == '.' ? text.substr(2, 3) : std::string_view();
  for (size_t i = 0; i < 3; ++i) q = static_cast<uint16_t>(q * 10 + (i < digits.size() ? digits[i] - '0' : 0));
  return std::min<uint16_t>(q, 1000);
}

}  // namespace

struct Registrar::Contact {
  std::string_view uri;
  std::string_view instance;
  uint16_t q = 1000;
  uint32_t reg_id = 0;
  Millis expires{0};
};

void Registrar::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Registration>::plan(plan, kName, updates_max(limits));
  plan.add("registrar_scratch", 1, kHeadersMax);
}

Registrar::Registrar(const service::Environment& environment, store::Store& store, const port::Clock& clock,
                     const RegistrarOptions& options, Arena& arena, const Limits& limits)
    : environment_(environment),
      store_(store),
      clock_(clock),
      options_(options),
      registrations_(kName, arena, updates_max(limits)),
      scratch_(arena.take<char>(kHeadersMax)) {}

void Registrar::handle(const Incoming& request) {
  Registration* registration = registrations_.acquire(*this);
  std::array<char, service::kRetryAfterMax> retry_after;
  sip::ResponseParts busy;
  busy.headers = service::write_retry_after(environment_, request.message, retry_after);
  if (registration == nullptr) {
    return environment_.transactions.reply_stateless(request, sip::status::kServiceUnavailable, busy);
  }
  if (registration->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*registration);
  }
  registration->user = tipring::Handle<store::User>::from_u64(registration->get<service::DigestServerAuth>().user());
  registration->flow = request.flow;
  const auto server = environment_.transactions.open(request, *this,
                                                     registrations_.handle_of(*registration).to_u64(), false);
  if (!server) {
    environment_.transactions.reply_stateless(request, sip::status::kServiceUnavailable, busy);
    return release(*registration);
  }
  registration->server = *server;
  store::User* user = store_.get(registration->user);
  if (user == nullptr) return refuse(*registration, {sip::status::kNotFound, {}});
  if (user->busy()) return store_.wait_for(*user, *registration);
  process(*registration, *user);
}

void Registration::on_user_free(store::User* free_user) {
  if (free_user == nullptr) return owner.refuse(*this, {sip::status::kNotFound, {}});
  owner.process(*this, *free_user);
}

void Registrar::process(Registration& registration, store::User& user) {
  const MessageRef kept = environment_.transactions.request_of(registration.server);
  if (!kept) return release(registration);
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(kept.view(), index, sip::Framing::Datagram);
  if (!parsed.view.has(sip::HeaderId::Contact)) return answer(registration, user);
  const auto begun = store_.begin_update(user);
  if (!begun) {
    if (begun.error() == Error::Busy) return store_.wait_for(user, registration);
    return refuse(registration, {sip::status::kServiceUnavailable, "Too Many Registrations Wait"});
  }
  store::BindingUpdate& changes = **begun;
  const Refusal refusal = update(registration, parsed.view, user, changes);
  if (refusal.status != 0) {
    store_.abandon(changes);
    return refuse(registration, refusal);
  }
  const auto state = store_.commit(changes, *this, registrations_.handle_of(registration).to_u64());
  if (!state) return refuse(registration, {sip::status::kServiceUnavailable, "Store Full"});
  if (*state == store::CommitState::Applied) {
    environment_.log.info("binding_refreshed", kv("user", user.name()));
    answer(registration, user);
  }
}

Registrar::Refusal Registrar::update(Registration& registration, const sip::MessageView& request,
                                     store::User& user, store::BindingUpdate& changes) {
  const std::string_view first = *request.values(sip::HeaderId::Contact).begin();
  if (first == "*") return update_all(request, user, changes);
  // All contacts are read before any is taken.
  for (const std::string_view value : request.values(sip::HeaderId::Contact)) {
    Contact contact;
    const Refusal refusal = read(request, value, contact);
    if (refusal.status != 0) return refusal;
  }
  for (const std::string_view value : request.values(sip::HeaderId::Contact)) {
    Contact contact;
    static_cast<void>(read(request, value, contact));
    const Refusal refusal = apply(registration, request, user, contact, changes);
    if (refusal.status != 0) return refusal;
  }
  const uint32_t count = user.binding_count() + changes.added_count() - changes.removed_count();
  if (count > options_.max_bindings_per_aor) return {sip::status::kForbidden, "Too Many Contacts"};
  return {};
}

// "*" removes all, and stands alone with an Expires of zero (10.2.2).
Registrar::Refusal Registrar::update_all(const sip::MessageView& request, store::User& user,
                                         store::BindingUpdate& changes) {
  const auto contacts = request.values(sip::HeaderId::Contact);
  const auto expires = request.typed<sip::HeaderId::Expires>();
  if (++contacts.begin() != contacts.end() || !expires || *expires != 0) {
    return {sip::status::kBadRequest, "Contact: * needs Expires: 0 and no other contact"};
  }
  const auto cseq = request.typed<sip::HeaderId::CSeq>();
  const std::string_view call_id = *request.header(sip::HeaderId::CallId);
  for (store::Binding* binding = user.first_binding(); binding != nullptr; binding = user.next_binding(*binding)) {
    if (binding->call_id() == call_id && cseq->number <= binding->cseq()) {
      return {sip::status::kServerInternalError, "CSeq Out of Order"};
    }
    changes.remove(*binding);
  }
  return {};
}

Registrar::Refusal Registrar::read(const sip::MessageView& request, std::string_view value,
                                   Contact& contact) const {
  const auto address = sip::parse_name_addr(value);
  if (!address || !sip::parse_uri(address->uri)) return {sip::status::kBadRequest, "Bad Request - Contact"};
  contact.uri = address->uri;
  if (const auto instance = address->param("+sip.instance")) contact.instance = instance->value;
  if (const auto q = address->param("q")) contact.q = parse_q(q->value);
  Millis wanted = options_.default_expires;
  const auto header = request.typed<sip::HeaderId::Expires>();
  if (header) wanted = Millis(int64_t{*header} * 1000);
  if (const auto param = address->param("expires")) {
    // What cannot be read counts as an hour (10.2.1.1).
    const auto seconds = sip::NumberTraits::parse(param->value);
    wanted = seconds ? Millis(int64_t{*seconds} * 1000) : kHour;
  }
  contact.expires = std::min(wanted, options_.max_expires);
  const bool too_short = contact.expires.count() > 0 && contact.expires < kHour &&
                         contact.expires < options_.min_expires;
  if (too_short) return {sip::status::kIntervalTooBrief, {}};
  return {};
}

Registrar::Refusal Registrar::apply(const Registration& registration, const sip::MessageView& request,
                                    store::User& user, const Contact& contact, store::BindingUpdate& changes) {
  const auto cseq = request.typed<sip::HeaderId::CSeq>();
  const std::string_view call_id = *request.header(sip::HeaderId::CallId);
  store::Binding* old = user.first_binding();
  while (old != nullptr && !sip::equal_uris(old->contact(), contact.uri)) old = user.next_binding(*old);
  if (old != nullptr && changes.touches(*old)) return {sip::status::kBadRequest, "Contact Twice"};
  if (old != nullptr && old->call_id() == call_id && cseq->number <= old->cseq()) {
    return {sip::status::kServerInternalError, "CSeq Out of Order"};
  }
  if (contact.expires.count() == 0) {
    if (old != nullptr) changes.remove(*old);
    return {};
  }
  const Millis expires_at = environment_.now() + contact.expires;
  const transport::Flow& flow = registration.flow;
  const bool same = old != nullptr && old->contact() == contact.uri && old->call_id() == call_id &&
                    old->received() == flow.remote && old->flow() == flow.connection.to_u64();
  if (same) {
    changes.refresh(*old, expires_at, cseq->number);
    return {};
  }
  store::BindingFields fields;
  fields.contact = contact.uri;
  fields.call_id = call_id;
  fields.instance = contact.instance;
  fields.user_agent = request.header(sip::HeaderId::UserAgent).value_or("");
  fields.received = flow.remote;
  fields.local = flow.local;
  fields.transport = static_cast<uint8_t>(flow.transport);
  fields.listener = flow.listener;
  fields.flow = flow.connection.to_u64();
  fields.q = contact.q;
  fields.cseq = cseq->number;
  fields.expires_at = expires_at;
  const Result<void> done = old != nullptr ? changes.replace(*old, fields) : changes.add(fields);
  if (done) return {};
  if (done.error() == Error::TooLong) return {sip::status::kBadRequest, "Contact Too Long"};
  return {sip::status::kServiceUnavailable, "Too Many Bindings"};
}

void Registrar::on_stored(uint64_t tag, store::StoreStatus status) {
  Registration* registration = registrations_.get(Handle::from_u64(tag));
  if (registration == nullptr) return;
  store::User* user = store_.get(registration->user);
  if (status != store::StoreStatus::Durable || user == nullptr) {
    return refuse(*registration, {sip::status::kServiceUnavailable, "Store Failed"});
  }
  environment_.log.info("bindings_changed", kv("user", user->name()), kv("bindings", user->binding_count()));
  answer(*registration, *user);
}

// 10.3 step 8: all bindings, as they were registered.
void Registrar::answer(Registration& registration, store::User& user) {
  sip::Writer out(scratch_);
  const Millis now = environment_.now();
  for (store::Binding* binding = user.first_binding(); binding != nullptr; binding = user.next_binding(*binding)) {
    const int64_t seconds = std::max<int64_t>((binding->expires_at() - now).count() / 1000, 0);
    out.text("Contact: <").text(binding->contact()).text(">");
    if (binding->q() != 1000) {
      out.text(";q=0.").number(binding->q() / 100u).number(binding->q() / 10u % 10u).number(binding->q() % 10u);
    }
    out.text(";expires=").number(static_cast<uint64_t>(seconds)).crlf();
  }
  if (out.full()) return refuse(registration, {sip::status::kServerInternalError, "Too Many Contacts"});
  sip::ResponseParts parts;
  parts.headers = out.view();
  static_cast<void>(environment_.transactions.respond(registration.server, sip::status::kOk, parts).has_value());
  release(registration);
}

void Registrar::refuse(Registration& registration, const Refusal& refusal) {
  sip::Writer out(scratch_);
  if (refusal.status == sip::status::kIntervalTooBrief) {
    out.header(sip::HeaderId::MinExpires, static_cast<uint64_t>(options_.min_expires.count() / 1000));
  }
  if (refusal.status == sip::status::kServiceUnavailable) out.header(sip::HeaderId::RetryAfter, uint64_t{3});
  sip::ResponseParts parts;
  parts.reason = refusal.reason;
  parts.headers = out.view();
  if (!environment_.transactions.respond(registration.server, refusal.status, parts)) {
    environment_.transactions.drop(registration.server);
  }
  release(registration);
}

void Registrar::on_server_end(uint64_t context, transaction::ServerHandle, transaction::EndReason) {
  if (Registration* registration = registrations_.get(Handle::from_u64(context))) release(*registration);
}

void Registrar::on_binding_expired(const store::User& user, const store::Binding& binding) {
  environment_.log.info("binding_expired", kv("user", user.name()), kv("contact", binding.contact()));
}

}  // namespace tipring::registrar

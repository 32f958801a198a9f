#include "server/registrar/registrar.h"

#include <algorithm>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

constexpr std::string_view kName = "registrar_contexts";
// 10.3 step 7: a shorter wish may be refused only below an hour.
constexpr Millis kHour{3'600'000};
// The start of 2020: a board that does not know the time yet tells phones none.
constexpr Millis kClockIsSet{1'577'836'800'000};
constexpr size_t kHeadersMax = 16384;
constexpr size_t kPathMax = 1024;
constexpr size_t kContactLineMax = 64;  // beside the contact and its parameters
constexpr size_t kDateLineMax = 64;

// The parameters that are given back as they came, on one line: all but those that the registrar
// decides.
std::string_view write_kept_params(std::string_view params, std::span<char> out) {
  sip::Writer kept(out);
  sip::Param param;
  for (std::string_view rest = params;;) {
    const std::string_view before = rest;
    if (sip::next_param(rest, param) != sip::ParamStatus::Found) break;
    if (iequals(param.name, "expires") || iequals(param.name, "q")) continue;
    kept.unfolded(before.substr(0, before.size() - rest.size()));
  }
  return kept.view();
}

}  // namespace

struct Registrar::Contact {
  std::string_view uri;
  std::string_view params;  // all that came
  std::string_view instance;
  uint16_t q = 1000;
  uint32_t reg_id = 0;
  Millis expires{0};
};

void Registrar::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Registration>::plan(plan, kName, updates_max(limits));
  plan.add("registrar_scratch", 1, kHeadersMax);
}

Registrar::Registrar(const service::Environment& environment, store::Store& store,
                     const port::Clock& clock, const RegistrarOptions& options, Arena& arena,
                     const Limits& limits)
    : environment_(environment),
      store_(store),
      clock_(clock),
      options_(options),
      registrations_(kName, arena, updates_max(limits)),
      scratch_(arena.take<char>(kHeadersMax)) {}

void Registrar::handle(const Incoming& request) {
  Registration* registration = registrations_.acquire(*this);
  if (registration == nullptr) return refuse_stateless(request, "capacity.users");
  if (registration->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*registration);
  }
  registration->user =
      tipring::Handle<store::User>::from_u64(registration->get<service::DigestServerAuth>().user());
  registration->flow = request.flow;
  const auto server = environment_.transactions.open(
      request, *this, registrations_.handle_of(*registration).to_u64(), false);
  if (!server) {
    refuse_stateless(request, "capacity.transactions");
    return release(*registration);
  }
  registration->server = *server;
  store::User* user = store_.get(registration->user);
  if (user == nullptr) return refuse(*registration, {sip::status::kNotFound, {}});
  if (user->busy()) return store_.wait_for(*user, *registration);
  process(*registration, *user);
}

void Registrar::refuse_stateless(const Incoming& request, std::string_view key) {
  environment_.transactions.reply_stateless(
      request, sip::status::kServiceUnavailable,
      environment_.overload.refuse(request.message, key, environment_.now()));
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
    return refuse(registration, shortage("capacity.users"));
  }
  store::BindingUpdate& changes = **begun;
  const Refusal refusal = update(registration, parsed.view, user, changes);
  if (refusal.status != 0) {
    store_.abandon(changes);
    return refuse(registration, refusal);
  }
  const auto state = store_.commit(changes, *this, registrations_.handle_of(registration).to_u64());
  if (!state) return refuse(registration, shortage("capacity.users"));
  if (*state == store::CommitState::Applied) {
    log_changes(registration, user);
    answer(registration, user);
  }
}

// R6.4: an operator finds each of the four by its own name; expiry has on_binding_expired().
void Registrar::log_changes(const Registration& registration, const store::User& user) {
  const auto line = [&](std::string_view event, uint32_t count) {
    if (count == 0) return;
    environment_.log.info(event, kv("user", user.name()), kv("count", count),
                          kv("bindings", user.binding_count()));
  };
  line("binding_added", registration.changes.added);
  line("binding_refreshed", registration.changes.refreshed);
  line("binding_removed", registration.changes.removed);
}

Registrar::Refusal Registrar::update(Registration& registration, const sip::MessageView& request,
                                     store::User& user, store::BindingUpdate& changes) {
  const Refusal bad_path = check_path(request);
  if (bad_path.status != 0) return bad_path;
  const std::string_view first = *request.values(sip::HeaderId::Contact).begin();
  if (first == "*") return update_all(registration, request, user, changes);
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
  if (count > options_.max_bindings_per_aor || !answer_fits(user, changes)) {
    return {sip::status::kForbidden, "Too Many Contacts"};
  }
  return {};
}

// What is stored must be told (10.3 step 8), so more than can be told is not stored. Those that go
// are counted too: it is a bound.
bool Registrar::answer_fits(const store::User& user, const store::BindingUpdate& changes) {
  if (changes.added_count() == 0) return true;
  size_t size = kDateLineMax + kPathMax + kContactLineMax;
  const auto add = [&size](const store::Binding& binding) {
    size += kContactLineMax + binding.contact().size() + binding.params().size();
  };
  for (const store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    add(*binding);
  }
  for (const store::Binding* binding = changes.first_added(); binding != nullptr;
       binding = changes.next_added(*binding)) {
    add(*binding);
  }
  return size <= kHeadersMax;
}

// RFC 3327 5.3. A Path is a route set, and we route loosely (16.6 step 6 is for those of others).
Registrar::Refusal Registrar::check_path(const sip::MessageView& request) const {
  if (!request.has(sip::HeaderId::Path)) return {};
  if (options_.path_needs_support &&
      !sip::contains_token(request.values(sip::HeaderId::Supported), "path")) {
    return {sip::status::kBadExtension, {}};
  }
  size_t size = 0;
  for (const std::string_view value : request.values(sip::HeaderId::Path)) {
    const auto address = sip::parse_name_addr(value);
    const auto uri = address ? sip::parse_uri(address->uri) : sip::parse_uri("");
    size += value.size() + 1;
    if (!uri || !uri->param("lr") || size > kPathMax) {
      return {sip::status::kBadRequest, "Bad Request - Path"};
    }
  }
  return {};
}

// The values of all Path headers, in their order. `out` holds kPathMax.
std::string_view Registrar::write_path(const sip::MessageView& request, std::span<char> out) {
  sip::Writer writer(out);
  for (const std::string_view value : request.values(sip::HeaderId::Path)) {
    if (!writer.view().empty()) writer.text(",");
    writer.unfolded(value);
  }
  return writer.view();
}

// "*" removes all, and stands alone with an Expires of zero (10.2.2).
Registrar::Refusal Registrar::update_all(Registration& registration,
                                         const sip::MessageView& request, store::User& user,
                                         store::BindingUpdate& changes) {
  const auto contacts = request.values(sip::HeaderId::Contact);
  const auto expires = request.typed<sip::HeaderId::Expires>();
  if (++contacts.begin() != contacts.end() || !expires || *expires != 0) {
    return {sip::status::kBadRequest, "Contact: * needs Expires: 0 and no other contact"};
  }
  const auto cseq = request.typed<sip::HeaderId::CSeq>();
  const std::string_view call_id = *request.header(sip::HeaderId::CallId);
  for (store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    if (binding->call_id() == call_id && cseq->number <= binding->cseq()) {
      return {sip::status::kServerInternalError, "CSeq Out of Order"};
    }
    changes.remove(*binding);
    ++registration.changes.removed;
  }
  return {};
}

Registrar::Refusal Registrar::read(const sip::MessageView& request, std::string_view value,
                                   Contact& contact) const {
  const auto address = sip::parse_name_addr(value);
  if (!address || !sip::parse_uri(address->uri))
    return {sip::status::kBadRequest, "Bad Request - Contact"};
  contact.uri = address->uri;
  contact.params = address->params;
  if (const auto instance = address->param("+sip.instance")) contact.instance = instance->value;
  if (const auto param = address->param("reg-id")) {
    const auto reg_id = sip::NumberTraits::parse(param->value);
    if (reg_id) contact.reg_id = *reg_id;
  }
  if (const auto param = address->param("q")) {
    const Result<uint16_t> q = sip::parse_q(param->value);
    if (!q) return {sip::status::kBadRequest, "Bad Request - q of Contact"};
    contact.q = *q;
  }
  Millis wanted = options_.default_expires;
  const auto header = request.typed<sip::HeaderId::Expires>();
  // What cannot be read counts as an hour (10.2.1.1).
  if (request.has(sip::HeaderId::Expires))
    wanted = header ? Millis(int64_t{*header} * 1000) : kHour;
  if (const auto param = address->param("expires")) {
    const auto seconds = sip::NumberTraits::parse(param->value);
    wanted = seconds ? Millis(int64_t{*seconds} * 1000) : kHour;
  }
  contact.expires = std::min(wanted, options_.max_expires);
  const bool too_short = contact.expires.count() > 0 && contact.expires < kHour &&
                         contact.expires < options_.min_expires;
  if (too_short) return {sip::status::kIntervalTooBrief, {}};
  return {};
}

// The binding that `contact` means, by URI (10.3 step 7) or as the same flow of the same phone (RFC
// 5626 6). Null for none. Others that it means as well are removed: one contact is one binding.
Registrar::Refusal Registrar::find_old(Registration& registration, const sip::MessageView& request,
                                       store::User& user, const Contact& contact,
                                       store::BindingUpdate& changes, store::Binding*& old) {
  const auto cseq = request.typed<sip::HeaderId::CSeq>();
  const std::string_view call_id = *request.header(sip::HeaderId::CallId);
  for (store::Binding* added = changes.first_added(); added != nullptr;
       added = changes.next_added(*added)) {
    if (sip::equal_uris(added->contact(), contact.uri))
      return {sip::status::kBadRequest, "Contact Twice"};
  }
  for (store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    const bool same_phone = contact.reg_id != 0 && !contact.instance.empty() &&
                            binding->reg_id() == contact.reg_id &&
                            binding->instance() == contact.instance;
    if (!same_phone && !sip::equal_uris(binding->contact(), contact.uri)) continue;
    if (changes.touches(*binding)) return {sip::status::kBadRequest, "Contact Twice"};
    if (binding->call_id() == call_id && cseq->number <= binding->cseq()) {
      return {sip::status::kServerInternalError, "CSeq Out of Order"};
    }
    if (old == nullptr) {
      old = binding;
    } else {
      changes.remove(*binding);
      ++registration.changes.removed;
    }
  }
  return {};
}

Registrar::Refusal Registrar::apply(Registration& registration, const sip::MessageView& request,
                                    store::User& user, const Contact& contact,
                                    store::BindingUpdate& changes) {
  store::Binding* old = nullptr;
  const Refusal refusal = find_old(registration, request, user, contact, changes, old);
  if (refusal.status != 0) return refusal;
  if (contact.expires.count() == 0) {
    if (old == nullptr) return {};
    changes.remove(*old);
    ++registration.changes.removed;
    return {};
  }
  const transport::Flow& flow = registration.flow;
  store::BindingFields fields;
  fields.contact = contact.uri;
  fields.params = write_kept_params(contact.params, scratch_);
  fields.call_id = *request.header(sip::HeaderId::CallId);
  std::array<char, kPathMax> path;
  fields.path = write_path(request, path);
  fields.instance = contact.instance;
  fields.reg_id = contact.reg_id;
  fields.user_agent = request.header(sip::HeaderId::UserAgent).value_or("");
  fields.received = flow.remote;
  fields.local = flow.local;
  fields.transport = static_cast<uint8_t>(flow.transport);
  fields.listener = flow.listener;
  fields.flow = flow.connection.to_u64();
  fields.q = contact.q;
  fields.cseq = request.typed<sip::HeaderId::CSeq>()->number;
  fields.expires_at = environment_.now() + contact.expires;
  const bool same = old != nullptr && old->contact() == fields.contact &&
                    old->params() == fields.params && old->call_id() == fields.call_id &&
                    old->path() == fields.path && old->q() == fields.q &&
                    old->received() == fields.received && old->local() == fields.local &&
                    old->transport() == fields.transport && old->listener() == fields.listener &&
                    old->flow() == fields.flow;
  ++(old != nullptr ? registration.changes.refreshed : registration.changes.added);
  if (same) {
    changes.refresh(*old, fields.expires_at, fields.cseq);
    return {};
  }
  const Result<void> done = old != nullptr ? changes.replace(*old, fields) : changes.add(fields);
  if (done) return {};
  if (done.error() == Error::TooLong) return {sip::status::kBadRequest, "Contact Too Long"};
  return shortage("capacity.bindings");
}

void Registrar::on_stored(uint64_t tag, store::StoreStatus status) {
  Registration* registration = registrations_.get(Handle::from_u64(tag));
  if (registration == nullptr) return;
  store::User* user = store_.get(registration->user);
  if (status != store::StoreStatus::Durable || user == nullptr) {
    return refuse(*registration,
                  {sip::status::kServiceUnavailable, "Service Unavailable - Store Failed"});
  }
  log_changes(*registration, *user);
  answer(*registration, *user);
}

// 10.3 step 8: all bindings, as they were registered.
void Registrar::answer(Registration& registration, store::User& user) {
  sip::Writer out(scratch_);
  const Millis now = environment_.now();
  for (store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    // Upwards, so that what was granted is what is said.
    const int64_t seconds =
        std::max<int64_t>(((binding->expires_at() - now).count() + 999) / 1000, 0);
    out.text("Contact: <").text(binding->contact()).text(">").text(binding->params());
    if (binding->q() != 1000) {
      out.text(";q=0.")
          .number(binding->q() / 100u)
          .number(binding->q() / 10u % 10u)
          .number(binding->q() % 10u);
    }
    out.text(";expires=").number(static_cast<uint64_t>(seconds)).crlf();
  }
  const MessageRef kept = environment_.transactions.request_of(registration.server);
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(kept.view(), index, sip::Framing::Datagram);
  std::array<char, kPathMax> path;
  const std::string_view route = write_path(parsed.view, path);
  if (!route.empty()) out.header(sip::HeaderId::Path, route);
  std::array<char, sip::kDateSize> date;
  if (clock_.wall() >= kClockIsSet)
    out.header(sip::HeaderId::Date, sip::write_date(clock_.wall(), date));
  if (out.full())
    return refuse(registration, {sip::status::kServerInternalError, "Too Many Contacts"});
  sip::ResponseParts parts;
  parts.headers = out.view();
  // Without a buffer the phone asks again, and finds no transaction in its way.
  if (!environment_.transactions.respond(registration.server, sip::status::kOk, parts)) {
    environment_.transactions.drop(registration.server);
  }
  release(registration);
}

void Registrar::refuse(Registration& registration, const Refusal& refusal) {
  const MessageRef kept = environment_.transactions.request_of(registration.server);
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(kept.view(), index, sip::Framing::Datagram);
  sip::ResponseParts parts;
  sip::Writer out(scratch_);
  parts.reason = refusal.reason;
  if (!refusal.key.empty()) {
    parts = environment_.overload.refuse(parsed.view, refusal.key, environment_.now());
  } else if (refusal.status == sip::status::kServiceUnavailable) {
    parts.headers = environment_.overload.retry_after(parsed.view);
  } else if (refusal.status == sip::status::kIntervalTooBrief) {
    out.header(sip::HeaderId::MinExpires,
               static_cast<uint64_t>(options_.min_expires.count() / 1000));
    parts.headers = out.view();
  } else if (refusal.status == sip::status::kBadExtension) {
    parts.headers = "Unsupported: path\r\n";
  }
  if (!environment_.transactions.respond(registration.server, refusal.status, parts)) {
    environment_.transactions.drop(registration.server);
  }
  release(registration);
}

void Registrar::on_server_end(uint64_t context, transaction::ServerHandle, transaction::EndReason) {
  if (Registration* registration = registrations_.get(Handle::from_u64(context)))
    release(*registration);
}

void Registrar::on_binding_expired(const store::User& user, const store::Binding& binding) {
  environment_.log.info("binding_expired", kv("user", user.name()),
                        kv("contact", binding.contact()));
}

}  // namespace tipring::registrar

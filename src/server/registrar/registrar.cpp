#include "server/registrar/registrar.h"

#include <array>

#include "server/registrar/answer.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

constexpr std::string_view kName = "registrar_contexts";
constexpr size_t kWarningMax = 160;

}  // namespace

void Registrar::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Registration>::plan(plan, kName, updates_max(limits));
  MergedRequests::plan(limits, plan);
  plan.add("registrar_scratch", 1, kAnswerMax);
}

Registrar::Registrar(const service::Environment& environment, store::Store& store,
                     const port::Clock& clock, const RegistrarOptions& options, Arena& arena,
                     const Limits& limits)
    : environment_(environment),
      store_(store),
      clock_(clock),
      options_(options),
      registrations_(kName, arena, updates_max(limits)),
      merged_(environment.transactions, environment.route_key, arena, limits),
      scratch_(arena.take<char>(kAnswerMax)) {}

// 10.2: the Request-URI names the domain, "The 'userinfo' and '@' components MUST NOT be present".
// There are phones that write their whole address.
bool Registrar::has_good_uri(const Incoming& request) {
  const auto& uri = request.message.parsed_request_uri();
  if (options_.lenient_request_uri || !uri || !uri->has_user) return true;
  constexpr std::string_view kFault = "a user in it, see registrar.lenient_request_uri";
  std::array<char, kWarningMax> warning;
  sip::ResponseParts parts;
  parts.reason = "Bad Request - Request-URI: a user in it";
  parts.headers = sip::write_error_warning("Request-URI", kFault, warning);
  environment_.transactions.reply_stateless(request, sip::status::kBadRequest, parts);
  return false;
}

void Registrar::handle(const Incoming& request) {
  if (!has_good_uri(request)) return;
  const uint64_t name = merged_.name_of(request.message);
  if (merged_.has(request.message, name)) {
    return environment_.transactions.reply_stateless(request, sip::status::kLoopDetected, {});
  }
  Registration* registration = registrations_.acquire(*this);
  if (registration == nullptr) return refuse_stateless(request, "capacity.users");
  if (registration->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*registration);
  }
  registration->user =
      tipring::Handle<store::User>::from_u64(registration->get<service::DigestServerAuth>().user());
  registration->third_party = registration->get<service::DigestServerAuth>().third_party();
  registration->flow = request.flow;
  const auto server = environment_.transactions.open(
      request, *this, registrations_.handle_of(*registration).to_u64(), false);
  if (!server) {
    refuse_stateless(request, "capacity.transactions");
    return release(*registration);
  }
  registration->server = *server;
  merged_.note(request.message, name, *server);
  const auto& uri = request.message.parsed_request_uri();
  if (uri && uri->has_user) {
    environment_.log.info("lenient_request_uri", kv("uri", request.message.request_uri()));
  }
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
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  if (!request.has(sip::HeaderId::Contact)) return answer(registration, user);
  const auto begun = store_.begin_update(user);
  if (!begun) {
    if (begun.error() == Error::Busy) return store_.wait_for(user, registration);
    return refuse(registration, shortage("capacity.users"));
  }
  store::BindingUpdate& changes = **begun;
  const Update::From from{request, registration.flow, environment_.now(), registration.third_party};
  Update update(options_, environment_, from, user, changes, scratch_);
  const Refusal refusal = update.gather();
  if (refusal) {
    store_.abandon(changes);
    return refuse(registration, refusal);
  }
  registration.changes = update.changes();
  const auto state = store_.commit(changes, *this, registrations_.handle_of(registration).to_u64());
  if (!state) return refuse(registration, shortage("capacity.users"));
  if (*state == store::CommitState::Applied) {
    note_changes(registration, user);
    answer(registration, user);
  }
}

// R6.4: an operator finds each of the four by its own name; expiry has on_binding_expired().
void Registrar::note_changes(const Registration& registration, const store::User& user) {
  counters_.added += registration.changes.added;
  counters_.refreshed += registration.changes.refreshed;
  counters_.removed += registration.changes.removed;
  const auto line = [&](std::string_view event, uint32_t count) {
    if (count == 0) return;
    environment_.log.info(event, kv("user", user.name()), kv("count", count),
                          kv("bindings", user.binding_count()));
  };
  line("binding_added", registration.changes.added);
  line("binding_refreshed", registration.changes.refreshed);
  line("binding_removed", registration.changes.removed);
}

void Registrar::on_stored(uint64_t tag, store::StoreStatus status) {
  Registration* registration = registrations_.get(Handle::from_u64(tag));
  if (registration == nullptr) return;
  store::User* user = store_.get(registration->user);
  if (status != store::StoreStatus::Durable || user == nullptr) {
    return refuse(*registration,
                  {sip::status::kServiceUnavailable, "Service Unavailable - Store Failed"});
  }
  note_changes(*registration, *user);
  answer(*registration, *user);
}

void Registrar::answer(Registration& registration, store::User& user) {
  const MessageRef kept = environment_.transactions.request_of(registration.server);
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  sip::Writer out(scratch_);
  write_answer(request, user, {environment_.now(), clock_.wall(), options_.service_route}, out);
  if (out.full())
    return refuse(registration, {sip::status::kServerInternalError, "Too Many Contacts"});
  sip::ResponseParts parts;
  parts.headers = out.view();
  // Without a buffer the phone asks again, and finds no transaction in its way.
  if (!environment_.transactions.respond(registration.server, request, sip::status::kOk, parts)) {
    environment_.transactions.drop(registration.server);
  }
  keep_connection(registration, user);
  release(registration);
}

// Calls come by it as long as a binding stands, however quiet it is meanwhile.
void Registrar::keep_connection(const Registration& registration, store::User& user) {
  const transport::Flow& flow = registration.flow;
  for (store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    if (binding->flow() != flow.connection.to_u64()) continue;
    environment_.transport.keep(flow, binding->expires_at());
  }
}

void Registrar::refuse(Registration& registration, const Refusal& refusal) {
  if (refusal.is_too_many && unregistered_ != nullptr) {
    const store::User* const user = store_.get(registration.user);
    const uint32_t registered = user == nullptr ? 0 : user->binding_count();
    unregistered_->on_too_many(registration.user, registration.flow.remote, registered,
                               options_.max_bindings_per_aor, environment_.now());
  }
  const MessageRef kept = environment_.transactions.request_of(registration.server);
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  sip::ResponseParts parts;
  sip::Writer out(scratch_);
  parts.reason = refusal.reason;
  std::array<char, kWarningMax> warning;
  if (!refusal.reason.empty()) {
    parts.headers = sip::write_error_warning("", refusal.reason, warning);
  }
  if (!refusal.key.empty()) {
    parts = environment_.overload.refuse(request, refusal.key, environment_.now());
  } else if (refusal.status == sip::status::kServiceUnavailable) {
    parts.headers = environment_.overload.retry_after(request);
  } else if (refusal.status == sip::status::kIntervalTooBrief) {
    out.header(sip::HeaderId::MinExpires,
               static_cast<uint64_t>(options_.min_expires.count() / 1000));
    parts.headers = out.view();
  } else if (refusal.status == sip::status::kBadExtension) {
    parts.headers = "Unsupported: path\r\n";
  }
  if (!environment_.transactions.respond(registration.server, request, refusal.status, parts)) {
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

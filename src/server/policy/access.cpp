#include "server/policy/access.h"

#include "core/text.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::policy {

namespace {

// Methods that a phone answers with 481 outside a dialog that it knows. The others could begin
// something new with one of our users, whatever dialog their cookie was made for.
bool needs_dialog(sip::Method method) {
  return method == sip::Method::Ack || method == sip::Method::Bye || method == sip::Method::Prack ||
         method == sip::Method::Update || method == sip::Method::Info;
}

}  // namespace

Rule decide(bool from_ours, bool to_ours, bool in_dialog, const AccessOptions& options) {
  if (in_dialog) return Rule::Allow;
  if (!from_ours) return to_ours && options.accept_foreign ? Rule::Allow : Rule::Forbid;
  if (!to_ours && !options.foreign) return Rule::Forbid;
  return options.invite == InviteChallenge::Off ? Rule::Allow : Rule::Authenticate;
}

void AccessRules::read_party(const Result<sip::Uri, sip::ParseError>& uri, Party& party) const {
  if (!uri) return;
  party.domain = domains_.domain_of(uri->host, uri->port);
  party.name = sip::unescape(uri->user, party.room);
}

Access AccessRules::judge(const Incoming& request, const service::RouteFacts& route) {
  const Access access = judge_new(request, route);
  if (passing_ != nullptr && access.status == 0 && !access.dropped) passing_->note(request);
  return access;
}

Access AccessRules::judge_new(const Incoming& request, const service::RouteFacts& route) {
  const sip::MessageView& message = request.message;
  const sip::Method method = message.method();
  if (!message.typed<sip::HeaderId::From>() || !message.typed<sip::HeaderId::To>())
    return {sip::status::kBadRequest};
  const sip::ParsedUri& uri =
      route.request_uri != nullptr ? *route.request_uri : message.parsed_request_uri();
  const bool to_ours = !route.routed_on && domain_of_target(domains_, uri).has_value();
  const bool in_dialog = route.in_dialog && (!to_ours || needs_dialog(method));
  if (method == sip::Method::Ack || method == sip::Method::Cancel) {
    // Without the dialog's cookie it may only reach our own phones: anyone can send one.
    const bool may_renew = route.may_be_older && !route.routed_on;
    if (in_dialog || to_ours || (may_renew && leads_to_phone(message, uri))) return {};
    if (passing_ != nullptr && passing_->follows(request)) return {};
    return {sip::status::kForbidden};
  }
  Party from;
  read_party(message.from_uri(), from);
  if (method == sip::Method::Register && to_ours) {
    Party to;
    read_party(message.to_uri(), to);
    return authenticate(request, auth::Role::Server, from, to, is_served_at(to, uri));
  }
  // A call that an earlier run of this server let begin: who proves to be its side may go on with it
  // and end it. Its other side is a phone's address, which is no domain of ours.
  const bool old_dialog =
      route.may_be_older && from.domain && !route.routed_on && !message.to_tag().empty() &&
      (needs_dialog(method) || (method == sip::Method::Invite && leads_to_phone(message, uri)));
  switch (decide(from.domain.has_value(), to_ours || old_dialog, in_dialog, options_)) {
    case Rule::Allow: return {};
    case Rule::Forbid: return {sip::status::kForbidden};
    case Rule::Authenticate: break;
  }
  // 22.3: a proxy asks with 407, a user agent server with 401.
  const bool as_server = route.served_here || options_.invite == InviteChallenge::Server;
  return authenticate(request, as_server ? auth::Role::Server : auth::Role::Proxy, from, from,
                      true);
}

// Whether it goes to a phone that the user in To has registered, by the host and port that its
// Contacts have in common. For a re-INVITE, whose To tag anyone can make up, and which a gateway may
// take for a call that begins (12.2.2): it is let go where its sender might have called anyway.
bool AccessRules::leads_to_phone(const sip::MessageView& request, const sip::ParsedUri& uri) const {
  if (!uri || uri->param("maddr")) return false;
  Party to;
  read_party(request.to_uri(), to);
  if (!to.domain || !to.name) return false;
  const store::User* user = store_.find_called(*to.domain, *to.name);
  if (user == nullptr) return false;
  for (const store::Binding* binding = user->first_binding(); binding != nullptr;
       binding = user->next_binding(*binding)) {
    const auto contact = sip::parse_uri(binding->contact());
    if (contact && iequals(contact->host, uri->host) && contact->port == uri->port) return true;
  }
  return false;
}

// Where the caller could not have gone by himself no phone of ours sends him: a foreign caller
// nowhere abroad, one of ours only with routing.foreign.
bool AccessRules::may_follow(const sip::MessageView& request, const sip::Uri& uri) {
  Party from;
  read_party(request.from_uri(), from);
  const bool to_ours = domain_of_target(domains_, uri).has_value();
  return decide(from.domain.has_value(), to_ours, false, options_) != Rule::Forbid;
}

bool AccessRules::is_shut_out(const Incoming& request) {
  if (blocks_->left_for_source(request.flow.remote.ip, request.now) == Millis(0)) return false;
  blocks_->count_dropped();
  return true;
}

// `from` and `to`: the addresses-of-record that the sender must own, or `to` that of another whom a
// rule lets him act for. Unless `served` it is not found, whoever asks.
Access AccessRules::authenticate(const Incoming& request, auth::Role role, const Party& from,
                                 const Party& to, bool served) {
  // The cookie of a dialog has let it come this far, but it is no way to go on guessing.
  if (is_shut_out(request)) return {.dropped = true};
  const Party& login = from.domain ? from : to;
  login_domain_ = login.domain.value_or("");
  const uint8_t algorithms = algorithms_of(login);
  const auth::Asker asker{request.flow.remote.ip, login_domain_, clock_.wall(), request.now};
  const auth::AuthResult result = authenticator_->check(request.message, role, asker, algorithms);
  note(request, result);
  switch (result.verdict) {
    case auth::AuthVerdict::Accepted: break;
    case auth::AuthVerdict::Malformed:
      return {sip::status::kBadRequest, role == auth::Role::Server
                                            ? "Bad Request - Authorization"
                                            : "Bad Request - Proxy-Authorization"};
    case auth::AuthVerdict::Blocked:
      note_fault(request, login, SignInFault::Blocked);
      return refuse_blocked(result.blocked_for);
    case auth::AuthVerdict::Stale: return challenge(role, true, asker, algorithms);
    case auth::AuthVerdict::Wrong:
      note_fault(request, login, SignInFault::WrongPassword);
      return challenge(role, false, asker, algorithms);
    case auth::AuthVerdict::NoCredentials: return challenge(role, false, asker, algorithms);
  }
  // Before the nonce is used up: nothing is kept of a refused request, and its retransmission must
  // not be told that its nonce is stale.
  const store::User* user = store_.get(Handle<store::User>::from_u64(result.user));
  if (user == nullptr || !owns(*user, from)) {
    if (trace_ != nullptr && trace_->on()) {
      trace_->decided(request.message.header(sip::HeaderId::CallId).value_or(""),
                      transport::Decision::LoginForAnother, {result.username});
    }
    note_fault(request, login, SignInFault::NotItsAddress);
    return {sip::status::kForbidden};
  }
  const Access access = owns(*user, to) ? Access{.user = result.user} : act_for(*user, to);
  if (access.status != 0) return access;
  if (!served) return {sip::status::kNotFound};
  const bool again = passing_ != nullptr && passing_->repeats(request);
  if (!again && !authenticator_->confirm(result, asker))
    return challenge(role, true, asker, algorithms);
  if (sign_ins_ != nullptr)
    sign_ins_->note_seen(store_.handle_of(*user), request.flow.remote, user->binding_count(),
                         request.now);
  return access;
}

// Of the user whose address is spoken for, whoever it was; of nobody's the name.
void AccessRules::note_fault(const Incoming& request, const Party& login, SignInFault fault) {
  if (sign_ins_ == nullptr || !login.name) return;
  const store::User* user = store_.find_called(login_domain_, *login.name);
  if (user == nullptr)
    return sign_ins_->unknown().note(*login.name, login_domain_, request.flow.remote, request.now);
  sign_ins_->note_fault(store_.handle_of(*user), fault, request.flow.remote, request.now);
}

// For a trace.
void AccessRules::note(const Incoming& request, const auth::AuthResult& result) const {
  if (trace_ == nullptr || !trace_->on()) return;
  const auto tell = [&](transport::Decision decision,
                        std::initializer_list<transport::DecisionValue> values) {
    trace_->decided(request.message.header(sip::HeaderId::CallId).value_or(""), decision, values);
  };
  switch (result.verdict) {
    case auth::AuthVerdict::Wrong:
      return tell(transport::Decision::WrongPassword, {result.username, request.flow.remote});
    case auth::AuthVerdict::Blocked:
      return tell(transport::Decision::LoginBlocked,
                  {result.username, (result.blocked_for.count() + 999) / 1000});
    case auth::AuthVerdict::Stale: return tell(transport::Decision::NonceStale, {result.username});
    case auth::AuthVerdict::Accepted:
    case auth::AuthVerdict::NoCredentials:
    case auth::AuthVerdict::Malformed: break;
  }
}

// Those for the user whose address is spoken for; 0: as configured.
uint8_t AccessRules::algorithms_of(const Party& login) const {
  static_assert(auth::bit_of(auth::Algorithm::Md5) == store::kAlgorithmMd5 &&
                auth::bit_of(auth::Algorithm::Sha256) == store::kAlgorithmSha256);
  if (!login.name) return 0;
  const store::User* user = store_.find_called(login_domain_, *login.name);
  if (user == nullptr) user = store_.find_by_auth_name(login_domain_, *login.name);
  return user == nullptr ? store_.seeming_algorithms(login_domain_, *login.name)
                         : user->algorithms();
}

Access AccessRules::challenge(auth::Role role, bool stale, const auth::Asker& asker,
                              uint8_t algorithms) {
  sip::Writer out(headers_);
  authenticator_->write_challenges(role, stale, asker, out, algorithms);
  const uint16_t status = role == auth::Role::Server ? sip::status::kUnauthorized
                                                     : sip::status::kProxyAuthenticationRequired;
  return {status, {}, out.view()};
}

// The same for every name and password: 403 says nothing more, but when to come again.
Access AccessRules::refuse_blocked(Millis left) {
  sip::Writer out(headers_);
  out.text("Retry-After: ").number(static_cast<uint64_t>((left.count() + 999) / 1000)).crlf();
  return {sip::status::kForbidden, {}, out.view()};
}

bool AccessRules::owns(const store::User& user, const Party& party) const {
  const auto& [domain, name, room] = party;
  if (!domain || !name || *domain != user.domain()) return false;
  if (*name == user.name()) return true;
  // An address whose user part is somebody's name is his, whatever others are called besides.
  if (store_.find_user(*domain, *name) != nullptr) return false;
  return *name == user.auth_name() || user.has_alias(*name);
}

bool AccessRules::find_secret(std::string_view username, auth::Algorithm algorithm,
                              auth::Secret& secret) {
  const store::User* user = store_.find_by_auth_name(login_domain_, username);
  if (user == nullptr) return false;
  const store::Credentials& known = user->credentials();
  secret.user = store_.handle_of(*user).to_u64();
  if (algorithm == auth::Algorithm::Md5 && (known.present & store::kAlgorithmMd5) != 0)
    secret.ha1 = known.md5;
  if (algorithm == auth::Algorithm::Sha256 && (known.present & store::kAlgorithmSha256) != 0) {
    secret.ha1 = known.sha256;
  }
  return true;
}

}  // namespace tipring::policy

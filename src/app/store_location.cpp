#include "app/store_location.h"

#include <algorithm>

#include "core/text.h"
#include "sip/status.h"
#include "sip/tel_uri.h"

namespace tipring::app {

namespace {

transport::Flow flow_of(const store::Binding& binding) {
  transport::Flow flow;
  flow.local = binding.local();
  flow.remote = binding.received();
  flow.connection = Handle<transport::Connection>::from_u64(binding.flow());
  flow.transport = static_cast<sip::Transport>(binding.transport());
  flow.listener = binding.listener();
  return flow;
}

constexpr size_t kNameMax = 256;  // longer than any name of a user

// A name may end with the dot of the root (RFC 1034 3.1).
bool is_same_name(std::string_view name, std::string_view host) {
  if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  return iequals(name, host);
}

// A user part reads as a telephone number where it says so, and where it begins like one:
// "recipients MAY interpret the pre-@ part as a telephone number" (RFC 3261 19.1.1).
bool may_be_number(const sip::Uri& uri, std::string_view user) {
  const auto kind = uri.param("user");
  if (kind && iequals(kind->value, "phone")) return true;
  return !user.empty() && (user.front() == '+' || is_digit(user.front()));
}

}  // namespace

std::vector<OwnDomain> own_domains(const std::vector<std::string>& names) {
  std::vector<OwnDomain> domains;
  for (const std::string& name : names) domains.push_back({name, port::parse_ip(name)});
  return domains;
}

const std::optional<port::IpAddress>& LastAddress::read(std::string_view host) {
  if (host.size() == size_ && same_text(host, {text_.data(), size_})) return ip_;
  ip_ = port::parse_ip(host);
  size_ = host.size() <= text_.size() ? host.copy(text_.data(), text_.size()) : 0;
  return ip_;
}

bool StoreLocation::is_own(std::string_view host, uint16_t port) const {
  if (found_by_group_ && policy::names_all_servers(host)) return true;
  const auto& ip = last_address_.read(host);
  return (ip && transport_.is_own(*ip, port)) || domain_index(host, ip, port).has_value();
}

bool StoreLocation::was_own(std::string_view host, uint16_t port) const {
  const auto& ip = last_address_.read(host);
  return ip && transport_.was_own(*ip, port);
}

bool StoreLocation::listens_on(uint16_t port) const {
  const auto points = transport_.listen_points();
  return std::any_of(points.begin(), points.end(),
                     [&](const transport::ListenPoint& point) { return point.bind.port == port; });
}

// The spellings of an address are equal. A name may be reached by the default ports whatever we listen
// on.
std::optional<size_t> StoreLocation::domain_index(std::string_view host,
                                                  const std::optional<port::IpAddress>& ip,
                                                  uint16_t port) const {
  const bool default_port = !ip && (port == sip::kSipPort || port == sip::kSipsPort);
  if (port != 0 && !default_port && !listens_on(port)) return std::nullopt;
  for (size_t i = 0; i < domains_.size(); ++i) {
    if (is_same_name(domains_[i].name, host) || (ip && ip == domains_[i].ip)) return i;
  }
  return std::nullopt;
}

// Phones write the address in From and To without our port, so an address of ours counts with any
// port but that of another listener on the same host: only the Request-URI's port says that
// somebody else is meant.
std::optional<std::string_view> StoreLocation::domain_of(std::string_view host,
                                                         uint16_t port) const {
  if (found_by_group_ && policy::names_all_servers(host)) return std::string_view();
  const auto& ip = last_address_.read(host);
  if (const auto i = domain_index(host, ip, port))
    return *i == 0 ? std::string_view() : std::string_view(domains_[*i].name);
  if (!ip) return std::nullopt;
  if (transport_.is_own(*ip, port)) return std::string_view();
  if (port != 0) return std::nullopt;
  for (const transport::ListenPoint& point : transport_.listen_points()) {
    if (transport_.is_own(*ip, point.bind.port)) return std::string_view();
  }
  return std::nullopt;
}

// We speak UDP and TCP. A contact of another scheme, or a safe one, is in the list that the
// registrar gives (RFC 3261 10.2.1) and is never called. One of another transport is, where
// somebody in between speaks it: a proxy of its Path, or who holds the connection that it came by.
bool StoreLocation::is_callable(const store::Binding& binding,
                                const sip::ParsedUri& contact) const {
  if (!contact || contact->scheme == sip::Scheme::Sips) return false;
  const auto transport = contact->param("transport");
  if (!transport || iequals(transport->value, "udp") || iequals(transport->value, "tcp")) {
    return true;
  }
  if (!binding.path().empty()) return true;
  const bool stream = static_cast<sip::Transport>(binding.transport()) != sip::Transport::Udp;
  return stream && transport_.stands(flow_of(binding));
}

// A phone on a stream, or one whose Contact is not where it registered from, is reached the way it
// came.
proxy::Target StoreLocation::target_of(const store::Binding& binding,
                                       const sip::ParsedUri& uri) const {
  // What the request came from was then the last proxy of the path.
  if (!binding.path().empty()) return {uri, std::nullopt, binding.path()};
  // Somebody else has registered the phone, and its Contact is all that is known of it.
  if (binding.received().port == 0) return {uri, std::nullopt, {}};
  const auto transport = static_cast<sip::Transport>(binding.transport());
  const auto ip = uri ? port::parse_ip(uri->host) : std::nullopt;
  const bool stream = transport != sip::Transport::Udp;
  if (!stream && ip && *ip == binding.received().ip) return {uri, std::nullopt, {}};
  const transport::Flow flow = flow_of(binding);
  if (transport_.stands(flow)) return {uri, flow, {}};
  if (stream) return {uri, std::nullopt, {}};
  // The binding is of another time, with other listening points.
  const Result<transport::Flow> anew = transport_.flow_to(transport, flow.remote);
  if (!anew) return {uri, std::nullopt, {}};
  return {uri, *anew, {}};
}

// By where it has registered from. Of a phone that somebody else has registered nothing is known but its
// Contact: an address was looked at then.
bool StoreLocation::is_on_host(const store::Binding& binding, const sip::ParsedUri& contact) const {
  if (binding.received().port != 0) return transport_.is_of_host(binding.received().ip);
  return contact && port::parse_ip(contact->host).has_value();
}

// By the name as it stands, else by the number that it is (RFC 3966 5.1.1: visual separators mean
// nothing; 5.1.5: a local number is good in its context only).
store::Extension StoreLocation::find_in(std::string_view domain, const sip::Uri& uri) const {
  std::array<char, kNameMax> buffer;
  const auto name = sip::unescape(uri.user, buffer);
  if (!name) return {};
  if (const store::Extension found = store_.find_extension(domain, *name)) return found;
  if (!may_be_number(uri, *name)) return {};
  const auto tel = sip::parse_telephone_subscriber(*name);
  if (!tel) return {};
  if (const auto context = tel->param("phone-context")) {
    const auto valid_in = domain_of(context->value, 0);
    if (!valid_in) return {};
    domain = *valid_in;
  }
  std::array<char, kNameMax> digits;
  const auto number = sip::write_number(*tel, digits);
  return number ? store_.find_extension(domain, *number) : store::Extension();
}

// An address of ours stands for the default domain. Who knows us by nothing else may also call the
// users and groups of others, by names that only one of these has; else 485.
store::Extension StoreLocation::find_at_address(const sip::Uri& uri, uint16_t& status) const {
  store::Extension found;
  for (size_t i = 1; i < domains_.size(); ++i) {
    const store::Extension there = find_in(domains_[i].name, uri);
    if (!there || (there.user == found.user && there.group == found.group)) continue;
    if (found) {
      status = sip::status::kAmbiguous;
      return {};
    }
    found = there;
  }
  return found;
}

store::Extension StoreLocation::find_called(const sip::Uri& uri, uint16_t& status) const {
  status = sip::status::kNotFound;
  const auto domain = domain_of(uri.host, uri.port);
  if (!domain) return {};
  const store::Extension found = find_in(*domain, uri);
  const auto& ip = last_address_.read(uri.host);
  if (found || !ip || domain_index(uri.host, ip, uri.port)) return found;
  return find_at_address(uri, status);
}

store::Extension StoreLocation::find(const sip::Uri& uri) const {
  uint16_t status = 0;
  return is_local(uri) ? find_called(uri, status) : store::Extension();
}

std::string_view StoreLocation::user_of(const sip::Uri& uri) const {
  const store::User* user = find(uri).user;
  return user == nullptr ? std::string_view() : user->name();
}

void StoreLocation::find_targets(const sip::Uri& uri, proxy::TargetList& targets,
                                 uint16_t& status) {
  const store::User* user = find_called(uri, status).user;
  if (user == nullptr) return;
  status = offline_status_;
  add_phones(*user, targets);
}

void StoreLocation::add_phones(const store::User& user, proxy::TargetList& targets) const {
  for (const store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    const sip::ParsedUri contact(binding->contact());
    if (!is_callable(*binding, contact)) continue;
    proxy::Target target = target_of(*binding, contact);
    target.q = binding->q();
    target.on_host = is_on_host(*binding, contact);
    target.params = binding->params();
    targets.add(target);
  }
}

bool StoreLocation::is_for_help(const sip::ParsedUri& uri) const {
  return emergency_.target().is_set() && emergency_.is_for_help(uri) &&
         policy::domain_of_target(*this, uri).has_value();
}

// Who calls for help must not hear that there is no such number.
void StoreLocation::find_help(proxy::TargetList& targets, uint16_t& status) {
  status = sip::status::kTemporarilyUnavailable;
  const policy::HelpTarget& target = emergency_.target();
  if (!target.uri.empty()) {
    proxy::Target elsewhere{sip::ParsedUri(target.uri), std::nullopt, {}};
    elsewhere.on_host = true;  // where it is: an operator says so
    return targets.add(elsewhere);
  }
  if (const store::User* user = store_.find_called(target.domain, target.user))
    add_phones(*user, targets);
}

void StoreLocation::find_phones(const store::User& user, b2bua::PhoneList& phones) const {
  for (const store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    const sip::ParsedUri contact(binding->contact());
    if (!is_callable(*binding, contact)) {
      phones.note_out_of_reach();
      continue;
    }
    const proxy::Target target = target_of(*binding, contact);
    const auto ip = port::parse_ip(contact->host);
    b2bua::Phone phone;
    phone.contact = target.uri.text;
    phone.routes = target.path;
    phone.flow = target.flow;
    if (binding->received().port != 0) {
      phone.local = binding->local().ip;
      phone.remote = binding->received();
      phone.behind_nat = ip && *ip != phone.remote.ip;
    }
    phones.add(phone);
  }
}

}  // namespace tipring::app

#include "stack/phone_account.h"

#include <algorithm>

#include "core/text.h"
#include "sip/name_addr.h"
#include "sip/uri.h"
#include "sip/writer.h"
#include "tipring/version.h"

namespace tipring::stack {

namespace {

template <class Write>
std::string written(const Write& write) {
  std::array<char, 512> room;
  sip::Writer writer(room);
  write(writer);
  return writer.full() ? std::string() : std::string(writer.view());
}

// Of what is written into header fields.
bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

// An address that no host has, for which the kernel tells the address that leads to the Internet.
constexpr std::string_view kFarAway = "192.0.2.1";

}  // namespace

PhoneAccount::PhoneAccount(PhoneCalls& calls, Layers& layers, const StackOptions& stack,
                           const AccountOptions& options, AccountEvents& events, std::string& fault)
    : calls_(calls),
      layers_(layers),
      options_(options),
      events_(events),
      registration_(layers.environment, layers.entropy, *this) {
  const auto uri = sip::parse_uri(options_.aor);
  if (!uri || uri->user.empty() || uri->scheme != sip::Scheme::Sip) {
    fault = "aor: \"" + options_.aor + "\" is not sip:USER@HOST";
    return;
  }
  for (const std::string_view text : {options_.display_name, options_.user, stack.user_agent}) {
    if (!has_control_characters(text)) continue;
    fault = "display_name, user and user_agent may hold no line ends and other control characters";
    return;
  }
  domain_ = written([&](sip::Writer& out) { sip::write_host_port(out, *uri); });
  contact_user_ = std::string(uri->user);
  aor_ = "sip:" + contact_user_ + "@" + domain_;
  user_ = options_.user.empty() ? contact_user_ : options_.user;
  address_ = written([&](sip::Writer& out) {
    if (!options_.display_name.empty()) out.quoted(options_.display_name).text(" ");
    out.text("<").text(aor_).text(">");
  });
  if (domain_.empty() || address_.empty()) {
    fault = "aor and display_name: too long together";
    return;
  }
  const std::string first = options_.registrar.empty() ? "sip:" + domain_ : options_.registrar;
  for (const std::string& text : {first, options_.outbound_proxy}) {
    if (!text.empty() && !sip::parse_uri(text)) {
      fault = "\"" + text + "\" is no SIP URI";
      return;
    }
  }
  // A registrar is named without a user: RFC 3261 10.2.
  registrar_ = first;
  const std::string hop = options_.outbound_proxy.empty() ? first : options_.outbound_proxy;
  const std::string route = "<" + hop + (sip::parse_uri(hop)->param("lr") ? ">" : ";lr>");
  if (!options_.outbound_proxy.empty()) register_routes_ = route;
  if (!options_.sends_calls_direct) routes_ = route;
  lines_ = "User-Agent: " +
           (stack.user_agent.empty() ? "tipring/" + std::string(kVersion) : stack.user_agent) +
           "\r\n";
  realm_ = options_.realm;
  in_calls_ = {realm_, user_, options_.password};
  at_registrar_ = {"", user_, options_.password};
}

std::string PhoneAccount::full_uri(std::string_view target) const {
  const auto address = sip::parse_name_addr(target);
  const std::string_view text = address && address->in_brackets ? address->uri : target;
  if (sip::parse_uri(text)) return std::string(text);
  if (text.empty() || text.find_first_of(":@<> ") != std::string_view::npos) return {};
  return written([&](sip::Writer& out) {
    out.text("sip:");
    sip::write_user(out, text);
    out.text("@").text(domain_);
  });
}

port::IpAddress PhoneAccount::local_toward(std::string_view target) const {
  const std::string_view hop = routes_.empty() ? target : std::string_view(routes_).substr(1);
  const auto uri = sip::parse_uri(hop.substr(0, hop.find('>')));
  const auto ip = uri ? port::parse_ip(uri->host) : std::nullopt;
  if (ip) {
    for (const sip::Transport transport : {sip::Transport::Udp, sip::Transport::Tcp}) {
      const auto flow = layers_.transport.flow_to(transport, {*ip, sip::kSipPort});
      if (flow) return flow->local.ip;
    }
  }
  // A name: the registrar's answers have come to an address of ours already.
  if (registered_) return registration_.flow().local.ip;
  return layers_.network.source_for(*port::parse_ip(kFarAway));
}

void PhoneAccount::register_again() {
  service::RegistrationOptions options;
  options.registrar = registrar_;
  options.address = address_;
  options.contact_user = contact_user_;
  options.routes = register_routes_;
  options.lines = lines_;
  options.credentials = {&at_registrar_, 1};
  options.expires_s = options_.expires_s;
  registration_.start(options);
  calls_.kick();
}

void PhoneAccount::unregister() {
  registration_.stop();
  calls_.kick();
}

bool PhoneAccount::is_registered() const { return registered_; }

void PhoneAccount::on_registered(uint32_t expires_s) {
  registered_ = true;
  if (realm_.empty()) realm_ = registration_.realm();
  in_calls_.realm = realm_;
  events_.on_registered(*this, expires_s);
}

void PhoneAccount::on_registration_failed(uint16_t status, std::string_view reason,
                                          Millis retry_in) {
  registered_ = false;
  const bool again = retry_in != kNever;
  events_.on_registration_failed(*this, status, reason, again, again ? retry_in : Millis(0));
}

void PhoneAccount::on_unregistered() {
  registered_ = false;
  events_.on_unregistered(*this);
}

Call* PhoneAccount::call(std::string_view target, CallEvents& events, std::string& fault) {
  return begin_call(target, {}, events, fault);
}

PhoneCall* PhoneAccount::begin_call(std::string_view target, std::string_view lines,
                                    CallEvents& events, std::string& fault) {
  const std::string uri = full_uri(target);
  if (uri.empty()) {
    fault = "\"" + std::string(target) + "\" is neither a SIP URI nor a user";
    return nullptr;
  }
  PhoneCall* const call = calls_.find_free();
  if (call == nullptr) {
    fault = "all calls are in use";
    return nullptr;
  }
  const std::string all_lines = lines_ + std::string(lines);
  fault =
      call->begin(calls_.next_id(), *this, events, {uri, routes_, all_lines, local_toward(uri)});
  return fault.empty() ? call : nullptr;
}

}  // namespace tipring::stack

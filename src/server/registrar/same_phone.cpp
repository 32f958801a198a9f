#include "server/registrar/same_phone.h"

#include <array>

#include "core/text.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::registrar {

namespace {

constexpr size_t kUriParamsMax = 256;  // of a contact that is compared without its transport

std::string_view without_brackets(std::string_view instance) {
  if (instance.starts_with('<') && instance.ends_with('>') && instance.size() > 1) {
    return instance.substr(1, instance.size() - 2);
  }
  return instance;
}

// Phones that were never given one of their own send this, all the same.
constexpr std::string_view kNilUuid = "urn:uuid:00000000-0000-0000-0000-000000000000";

// "urn:" and the namespace without case, what follows as its namespace says (RFC 2141 5).
bool equal_urns(std::string_view a, std::string_view b) {
  constexpr std::string_view kUuid = "urn:uuid:";
  if (a == b) return true;
  if (istarts_with(a, kUuid)) return iequals(a, b);
  const size_t colon = a.find(':', a.find(':') + 1);
  if (!istarts_with(a, "urn:") || colon == std::string_view::npos) return false;
  return iequals(a.substr(0, colon), b.substr(0, colon)) && a.substr(colon) == b.substr(colon);
}

bool may_be_same(const store::Binding& binding, const Contact& contact) {
  return binding.instance().empty() || contact.instance.empty();
}

// Nothing when they are too long to be compared.
std::optional<std::string_view> without_transport(std::string_view params, std::span<char> out) {
  sip::Writer kept(out);
  sip::Param param;
  for (std::string_view rest = params;;) {
    const std::string_view before = rest;
    if (sip::next_param(rest, param) != sip::ParamStatus::Found) break;
    if (!iequals(param.name, "transport")) kept.text(before.substr(0, before.size() - rest.size()));
  }
  if (kept.full()) return std::nullopt;
  return kept.view();
}

bool equal_but_for_port(std::string_view a, std::string_view b, bool any_transport) {
  auto left = sip::parse_uri(a);
  auto right = sip::parse_uri(b);
  if (!left || !right) return false;
  left->port = right->port = 0;
  std::array<char, kUriParamsMax> left_buffer;
  std::array<char, kUriParamsMax> right_buffer;
  if (any_transport) {
    const auto left_params = without_transport(left->params, left_buffer);
    const auto right_params = without_transport(right->params, right_buffer);
    if (!left_params || !right_params) return false;
    left->params = *left_params;
    right->params = *right_params;
  }
  return sip::equal(*left, *right);
}

bool stands(const store::Binding& binding, const transport::TransportLayer& transport) {
  transport::Flow flow;
  flow.local = binding.local();
  flow.remote = binding.received();
  flow.connection = Handle<transport::Connection>::from_u64(binding.flow());
  flow.transport = static_cast<sip::Transport>(binding.transport());
  flow.listener = binding.listener();
  return transport.stands(flow);
}

}  // namespace

bool is_same_instance(const store::Binding& binding, const Contact& contact) {
  const std::string_view instance = without_brackets(contact.instance);
  return !instance.empty() && !iequals(instance, kNilUuid) && binding.reg_id() == contact.reg_id &&
         equal_urns(without_brackets(binding.instance()), instance);
}

bool has_moved(const store::Binding& binding, const Contact& contact, const Sender& sender,
               const transport::TransportLayer& transport) {
  if (!may_be_same(binding, contact)) return false;
  if (binding.call_id_hash() == sender.call_id_hash && binding.received() != sender.flow.remote &&
      equal_but_for_port(binding.contact(), contact.uri, false)) {
    return true;
  }
  // The connection of one that came along a Path was the last proxy's; port 0: somebody else's.
  const bool stream = static_cast<sip::Transport>(binding.transport()) != sip::Transport::Udp &&
                      binding.received().port != 0;
  return stream && binding.path().empty() && binding.received().ip == sender.flow.remote.ip &&
         binding.user_agent() == sender.user_agent && !stands(binding, transport) &&
         equal_but_for_port(binding.contact(), contact.uri, true);
}

bool looks_alike(const store::Binding& binding, const Contact& contact, const Sender& sender) {
  if (!may_be_same(binding, contact) || binding.call_id_hash() == sender.call_id_hash) return false;
  if (binding.received().port == 0 || binding.received().ip != sender.flow.remote.ip ||
      binding.received().port == sender.flow.remote.port ||
      binding.user_agent() != sender.user_agent) {
    return false;
  }
  const auto old = sip::parse_uri(binding.contact());
  const auto fresh = sip::parse_uri(contact.uri);
  return old && fresh && sip::equal_unescaped(old->user, fresh->user, false) &&
         iequals(old->host, fresh->host);
}

}  // namespace tipring::registrar

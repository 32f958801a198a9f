// What is asked of a REGISTER beside who sends it: RFC 3261 10.3 steps 4 and 5.
#include "port/address.h"
#include "server/policy/access.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::policy {

// 10.3 step 5. Phones that know an address of ours only write it into the Request-URI, whatever
// domain their user is of.
bool AccessRules::is_served_at(std::string_view aor, std::string_view request_uri) const {
  const auto to = sip::parse_uri(aor);
  const auto at = sip::parse_uri(request_uri);
  if (!to || !at) return false;
  if (port::parse_ip(at->host)) return true;
  return domains_.domain_of(to->host, to->port) == domains_.domain_of(at->host, at->port);
}

bool AccessRules::is_named(std::string_view name, std::string_view domain,
                           std::string_view rule_name, std::string_view rule_domain) const {
  if (name != rule_name) return false;
  return rule_domain.empty() ? domain.empty() : domains_.domain_of(rule_domain, 0) == domain;
}

// 404 is for those whom a rule lets ask: to anyone else it would tell who is a user here.
Access AccessRules::act_for(const store::User& user, std::string_view aor) const {
  const auto uri = sip::parse_uri(aor);
  const auto domain = uri ? domains_.domain_of(uri->host, uri->port) : std::nullopt;
  std::array<char, 256> buffer;
  const auto name = uri ? sip::unescape(uri->user, buffer) : std::nullopt;
  if (!domain || !name) return {sip::status::kForbidden};
  for (const ThirdPartyRule& rule : third_party_) {
    if (!is_named(user.name(), user.domain(), rule.user, rule.user_domain) ||
        !is_named(*name, *domain, rule.other, rule.other_domain)) {
      continue;
    }
    const store::User* other = store_.find_user(*domain, *name);
    if (other == nullptr) return {sip::status::kNotFound};
    return {.user = store_.handle_of(*other).to_u64(), .third_party = true};
  }
  return {sip::status::kForbidden};
}

}  // namespace tipring::policy

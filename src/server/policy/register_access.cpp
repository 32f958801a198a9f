// What is asked of a REGISTER beside who sends it: RFC 3261 10.3 steps 4 and 5.
#include "port/address.h"
#include "server/policy/access.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::policy {

// 10.3 step 5. Phones that know an address of ours only write it into the Request-URI, whatever
// domain their user is of.
bool AccessRules::is_served_at(const Party& aor,
                               const Result<sip::Uri, sip::ParseError>& at) const {
  if (!at) return false;
  if (port::parse_ip(at->host) || names_all_servers(at->host)) return true;
  return aor.domain == domains_.domain_of(at->host, at->port);
}

bool AccessRules::is_named(std::string_view name, std::string_view domain,
                           std::string_view rule_name, std::string_view rule_domain) const {
  if (name != rule_name) return false;
  return rule_domain.empty() ? domain.empty() : domains_.domain_of(rule_domain, 0) == domain;
}

// 404 is for those whom a rule lets ask: to anyone else it would tell who is a user here.
Access AccessRules::act_for(const store::User& user, const Party& party) const {
  const auto& [domain, name, room] = party;
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

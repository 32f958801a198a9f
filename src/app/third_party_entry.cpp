#include "app/third_party_entry.h"

#include "core/text.h"

namespace tipring::app {

namespace {

// "user", "user@domain" or "user@[2001:db8::1]" at the front of `rest`; what follows stays.
bool take_address(std::string_view& rest, std::string& name, std::string& domain) {
  rest = trim(rest);
  const size_t name_end = rest.find_first_of("@: \t");
  name = rest.substr(0, name_end);
  rest.remove_prefix(name.size());
  if (name.empty()) return false;
  if (!rest.starts_with('@')) return true;
  rest.remove_prefix(1);
  const bool literal = rest.starts_with('[');
  const size_t end = literal ? rest.find(']') : rest.find_first_of(": \t@");
  if (literal && end == std::string_view::npos) return false;
  domain = rest.substr(literal ? 1 : 0, literal ? end - 1 : end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + (literal ? 1 : 0));
  return !domain.empty();
}

}  // namespace

std::optional<policy::ThirdPartyRule> parse_third_party(std::string_view text) {
  policy::ThirdPartyRule rule;
  if (!take_address(text, rule.user, rule.user_domain)) return std::nullopt;
  text = trim(text);
  if (!text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_address(text, rule.other, rule.other_domain) || !trim(text).empty()) {
    return std::nullopt;
  }
  return rule;
}

}  // namespace tipring::app

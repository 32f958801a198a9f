#include "app/ctl_fields.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::app {

namespace {

// As they are typed: display-name, too.
std::string field_name(std::string_view typed) {
  std::string name(typed);
  std::replace(name.begin(), name.end(), '-', '_');
  return name == "alias" ? "aliases" : name;
}

void take(std::string_view word, CtlFields& result) {
  const auto [typed, value] = split_once(word, '=');
  const char sign = typed.empty() ? '\0' : typed.back();
  if (sign == '+' || sign == '-') {
    if (field_name(typed.substr(0, typed.size() - 1)) == "aliases") {
      result.alias_changes.emplace_back(sign == '+', value);
      return;
    }
  }
  const std::string name = field_name(typed);
  const auto known = admin::user_field_names();
  result.unknown_field = std::find(known.begin(), known.end(), name) == known.end();
  result.fault = admin::set_user_field(result.fields, name, value);
}

}  // namespace

CtlFields parse_ctl_fields(std::span<const std::string> words) {
  CtlFields result;
  for (const std::string& word : words) {
    if (result.fault.empty()) take(word, result);
  }
  const bool sets_aliases = (result.fields.present & store::kAliases) != 0;
  if (result.fault.empty() && sets_aliases && !result.alias_changes.empty())
    result.fault = "aliases are given as a whole, or by alias+= and alias-=, but not both";
  return result;
}

std::string apply_alias_changes(CtlFields& fields, std::string_view present) {
  std::vector<std::string> aliases;
  while (!present.empty()) {
    const auto [alias, rest] = split_once(present, ',');
    aliases.emplace_back(alias);
    present = rest;
  }
  for (const auto& [add, alias] : fields.alias_changes) {
    if (alias.empty()) return "aliases: alias+= and alias-= need a name";
    const auto found = std::find(aliases.begin(), aliases.end(), alias);
    if (!add && found == aliases.end()) return "aliases: " + alias + " is none of them";
    if (add && found != aliases.end()) continue;
    if (add && alias.find(',') != std::string::npos) return "aliases: alias+= adds one name";
    if (add) {
      aliases.push_back(alias);
    } else {
      aliases.erase(found);
    }
  }
  std::string text;
  for (const std::string& alias : aliases) text += (text.empty() ? "" : ",") + alias;
  return admin::set_user_field(fields.fields, "aliases", text);
}

}  // namespace tipring::app

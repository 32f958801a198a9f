// FIELD=VALUE words of `user add` and `user set`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "admin/user_fields.h"

namespace tipring::app {

struct CtlFields {
  admin::UserFields fields;
  // alias+=NAME and alias-=NAME, in their order: true adds.
  std::vector<std::pair<bool, std::string>> alias_changes;
  std::string fault;           // what is wrong, or empty
  bool unknown_field = false;  // the fault is one of usage, and not of a value
};

CtlFields parse_ctl_fields(std::span<const std::string> words);

// Makes fields.aliases what `present`, separated by commas, becomes by the changes. Returns what is
// wrong, or nothing.
std::string apply_alias_changes(CtlFields& fields, std::string_view present);

}  // namespace tipring::app

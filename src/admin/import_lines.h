// Lines of an import, "name,password" each. The password is all that follows the first comma; empty
// lines are passed over. Used by the API and the tool alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/user_names.h"

namespace tipring::admin {

struct ImportLine {
  uint32_t line = 0;
  UserName user;
  std::string_view password;  // lies in the text
};

struct ImportFault {
  uint32_t line = 0;
  std::string message;

  std::string text() const { return "line " + std::to_string(line) + ": " + message; }
};

struct ImportLines {
  std::vector<ImportLine> lines;
  std::vector<ImportFault> faults;  // at most kFaultsMax; nothing is to be stored when there is one

  static constexpr size_t kFaultsMax = 20;
};

// Users of `default_domain` are those without a domain, so that both forms of a name are one user.
ImportLines parse_import(std::string_view text, std::string_view default_domain = {});

// The first faults in one line of text, for people.
std::string describe(const std::vector<ImportFault>& faults);

}  // namespace tipring::admin

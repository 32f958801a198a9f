// Lines of an import. Used by the API and the tool alike; empty lines are passed over.
//
// Without a heading each line is "name,password"; the password is all that follows the first comma.
// With a heading, a first line that begins with "name," or has name and password among its columns,
// each line has the columns that it names: name, password and fields of UserFields, as a table of
// values separated by commas (RFC 4180): what holds a comma or a quote stands in quotes. A user
// whose password is missing or empty must stand already, unless the columns realm, ha1_md5 and
// ha1_sha256 have the hashes of one that another server has exported (RFC 7616 3.4.2): for the realm
// and auth_name of the line alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/user_fields.h"
#include "admin/user_names.h"
#include "admin/user_secret.h"

namespace tipring::admin {

struct ImportLine {
  uint32_t line = 0;
  std::string_view text;  // of all of it
  UserName user;
  SecretText password;  // empty: the hashes, or as it is
  UserSecret ha1;       // none present, or made for `realm` and the auth_name of `fields`
  std::string realm;
  UserFields fields;
};

struct ImportFault {
  uint32_t line = 0;
  std::string message;

  std::string text() const { return "line " + std::to_string(line) + ": " + message; }
};

// Views lie in the text that was parsed.
struct ImportLines {
  std::string_view heading;  // empty: there is none
  std::vector<ImportLine> lines;
  std::vector<ImportFault> faults;  // at most kFaultsMax; nothing is to be stored when there is one

  static constexpr size_t kFaultsMax = 20;
};

// Users of `default_domain` are those without a domain, so that both forms of a name are one user.
ImportLines parse_import(std::string_view text, std::string_view default_domain = {});

// Empty when the line has no hashes, or those of our realm.
std::string fault_of_realm(const ImportLine& line, std::string_view realm);

// The first faults in one line of text, for people.
std::string describe(const std::vector<ImportFault>& faults);
}  // namespace tipring::admin

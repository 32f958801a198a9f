// What names, domains and passwords of users may look like, for the page, the tool and imports
// alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tipring::admin {

inline constexpr size_t kNameMax = 64;
inline constexpr size_t kDomainMax = 253;  // RFC 1035 2.3.4, written with dots
inline constexpr size_t kPasswordMax = 128;

// The user part of an address-of-record, unescaped, and its domain in lower case; empty for the
// default domain.
struct UserName {
  std::string name;
  std::string domain;

  std::string text() const { return domain.empty() ? name : name + "@" + domain; }
  friend bool operator<(const UserName& a, const UserName& b) {
    return a.domain != b.domain ? a.domain < b.domain : a.name < b.name;
  }
};

// Splits "name" or "name@domain" at the last "@"; the domain becomes lower case. Nothing is
// checked.
UserName split_user_name(std::string_view text);

// As the store keeps it: users of the default domain, which may be empty, have no domain.
UserName in_store(UserName user, std::string_view default_domain);

// What is wrong, as a sentence that says what is allowed; null when it is right. The name may hold
// whatever a SIP user part can hold escaped (RFC 3261 25.1), except ":", which digest hashes cannot
// tell from their separator (RFC 7616 3.4.4), "@" and ",", which separate here, and control
// characters.
const char* fault_of(const UserName& user);
const char* fault_of_password(std::string_view password);

bool has_control_characters(std::string_view text);

}  // namespace tipring::admin

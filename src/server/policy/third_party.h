// Who may register for whom: registrar.third_party. RFC 3261 10.2: in From stands who registers, in To
// for whom.
#pragma once

#include <string>

namespace tipring::policy {

// Names as users have them. A domain is one of ours, without brackets; empty for the default one.
struct ThirdPartyRule {
  std::string user;
  std::string user_domain;
  std::string other;
  std::string other_domain;
};

}  // namespace tipring::policy

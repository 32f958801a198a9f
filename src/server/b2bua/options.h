// [routing] of the configuration, as far as the B2BUA obeys it.
#pragma once

namespace tipring::b2bua {

struct B2buaOptions {
  bool anchors_users = false;  // calls from user to user too, which the proxy has otherwise
  bool recurses = true;        // on a phone's redirection
};

}  // namespace tipring::b2bua

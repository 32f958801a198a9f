// Where a request goes and how it must be changed for that: RFC 3261 16.4 to 16.6 step 6.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/proxy/location.h"
#include "server/proxy/routes.h"
#include "service/branches.h"
#include "service/destination_selection.h"

namespace tipring::proxy {

// For one member of the target set. Views into the request and the store.
struct Plan {
  uint16_t refusal = 0;      // not to be forwarded: the status that says why
  std::string_view headers;  // of that answer: whole lines
  uint64_t target = 0;       // names the member, never 0; the same as long as it leads to one place
  service::Destination destination;
  std::string_view request_uri;
  std::string_view route_appended;
  std::string_view path;  // of the target: RFC 3327
  size_t routes_removed = 0;
  bool last_route_removed = false;
};

// Which member of the target set is wanted.
struct Choice {
  uint64_t target = 0;                       // this one; 0: the best
  const service::Branches* tried = nullptr;  // of those that have not been tried yet

  bool takes(uint64_t candidate) const {
    if (target != 0) return candidate == target;
    return tried == nullptr || !tried->has_tried(candidate);
  }
};

// The target set is asked for anew each time, and who has been tried is left out: a phone that has
// gone meanwhile is not tried, one that has come is (16.5). Without a member that the choice takes
// the plan is a refusal.
Plan make_plan(const Environment& environment, Location& location, const RouteInfo& routes,
               const Choice& choice);

}  // namespace tipring::proxy

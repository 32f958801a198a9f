// The target set of a request, and how the request must be changed for each of its members: RFC
// 3261 16.4 to 16.6 step 6.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/proxy/location.h"
#include "server/proxy/routes.h"
#include "service/destination_selection.h"

namespace tipring::proxy {

// For one member. Views into the request and the store.
struct Plan {
  service::Destination destination;
  std::string_view request_uri;
  std::string_view route_appended;
  std::string_view path;  // of the target: RFC 3327
  size_t routes_removed = 0;
  bool last_route_removed = false;
};

// It is made anew each time it is needed: a phone that has gone meanwhile is no member any more,
// one that has come is (16.5). Borrows `routes`, and the URI; good until the loop's next turn.
class TargetSet {
 public:
  // Of the request's own URI, or of one that a redirection has given in its place.
  TargetSet(const Environment& environment, Location& location, const RouteInfo& routes);
  TargetSet(const Environment& environment, Location& location, const RouteInfo& routes,
            const sip::ParsedUri& uri);

  // The answer where there is no member; whole lines that go with it.
  uint16_t refusal() const { return refusal_; }
  std::string_view headers() const { return headers_; }
  std::string_view reason() const { return reason_; }  // empty: the default phrase
  // It is we who say where the user is: only then may members be added, and chosen from (16.5).
  bool is_local() const { return local_; }

  size_t size() const { return count_; }
  // Names a member, never 0; the same as long as it leads to one place.
  uint64_t name(size_t member) const { return names_[member]; }
  uint16_t q(size_t member) const { return local_ ? targets_[places_[member]].q : 1000; }
  const sip::ParsedUri& uri(size_t member) const { return targets_[places_[member]].uri; }
  // The member with this name; size() when it has gone.
  size_t find(uint64_t name) const;
  Plan plan(size_t member) const;

 private:
  void add_users(const Environment& environment, Location& location, const sip::Uri& uri);
  void add_help(const Environment& environment, Location& location);
  void add_targets(const Environment& environment, bool asked_secure, uint16_t status);
  bool choose_targets(const Environment& environment, bool asked_secure, bool by_preference,
                      uint16_t& status);
  void add_one(const Environment& environment, const sip::ParsedUri& uri);

  const RouteInfo& routes_;
  uint16_t refusal_ = 0;
  std::string_view headers_;
  std::string_view reason_;
  bool local_ = false;
  Plan one_;  // of the only member, when it is not for us to choose
  TargetList targets_;
  uint8_t count_ = 0;
  std::array<uint64_t, TargetList::kMax> names_;
  std::array<uint8_t, TargetList::kMax> places_;  // in `targets_`
};

}  // namespace tipring::proxy

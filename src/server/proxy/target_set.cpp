#include "server/proxy/target_set.h"

#include <algorithm>

#include "sip/caller_preferences.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::proxy {

namespace {

bool is_loose(const sip::ParsedUri& route) { return route && route->param("lr").has_value(); }

// RFC 3261 12.2.2: it is of a dialog, but of none that is known here.
bool is_of_lost_dialog(const RouteInfo& routes) {
  return routes.request != nullptr && !routes.request->to_tag().empty() && !routes.dialog &&
         !routes.in_dialog;
}

bool is_sips(const sip::ParsedUri& uri) { return uri && uri->scheme == sip::Scheme::Sips; }

// RFC 3261 26.2.2: nothing with a sips URI goes over UDP or TCP.
bool is_secure(const std::optional<Flow>& flow) {
  return flow && (flow->transport == sip::Transport::Tls || flow->transport == sip::Transport::Wss);
}

bool has_tls(const Environment& environment) {
  const auto points = environment.transport.listen_points();
  return std::any_of(points.begin(), points.end(), [](const transport::ListenPoint& point) {
    return point.transport == sip::Transport::Tls || point.transport == sip::Transport::Wss;
  });
}

// What speaks against a contact; empty when nothing does. `asked`: for a sips URI.
std::string_view scheme_fault(const Environment& environment, bool asked, const Target& target) {
  const bool given = is_sips(target.uri);
  if (asked && !given) return sip::kSipsNotAllowedLine;
  if (!given) return {};
  const bool reached = target.flow ? is_secure(target.flow) : has_tls(environment);
  if (reached) return {};
  return asked ? sip::kSipsNotAllowedLine : sip::kSipsRequiredLine;
}

// A phone that has connected anew leads to another place than before.
uint64_t name_of(const Environment& environment, std::string_view uri, std::string_view path,
                 const std::optional<Flow>& flow) {
  TableHasher64 hasher(environment.route_key);
  hasher.add_sized(uri);
  hasher.add(path);
  if (flow) {
    const port::IpAddress& ip = flow->remote.ip;
    hasher.add({reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()});
    hasher.add_u64(flow->remote.port);
    hasher.add_u64(flow->connection.to_u64());
  }
  return hasher.finish() | 1;
}

void plan_binding(const Target& target, Plan& plan) {
  plan.request_uri = target.uri.text;
  plan.destination = {target.uri, target.flow, true, !target.on_host};
  if (target.path.empty()) return;
  plan.path = target.path;
  plan.destination.keeps_transport = false;
  std::string_view rest = target.path;
  std::string_view first;
  const auto hop =
      sip::next_list_value(rest, first) ? sip::parse_name_addr(first) : sip::parse_name_addr("");
  if (hop) plan.destination.next_hop = sip::ParsedUri(hop->uri);
}

}  // namespace

TargetSet::TargetSet(const Environment& environment, Location& location, const RouteInfo& routes)
    : routes_(routes) {
  const bool has_route = !routes.next_route.text.empty();
  const sip::ParsedUri& uri = routes.request_uri;
  if (!has_route && !routes.flow) {
    if (location.is_for_help(uri)) {
      add_help(environment, location);
      return;
    }
    if (!uri) {
      refusal_ = sip::status::kNotFound;  // a service that nobody offers here (RFC 5031)
      reason_ = "Not Found - routing.emergency_target is not set";
      return;
    }
    if (location.is_local(*uri)) {
      add_users(environment, location, *uri);
      return;
    }
  }
  one_.request_uri = uri.text;
  one_.routes_removed = routes.own_routes;
  if (has_route) {
    one_.destination.next_hop = routes.next_route;
    if (!is_loose(routes.next_route)) {
      // 16.6 step 6: a strict router wants to be the Request-URI and finds the real one at the end.
      one_.route_appended = one_.request_uri;
      one_.request_uri = routes.next_route.text;
      ++one_.routes_removed;
    }
  } else if (routes.flow) {
    // The next hop is a side of the dialog that was reached by its flow before.
    one_.destination.flow = routes.flow;
  } else {
    one_.destination.next_hop = uri;
  }
  add_one(environment, uri);
}

TargetSet::TargetSet(const Environment& environment, Location& location, const RouteInfo& routes,
                     const sip::ParsedUri& uri)
    : routes_(routes) {
  if (location.is_local(*uri)) {
    add_users(environment, location, *uri);
    return;
  }
  one_.request_uri = uri.text;
  one_.routes_removed = routes.own_routes;
  one_.destination.next_hop = uri;
  add_one(environment, uri);
}

// 16.5: where the user of a URI of ours is registered.
void TargetSet::add_users(const Environment& environment, Location& location, const sip::Uri& uri) {
  uint16_t status = sip::status::kNotFound;
  location.find_targets(uri, targets_, status);
  if (targets_.size() == 0 && is_of_lost_dialog(routes_))
    status = sip::status::kCallOrTransactionDoesNotExist;
  add_targets(environment, uri.scheme == sip::Scheme::Sips, status);
}

// RFC 5031 5.3: a service is resolved to who offers it.
void TargetSet::add_help(const Environment& environment, Location& location) {
  uint16_t status = sip::status::kTemporarilyUnavailable;
  location.find_help(targets_, status);
  add_targets(environment, false, status);
}

// `asked_secure`: by a sips URI. `status`: the answer where there is none.
void TargetSet::add_targets(const Environment& environment, bool asked_secure, uint16_t status) {
  local_ = true;
  const bool implicit = routes_.request != nullptr && sip::are_implicit(*routes_.request);
  const bool dropped =
      choose_targets(environment, asked_secure, routes_.request != nullptr, status);
  // RFC 3841 7.2.4: what was only implied leaves nobody without an answer.
  if (count_ == 0 && dropped && implicit) choose_targets(environment, asked_secure, false, status);
  for (size_t member = 0; member < count_; ++member) {
    const Target& target = targets_[places_[member]];
    names_[member] = name_of(environment, target.uri.text, target.path, target.flow);
  }
  if (count_ == 0) refusal_ = status;
}

// Whether a preference of the caller has left one out.
bool TargetSet::choose_targets(const Environment& environment, bool asked_secure,
                               bool by_preference, uint16_t& status) {
  bool dropped = false;
  std::array<uint16_t, TargetList::kMax> scores;
  for (size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    if (const auto fault = scheme_fault(environment, asked_secure, target); !fault.empty()) {
      status = sip::status::kTemporarilyUnavailable;
      headers_ = fault;
      continue;
    }
    const sip::Preference preference =
        by_preference ? sip::judge_contact(*routes_.request, target.params) : sip::Preference();
    if (preference.dropped) {
      status = sip::status::kTemporarilyUnavailable;  // RFC 3841 7.2.4
      dropped = true;
      continue;
    }
    // Among those of one q who fits better comes first.
    size_t place = count_++;
    for (; place > 0 && q(place - 1) == target.q && scores[place - 1] < preference.score; --place) {
      places_[place] = places_[place - 1];
      scores[place] = scores[place - 1];
    }
    places_[place] = static_cast<uint8_t>(i);
    scores[place] = preference.score;
  }
  return dropped;
}

// The target set is one URI alone.
void TargetSet::add_one(const Environment& environment, const sip::ParsedUri& uri) {
  one_.last_route_removed = routes_.strict;
  one_.destination.keeps_off_host = !routes_.may_end_on_host;
  const sip::ParsedUri& next = one_.destination.next_hop;
  if ((is_sips(uri) || is_sips(next)) && !is_secure(one_.destination.flow) &&
      !has_tls(environment)) {
    refusal_ = sip::status::kTemporarilyUnavailable;
    headers_ = sip::kSipsNotAllowedLine;
    return;
  }
  names_[count_++] = name_of(environment, next.text, {}, one_.destination.flow);
}

size_t TargetSet::find(uint64_t name) const {
  size_t member = 0;
  while (member < count_ && names_[member] != name) ++member;
  return member;
}

Plan TargetSet::plan(size_t member) const {
  if (!local_) return one_;
  Plan plan;
  plan.routes_removed = routes_.own_routes;
  plan.last_route_removed = routes_.strict;
  plan_binding(targets_[places_[member]], plan);
  return plan;
}

}  // namespace tipring::proxy

// What no key can tell alone: how many a list may hold, and which keys must fit each other.
#include <algorithm>

#include "app/config.h"
#include "app/listen_entry.h"
#include "app/third_party_entry.h"
#include "core/source_ranges.h"
#include "core/text.h"
#include "media/port_range.h"
#include "port/address.h"
#include "sip/uri.h"
#include "transport/transport.h"

namespace tipring::app {

namespace {

constexpr size_t kThirdPartyMax = 256;     // they are looked through for each such REGISTER
constexpr size_t kServiceRouteMax = 1000;  // in each 200 to a REGISTER

bool is_domain(const Config& config, std::string_view text) {
  const std::vector<std::string>& domains = config.sip.domains;
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return iequals(domain, text); });
}

class Relations {
 public:
  // Faults are added to `faults`.
  Relations(const Config& config, std::vector<ConfigFault>& faults)
      : config_(config), faults_(faults), count_(faults.size()) {}

  void check() {
    check_lists();
    check_multicast();
    check_registrar();
    check_expires();
    check_media();
    check_pairs();
    check_help();
    check_proxy();
  }

 private:
  bool is_faulty(std::string_view key) const {
    return std::any_of(faults_.begin(), faults_.begin() + static_cast<ptrdiff_t>(count_),
                       [&](const ConfigFault& fault) { return fault.key == key; });
  }

  // Where the key was set last; null for one at its default.
  const Config::Place* find_place(std::string_view key) const {
    const Config::Place* found = nullptr;
    for (const Config::Place& place : config_.places) {
      if (place.key == key) found = &place;
    }
    return found;
  }

  // `other`: the key whose setting may be what made the default of `key` wrong.
  void wrong(std::string_view key, std::string message, std::string_view other = {}) {
    // What was wrong by itself has its default here, which says nothing about the file.
    if (is_faulty(key) || (!other.empty() && is_faulty(other))) return;
    const Config::Place* place = find_place(key);
    if (place == nullptr) place = find_place(other);
    faults_.push_back({place != nullptr ? place->source : "configuration",
                       place != nullptr ? place->line : 0, std::string(key), std::move(message)});
  }

  void check_lists() {
    if (config_.sip.listen.empty())
      wrong("sip.listen", "must name at least one address to listen on");
    if (config_.sip.listen.size() > kListenMax)
      wrong("sip.listen", "must not name more than " + std::to_string(kListenMax) + " addresses");
    if (config_.admin.listen.size() > kAdminListenMax)
      wrong("admin.listen",
            "must not name more than " + std::to_string(kAdminListenMax) + " addresses");
    if (config_.admin.certificate.empty() != config_.admin.key.empty())
      wrong("admin.certificate", "goes with admin.key: set both, or neither", "admin.key");
    if (config_.auth.algorithms.empty())
      wrong("auth.algorithms", "must name at least one algorithm");
    if (config_.auth.qop.empty()) wrong("auth.qop", "must name \"auth\", \"auth-int\" or both");
    if (config_.security.safe_sources.size() > SourceRanges::kMax) {
      wrong("security.safe_sources",
            "must not name more than " + std::to_string(SourceRanges::kMax) + " networks");
    }
  }

  void check_registrar() {
    const Config::Registrar& registrar = config_.registrar;
    for (const std::string& text : registrar.third_party) {
      const auto rule = parse_third_party(text);
      for (const std::string& domain : {rule->user_domain, rule->other_domain}) {
        if (domain.empty() || port::parse_ip(domain) || is_domain(config_, domain)) continue;
        wrong("registrar.third_party", "\"" + domain + "\" is not in sip.domains");
      }
    }
    if (registrar.third_party.size() > kThirdPartyMax) {
      wrong("registrar.third_party",
            "must not have more than " + std::to_string(kThirdPartyMax) + " rules");
    }
    size_t route_size = 0;
    for (const std::string& route : registrar.service_route) route_size += route.size() + 1;
    if (route_size > kServiceRouteMax) {
      wrong("registrar.service_route",
            "must not be longer than " + std::to_string(kServiceRouteMax) + " characters");
    }
  }

  // Answers leave from there.
  bool listens_at(const port::IpAddress& ip) const {
    return std::any_of(config_.sip.listen.begin(), config_.sip.listen.end(), [&](const auto& text) {
      const auto entry = parse_listen(text);
      return entry->transport == ListenTransport::Udp &&
             (entry->address.ip == ip ||
              (entry->address.ip.is_unspecified() && entry->address.ip.family == port::Family::V4));
    });
  }

  void check_multicast() {
    const std::vector<std::string>& all = config_.sip.multicast;
    if (all.size() > transport::TransportLayer::kGroupsMax) {
      wrong("sip.multicast", "must not name more than " +
                                 std::to_string(transport::TransportLayer::kGroupsMax) +
                                 " addresses");
    }
    for (const std::string& text : all) {
      if (is_faulty("sip.multicast") || is_faulty("sip.listen")) return;
      if (!listens_at(parse_group_member(text)->ip))
        wrong("sip.multicast", "needs a \"udp:\" entry of sip.listen for " + text, "sip.listen");
    }
  }

  void check_expires() {
    const Config::Registrar& registrar = config_.registrar;
    if (registrar.min_expires_s > registrar.max_expires_s) {
      wrong("registrar.min_expires",
            "must not be above registrar.max_expires, which is " +
                std::to_string(registrar.max_expires_s),
            "registrar.max_expires");
    }
    if (registrar.default_expires_s < registrar.min_expires_s ||
        registrar.default_expires_s > registrar.max_expires_s) {
      wrong("registrar.default_expires",
            "must lie between registrar.min_expires and registrar.max_expires",
            find_place("registrar.max_expires") != nullptr ? "registrar.max_expires"
                                                           : "registrar.min_expires");
    }
  }

  void check_media() {
    const auto range = media::parse_port_range(config_.media.ports);
    const uint32_t needed = media_pairs_max(config_.capacity);
    if (range->pairs() < needed) {
      wrong("media.ports",
            "has " + std::to_string(range->pairs()) +
                " pairs of ports, and capacity.relayed_calls " + "needs " + std::to_string(needed) +
                ", such as \"" + range_of(needed) + "\"",
            "capacity.relayed_calls");
    }
    for (const std::string& text : config_.sip.listen) {
      const auto entry = parse_listen(text);
      if (entry->transport != ListenTransport::Udp || !range->contains(entry->address.port))
        continue;
      wrong("media.ports", "must leave out the port of \"" + text + "\" in sip.listen",
            "sip.listen");
    }
    const auto is_v6 = [](const std::string& text) { return text.find(':') != std::string::npos; };
    const std::vector<std::string>& told = config_.media.address;
    const auto v6_count = std::count_if(told.begin(), told.end(), is_v6);
    if (v6_count > 1 || static_cast<ptrdiff_t>(told.size()) - v6_count > 1)
      wrong("media.address", "must not name more than one address of IPv4 and one of IPv6");
  }

  // A range with so many pairs, or the largest there is.
  static std::string range_of(uint32_t pairs) {
    const uint32_t first = pairs <= 17500 ? 30000 : 1024;
    return std::to_string(first) + "-" + std::to_string(std::min(first + 2 * pairs - 1, 65535u));
  }

  void check_pairs() {
    if (config_.routing.offline_status != 404 && config_.routing.offline_status != 480)
      wrong("routing.offline_status", "must be 404 or 480");
    if (config_.security.block_time_max_s < config_.security.block_time_s) {
      wrong("security.block_time_max", "must not be below security.block_time",
            "security.block_time");
    }
    if (config_.session_timer.default_s < config_.session_timer.min_se_s) {
      wrong("session_timer.default", "must not be below session_timer.min_se",
            "session_timer.min_se");
    }
    if (config_.capacity.bindings < config_.capacity.users) {
      wrong("capacity.bindings", "must be at least capacity.users, so that every user can register",
            "capacity.users");
    }
    if (config_.tcp.connections_per_source > config_.capacity.tcp_connections) {
      wrong("tcp.connections_per_source",
            "must not be above capacity.tcp_connections, which is " +
                std::to_string(config_.capacity.tcp_connections),
            "capacity.tcp_connections");
    }
    if (config_.log.syslog && !config_.log.file.empty())
      wrong("log.syslog", "must be false where log.file names a file: the log goes to one place");
    if (!config_.log.request_file.empty() && config_.log.request_file == config_.log.file)
      wrong("log.request_file", "must not be log.file: each is rotated by itself", "log.file");
  }

  // What is kept of calls alone can be bounded, and ended when nobody refreshes it; what is kept of
  // requests alone can ring several phones, and carry a timer into the answer.
  void check_proxy() {
    const std::string& mode = config_.routing.proxy;
    const std::string where = "where routing.proxy is \"" + mode + "\"";
    if (mode == "session") return;
    if (config_.calls_per_user != 0)
      wrong("capacity.calls_per_user", "has no effect " + where, "routing.proxy");
    const std::string& timer = config_.session_timer.mode;
    if (mode == "transaction" && timer == "mandatory") {
      wrong("session_timer.mode",
            "must be \"insert\" or \"off\" " + where + ": no call is followed to its end then",
            "routing.proxy");
    }
    if (mode != "stateless") return;
    if (timer != "off") {
      wrong("session_timer.mode",
            "must be \"off\" " + where + ": nobody remembers who knows of timers then",
            "routing.proxy");
    }
    if (config_.routing.fork != "q")
      wrong("routing.fork", "has no effect " + where + ": one phone alone rings", "routing.proxy");
  }

  void check_help() {
    const std::string& target = config_.routing.emergency_target;
    const size_t at = target.find('@');
    if (target.starts_with("sip:")) {
      const auto uri = sip::parse_uri(target);
      if (uri && is_domain(config_, uri->host)) {
        wrong("routing.emergency_target",
              "names a domain of sip.domains: a user of ours is written without \"sip:\"");
      }
    } else if (at != std::string::npos && !is_domain(config_, target.substr(at + 1))) {
      wrong("routing.emergency_target", "\"" + target.substr(at + 1) + "\" is not in sip.domains");
    }
    if (config_.calls_per_user > config_.capacity.calls) {
      wrong("capacity.calls_per_user",
            "must not be above capacity.calls, which is " + std::to_string(config_.capacity.calls),
            "capacity.calls");
    }
  }

  const Config& config_;
  std::vector<ConfigFault>& faults_;
  size_t count_;  // of faults that keys have alone
};

}  // namespace

void check(const Config& config, std::vector<ConfigFault>& faults) {
  Relations(config, faults).check();
}

}  // namespace tipring::app

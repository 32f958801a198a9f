#include <algorithm>
#include <array>
#include <type_traits>

#include "app/config.h"
#include "app/config_checks.h"
#include "app/third_party_entry.h"
#include "core/source_ranges.h"
#include "core/text.h"
#include "port/address.h"

namespace tipring::app {

namespace {

using TextList = std::vector<std::string>;

struct IntegerKey {
  uint32_t& (*at)(Config&);
  uint32_t min;
  uint32_t max;
};
struct SwitchKey {
  bool& (*at)(Config&);
};
struct TextKey {
  std::string& (*at)(Config&);
  TextCheck check;
};
struct ListKey {
  TextList& (*at)(Config&);
  TextCheck check;  // of each element
};
// Whether a running server takes a new value (SIGHUP), or only the next one to start.
enum class When : uint8_t { Start, Reload };

struct Key {
  std::string_view name;
  std::variant<IntegerKey, SwitchKey, TextKey, ListKey> kind;
  When when = When::Start;
};

template <const auto& Allowed>
std::string one_of(std::string_view text) {
  std::string wanted;
  for (const std::string_view word : Allowed) {
    if (text == word) return {};
    wanted += wanted.empty() ? "one of \"" : ", \"";
    wanted += std::string(word) + "\"";
  }
  return wanted;
}

constexpr std::array<std::string_view, 2> kAlgorithms = {"MD5", "SHA-256"};
constexpr std::array<std::string_view, 2> kQops = {"auth", "auth-int"};
constexpr std::array<std::string_view, 3> kInvite = {"407", "401", "off"};
constexpr std::array<std::string_view, 3> kTimerModes = {"mandatory", "insert", "off"};
constexpr std::array<std::string_view, 2> kOnExpiry = {"bye", "drop"};
constexpr std::array<std::string_view, 4> kLevels = {"error", "warning", "info", "debug"};

constexpr uint32_t kMany = 1000000;
constexpr size_t kThirdPartyMax = 256;     // they are looked through for each such REGISTER
constexpr size_t kServiceRouteMax = 1000;  // in each 200 to a REGISTER

#define TIPRING_AT(type, member) [](Config& c) -> type& { return c.member; }

// In the order of config/tipring.toml.
const Key kKeys[] = {
    {"sip.listen", ListKey{TIPRING_AT(TextList, sip.listen), listen_check}, When::Reload},
    {"sip.domains", ListKey{TIPRING_AT(TextList, sip.domains), domain_check}, When::Reload},
    {"sip.stop_limit", IntegerKey{TIPRING_AT(uint32_t, sip.stop_limit_s), 0, 300}},
    // A datagram can be no larger; below it the requests of ordinary phones would be refused.
    {"sip.message_size", IntegerKey{TIPRING_AT(uint32_t, sip.message_size), 4096, 65535},
     When::Reload},
    {"tcp.connections_per_source",
     IntegerKey{TIPRING_AT(uint32_t, tcp.connections_per_source), 0, kMany}, When::Reload},
    {"tcp.silence_timeout", IntegerKey{TIPRING_AT(uint32_t, tcp.silence_timeout_s), 1, 3600},
     When::Reload},
    {"tcp.message_timeout", IntegerKey{TIPRING_AT(uint32_t, tcp.message_timeout_s), 1, 300},
     When::Reload},
    {"tcp.write_timeout", IntegerKey{TIPRING_AT(uint32_t, tcp.write_timeout_s), 1, 300},
     When::Reload},
    {"tcp.connect_timeout", IntegerKey{TIPRING_AT(uint32_t, tcp.connect_timeout_s), 1, 120},
     When::Reload},
    {"tcp.idle_timeout", IntegerKey{TIPRING_AT(uint32_t, tcp.idle_timeout_s), 10, 604800},
     When::Reload},
    {"auth.realm", TextKey{TIPRING_AT(std::string, auth.realm), realm_check}},
    {"auth.algorithms", ListKey{TIPRING_AT(TextList, auth.algorithms), one_of<kAlgorithms>},
     When::Reload},
    {"auth.qop", ListKey{TIPRING_AT(TextList, auth.qop), one_of<kQops>}, When::Reload},
    {"auth.nonce_lifetime", IntegerKey{TIPRING_AT(uint32_t, auth.nonce_lifetime_s), 1, 86400},
     When::Reload},
    {"auth.nonce_key_file", TextKey{TIPRING_AT(std::string, auth.nonce_key_file), any_text}},
    {"auth.invite", TextKey{TIPRING_AT(std::string, auth.invite), one_of<kInvite>}, When::Reload},
    // RFC 3261 10.3 step 7: 423 only below an hour, so a larger minimum could never be told.
    {"registrar.min_expires", IntegerKey{TIPRING_AT(uint32_t, registrar.min_expires_s), 1, 3600},
     When::Reload},
    {"registrar.max_expires",
     IntegerKey{TIPRING_AT(uint32_t, registrar.max_expires_s), 60, 31536000}, When::Reload},
    {"registrar.default_expires",
     IntegerKey{TIPRING_AT(uint32_t, registrar.default_expires_s), 1, 31536000}, When::Reload},
    {"registrar.max_bindings_per_aor",
     IntegerKey{TIPRING_AT(uint32_t, registrar.max_bindings_per_aor), 1, 32}, When::Reload},
    {"registrar.path_needs_support", SwitchKey{TIPRING_AT(bool, registrar.path_needs_support)},
     When::Reload},
    {"registrar.lenient_request_uri", SwitchKey{TIPRING_AT(bool, registrar.lenient_request_uri)},
     When::Reload},
    {"registrar.third_party",
     ListKey{TIPRING_AT(TextList, registrar.third_party), third_party_check}, When::Reload},
    {"registrar.service_route", ListKey{TIPRING_AT(TextList, registrar.service_route), route_check},
     When::Reload},
    {"session_timer.mode",
     TextKey{TIPRING_AT(std::string, session_timer.mode), one_of<kTimerModes>}, When::Reload},
    {"session_timer.default", IntegerKey{TIPRING_AT(uint32_t, session_timer.default_s), 90, 86400},
     When::Reload},
    // RFC 4028 5: Min-SE may not be lower than 90.
    {"session_timer.min_se", IntegerKey{TIPRING_AT(uint32_t, session_timer.min_se_s), 90, 86400},
     When::Reload},
    {"session_timer.on_expiry",
     TextKey{TIPRING_AT(std::string, session_timer.on_expiry), one_of<kOnExpiry>}, When::Reload},
    {"routing.offline_status", IntegerKey{TIPRING_AT(uint32_t, routing.offline_status), 404, 480},
     When::Reload},
    {"routing.forward_unknown", SwitchKey{TIPRING_AT(bool, routing.forward_unknown)}, When::Reload},
    {"routing.accept_foreign", SwitchKey{TIPRING_AT(bool, routing.accept_foreign)}, When::Reload},
    {"routing.foreign", SwitchKey{TIPRING_AT(bool, routing.foreign)}, When::Reload},
    {"routing.emergency", ListKey{TIPRING_AT(TextList, routing.emergency), number_check},
     When::Reload},
    {"capacity.users", IntegerKey{TIPRING_AT(uint32_t, capacity.users), 1, kMany}},
    {"capacity.bindings", IntegerKey{TIPRING_AT(uint32_t, capacity.bindings), 1, 2 * kMany}},
    {"capacity.calls", IntegerKey{TIPRING_AT(uint32_t, capacity.calls), 1, kMany}},
    {"capacity.relayed_calls", IntegerKey{TIPRING_AT(uint32_t, capacity.relayed_calls), 0, kMany}},
    {"capacity.transactions", IntegerKey{TIPRING_AT(uint32_t, capacity.transactions), 16, kMany}},
    {"capacity.tcp_connections",
     IntegerKey{TIPRING_AT(uint32_t, capacity.tcp_connections), 1, kMany}},
    {"capacity.messages", IntegerKey{TIPRING_AT(uint32_t, capacity.messages), 0, 4 * kMany}},
    {"capacity.receive_batch", IntegerKey{TIPRING_AT(uint32_t, capacity.receive_batch), 1, 32}},
    {"capacity.trace", IntegerKey{TIPRING_AT(uint32_t, trace_kib), 0, 65536}},
    {"security.safe_sources", ListKey{TIPRING_AT(TextList, security.safe_sources), source_check},
     When::Reload},
    {"security.failures", IntegerKey{TIPRING_AT(uint32_t, security.failures), 0, 1000},
     When::Reload},
    {"security.block_time", IntegerKey{TIPRING_AT(uint32_t, security.block_time_s), 1, 86400},
     When::Reload},
    {"security.block_time_max",
     IntegerKey{TIPRING_AT(uint32_t, security.block_time_max_s), 1, 604800}, When::Reload},
    {"store.path", TextKey{TIPRING_AT(std::string, store.path), place_check}},
    {"store.commit_window", IntegerKey{TIPRING_AT(uint32_t, store.commit_window_ms), 0, 1000}},
    {"memory.limit", IntegerKey{TIPRING_AT(uint32_t, memory.limit_mib), 0, kMany}},
    {"log.level", TextKey{TIPRING_AT(std::string, log.level), one_of<kLevels>}, When::Reload},
    {"log.file", TextKey{TIPRING_AT(std::string, log.file), any_text}},
    {"log.file_size", IntegerKey{TIPRING_AT(uint32_t, log.file_size_mib), 0, 4096}},
    {"log.files_kept", IntegerKey{TIPRING_AT(uint32_t, log.files_kept), 0, 99}},
    {"log.syslog", SwitchKey{TIPRING_AT(bool, log.syslog)}},
    {"admin.socket", TextKey{TIPRING_AT(std::string, admin.socket), socket_check}},
};

#undef TIPRING_AT

// Levenshtein's distance: how many letters must change.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

// The key that was probably meant: nearest by letters, or the same word in another section. More
// than half of the letters must be right.
std::string_view suggestion(std::string_view unknown) {
  std::string_view best;
  size_t best_distance = std::min<size_t>(4, (unknown.size() + 1) / 2);
  for (const Key& key : kKeys) {
    const std::string_view tail = key.name.substr(key.name.find('.') + 1);
    const size_t letters = std::min(distance(unknown, key.name), distance(unknown, tail));
    if (letters < best_distance) {
      best_distance = letters;
      best = key.name;
    }
  }
  return best;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Puts the entry's value into the configuration; an empty answer is a good one.
std::string set(const IntegerKey& key, const ConfigValue& value, Config& config) {
  const int64_t* number = std::get_if<int64_t>(&value);
  if (number == nullptr || *number < key.min || *number > key.max) {
    return "must be a whole number from " + std::to_string(key.min) + " to " +
           std::to_string(key.max);
  }
  key.at(config) = static_cast<uint32_t>(*number);
  return {};
}

std::string set(const SwitchKey& key, const ConfigValue& value, Config& config) {
  const bool* on = std::get_if<bool>(&value);
  if (on == nullptr) return "must be true or false";
  key.at(config) = *on;
  return {};
}

std::string set(const TextKey& key, const ConfigValue& value, Config& config) {
  std::string text;
  if (const auto* given = std::get_if<std::string>(&value)) {
    text = *given;
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    text = std::to_string(*number);  // auth.invite = 407 without quotes
  } else {
    return "must be text in quotes";
  }
  const std::string wanted = key.check(text);
  if (!wanted.empty()) return "must be " + wanted;
  key.at(config) = text;
  return {};
}

std::string set(const ListKey& key, const ConfigValue& value, Config& config) {
  TextList list;
  if (const auto* given = std::get_if<TextList>(&value)) {
    list = *given;
  } else if (const auto* single = std::get_if<std::string>(&value)) {
    list = {*single};
  } else {
    return "must be a list of texts such as [\"a\", \"b\"]";
  }
  std::string bad;
  std::string wanted;
  for (const std::string& text : list) {
    const std::string fault = key.check(text);
    if (fault.empty()) continue;
    bad += (bad.empty() ? "" : " and ") + quoted(text);
    wanted = fault;
  }
  if (!bad.empty()) return bad + " must be " + wanted;
  for (size_t i = 1; i < list.size(); ++i) {
    if (std::find(list.begin(), list.begin() + static_cast<ptrdiff_t>(i), list[i]) !=
        list.begin() + static_cast<ptrdiff_t>(i))
      return "names " + quoted(list[i]) + " twice";
  }
  key.at(config) = std::move(list);
  return {};
}

std::string show(const Key& key, Config& config) {
  return std::visit(
      [&](const auto& kind) -> std::string {
        const auto& value = kind.at(config);
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, uint32_t>) {
          return std::to_string(value);
        } else if constexpr (std::is_same_v<Value, std::string>) {
          return quoted(value);
        } else {
          std::string list;
          for (const std::string& text : value) list += (list.empty() ? "" : ", ") + quoted(text);
          return "[" + list + "]";
        }
      },
      key.kind);
}

bool is_domain(const Config& config, std::string_view text) {
  const TextList& domains = config.sip.domains;
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return iequals(domain, text); });
}

// Where the key was set last; null for one at its default.
const Config::Place* find_place(const Config& config, std::string_view key) {
  const Config::Place* found = nullptr;
  for (const Config::Place& place : config.places) {
    if (place.key == key) found = &place;
  }
  return found;
}

}  // namespace

std::string effective_realm(const Config& config) {
  if (!config.auth.realm.empty()) return config.auth.realm;
  return config.sip.domains.empty() ? "tipring" : config.sip.domains.front();
}

std::string ConfigFault::text() const {
  std::string text = source;
  if (line != 0) text += ":" + std::to_string(line);
  text += ": ";
  if (!key.empty()) text += key + ": ";
  return text + message;
}

void apply(std::span<const ConfigEntry> entries, Config& config, std::vector<ConfigFault>& faults) {
  for (const ConfigEntry& entry : entries) {
    const Key* key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                  [&](const Key& known) { return known.name == entry.key; });
    std::string message;
    if (key == std::end(kKeys)) {
      message = "unknown key";
      const std::string_view meant = suggestion(entry.key);
      if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
    } else {
      message =
          std::visit([&](const auto& kind) { return set(kind, entry.value, config); }, key->kind);
    }
    if (message.empty()) {
      config.places.push_back({entry.key, entry.source, entry.line});
    } else {
      faults.push_back({entry.source, entry.line, entry.key, message});
    }
  }
}

void check(const Config& config, std::vector<ConfigFault>& faults) {
  const auto is_faulty = [&, count = faults.size()](std::string_view key) {
    return std::any_of(faults.begin(), faults.begin() + static_cast<ptrdiff_t>(count),
                       [&](const ConfigFault& fault) { return fault.key == key; });
  };
  // `other`: the key whose setting may be what made the default of `key` wrong.
  const auto wrong = [&](std::string_view key, std::string message, std::string_view other = {}) {
    // What was wrong by itself has its default here, which says nothing about the file.
    if (is_faulty(key) || (!other.empty() && is_faulty(other))) return;
    const Config::Place* place = find_place(config, key);
    if (place == nullptr) place = find_place(config, other);
    faults.push_back({place != nullptr ? place->source : "configuration",
                      place != nullptr ? place->line : 0, std::string(key), std::move(message)});
  };
  if (config.sip.listen.empty()) wrong("sip.listen", "must name at least one address to listen on");
  if (config.sip.listen.size() > kListenMax)
    wrong("sip.listen", "must not name more than " + std::to_string(kListenMax) + " addresses");
  if (config.auth.algorithms.empty()) wrong("auth.algorithms", "must name at least one algorithm");
  if (config.routing.offline_status != 404 && config.routing.offline_status != 480) {
    wrong("routing.offline_status", "must be 404 or 480");
  }
  if (config.auth.qop.empty()) wrong("auth.qop", "must name \"auth\", \"auth-int\" or both");
  if (config.security.block_time_max_s < config.security.block_time_s) {
    wrong("security.block_time_max", "must not be below security.block_time",
          "security.block_time");
  }
  const Config::Registrar& registrar = config.registrar;
  for (const std::string& text : registrar.third_party) {
    const auto rule = parse_third_party(text);
    for (const std::string& domain : {rule->user_domain, rule->other_domain}) {
      if (domain.empty() || port::parse_ip(domain) || is_domain(config, domain)) continue;
      wrong("registrar.third_party", quoted(domain) + " is not in sip.domains");
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
          find_place(config, "registrar.max_expires") != nullptr ? "registrar.max_expires"
                                                                 : "registrar.min_expires");
  }
  if (config.session_timer.default_s < config.session_timer.min_se_s) {
    wrong("session_timer.default", "must not be below session_timer.min_se",
          "session_timer.min_se");
  }
  if (config.capacity.bindings < config.capacity.users) {
    wrong("capacity.bindings", "must be at least capacity.users, so that every user can register",
          "capacity.users");
  }
  if (config.security.safe_sources.size() > SourceRanges::kMax) {
    wrong("security.safe_sources",
          "must not name more than " + std::to_string(SourceRanges::kMax) + " networks");
  }
  if (config.tcp.connections_per_source > config.capacity.tcp_connections) {
    wrong("tcp.connections_per_source",
          "must not be above capacity.tcp_connections, which is " +
              std::to_string(config.capacity.tcp_connections),
          "capacity.tcp_connections");
  }
  if (config.log.syslog && !config.log.file.empty()) {
    wrong("log.syslog", "must be false where log.file names a file: the log goes to one place");
  }
}

std::string describe(const Config& config) {
  Config copy = config;
  std::string text;
  for (const Key& key : kKeys) text += std::string(key.name) + " = " + show(key, copy) + "\n";
  return text;
}

std::vector<ConfigChange> changes(const Config& now, const Config& next) {
  Config before = now;
  Config after = next;
  std::vector<ConfigChange> found;
  for (const Key& key : kKeys) {
    const std::string value = show(key, after);
    if (value == show(key, before)) continue;
    found.push_back({std::string(key.name), value, key.when == When::Reload, false});
  }
  return found;
}

void adopt(const Config& next, Config& now) {
  Config from = next;
  for (const Key& key : kKeys) {
    if (key.when != When::Reload) continue;
    std::visit([&](const auto& kind) { kind.at(now) = kind.at(from); }, key.kind);
  }
  now.places = next.places;
}

std::vector<std::string_view> config_keys() {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) names.push_back(key.name);
  return names;
}

}  // namespace tipring::app

// The configuration: every key with its default, as read from a TOML file and overridden by `--set
// key=value`. Used at start only, so it may use the heap.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/limits.h"

namespace tipring::app {

inline constexpr size_t kListenMax = 16;  // entries of sip.listen
inline constexpr size_t kAdminListenMax = 4;

struct Config {
  struct Sip {
    std::vector<std::string> listen = {"udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"};
    std::vector<std::string> domains;
    std::vector<std::string> multicast;  // addresses of ours, see parse_group_member()
    uint32_t stop_limit_s = 5;
    uint32_t message_size = 65535;
  } sip;
  struct Tcp {
    uint32_t connections_per_source = 0;  // 0: half of capacity.tcp_connections
    uint32_t silence_timeout_s = 30;
    uint32_t message_timeout_s = 10;
    uint32_t write_timeout_s = 10;
    uint32_t connect_timeout_s = 5;
    uint32_t idle_timeout_s = 3600;
  } tcp;
  struct Auth {
    std::string realm;  // empty: the first of sip.domains, else "tipring" (see effective_realm)
    std::vector<std::string> algorithms = {"MD5"};
    std::vector<std::string> qop = {"auth"};
    uint32_t nonce_lifetime_s = 300;
    std::string nonce_key_file;
    std::string invite = "407";
  } auth;
  struct Registrar {
    uint32_t min_expires_s = 60;
    uint32_t max_expires_s = 3600;
    uint32_t default_expires_s = 3600;
    uint32_t max_bindings_per_aor = 10;
    bool path_needs_support = true;
    bool lenient_request_uri = false;
    std::vector<std::string> third_party;
    std::vector<std::string> service_route;
  } registrar;
  struct SessionTimer {
    std::string mode = "mandatory";
    uint32_t default_s = 1800;
    uint32_t min_se_s = 90;
    std::string on_expiry = "bye";
  } session_timer;
  struct Routing {
    uint32_t offline_status = 404;
    bool forward_unknown = true;
    bool accept_foreign = false;
    bool foreign = false;
    std::string proxy = "session";
    std::string fork = "q";
    uint32_t serial_timeout_s = 20;
    bool recurse = true;
    std::string anchor = "never";
    std::vector<std::string> emergency = {"112", "911"};
    std::string emergency_target;
  } routing;
  Limits capacity;
  uint32_t trace_kib = 128;     // capacity.trace
  uint32_t calls_per_user = 0;  // capacity.calls_per_user; 0: calls_per_user_default()
  struct Security {
    std::vector<std::string> safe_sources = {"127.0.0.0/8", "::1/128"};
    uint32_t failures = 10;
    uint32_t block_time_s = 60;
    uint32_t block_time_max_s = 3600;
  } security;
  struct Media {
    std::string ports = "30000-30511";
    std::string mode = "auto";
    std::string elsewhere = "named";
    uint32_t timeout_s = 0;            // 0: silence ends no call
    std::vector<std::string> address;  // at most one of each family
  } media;
  struct Store {
    std::string path = "tipring.db";
    uint32_t commit_window_ms = 10;
  } store;
  struct Records {
    uint32_t max = 20000;  // 0: none are kept
    uint32_t days = 90;    // 0: however old
  } records;
  struct Memory {
    uint32_t limit_mib = 0;  // 0: no limit
  } memory;
  struct Log {
    std::string level = "info";
    std::string file;  // empty: standard error
    uint32_t file_size_mib = 10;
    uint32_t files_kept = 4;
    bool syslog = false;
    std::string request_file;  // empty: there is no request log
    std::string request_format = "classic";
  } log;
  struct Trace {
    std::string mode = "all";
    std::string hep;  // empty: nowhere
  } trace;
  struct Admin {
    std::string socket = "tipring.sock";
    std::vector<std::string> listen;  // none: the socket alone
    std::string setup_code_file;      // empty: a random code
    std::string certificate;          // empty: one of its own
    std::string key;
  } admin;

  // Where the keys that are not at their defaults were set, in the order of setting.
  struct Place {
    std::string key;
    std::string source;
    uint32_t line = 0;
  };
  std::vector<Place> places;
};

std::string effective_realm(const Config& config);

// What is wrong with a configuration, for the person who wrote it.
struct ConfigFault {
  std::string source;  // the file, or "--set"
  uint32_t line = 0;   // 0 where there is none
  std::string key;
  std::string message;  // says what to do

  std::string text() const;  // "tipring.toml:3: sip.listne: unknown key; did you mean sip.listen?"
};

// A value as TOML gives it: the four shapes that our keys have.
using ConfigValue = std::variant<int64_t, bool, std::string, std::vector<std::string>>;

struct ConfigEntry {
  std::string source;
  uint32_t line = 0;
  std::string key;  // dotted
  ConfigValue value;
};

// --- toml.cpp: text to entries ---

// Reads TOML into entries, each with its line. Faults are added to `faults`.
std::vector<ConfigEntry> read_toml(std::string_view text, std::string_view source,
                                   std::vector<ConfigFault>& faults);

// Reads one `key=value` of the command line. A value that is no TOML is taken as plain text.
std::vector<ConfigEntry> read_setting(std::string_view setting, std::vector<ConfigFault>& faults);

// --- config.cpp, config_relations.cpp: entries to the configuration ---

// Applies entries in order; all faults are found, not only the first.
void apply(std::span<const ConfigEntry> entries, Config& config, std::vector<ConfigFault>& faults);

// Checks that need more than one key. A fault names the place of the first of them that was set.
void check(const Config& config, std::vector<ConfigFault>& faults);

// Every key with its value, one `key = value` a line, as TOML would write it. Secrets are masked.
std::string describe(const Config& config);

// The key that was probably meant: nearest by letters, or the same word in another section. More
// than half of the letters must be right. Empty when there is none.
std::string_view similar_key(std::string_view unknown);

std::vector<std::string_view> config_keys();

// A key that another configuration has another value for.
struct ConfigChange {
  std::string key;
  std::string value;         // the new one, as describe() shows it
  bool at_run_time = false;  // else it counts from the next start on
  bool refused = false;      // the running server could not do it
};

std::vector<ConfigChange> changes(const Config& now, const Config& next);

// Takes from `next` what can change at run time.
void adopt(const Config& next, Config& now);

}  // namespace tipring::app

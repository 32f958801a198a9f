#include "app/config_keys.h"

#include <array>

namespace tipring::app {

namespace {

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
constexpr std::array<std::string_view, 2> kAnchors = {"never", "always"};
constexpr std::array<std::string_view, 3> kProxies = {"session", "transaction", "stateless"};
constexpr std::array<std::string_view, 3> kForks = {"q", "parallel", "serial"};
constexpr std::array<std::string_view, 3> kTraceModes = {"subject", "all", "off"};
constexpr std::array<std::string_view, 3> kMediaModes = {"auto", "relay", "direct"};
constexpr std::array<std::string_view, 3> kElsewhere = {"no", "named", "any"};
constexpr std::array<std::string_view, 4> kLevels = {"error", "warning", "info", "debug"};

struct Words {
  TextCheck check;
  std::span<const std::string_view> words;
};
const Words kWords[] = {
    {one_of<kAlgorithms>, kAlgorithms},
    {one_of<kAnchors>, kAnchors},
    {one_of<kElsewhere>, kElsewhere},
    {one_of<kForks>, kForks},
    {one_of<kInvite>, kInvite},
    {one_of<kLevels>, kLevels},
    {one_of<kMediaModes>, kMediaModes},
    {one_of<kTraceModes>, kTraceModes},
    {one_of<kOnExpiry>, kOnExpiry},
    {one_of<kProxies>, kProxies},
    {one_of<kQops>, kQops},
    {one_of<kTimerModes>, kTimerModes},
};

constexpr uint32_t kMany = 1000000;

#define TIPRING_AT(type, member) [](Config& c) -> type& { return c.member; }

const ConfigKey kKeys[] = {
    {"sip.listen", ListKey{TIPRING_AT(TextList, sip.listen), listen_check}, When::Reload},
    {"sip.domains", ListKey{TIPRING_AT(TextList, sip.domains), domain_check}, When::Reload},
    {"sip.multicast", ListKey{TIPRING_AT(TextList, sip.multicast), group_member_check}},
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
    {"auth.nonce_key_file", TextKey{TIPRING_AT(std::string, auth.nonce_key_file), any_text},
     When::Start, true},
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
    {"routing.proxy", TextKey{TIPRING_AT(std::string, routing.proxy), one_of<kProxies>}},
    {"routing.fork", TextKey{TIPRING_AT(std::string, routing.fork), one_of<kForks>}, When::Reload},
    // Timer C (RFC 3261 16.6 step 11) ends what rings for three minutes.
    {"routing.serial_timeout", IntegerKey{TIPRING_AT(uint32_t, routing.serial_timeout_s), 0, 180},
     When::Reload},
    {"routing.recurse", SwitchKey{TIPRING_AT(bool, routing.recurse)}, When::Reload},
    {"routing.anchor", TextKey{TIPRING_AT(std::string, routing.anchor), one_of<kAnchors>},
     When::Reload},
    {"routing.emergency", ListKey{TIPRING_AT(TextList, routing.emergency), number_check},
     When::Reload},
    {"routing.emergency_target",
     TextKey{TIPRING_AT(std::string, routing.emergency_target), help_target_check}, When::Reload},
    {"capacity.users", IntegerKey{TIPRING_AT(uint32_t, capacity.users), 1, kMany}},
    {"capacity.bindings", IntegerKey{TIPRING_AT(uint32_t, capacity.bindings), 1, 2 * kMany}},
    {"capacity.calls", IntegerKey{TIPRING_AT(uint32_t, capacity.calls), 1, kMany}},
    {"capacity.calls_per_user", IntegerKey{TIPRING_AT(uint32_t, calls_per_user), 0, kMany},
     When::Reload},
    {"capacity.b2bua_calls", IntegerKey{TIPRING_AT(uint32_t, capacity.b2bua_calls), 1, kMany}},
    {"capacity.relayed_calls", IntegerKey{TIPRING_AT(uint32_t, capacity.relayed_calls), 0, kMany}},
    {"capacity.transactions", IntegerKey{TIPRING_AT(uint32_t, capacity.transactions), 16, kMany}},
    {"capacity.tcp_connections",
     IntegerKey{TIPRING_AT(uint32_t, capacity.tcp_connections), 1, kMany}},
    {"capacity.messages", IntegerKey{TIPRING_AT(uint32_t, capacity.messages), 0, 4 * kMany}},
    {"capacity.receive_batch", IntegerKey{TIPRING_AT(uint32_t, capacity.receive_batch), 1, 32}},
    {"capacity.groups", IntegerKey{TIPRING_AT(uint32_t, capacity.groups), 1, 4096}},
    {"capacity.group_members", IntegerKey{TIPRING_AT(uint32_t, capacity.group_members), 1, 65536}},
    {"capacity.trace", IntegerKey{TIPRING_AT(uint32_t, trace_kib), 0, 65536}},
    {"security.safe_sources", ListKey{TIPRING_AT(TextList, security.safe_sources), source_check},
     When::Reload},
    {"security.failures", IntegerKey{TIPRING_AT(uint32_t, security.failures), 0, 1000},
     When::Reload},
    {"security.block_time", IntegerKey{TIPRING_AT(uint32_t, security.block_time_s), 1, 86400},
     When::Reload},
    {"security.block_time_max",
     IntegerKey{TIPRING_AT(uint32_t, security.block_time_max_s), 1, 604800}, When::Reload},
    {"media.ports", TextKey{TIPRING_AT(std::string, media.ports), port_range_check}},
    {"media.mode", TextKey{TIPRING_AT(std::string, media.mode), one_of<kMediaModes>}, When::Reload},
    {"media.elsewhere", TextKey{TIPRING_AT(std::string, media.elsewhere), one_of<kElsewhere>},
     When::Reload},
    {"media.timeout", IntegerKey{TIPRING_AT(uint32_t, media.timeout_s), 0, 86400}, When::Reload},
    {"media.address", ListKey{TIPRING_AT(TextList, media.address), host_address_check},
     When::Reload},
    {"store.path", TextKey{TIPRING_AT(std::string, store.path), place_check}, When::Start, true},
    {"store.commit_window", IntegerKey{TIPRING_AT(uint32_t, store.commit_window_ms), 0, 1000}},
    {"records.max", IntegerKey{TIPRING_AT(uint32_t, records.max), 0, 10000000}},
    {"records.days", IntegerKey{TIPRING_AT(uint32_t, records.days), 0, 3650}},
    {"memory.limit", IntegerKey{TIPRING_AT(uint32_t, memory.limit_mib), 0, kMany}},
    {"log.level", TextKey{TIPRING_AT(std::string, log.level), one_of<kLevels>}, When::Reload},
    {"log.file", TextKey{TIPRING_AT(std::string, log.file), any_text}, When::Start, true},
    {"log.file_size", IntegerKey{TIPRING_AT(uint32_t, log.file_size_mib), 0, 4096}},
    {"log.files_kept", IntegerKey{TIPRING_AT(uint32_t, log.files_kept), 0, 99}},
    {"log.syslog", SwitchKey{TIPRING_AT(bool, log.syslog)}},
    {"log.request_file", TextKey{TIPRING_AT(std::string, log.request_file), any_text}, When::Start,
     true},
    {"log.request_format",
     TextKey{TIPRING_AT(std::string, log.request_format), request_format_check}},
    {"trace.mode", TextKey{TIPRING_AT(std::string, trace.mode), one_of<kTraceModes>}},
    {"trace.hep", TextKey{TIPRING_AT(std::string, trace.hep), collector_check}},
    {"admin.socket", TextKey{TIPRING_AT(std::string, admin.socket), socket_check}, When::Start,
     true},
    {"admin.listen", ListKey{TIPRING_AT(TextList, admin.listen), admin_listen_check}},
    {"admin.certificate", TextKey{TIPRING_AT(std::string, admin.certificate), any_text},
     When::Start, true},
    {"admin.key", TextKey{TIPRING_AT(std::string, admin.key), any_text}, When::Start, true},
    {"admin.setup_code_file", TextKey{TIPRING_AT(std::string, admin.setup_code_file), any_text},
     When::Start, true},
};

#undef TIPRING_AT

}  // namespace

std::span<const std::string_view> words_of(TextCheck check) {
  for (const Words& known : kWords) {
    if (known.check == check) return known.words;
  }
  return {};
}

std::span<const ConfigKey> config_key_table() { return kKeys; }

}  // namespace tipring::app

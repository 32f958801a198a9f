#include "app/exchange_options.h"

#include <algorithm>
#include <cstring>

#include "app/listen_entry.h"
#include "app/third_party_entry.h"
#include "core/text.h"
#include "port/crypto.h"

namespace tipring::app {

namespace {

constexpr size_t kNonceKeyBytesMin = 32;
constexpr size_t kNonceKeyBytesMax = 4096;

static_assert(kListenMax <= transport::TransportLayer::kListenPointsMax);

Millis seconds(uint32_t count) { return Millis(int64_t{count} * 1000); }

}  // namespace

SourceRanges safe_sources(const Config& config) {
  SourceRanges ranges;
  for (const std::string& text : config.security.safe_sources) {
    if (const auto range = parse_range(text)) ranges.add(*range);
  }
  return ranges;
}

auth::AuthOptions auth_options(const Config& config, std::string_view realm) {
  auth::AuthOptions options;
  options.realm = realm;
  options.algorithm_count = 0;
  for (const std::string& name : config.auth.algorithms) {
    const auto algorithm = auth::parse_algorithm(name);
    if (algorithm && options.algorithm_count < options.algorithms.size()) {
      options.algorithms[options.algorithm_count++] = *algorithm;
    }
  }
  const auto offers = [&](std::string_view qop) {
    return std::find(config.auth.qop.begin(), config.auth.qop.end(), qop) != config.auth.qop.end();
  };
  options.auth = offers("auth");
  options.auth_int = offers("auth-int");
  options.qop = !options.auth_int ? "auth" : options.auth ? "auth,auth-int" : "auth-int";
  options.nonce_lifetime = seconds(config.auth.nonce_lifetime_s);
  return options;
}

policy::AccessOptions access_options(const Config& config) {
  policy::AccessOptions options;
  if (config.auth.invite == "401") options.invite = policy::InviteChallenge::Server;
  if (config.auth.invite == "off") options.invite = policy::InviteChallenge::Off;
  options.accept_foreign = config.routing.accept_foreign;
  options.foreign = config.routing.foreign;
  return options;
}

auth::BlockOptions block_options(const Config& config) {
  auth::BlockOptions options;
  options.failures = config.security.failures;
  options.time = seconds(config.security.block_time_s);
  options.time_max = seconds(config.security.block_time_max_s);
  options.safe = safe_sources(config);
  return options;
}

registrar::RegistrarOptions registrar_options(const Config& config) {
  registrar::RegistrarOptions options;
  options.min_expires = seconds(config.registrar.min_expires_s);
  options.max_expires = seconds(config.registrar.max_expires_s);
  options.default_expires = seconds(config.registrar.default_expires_s);
  options.max_bindings_per_aor = config.registrar.max_bindings_per_aor;
  options.path_needs_support = config.registrar.path_needs_support;
  options.lenient_request_uri = config.registrar.lenient_request_uri;
  for (const std::string& route : config.registrar.service_route) {
    options.service_route += (options.service_route.empty() ? "" : ", ") + route;
  }
  return options;
}

proxy::ProxyOptions proxy_options(const Config& config) {
  proxy::ProxyOptions options;
  if (config.routing.fork == "parallel") options.fork = proxy::Fork::Parallel;
  if (config.routing.fork == "serial") options.fork = proxy::Fork::Serial;
  options.serial_timeout = seconds(config.routing.serial_timeout_s);
  options.recurse = config.routing.recurse;
  return options;
}

b2bua::B2buaOptions b2bua_options(const Config& config) {
  b2bua::B2buaOptions options;
  options.anchors_users = config.routing.anchor == "always";
  options.recurses = config.routing.recurse;
  return options;
}

std::vector<policy::ThirdPartyRule> third_party_rules(const Config& config) {
  std::vector<policy::ThirdPartyRule> rules;
  for (const std::string& text : config.registrar.third_party) {
    if (auto rule = parse_third_party(text)) rules.push_back(std::move(*rule));
  }
  return rules;
}

service::SessionTimerOptions session_timer_options(const Config& config) {
  service::SessionTimerOptions options;
  if (config.session_timer.mode == "insert") options.mode = service::SessionTimerMode::Insert;
  if (config.session_timer.mode == "off") options.mode = service::SessionTimerMode::Off;
  if (config.session_timer.on_expiry == "drop") options.on_expiry = service::SessionExpiry::Drop;
  options.interval_s = config.session_timer.default_s;
  options.min_se_s = config.session_timer.min_se_s;
  return options;
}

transport::TransportOptions transport_options(const Config& config) {
  transport::TransportOptions options;
  options.message_bytes_max = config.sip.message_size;
  options.connections_per_source = config.tcp.connections_per_source;
  options.safe_sources = safe_sources(config);
  options.silence_timeout = seconds(config.tcp.silence_timeout_s);
  options.message_timeout = seconds(config.tcp.message_timeout_s);
  options.write_timeout = seconds(config.tcp.write_timeout_s);
  options.connect_timeout = seconds(config.tcp.connect_timeout_s);
  options.idle_timeout = seconds(config.tcp.idle_timeout_s);
  options.drain_limit = seconds(config.sip.stop_limit_s);
  return options;
}

// A name is a user of ours, of the default domain where it says no other.
policy::HelpTarget help_target(const Config& config) {
  policy::HelpTarget target;
  const std::string& text = config.routing.emergency_target;
  if (text.starts_with("sip:")) {
    target.uri = text;
    return target;
  }
  const size_t at = text.find('@');
  target.user = text.substr(0, at);
  if (at == std::string::npos) return target;
  for (size_t i = 1; i < config.sip.domains.size(); ++i) {
    if (iequals(config.sip.domains[i], text.substr(at + 1))) target.domain = config.sip.domains[i];
  }
  return target;
}

uint32_t calls_per_user(const Config& config) {
  return config.calls_per_user != 0 ? config.calls_per_user
                                    : calls_per_user_default(config.capacity);
}

std::vector<transport::ListenPoint> listen_points(const Config& config) {
  std::vector<transport::ListenPoint> points;
  for (const std::string& text : config.sip.listen) {
    const auto entry = parse_listen(text);
    const bool tcp = entry->transport == ListenTransport::Tcp;
    points.push_back({tcp ? sip::Transport::Tcp : sip::Transport::Udp, entry->address});
  }
  return points;
}

std::vector<transport::GroupPoint> group_points(const Config& config) {
  std::vector<transport::GroupPoint> groups;
  for (const std::string& text : config.sip.multicast) {
    const auto own = parse_group_member(text);
    groups.push_back({{*port::parse_ip(policy::kAllServersAddress), own->port}, own->ip});
  }
  return groups;
}

media::PortRange media_ports(const Config& config) {
  return *media::parse_port_range(config.media.ports);
}

media::RelayOptions relay_options(const Config& config) {
  media::RelayOptions options;
  if (config.media.mode == "relay") options.mode = media::Mode::Relay;
  if (config.media.mode == "direct") options.mode = media::Mode::Direct;
  if (config.media.elsewhere == "no") options.elsewhere = media::Elsewhere::No;
  if (config.media.elsewhere == "any") options.elsewhere = media::Elsewhere::Any;
  options.timeout = seconds(config.media.timeout_s);
  for (const std::string& text : config.media.address) {
    const port::IpAddress ip = *port::parse_ip(text);
    (ip.family == port::Family::V6 ? options.advertised_v6 : options.advertised_v4) = ip;
  }
  return options;
}

void bind_media(std::span<const transport::ListenPoint> points, media::RelayOptions& options) {
  for (const port::Family family : {port::Family::V4, port::Family::V6}) {
    port::IpAddress bind;
    for (const transport::ListenPoint& point : points) {
      const port::IpAddress& ip = point.bind.ip;
      if (ip.family != family) continue;
      const bool is_first = bind.family == port::Family::None;
      bind = is_first || bind == ip ? ip : port::IpAddress{{}, 0, family};
    }
    (family == port::Family::V6 ? options.bind_v6 : options.bind_v4) = bind;
  }
}

Settings settings_of(const Config& config, std::string_view realm) {
  Settings settings;
  settings.listen = listen_points(config);
  settings.domains = own_domains(config.sip.domains);
  settings.offline_status = static_cast<uint16_t>(config.routing.offline_status);
  settings.forward_unknown = config.routing.forward_unknown;
  settings.auth = auth_options(config, realm);
  settings.blocks = block_options(config);
  settings.access = access_options(config);
  settings.registrar = registrar_options(config);
  settings.proxy = proxy_options(config);
  settings.b2bua = b2bua_options(config);
  settings.third_party = third_party_rules(config);
  settings.session_timer = session_timer_options(config);
  settings.emergency = config.routing.emergency;
  settings.help_target = help_target(config);
  settings.calls_per_user = calls_per_user(config);
  settings.transport = transport_options(config);
  settings.media = relay_options(config);
  return settings;
}

std::string read_nonce_key(const Config& config, port::Files& files, port::Entropy& entropy,
                           HashKey& key) {
  key = {entropy.u64(), entropy.u64()};
  const std::string& path = config.auth.nonce_key_file;
  if (path.empty()) return {};
  std::string bytes;
  const int error = port::read_file(files, path, kNonceKeyBytesMax, bytes);
  if (error != 0) {
    return "auth.nonce_key_file: " + path + " cannot be read: " + std::strerror(error);
  }
  if (bytes.size() < kNonceKeyBytesMin) {
    return "auth.nonce_key_file: " + path +
           " is too short; at least 32 random bytes are needed "
           "(head -c 32 /dev/urandom > FILE)";
  }
  const std::string_view pieces[] = {bytes};
  const port::Sha256Digest digest = port::sha256(pieces);
  std::memcpy(&key.k0, digest.data(), sizeof(key.k0));
  std::memcpy(&key.k1, digest.data() + sizeof(key.k0), sizeof(key.k1));
  return {};
}

HashKey route_key_of(const HashKey& nonce_key) {
  return {siphash64(nonce_key, "route key 0"), siphash64(nonce_key, "route key 1")};
}

}  // namespace tipring::app

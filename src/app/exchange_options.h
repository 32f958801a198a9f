// What each part of the exchange is told of the configuration.
#pragma once

#include <vector>

#include "app/config.h"
#include "app/store_location.h"
#include "auth/authenticator.h"
#include "core/source_ranges.h"
#include "media/relay.h"
#include "port/entropy.h"
#include "port/files.h"
#include "server/b2bua/options.h"
#include "server/policy/access.h"
#include "server/policy/emergency.h"
#include "server/proxy/options.h"
#include "server/registrar/registrar.h"
#include "transport/transport.h"

namespace tipring::app {

// `realm` outlives the options.
auth::AuthOptions auth_options(const Config& config, std::string_view realm);
policy::AccessOptions access_options(const Config& config);
auth::BlockOptions block_options(const Config& config);
registrar::RegistrarOptions registrar_options(const Config& config);
proxy::ProxyOptions proxy_options(const Config& config);
b2bua::B2buaOptions b2bua_options(const Config& config);
std::vector<policy::ThirdPartyRule> third_party_rules(const Config& config);
service::SessionTimerOptions session_timer_options(const Config& config);
policy::HelpTarget help_target(const Config& config);
uint32_t calls_per_user(const Config& config);
SourceRanges safe_sources(const Config& config);
std::vector<transport::ListenPoint> listen_points(const Config& config);
std::vector<transport::GroupPoint> group_points(const Config& config);
media::PortRange media_ports(const Config& config);

// Without what sockets are bound to.
media::RelayOptions relay_options(const Config& config);
// Media are received where SIP is: on the one address of a family that is listened on, else on all.
void bind_media(std::span<const transport::ListenPoint> points, media::RelayOptions& options);

// Without the listening points.
transport::TransportOptions transport_options(const Config& config);

// What can change while the exchange runs.
struct Settings {
  std::vector<transport::ListenPoint> listen;
  std::vector<OwnDomain> domains;
  uint16_t offline_status = 0;
  bool forward_unknown = true;
  auth::AuthOptions auth;
  auth::BlockOptions blocks;
  policy::AccessOptions access;
  registrar::RegistrarOptions registrar;
  proxy::ProxyOptions proxy;
  b2bua::B2buaOptions b2bua;
  std::vector<policy::ThirdPartyRule> third_party;
  service::SessionTimerOptions session_timer;
  std::vector<std::string> emergency;
  policy::HelpTarget help_target;
  uint32_t calls_per_user = 0;
  transport::TransportOptions transport;
  media::RelayOptions media;
};

// `realm` outlives the settings.
Settings settings_of(const Config& config, std::string_view realm);

// From auth.nonce_key_file, so that servers which share it accept each other's nonces; without one
// a new key at every start. Empty on success, else what is wrong with the file.
std::string read_nonce_key(const Config& config, port::Files& files, port::Entropy& entropy,
                           HashKey& key);

// The key of the cookies in our Record-Route: with auth.nonce_key_file the dialogs that stand pass
// after a new start too.
HashKey route_key_of(const HashKey& nonce_key);

}  // namespace tipring::app

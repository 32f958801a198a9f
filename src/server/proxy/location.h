// Where the users of this server can be reached: asked by the proxy, answered over the store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sip/uri.h"
#include "transport/flow.h"

namespace tipring::proxy {

// One member of the target set: RFC 3261 16.5. Views into the binding, good until the loop's next
// turn.
struct Target {
  sip::ParsedUri uri;  // the Contact as registered
  std::optional<transport::Flow>
      flow;               // for a phone behind NAT or on a stream: where it registered from
  std::string_view path;  // RFC 3327: values of the Route to the contact; empty for none
};

class Location {
 public:
  // The domain part of `uri` names this server's users; for any other URI the proxy asks no
  // further.
  virtual bool is_local(const sip::Uri& uri) const = 0;

  // Fills `targets` with the user's bindings, best q first, the newest first among equals; how many
  // they are, of as many as there is room for. Without any, `status` is the answer: 404 for an
  // unknown user, and routing.offline_status for one without a phone.
  virtual size_t find_targets(const sip::Uri& uri, std::span<Target> targets, uint16_t& status) = 0;

 protected:
  ~Location() = default;
};

}  // namespace tipring::proxy

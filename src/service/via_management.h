// Writes the Via that this server puts on top of a request that it forwards: RFC 3261 16.6 step 8,
// RFC 5393 4.2.1.
#pragma once

#include <array>
#include <string_view>

#include "service/environment.h"

namespace tipring::service {

// Whether the request has been here before and was forwarded by the same rules: RFC 5393 4.2.2. A
// request that comes again with another target, route or dialog is in a spiral, and may pass.
bool is_loop(const Environment& environment, const sip::MessageView& request);

class ViaManagement {
 public:
  using Text = std::array<char, 192>;

  // The value, written into `text`: transport, the sent-by of `flow`, the branch of `client` with
  // the loop hash of `request`, and rport so that answers find their way through NAT (RFC 3581).
  static std::string_view write(const Environment& environment, transaction::ClientHandle client,
                                const Flow& flow, const sip::MessageView& request, Text& text);

  // The same for a request of our own, which nobody has sent to us.
  static std::string_view write_own(const Environment& environment,
                                    transaction::ClientHandle client, const Flow& flow, Text& text);

  // The same for a request that has no transaction of ours: the ACK to a 2xx.
  static std::string_view write_stateless(const Environment& environment, const Flow& flow,
                                          const sip::MessageView& request, Text& text);
};

}  // namespace tipring::service

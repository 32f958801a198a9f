// The Via of a request that is sent on without a transaction, and where the response to it goes: RFC
// 3261 16.11. All that must be known then stands in the branch.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "server/proxy/flow_token.h"
#include "service/environment.h"

namespace tipring::proxy {

using service::Environment;
using service::Flow;
using service::Incoming;

using StatelessViaText = std::array<char, 192 + kFlowTokenMax>;

// The value, written into `text`, for `request` that leaves over `out`. The same for each repetition
// of it, for its CANCEL and for the ACK to a failure.
std::string_view write_stateless_via(const Environment& environment, const Incoming& request,
                                     const Flow& out, StatelessViaText& text);

// How the request came to whose topmost Via the response answers; nothing for one that we have not
// written.
std::optional<Flow> read_stateless_via(const Environment& environment,
                                       const sip::MessageView& response);

}  // namespace tipring::proxy

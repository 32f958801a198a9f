// A flow as text in our own Record-Route, for a side that can only be reached the way it came: a
// phone behind NAT, or one on a stream. As an edge proxy does it in RFC 5626 5.1, but per dialog.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "transport/flow.h"

namespace tipring::proxy {

// Hexadecimal digits: family, transport, listener, two ports, two addresses, connection, MAC.
inline constexpr size_t kFlowTokenMax = 2 * (1 + 1 + 1 + 4 + 32 + 8 + 8);

// The MAC covers `call_id`, so that a token is of no use outside its dialog. `out` holds
// kFlowTokenMax.
std::string_view write_flow_token(const HashKey& key, std::string_view call_id,
                                  const transport::Flow& flow, std::span<char> out);

// Nothing for a token that was not written with this key for this Call-ID.
std::optional<transport::Flow> read_flow_token(const HashKey& key, std::string_view call_id,
                                               std::string_view token);

}  // namespace tipring::proxy

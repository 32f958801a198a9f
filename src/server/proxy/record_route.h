// Our own Record-Route values: RFC 3261 16.6 step 4 and 16.12, RFC 5658 (double Record-Routing).
// They come back as Route values: routes.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dialog/cookie.h"
#include "service/environment.h"

namespace tipring::proxy {

using service::Environment;
using service::Flow;

// The parameter that carries a flow (flow_token.h). Begins like no other that our values have, so that
// its absence is seen by its first letter (sip::ParamInitials).
inline constexpr std::string_view kFlowParam = "ft";

class RecordRoutes {
 public:
  // The values for a request that goes from `in` to `out`: one, or two where transport, family or
  // address change, so that each side finds us on its own; also two where a side can be reached by
  // its flow alone. `call`: that an INVITE begins; where a dialog of another kind begins, of which
  // nothing is kept, there is none, and the flow to the caller is written. `out_by_flow`: so is that
  // to the callee.
  RecordRoutes(const Environment& environment, const sip::MessageView& request,
               dialog::CallHandle call, const Flow& in, const Flow& out, bool out_by_flow);

  std::span<const std::string_view> values() const { return {values_.data(), count_}; }

 private:
  void add(const Environment& environment, const Flow& flow, std::string_view call_id,
           const dialog::Cookie& cookie, bool by_flow);

  std::array<std::array<char, 320>, 2> text_;
  std::array<std::string_view, 2> values_;
  size_t count_ = 0;
};

}  // namespace tipring::proxy

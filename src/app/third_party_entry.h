// One entry of registrar.third_party: "assistant@example.com: boss@example.com".
#pragma once

#include <optional>
#include <string_view>

#include "server/policy/third_party.h"

namespace tipring::app {

// Nothing when it is none. A name without "@" is of the default domain.
std::optional<policy::ThirdPartyRule> parse_third_party(std::string_view text);

}  // namespace tipring::app

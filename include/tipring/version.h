// The version of the library and of both programs. The build reads it from here.
#pragma once

#include <string_view>

namespace tipring {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tipring

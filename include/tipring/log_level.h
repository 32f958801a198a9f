// How much of the log is written.
#pragma once

#include <cstdint>

namespace tipring {

enum class LogLevel : uint8_t { Error, Warning, Info, Debug };

}  // namespace tipring

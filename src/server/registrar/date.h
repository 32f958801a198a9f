// The Date header: RFC 3261 20.17, so that phones without a clock of their own have one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "port/time.h"

namespace tipring::registrar {

inline constexpr size_t kDateSize = 29;  // "Sat, 13 Nov 2010 23:29:00 GMT"

// `wall` counts from 1970 and is not negative; `out` holds kDateSize.
std::string_view write_date(Millis wall, std::span<char> out);

}  // namespace tipring::registrar

// How late the refresh of a binding may reach the file, and by how much every binding outlives its
// row at start for it.
#pragma once

#include <algorithm>

#include "port/time.h"

namespace tipring::store {

constexpr Millis refresh_grace(Millis interval) { return std::min(Millis(30'000), interval / 4); }

// A refresh is due a little earlier, so that it is on the disk in time; all that are waiting are
// then written with it.
constexpr Millis refresh_due(Millis now, Millis interval) {
  return now + refresh_grace(interval) * 3 / 4;
}

}  // namespace tipring::store

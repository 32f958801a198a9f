#include "server/policy/unknown_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace tipring::policy {

void UnknownNames::note(std::string_view name, std::string_view domain,
                        const port::SocketAddress& from, Millis now) {
  std::array<char, UnknownName::kTextMax> room;
  const std::string_view shown = write_escaped(name, room);
  if (shown.empty()) return;
  domain = domain.substr(0, UnknownName::kTextMax);
  auto place = std::find_if(places_.begin(), places_.end(), [&](const UnknownName& one) {
    return one.tries != 0 && one.source.ip == from.ip && one.name.view() == shown &&
           one.domain.view() == domain;
  });
  if (place == places_.end()) {
    place = std::min_element(places_.begin(), places_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.tries != 0, a.last) < std::pair(b.tries != 0, b.last);
    });
    *place = {FixedText<UnknownName::kTextMax>(shown), FixedText<UnknownName::kTextMax>(domain),
              from, 0, now};
  }
  place->source = from;
  place->last = now;
  if (place->tries != UINT32_MAX) ++place->tries;
}

}  // namespace tipring::policy

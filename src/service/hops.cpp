#include "service/hops.h"

#include <algorithm>

#include "sip/headers.h"

namespace tipring::service {

uint8_t next_max_forwards(const sip::MessageView& request) {
  const auto& hops = request.typed<sip::HeaderId::MaxForwards>();
  return hops && *hops != 0 ? static_cast<uint8_t>(*hops - 1) : kMaxForwardsDefault;
}

uint32_t max_breadth_of(const sip::MessageView& request) {
  if (!request.has(sip::HeaderId::MaxBreadth)) return kMaxBreadth;
  const auto breadth = request.typed<sip::HeaderId::MaxBreadth>();
  return breadth ? std::min(*breadth, kMaxBreadth) : kMaxBreadth;
}

}  // namespace tipring::service

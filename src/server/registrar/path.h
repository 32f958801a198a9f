// The Path of a REGISTER, which becomes the route to its contacts: RFC 3327 5.3.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "server/registrar/refusal.h"
#include "sip/message.h"

namespace tipring::registrar {

inline constexpr size_t kPathMax = 1024;

// Refuses with 420 (the phone does not say that it knows of it, where it must) or 400.
Refusal check_path(const sip::MessageView& request, bool needs_support, bool from_loopback);

// The values of all Path headers, in their order. `out` holds kPathMax.
std::string_view write_path(const sip::MessageView& request, std::span<char> out);

}  // namespace tipring::registrar

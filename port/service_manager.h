// Tells whoever started the program how far it is. On Linux that is systemd, by sd_notify(3)'s
// datagram; without it nothing happens.
#pragma once

#include <cstdint>

namespace tipring::port {

enum class ServiceState : uint8_t { Ready, Reloading, Stopping };

// Takes no memory and does not block.
void tell_service_manager(ServiceState state);

}  // namespace tipring::port

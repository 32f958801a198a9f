// Tells whoever started the program how far it is. On Linux that is systemd, by sd_notify(3)'s
// datagram; without it nothing happens.
#pragma once

#include <cstdint>

#include "port/time.h"

namespace tipring::port {

enum class ServiceState : uint8_t { Ready, Reloading, Stopping, Alive };

// Takes no memory and does not block.
void tell_service_manager(ServiceState state);

// Whether a service manager has started this process, and starts it anew when it asks for it by its
// exit status.
bool is_supervised();

// Within which time Alive must be told again and again, lest the service manager take this process
// for stuck and start it anew, as sd_watchdog_enabled(3) reads it. 0: nobody watches.
Millis service_watchdog();

}  // namespace tipring::port

// What the host of a URI, or its maddr, says of where a request to it would go.
#pragma once

#include "sip/uri.h"

namespace tipring::sip {

// False where it is an address that no host has to itself: multicast, broadcast, or unspecified
// (0.0.0.0, "::"), to which a system connects as to itself. A name says nothing yet.
bool names_one_host(const Uri& uri);

// An address of the loopback network, or a name that always stands for it (RFC 6761 6.3).
bool names_loopback(const Uri& uri);

}  // namespace tipring::sip

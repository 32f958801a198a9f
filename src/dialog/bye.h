// A BYE that neither side has sent: the server ends a call whose session is over, or that its
// operator wants to end, in the name of each side towards the other. A proxy does no such thing by
// RFC 4028 8.3; SPEC C4 wants it.
#pragma once

#include <span>
#include <string_view>

#include "core/result.h"
#include "dialog/dialog.h"
#include "sip/uri.h"

namespace tipring::dialog {

// Where requests to that side go first: RFC 3261 12.2.1.1 and 16.6 step 6. An error where its target
// is not known: no BYE can be sent then.
sip::ParsedUri next_hop(const Dialog& dialog, Side to);

// The BYE to that side, with the CSeq that follows the last one of the other side. `via`: a value;
// `reason`: of a Reason header (RFC 3326). The bytes written. Errors: Invalid (no target),
// BufferFull.
Result<size_t> write_bye(const Dialog& dialog, Side to, std::string_view via,
                         std::string_view reason, std::span<char> out);

}  // namespace tipring::dialog

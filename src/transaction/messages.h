// The few messages that this layer writes itself: responses from a kept request, the ACK to a
// failure (RFC 3261 17.1.1.3) and CANCEL (9.1). Each is written into the scratch buffer and copied
// to the smallest slab that is free.
#pragma once

#include <cstdint>
#include <string_view>

#include "sip/message.h"
#include "sip/writer.h"
#include "transaction/shared.h"

namespace tipring::transaction {

// `source` is where the request came from: what the top Via is completed with unless `parts` says
// how. Errors: TooLong (does not fit one message), Invalid (the request lacks a header that is
// copied), PoolExhausted (no slab; counted as refused).
Result<MessageRef> write_response_to(Shared& shared, const sip::MessageView& request,
                                     const port::SocketAddress& source, uint16_t status,
                                     const sip::ResponseParts& parts);

// The same to a request that nobody has vouched for: at most twice its size where it was a
// datagram, so that nobody is flooded through us in another's name. Error besides: TooLong (counted
// as too large), where even the least that it must say is more.
Result<MessageRef> write_bounded_response(Shared& shared, const transport::Incoming& request,
                                          uint16_t status, const sip::ResponseParts& parts);

// The 100 to `request`. Null when there is no slab, as of those below.
MessageRef write_trying(Shared& shared, const MessageRef& request,
                        const port::SocketAddress& source);
MessageRef write_failure_ack(Shared& shared, const MessageRef& request,
                             const sip::MessageView& response);
MessageRef write_cancel_of(Shared& shared, const MessageRef& request, std::string_view lines);

}  // namespace tipring::transaction

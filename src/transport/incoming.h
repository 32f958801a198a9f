// A message that has just arrived, as every layer above sees it.
#pragma once

#include "core/message_slabs.h"
#include "port/time.h"
#include "sip/message.h"
#include "transport/flow.h"

namespace tipring::transport {

// Good during the call that hands it over. Who needs the message later copies `buffer` (one count)
// and parses it again into an index of its own: the index is what takes room, and parsing costs
// less than keeping it.
struct Incoming {
  const sip::MessageView& message;
  const MessageRef& buffer;  // holds the message's bytes and nothing else
  const Flow& flow;          // how it came; for a stream its connection is the live one
  Millis now;
  bool by_group = false;  // it was sent to a multicast address, and answers go to its source alone
};

// Where a response to `request` goes: RFC 3261 18.2.2 and RFC 3581 4. For UDP the source address
// with the port of rport, or of the Via's sent-by; or a multicast maddr, while any other is passed
// over. For a stream the same connection, with the source address and the sent-by port as what to
// connect to when that connection has gone.
Flow reply_flow(const Incoming& request);

}  // namespace tipring::transport

// A proxy that keeps nothing: RFC 3261 16.11. It stands on the transport layer alone, for
// applications that put it in front of others; the server itself forwards with state.
#pragma once

#include <cstdint>

#include "core/hash.h"
#include "core/message_slabs.h"
#include "service/environment.h"
#include "sip/message_edit.h"
#include "transport/transport.h"

namespace tipring::service {

// What the application decides of a request.
struct StatelessRoute {
  uint16_t refusal = 0;  // not to be forwarded: the status that says why
  Flow flow;             // else how it goes on
};

class StatelessRouting {
 public:
  // One target, and it must be the same when the request comes again: only the message and what
  // does not change may decide. `edit`: Request-URI, routes, Record-Route and lines of ours, for
  // which the same holds; Via and Max-Forwards are the proxy's. Never asked about what the proxy
  // refuses by itself.
  virtual StatelessRoute route(const Incoming& request, sip::RequestEdit& edit) = 0;

 protected:
  ~StatelessRouting() = default;
};

// The recommended way of 16.11: what names the transaction of a request, to be the branch that it
// leaves with. A CANCEL has the branch of its INVITE, and so has the ACK to a failure: they get the
// same one.
uint64_t stateless_hash(const sip::MessageView& request, const HashKey& key);

struct StatelessCounters {
  uint64_t requests = 0;   // forwarded, retransmissions too
  uint64_t responses = 0;  // likewise
  uint64_t refused = 0;    // answered here
  uint64_t dropped = 0;    // not ours, or nowhere to go: nobody is told
};

class StatelessProxy final : public transport::MessageHandler {
 public:
  // Borrows all of them. With the same `key` after a restart, or in another process, a
  // retransmission leaves with the same branch. Make it from a file that does not change.
  StatelessProxy(transport::TransportLayer& transport, MessageSlabs& slabs, const OwnNames& names,
                 StatelessRouting& routing, const HashKey& key)
      : transport_(transport), slabs_(slabs), names_(names), routing_(routing), key_(key) {}

  const StatelessCounters& counters() const { return counters_; }

  void on_message(const Incoming& incoming) override;
  void on_malformed(const Incoming& incoming, const sip::ParseError& error) override;

 private:
  void forward(const Incoming& request);
  void forward_back(const Incoming& response);
  void refuse(const Incoming& request, uint16_t status);
  bool send(MessageRef message, const Flow& flow);
  uint64_t mac_of(std::string_view unique, const port::SocketAddress& back) const;

  transport::TransportLayer& transport_;
  MessageSlabs& slabs_;
  const OwnNames& names_;
  StatelessRouting& routing_;
  HashKey key_;
  StatelessCounters counters_;
};

}  // namespace tipring::service

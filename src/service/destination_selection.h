// Where a request goes next: a flow that is known already, or the addresses of the next hop of RFC
// 3261 16.6 step 7, located in place or after a pause and then tried in order (RFC 3263 4.3). A
// request that is too large for a datagram goes over TCP first: RFC 3261 18.1.1.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "service/context.h"
#include "service/environment.h"
#include "service/stream_refusals.h"

namespace tipring::service {

class ViaManagement;
class OutputControl;

struct Destination {
  sip::ParsedUri next_hop;   // of the topmost Route, or the Request-URI
  std::optional<Flow> flow;  // a binding's: then the URI is not looked at
  // Whatever its size: a phone that has registered over UDP may have no other way (SPEC C5).
  bool keeps_transport = false;
  // Neither who sends nor who is meant is on this host: what a name or an address leads to on it is
  // left out, or anyone could have us speak to what listens there for this host alone.
  bool keeps_off_host = false;
  // Whose request it is (asker_of()); 0: our own.
  uint64_t asker = 0;
};

// Names him who sends from `remote`: his lookups are counted.
uint64_t asker_of(const Environment& environment, const port::SocketAddress& remote);

class DestinationSelection {
 public:
  using Before = ServiceList<ViaManagement, OutputControl>;

  // 18.1.1, where the path's MTU is unknown: as written, with our Via and Record-Route.
  static constexpr size_t kDatagramBytesMax = 1300;
  // For a connection to a peer that might speak UDP alone: SPEC C5.
  static constexpr uint16_t kConnectMs = 1000;

  // Done: next() gives what to try, best first. Suspended: handler.on_located(tag) follows, and its
  // flows are for located(). What was left of an earlier destination is forgotten.
  // Errors: as Locator::locate(), and Invalid for a next hop that is no SIP URI.
  Result<transport::LocateState> select(const Environment& environment,
                                        const Destination& destination,
                                        transport::LocateHandler& handler, uint64_t tag);
  void located(const transport::FlowList& flows);
  void resumed() { suspended_ = false; }
  bool suspended() const { return suspended_; }

  // The next one of `destination`, the same that was selected; nothing when all have been taken.
  std::optional<Flow> next(const Environment& environment, const Destination& destination);
  bool has_next() const { return count_ != 0; }
  bool kept_off_host() const { return kept_off_host_; }  // something has been left out
  void forget_rest() { count_ = 0; }

  // Whether a request of `bytes` goes over TCP instead of over `flow`, which next() gave and which
  // becomes that of TCP. It comes next once more then, in case that TCP fails.
  bool switch_to_stream(const Environment& environment, const StreamRefusals& refusals,
                        size_t bytes, Flow& flow);
  // The last one that next() gave could not be reached. Where TCP was tried for the sake of size
  // it is not tried again for a while.
  void note_unreachable(StreamRefusals& refusals, Millis now) const;

  // Before the context is released.
  void cancel(const Environment& environment, transport::LocateHandler& handler, uint64_t tag);

 private:
  enum class Kind : uint8_t { Address, Flow, InsteadOfStream };
  struct Entry {
    port::SocketAddress remote;
    sip::Transport transport = sip::Transport::Udp;
    Kind kind = Kind::Address;
  };

  bool suspended_ = false;
  bool may_switch_ = false;
  bool kept_off_host_ = false;
  uint8_t count_ = 0;
  std::array<Entry, std::tuple_size_v<decltype(transport::FlowList::flows)>> left_;  // next: last
};

}  // namespace tipring::service

// From a next hop's URI to the addresses to try: RFC 3263, so far A and AAAA records. A literal
// address is located in place; a name may take a while, and the caller's job is suspended until
// then.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "port/loop.h"
#include "port/names.h"
#include "sip/uri.h"
#include "transport/transport.h"

namespace tipring::transport {

// The flows to try, best first.
struct FlowList {
  std::array<Flow, 4> flows;
  uint8_t count = 0;
};

class LocateHandler {
 public:
  // Errors: NotFound (no such host: 404 or 480 is not ours to say, a proxy answers 502 or tries the
  // next branch), TimedOut, Unsupported (we listen on no transport and family that reaches it).
  virtual void on_located(uint64_t tag, const Result<FlowList>& flows) = 0;

 protected:
  ~LocateHandler() = default;
};

enum class LocateState : uint8_t { Done, Suspended };

class Locator final : private port::NamesHandler {
 public:
  static void plan(MemoryPlan& plan);

  Locator(port::Names& names, port::Loop& loop, TransportLayer& transport, Arena& arena);

  // Transport by the URI's parameter, else UDP (RFC 3263 4.1); port by the URI, else 5060 or 5061.
  // sips: always means TLS. maddr takes the host's place. `prefer` overrides the transport where a
  // sip: URI names none. Done: `flows` is filled. Suspended: handler.on_located(tag) follows once.
  // Errors as on_located(), and PoolExhausted.
  Result<LocateState> locate(const sip::Uri& next_hop, std::optional<sip::Transport> prefer,
                             FlowList& flows, LocateHandler& handler, uint64_t tag);

  // The same for somebody else's request, by whom is told in `asker`, not 0: nobody gets more than
  // half of what others leave, so that one who names hosts which take their time stops nobody.
  Result<LocateState> locate_for(uint64_t asker, const sip::Uri& next_hop, FlowList& flows,
                                 LocateHandler& handler, uint64_t tag);

  void cancel(LocateHandler& handler, uint64_t tag);

  static constexpr Millis kDeadline{5000};

 private:
  void on_names(uint64_t tag, port::NamesStatus status,
                std::span<const port::IpAddress> addresses) override;

  static constexpr uint32_t kLookupsMax = 64;
  static constexpr uint32_t kOwnMin = 4;  // kept for what the server wants itself

  // One caller that waits for a name.
  struct Lookup {
    LocateHandler* handler;
    uint64_t tag;
    uint64_t asker;
    uint16_t port;
    sip::Transport transport;
  };

  Result<LocateState> find(uint64_t asker, const sip::Uri& next_hop,
                           std::optional<sip::Transport> prefer, FlowList& flows,
                           LocateHandler& handler, uint64_t tag);
  bool may_ask(uint64_t asker) const;
  Result<FlowList> flows_to(std::span<const port::IpAddress> addresses, uint16_t port,
                            sip::Transport transport) const;

  port::Names& names_;
  port::Loop& loop_;
  TransportLayer& transport_;
  Pool<Lookup> lookups_;
};

}  // namespace tipring::transport

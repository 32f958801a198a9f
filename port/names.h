// Host names to addresses without blocking. Queries live in a pool of fixed size.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "port/address.h"
#include "port/time.h"

namespace tipring::port {

enum class NamesStatus : uint8_t { Found, NotFound, TimedOut, Failed, Cancelled };

enum class QueryFamily : uint8_t { V4, V6, Both };

class NamesHandler {
 public:
  // `addresses` is good during the call only; empty unless Found.
  virtual void on_names(uint64_t tag, NamesStatus status, std::span<const IpAddress> addresses) = 0;

 protected:
  ~NamesHandler() = default;
};

class Names {
 public:
  virtual ~Names() = default;

  // Asks for the A and AAAA records of `host`. True when the query was started: on_names() follows
  // once, never from within this call, at the latest at `deadline`. False when all queries of the
  // pool are in use or `host` is longer than a name may be (253 bytes). An IP literal never comes
  // here: its caller reads it with parse_ip() and goes on without a pause.
  virtual bool resolve(std::string_view host, QueryFamily family, Millis deadline,
                       NamesHandler& handler, uint64_t tag) = 0;

  // Queries of `handler` with `tag` end with Cancelled, from within this call.
  virtual void cancel(NamesHandler& handler, uint64_t tag) = 0;

  static constexpr size_t kAddressesMax = 8;
};

}  // namespace tipring::port

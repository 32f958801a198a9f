// What services work with: the layers below, the clock's timers, and the decisions that an
// application makes for them. One per server; every context borrows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/hash.h"
#include "core/log.h"
#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "dialog/calls.h"
#include "port/loop.h"
#include "service/overload.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "transaction/transaction_layer.h"
#include "transport/locator.h"
#include "transport/trace.h"
#include "transport/transport.h"

namespace tipring::service {

using transport::Flow;
using transport::Incoming;

// Which hosts and ports are this server: its addresses, its names and its domains.
class OwnNames {
 public:
  // Port 0: absent. `is_ipv6` as sip::Uri says it of its host.
  virtual bool is_own(std::string_view host, uint16_t port) const = 0;
  // An address where we have listened until the configuration was changed.
  virtual bool was_own(std::string_view host, uint16_t port) const {
    static_cast<void>(host);
    static_cast<void>(port);
    return false;
  }

 protected:
  ~OwnNames() = default;
};

// What a request may do here: SPEC C21 and RFC 3261 22 in one answer.
struct Access {
  uint16_t status = 0;            // 0: go on; 401, 407: challenge; any other refuses
  std::string_view reason = {};   // empty: the default phrase
  std::string_view headers = {};  // the challenges; good until the next question
  uint64_t user = 0;              // who the credentials have proved the sender to be; 0: nobody
  bool dropped = false;           // not to be answered at all
  bool third_party = false;       // a rule lets the sender act for `user`, who is another
};

// What the Route headers of a request say of it: RFC 3261 16.4.
struct RouteFacts {
  // The one that counts, where a strict router had put another in its place; null: the one that
  // stands in the request.
  const sip::ParsedUri* request_uri = nullptr;
  bool routed_on = false;  // a Route that is not ours says where the request goes
  bool in_dialog = false;  // it goes from one side of a dialog that stands to the other
  // It may be within a call from before the last start, of which nothing is known here.
  bool may_be_older = false;
  bool served_here = false;  // by a user agent of this server, which is no proxy for it
};

class AccessControl {
 public:
  // An ACK, which nobody could answer, is let through or refused, never challenged.
  virtual Access judge(const Incoming& request, const RouteFacts& route) = 0;

  // Whether a request that has been let through may also go to `uri`, which is no user's of ours:
  // its callee has named it in a redirection.
  virtual bool may_follow(const sip::MessageView& request, const sip::Uri& uri) {
    static_cast<void>(request);
    static_cast<void>(uri);
    return false;
  }

 protected:
  ~AccessControl() = default;
};

enum class SessionTimerMode : uint8_t {
  Off,        // the phones' own affair
  Insert,     // asked for, as RFC 4028 lets a proxy do
  Mandatory,  // and who knows none may not begin a call
};
enum class SessionExpiry : uint8_t { Bye, Drop };

// session_timer.*: RFC 4028.
struct SessionTimerOptions {
  SessionTimerMode mode = SessionTimerMode::Mandatory;
  SessionExpiry on_expiry = SessionExpiry::Bye;
  uint32_t interval_s = 1800;  // asked for where the request names none
  uint32_t min_se_s = 90;      // below it a request is refused, or its interval raised
};

// Who may begin a call without session timers where these are mandatory: SPEC C1.
class TimerExceptions {
 public:
  // `request_uri`: the one that counts (RouteFacts). False: the call is refused with 421, and who
  // implements this says so to the operators.
  virtual bool lets_through(const Incoming& request, const sip::ParsedUri& request_uri) = 0;

 protected:
  ~TimerExceptions() = default;
};

// Whose a new call is, how many he may have, and whether it is for help.
class CallTerms {
 public:
  // `user`: whom the credentials have proved the caller to be; 0: nobody was asked.
  virtual dialog::Terms terms_of(const Incoming& request, const sip::ParsedUri& request_uri,
                                 uint64_t user) = 0;
  // The call was refused for want of a share; who implements this says so to the operators.
  virtual void on_over_share(const Incoming& request, uint64_t user) = 0;

 protected:
  ~CallTerms() = default;
};

class CallBook;

struct Environment {
  transport::TransportLayer& transport;
  transport::Locator& locator;
  transaction::TransactionLayer& transactions;
  dialog::Calls& calls;
  MessageSlabs& slabs;
  TimerWheel& timers;
  const port::Loop& loop;
  const OwnNames& names;
  AccessControl& access;
  std::string_view realm;  // of our own digest challenges
  HashKey route_key;       // of the cookies in our Record-Route
  Log& log;
  Overload& overload;
  SessionTimerOptions session_timer = {};
  TimerExceptions* timer_exceptions = nullptr;  // null: there are none
  CallTerms* call_terms = nullptr;              // null: all calls are alike
  bool tracks_calls = true;                     // false: a proxy for transactions alone
  uint32_t life = 0;  // tells the cookies of this run from those of others
  Millis started_at{0};
  CallBook* book = nullptr;  // null: no records are kept of calls

  // For a trace, what has been decided about a call; costs one look at a flag while there is none.
  void note(std::string_view call_id, transport::Decision decision,
            std::initializer_list<transport::DecisionValue> values = {},
            std::string_view joins = {}) const {
    if (transport::Trace* trace = transport.tracing())
      trace->decided(call_id, decision, values, joins);
  }

  // Of this turn. The wheel's own time stands still while the loop sleeps.
  Millis now() const { return loop.now(); }
};

// Writes a message straight into the buffer that is sent and kept. `write` takes a span and gives
// the bytes written, or BufferFull, and is then called once more with the largest buffer. Null when
// no buffer is free or nothing fits.
template <class Write>
MessageRef write_message(MessageSlabs& slabs, size_t size_expected, Write write) {
  for (const size_t size : {size_expected, sip::kMessageSizeMax}) {
    MessageRef message = slabs.acquire(size);
    if (!message) return {};
    const Result<size_t> written = write(message.room());
    if (written) {
      message.set_size(*written);
      return message;
    }
    if (written.error() != Error::BufferFull) return {};
  }
  return {};
}

}  // namespace tipring::service

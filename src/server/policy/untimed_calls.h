// Who may call without session timers where these are mandatory, and whose phones were refused: SPEC
// C1. A call for help always goes through, and so do those of users whom an administrator has
// excepted. From is not proved yet when this is asked: what is kept of the refused is bounded, and a
// stranger gets the same answer whether or not there is such a user.
#pragma once

#include <array>
#include <span>
#include <string>

#include "core/log_bursts.h"
#include "core/log_count.h"
#include "server/policy/domains.h"
#include "server/policy/emergency.h"
#include "service/environment.h"
#include "store/store.h"

namespace tipring::policy {

// Calls that name a user of ours in From, and had to be refused.
struct UntimedCaller {
  Handle<store::User> user;
  uint32_t calls = 0;
  Millis last{0};
  port::SocketAddress source;  // of the last one
  LogCount lines;
};

class UntimedCalls final : public service::TimerExceptions {
 public:
  // Beyond these the one who was refused longest ago is forgotten.
  static constexpr size_t kCallersMax = 64;

  // Borrows the first five. `socket`: by which tipringctl reaches this server, as far as it has to be
  // told.
  UntimedCalls(const Domains& domains, const store::Store& store, const Emergency& emergency,
               Log& log, TimerWheel& timers, std::string socket)
      : domains_(domains),
        store_(store),
        emergency_(emergency),
        log_(log),
        bursts_(kEvent, log, timers),
        socket_(std::move(socket)) {}

  bool lets_through(const service::Incoming& request, const sip::ParsedUri& request_uri) override;

  uint64_t refused() const { return refused_; }  // calls, those of nobody known included
  // Null when the user was not refused, or is excepted by now.
  const UntimedCaller* find(const store::User& user) const;
  // Those that find() knows, from `cursor` on, at most `callers` places; where to go on, 0 at the
  // end.
  template <class Visit>
  size_t walk(size_t cursor, size_t callers, Visit visit) const {
    for (; callers > 0 && cursor < count_; ++cursor, --callers) {
      const store::User* user = store_.get(callers_[cursor].user);
      if (user != nullptr && find(*user) != nullptr) visit(*user, callers_[cursor]);
    }
    return cursor < count_ ? cursor : 0;
  }

 private:
  static constexpr std::string_view kEvent = "session_timer_missing";

  UntimedCaller& place_for(Handle<store::User> user);
  void note(const store::User& user, const service::Incoming& request);

  const Domains& domains_;
  const store::Store& store_;
  const Emergency& emergency_;
  Log& log_;
  LogBursts bursts_;
  const std::string socket_;
  uint64_t refused_ = 0;
  size_t count_ = 0;
  std::array<UntimedCaller, kCallersMax> callers_;
};

// What an administrator enters to except a user: "tipringctl user set …", in quotes where a shell
// would make something else of a name. Empty when `out` is too small; kExceptingCommandMax is enough.
std::string_view write_excepting_command(std::string_view name, std::string_view domain,
                                         std::string_view socket, std::span<char> out);
inline constexpr size_t kExceptingCommandMax = 1024;

}  // namespace tipring::policy

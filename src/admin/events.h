// The live streams of the page: server-sent events that say what has changed and what the log tells.
//
// The loop publishes nothing of its own accord: while there are streams, it is asked twice a second
// for its facts and pools, and what differs from the time before becomes an event for all of them.
// So no event is lost on the way, many changes are one event, and 20 streams cost what one does.
//
//   registration, call, group   {names of facts: numbers}: those that have changed
//   pools                       the same, of pools that were full or higher than ever before
//   changed                     {scopes: numbers}: how much administrators have changed of users, groups,
//                               blocks, accounts, config …, on the page or elsewhere
//   log, problem                {"time_ms", "level", "text"}: a line; of warnings and errors both
//   lost                        {"events": N}: the client was too slow for so many
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "admin/caller.h"
#include "admin/jobs.h"
#include "core/log_tail.h"

namespace tipring::admin {

class EventStreams {
 public:
  // `log` may be null; it outlives this.
  void set_log(const LogTail* log) { log_ = log; }

  // Begins a stream, or answers that there are too many. It ends when `witness` says no.
  void open(port::HttpExchange& exchange, std::function<bool()> witness);
  // The exchange changes something of these scopes, a mask, if it comes to that.
  void note_change(uint64_t exchange, uint16_t scopes);
  // Something of this scope has changed by no exchange.
  void note_change(Scope scope) { ++changes_[static_cast<size_t>(scope)]; }
  // It has come to that.
  void note_done(uint64_t exchange);
  // Looks at all of them now; otherwise that is twice a second.
  void end_unwitnessed(Desk& desk);

  // Of port::HttpHandler.
  void on_tick(Desk& desk);
  void on_ready(Desk& desk, uint64_t exchange);
  void on_closed(uint64_t exchange) { clients_.erase(exchange); }
  void on_answered(uint64_t exchange, int status);

 private:
  class Pulse;
  using Changes = std::array<uint64_t, kScopes>;
  using Numbers = std::map<std::string, uint64_t, std::less<>>;

  void take(Desk& desk, Numbers facts, Numbers pools);
  void tell_changes(Desk& desk, const Changes& changes);
  void tell_log(Desk& desk);
  void tell(Desk& desk, std::string_view topic, std::string_view data);

  const LogTail* log_ = nullptr;
  struct Client {
    uint64_t lost = 0;  // events
    std::function<bool()> witness;
  };
  std::map<uint64_t, Client> clients_;     // by exchange
  std::map<uint64_t, uint16_t> changing_;  // scopes by exchange; at most kChangingMax
  Changes changes_{};
  bool asked_ = false;
  bool has_seen_ = false;
  Numbers facts_;
  Numbers pools_;
  uint64_t log_seen_ = 0;
  unsigned ticks_ = 0;
};

}  // namespace tipring::admin

// A line for each request that this server refuses by itself: who asked for what, and why not. For the
// curious also one for each other final answer.
#pragma once

#include <string_view>

#include "core/log_bursts.h"
#include "port/address.h"
#include "sip/message.h"
#include "sip/via.h"

namespace tipring::transaction {

class RefusalLog {
 public:
  // Borrows both.
  RefusalLog(Log& log, TimerWheel& timers)
      : log_(log),
        refusals_("refused", log, timers),
        unanswered_("not_answered", log, timers),
        answers_("answered", log, timers) {}

  struct Source {
    const port::SocketAddress& address;
    sip::Transport transport;
  };

  // Statuses of success and redirection have no line. `reason` is empty for the default one.
  void on_refused(const sip::MessageView& request, const Source& source, uint16_t status,
                  std::string_view reason, Millis now);

  // Any other final answer, its own or one that came from elsewhere. Of no use, and at no cost but
  // a comparison, unless wants_answers().
  bool wants_answers() const { return log_.enabled(LogLevel::Debug); }
  void on_answered(const sip::MessageView& request, const Source& source, uint16_t status,
                   Millis after, Millis now);

  // The answer could not be written, or was too large for somebody who may not be who he says.
  void on_unanswered(const sip::MessageView& request, const Source& source, uint16_t status,
                     Error error, Millis now);

 private:
  Log& log_;
  LogBursts refusals_;
  LogBursts unanswered_;
  LogBursts answers_;
};

}  // namespace tipring::transaction

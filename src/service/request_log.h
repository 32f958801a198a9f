// The request log: one entry for each request when it has its final answer, written by the loop into
// a slot and by the log's thread into the file. Without one nothing of this is there.
#pragma once

#include <string_view>

#include "core/line_log.h"
#include "core/log.h"
#include "core/log_count.h"
#include "port/loop.h"
#include "port/time.h"
#include "service/request_log_format.h"
#include "transaction/transaction_user.h"

namespace tipring::service {

// log.request_format: "classic", "common", "sip-clf", or a format of one's own.
struct RequestLogStyle {
  bool is_clf = false;
  RequestLogFormat format;

  // Uses the heap. Nothing when it is good.
  std::optional<FormatFault> choose(std::string_view text);
};

class RequestLog final : public transaction::AnswerObserver {
 public:
  // Borrows all but the facts.
  RequestLog(const RequestLogStyle& style, LineFront& front, const port::Clock& clock, Log& log,
             const port::Loop& loop, ServerFacts facts)
      : style_(style),
        front_(front),
        clock_(clock),
        log_(log),
        loop_(loop),
        facts_(std::move(facts)) {}

  void on_answered(const transaction::AnsweredRequest& answered) override;

 private:
  void note_loss();

  const RequestLogStyle& style_;
  LineFront& front_;
  const port::Clock& clock_;
  Log& log_;
  const port::Loop& loop_;
  const ServerFacts facts_;
  LogCount losses_;
};

}  // namespace tipring::service

#include "admin/group_jobs.h"

#include "admin/group_json.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

// "…: 600 > 610 > 600".
std::string loop_message(const Refusal& refusal, const Page& page) {
  PageReader reader(page);
  FactRow loop;
  std::string message(refusal.message);
  if (reader.next(loop)) message += ": " + std::string(loop.text);
  return message;
}

}  // namespace

void GroupChangeJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  switch (answer.outcome) {
    case Outcome::Created: reply_json(*client, 201, "{\"result\":\"created\"}\n"); return;
    case Outcome::Changed: reply_json(*client, 200, "{\"result\":\"changed\"}\n"); return;
    case Outcome::Done:
      reply_json(*client, 200, R"({"result":")" + std::string(removed_) + "\"}\n");
      return;
    default: break;
  }
  const Refusal refusal = refusal_of(answer.outcome);
  const std::string message = answer.outcome == Outcome::GroupLoop
                                  ? loop_message(refusal, answer.page)
                                  : std::string(refusal.message);
  reply_error(*client, refusal.status, refusal.code, message);
}

void GroupShowJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  PageReader reader(answer.page);
  GroupRow row;
  if (answer.outcome != Outcome::Done || !reader.next(row)) {
    const Refusal refusal = refusal_of(answer.outcome);
    return reply_error(*client, refusal.status, refusal.code, refusal.message);
  }
  std::string body = R"({"group":)";
  append_json(body, row);
  reply_json(*client, 200, body + "}\n");
}

}  // namespace tipring::admin

#include "admin/group_jobs.h"

#include "admin/group_json.h"
#include "admin/json.h"
#include "admin/reply.h"
#include "admin/revision.h"

namespace tipring::admin {

namespace {

// "…: 600 > 610 > 600".
void reply_loop(port::HttpExchange& client, const Page& page) {
  Problem problem = problem_of(Outcome::GroupLoop);
  PageReader reader(page);
  FactRow loop;
  if (!reader.next(loop)) return reply_problem(client, problem);
  problem.detail += ": " + std::string(loop.text);
  std::string path = "\"path\":";
  append_json(path, loop.text);
  reply_problem(client, problem, {}, {}, path);
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
  if (answer.outcome == Outcome::GroupLoop) return reply_loop(*client, answer.page);
  reply_refusal(*client, answer.outcome);
}

void GroupShowJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  PageReader reader(answer.page);
  GroupRow row;
  if (answer.outcome != Outcome::Done || !reader.next(row))
    return reply_refusal(*client, answer.outcome);
  std::string body = R"({"group":)";
  append_json(body, row);
  reply_tagged(*client, body + "}\n", row.revision);
}

}  // namespace tipring::admin

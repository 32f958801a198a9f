#include "admin/jobs.h"

#include "admin/json.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

template <class Row>
void append_rows(std::string& body, const Page& page) {
  PageReader reader(page);
  Row row;
  while (reader.next(row)) {
    if (body.back() != '[' && body.back() != '{') body += ",\n";
    append_json(body, row);
  }
}

std::string_view opening(Command::Kind kind) {
  switch (kind) {
    case Command::Kind::Status: return R"({"status":{)";
    case Command::Kind::ListPools: return R"({"pools":[)";
    case Command::Kind::ListUsers: return R"({"users":[)";
    case Command::Kind::ListBindings: return R"({"registrations":[)";
    case Command::Kind::PutUser:
    case Command::Kind::RemoveUser: break;
  }
  return "{";
}

void append_page(std::string& body, Command::Kind kind, const Page& page) {
  if (kind == Command::Kind::Status) append_rows<FactRow>(body, page);
  if (kind == Command::Kind::ListPools) append_rows<PoolRow>(body, page);
  if (kind == Command::Kind::ListUsers) append_rows<UserRow>(body, page);
  if (kind == Command::Kind::ListBindings) append_rows<BindingRow>(body, page);
}

}  // namespace

void ChangeJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  switch (answer.outcome) {
    case Outcome::Created: reply_json(*client, 201, "{\"result\":\"created\"}\n"); return;
    case Outcome::Changed: reply_json(*client, 200, "{\"result\":\"changed\"}\n"); return;
    case Outcome::Done: reply_json(*client, 200, "{\"result\":\"deleted\"}\n"); return;
    default: break;
  }
  const Refusal refusal = refusal_of(answer.outcome);
  reply_error(*client, refusal.status, refusal.code, refusal.message);
}

bool ListJob::start(Desk& desk, const std::shared_ptr<Job>& self, uint64_t cursor) {
  body_ = opening(kind_);
  Command command;
  command.kind = kind_;
  command.cursor = cursor;
  return desk.send(command, self);
}

void ListJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;  // nobody waits: the rest is not asked for
  append_page(body_, kind_, answer.page);
  if (answer.next != 0 && body_.size() < kReplyMax) {
    Command command;
    command.kind = kind_;
    command.cursor = answer.next;
    if (desk.send(command, self)) return;
    // The ring is full: the client gets what there is and asks for the rest.
  }
  body_ += kind_ == Command::Kind::Status ? '}' : ']';
  if (answer.next != 0) body_ += R"(,"next":")" + std::to_string(answer.next) + '"';
  body_ += "}\n";
  reply_json(*client, 200, body_);
}

}  // namespace tipring::admin

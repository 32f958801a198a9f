#include "admin/jobs.h"

#include <algorithm>

#include "admin/group_json.h"
#include "admin/json.h"
#include "admin/reply.h"
#include "admin/revision.h"

namespace tipring::admin {

namespace {

template <class Row>
void append_rows(std::string& body, const Page& page, std::string_view realm = {}) {
  PageReader reader(page);
  Row row;
  while (reader.next(row)) {
    if constexpr (requires { row.realm; }) row.realm = realm;
    if (body.back() != '[' && body.back() != '{') body += ",\n";
    append_json(body, row);
  }
}

std::string_view opening(Command::Kind kind) {
  switch (kind) {
    case Command::Kind::Status: return R"({"status":{)";
    case Command::Kind::ListPools: return R"({"pools":[)";
    case Command::Kind::ListUsers: return R"({"users":[)";
    case Command::Kind::ListCredentials: return R"({"credentials":[)";
    case Command::Kind::ListBindings:
    case Command::Kind::ListBindingsOfUser: return R"({"registrations":[)";
    case Command::Kind::ListBlocks: return R"({"blocks":[)";
    case Command::Kind::ListRefused: return R"({"refused":[)";
    case Command::Kind::ListUnknown: return R"({"unknown":[)";
    case Command::Kind::ListCalls: return R"({"calls":[)";
    case Command::Kind::ReadTrace: return R"({"trace":[)";
    case Command::Kind::ListGroups: return R"({"groups":[)";
    case Command::Kind::ListMembers: return R"({"members":[)";
    case Command::Kind::Ping:
    case Command::Kind::CopyFigures:
    case Command::Kind::Reload:
    case Command::Kind::Restart:
    case Command::Kind::ShowGroup:
    case Command::Kind::PutGroup:
    case Command::Kind::RenameGroup:
    case Command::Kind::RemoveGroup:
    case Command::Kind::PutMember:
    case Command::Kind::RemoveMember:
    case Command::Kind::StartTrace:
    case Command::Kind::StopTrace:
    case Command::Kind::ShowUser:
    case Command::Kind::LiftBlock:
    case Command::Kind::EndCall:
    case Command::Kind::PutUser:
    case Command::Kind::RenameUser:
    case Command::Kind::RemoveUser:
    case Command::Kind::RemoveBindings: break;
  }
  return "{";
}

void append_page(std::string& body, Command::Kind kind, std::string_view realm, const Page& page) {
  if (kind == Command::Kind::Status) append_rows<FactRow>(body, page);
  if (kind == Command::Kind::ListPools) append_rows<PoolRow>(body, page);
  if (kind == Command::Kind::ListUsers) append_rows<UserRow>(body, page);
  if (kind == Command::Kind::ListCredentials) append_rows<CredentialRow>(body, page, realm);
  if (kind == Command::Kind::ReadTrace) append_rows<TraceRow>(body, page);
  if (kind == Command::Kind::ListBindings || kind == Command::Kind::ListBindingsOfUser)
    append_rows<BindingRow>(body, page);
  if (kind == Command::Kind::ListBlocks) append_rows<BlockRow>(body, page);
  if (kind == Command::Kind::ListRefused) append_rows<RefusedRow>(body, page);
  if (kind == Command::Kind::ListUnknown) append_rows<UnknownRow>(body, page);
  if (kind == Command::Kind::ListCalls) append_rows<CallRow>(body, page);
  if (kind == Command::Kind::ListGroups) append_rows<GroupRow>(body, page);
  if (kind == Command::Kind::ListMembers) append_rows<MemberRow>(body, page);
}

}  // namespace

void set_secret(Command& command, std::string_view realm, std::string_view password) {
  const std::string_view auth_name = command.fields.auth_name.view();
  command.secret =
      make_secret(auth_name.empty() ? command.name.view() : auth_name, realm, password);
  command.has_secret = true;
}

std::string auth_name_of(const Answer& answer) {
  PageReader reader(answer.page);
  UserRow row;
  return reader.next(row) ? std::string(row.auth_name) : "";
}

void PlainJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  if (!is_success(answer.outcome)) return reply_refusal(*client, answer.outcome);
  reply_json(*client, 200, R"({"result":")" + std::string(what_) + "\"}\n");
}

bool PutJob::start(Desk& desk, const std::shared_ptr<Job>& self, const Command& command) {
  command_ = command;
  if (!password_.view().empty()) set_secret(command_, realm_, password_.view());
  return desk.send(command_, self) != 0;
}

void PutJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  if (answer.outcome == Outcome::OtherAuthName && ++tries_ < kTriesMax) {
    command_.fields.auth_name = FixedText<kAuthNameMax>(auth_name_of(answer));
    if (start(desk, self, Command(command_))) return;
  }
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  switch (answer.outcome) {
    case Outcome::Created: reply_json(*client, 201, "{\"result\":\"created\"}\n"); return;
    case Outcome::Changed: reply_json(*client, 200, "{\"result\":\"changed\"}\n"); return;
    default: reply_refusal(*client, answer.outcome);
  }
}

void ShowJob::on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  if (answer.outcome != Outcome::Done) return reply_refusal(*client, answer.outcome);
  std::string body = R"({"user":)";
  PageReader reader(answer.page);
  UserRow row;
  while (reader.next(row)) append_json(body, row);
  reply_tagged(*client, body + "}\n", row.revision);
}

bool ListJob::start(Desk& desk, const std::shared_ptr<Job>& self, const Command& command) {
  command_ = command;
  body_ = opening(command_.kind);
  return desk.send(command_, self) != 0;
}

void ListJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;  // nobody waits: the rest is not asked for
  if (answer.outcome != Outcome::Done) return reply_refusal(*client, answer.outcome);
  append_page(body_, command_.kind, realm_, answer.page);
  command_.rows_max -= std::min(command_.rows_max, answer.page.rows());
  if (answer.next != 0 && body_.size() < kReplyMax && command_.rows_max > 0) {
    command_.cursor = answer.next;
    if (desk.send(command_, self) != 0) return;
    // The ring is full: the client gets what there is and asks for the rest.
  }
  body_ += command_.kind == Command::Kind::Status ? '}' : ']';
  if (answer.next != 0) body_ += R"(,"next":")" + std::to_string(answer.next) + '"';
  body_ += "}\n";
  reply_tagged(*client, body_);
}

}  // namespace tipring::admin

#include "admin/import_job.h"

#include "admin/reply.h"

namespace tipring::admin {

bool ImportJob::start(Desk& desk, const std::shared_ptr<Job>& self) {
  send_more(desk, self);
  if (on_their_way_ > 0) return true;
  if (sent_ < users_.size()) return false;
  finish(desk);
  return true;
}

void ImportJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  --on_their_way_;
  if (answer.outcome == Outcome::OtherAuthName && send_again(desk, self, answer)) return;
  if (answer.outcome == Outcome::Created) ++created_;
  if (answer.outcome == Outcome::Changed) ++changed_;
  if (!is_success(answer.outcome) && failure_ == Outcome::Done) failure_ = answer.outcome;
  if (failure_ == Outcome::Done) send_more(desk, self);
  if (on_their_way_ > 0) return;
  // With nothing on its way nobody would come back to it.
  if (failure_ == Outcome::Done && sent_ < users_.size()) failure_ = Outcome::Busy;
  finish(desk);
}

bool ImportJob::send(Desk& desk, const std::shared_ptr<Job>& self, const ImportUser& user) {
  Command command;
  command.kind = Command::Kind::PutUser;
  command.name = FixedText<kNameMax>(user.user.name);
  command.domain = FixedText<kDomainMax>(user.user.domain);
  command.fields = user.fields;
  if (!user.password.view().empty()) {
    set_secret(command, realm_, user.password.view());
  } else {
    command.mode = PutMode::Change;
  }
  if (!desk.send(command, self)) return false;
  ++on_their_way_;
  return true;
}

// With hashes for the auth_name that the answer shows.
bool ImportJob::send_again(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  PageReader reader(answer.page);
  UserRow row;
  if (!reader.next(row)) return false;
  for (ImportUser& user : users_) {
    if (user.user.name != row.name || user.user.domain != row.domain) continue;
    user.fields.auth_name = FixedText<kAuthNameMax>(row.auth_name);
    return send(desk, self, user);
  }
  return false;
}

void ImportJob::send_more(Desk& desk, const std::shared_ptr<Job>& self) {
  while (sent_ < users_.size() && on_their_way_ < kOnTheirWayMax) {
    if (!send(desk, self, users_[sent_])) return;
    ++sent_;
  }
}

void ImportJob::finish(Desk& desk) {
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  if (failure_ == Outcome::Done) {
    reply_json(*client, 200,
               R"({"created":)" + std::to_string(created_) + R"(,"changed":)" +
                   std::to_string(changed_) + "}\n");
    return;
  }
  const Refusal refusal = refusal_of(failure_);
  std::string message = std::to_string(created_ + changed_) + " of " +
                        std::to_string(users_.size()) + " users were stored, then: ";
  message += refusal.message;
  reply_error(*client, refusal.status, refusal.code, message + "; then import the file once more");
}

}  // namespace tipring::admin

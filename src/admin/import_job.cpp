#include "admin/import_job.h"

#include "admin/reply.h"
#include "core/assert.h"

namespace tipring::admin {

bool ImportJob::start(Desk& desk, const std::shared_ptr<Job>& self) {
  send_more(desk, self);
  if (!on_their_way_.empty()) return true;
  if (sent_ < users_.size()) return false;
  finish(desk);
  return true;
}

void ImportJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  const auto answered = on_their_way_.extract(answer.ticket);
  TIPRING_ASSERT(!answered.empty());
  const size_t user = answered.mapped();
  if (answer.outcome == Outcome::OtherAuthName && send_again(desk, self, user, answer)) return;
  if (answer.outcome == Outcome::Created) ++created_;
  if (answer.outcome == Outcome::Changed) ++changed_;
  if (!is_success(answer.outcome)) fail(answer.outcome, user);
  if (failure_ == Outcome::Done) send_more(desk, self);
  if (!on_their_way_.empty()) return;
  // With nothing on its way nobody would come back to it.
  if (failure_ == Outcome::Done && sent_ < users_.size()) fail(Outcome::Busy, sent_);
  finish(desk);
}

// Those that are on their way together may be answered in any order.
void ImportJob::fail(Outcome outcome, size_t user) {
  const uint32_t line = users_[user].line;
  if (failure_ != Outcome::Done && failed_line_ < line) return;
  failure_ = outcome;
  failed_line_ = line;
}

bool ImportJob::send(Desk& desk, const std::shared_ptr<Job>& self, size_t index) {
  const ImportUser& user = users_[index];
  Command command;
  command.kind = Command::Kind::PutUser;
  command.name = FixedText<kNameMax>(user.user.name);
  command.domain = FixedText<kDomainMax>(user.user.domain);
  command.fields = user.fields;
  if (!user.password.view().empty()) {
    set_secret(command, realm_, user.password.view());
  } else if (user.ha1.present != 0) {
    command.secret = user.ha1;
    command.has_secret = true;
  } else {
    command.mode = PutMode::Change;
  }
  const uint64_t ticket = desk.send(command, self);
  if (ticket != 0) on_their_way_.emplace(ticket, index);
  return ticket != 0;
}

// With hashes for the auth_name that the answer shows.
bool ImportJob::send_again(Desk& desk, const std::shared_ptr<Job>& self, size_t user,
                           const Answer& answer) {
  users_[user].fields.auth_name = FixedText<kAuthNameMax>(auth_name_of(answer));
  return send(desk, self, user);
}

void ImportJob::send_more(Desk& desk, const std::shared_ptr<Job>& self) {
  while (sent_ < users_.size() && on_their_way_.size() < kOnTheirWayMax) {
    if (!send(desk, self, sent_)) return;
    ++sent_;
  }
}

void ImportJob::finish(Desk& desk) {
  if (created_ + changed_ > 0) desk.note_done(exchange());
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  if (failure_ == Outcome::Done) {
    reply_json(*client, 200,
               R"({"created":)" + std::to_string(created_) + R"(,"changed":)" +
                   std::to_string(changed_) + "}\n");
    return;
  }
  reply_problem(*client, problem_of(failure_),
                {{"line", failed_line_}, {"created", created_}, {"changed", changed_}});
}

}  // namespace tipring::admin

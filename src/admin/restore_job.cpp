#include "admin/restore_job.h"

#include <utility>

#include "admin/reply.h"

namespace tipring::admin {

namespace {

void fill(Command& command, const store::BackupUser& user) {
  command.name = FixedText<kNameMax>(user.name);
  command.domain = FixedText<kDomainMax>(user.domain);
  command.fields.auth_name = FixedText<kAuthNameMax>(user.auth_name);
  command.fields.display_name = FixedText<kDisplayNameMax>(user.display_name);
  command.fields.aliases = FixedText<kAliasesMax>(user.aliases);
  command.fields.algorithms = user.algorithms;
  command.fields.session_timer = user.session_timer;
  command.fields.present = store::kAllUserFields;
  command.secret.md5 = user.credentials.md5;
  command.secret.sha256 = user.credentials.sha256;
  command.secret.present = user.credentials.present;
  command.has_secret = true;
}

void fill(Command& command, const store::OfflineGroup& group) {
  command.name = FixedText<kNameMax>(group.name);
  command.domain = FixedText<kDomainMax>(group.domain);
  command.group.display_name = FixedText<store::kGroupDisplayMax>(group.display_name);
  command.group.strategy = group.record.strategy;
  command.group.ring_timeout_s = group.record.ring_timeout_s;
  command.group.member_ring_s = group.record.member_ring_s;
  command.group.no_answer_status = group.record.no_answer_status;
  command.group.no_answer_to = FixedText<store::kExtensionMax>(group.no_answer_to);
  command.group.enabled = group.record.enabled;
  command.group.present = store::kAllGroupFields;
}

void fill(Command& command, const store::OfflineMember& member) {
  command.new_name = FixedText<kNameMax>(member.name);
  command.member.order = member.order;
  command.member.delay_s = member.delay_s;
  command.member.ring_s = member.ring_s;
  command.member.enabled = member.enabled;
  command.member.present = store::kAllMemberFields;
}

}  // namespace

RestoreJob::RestoreJob(uint64_t exchange, std::shared_ptr<const store::Backup> backup,
                       std::vector<store::RemovedMember> removed, std::function<void(size_t)> done)
    : Job(exchange),
      backup_(std::move(backup)),
      removed_(std::move(removed)),
      done_(std::move(done)) {
  using Kind = Command::Kind;
  for (size_t i = 0; i < removed_.size(); ++i) steps_.push_back({Kind::RemoveMember, i});
  for (size_t i = 0; i < backup_->users.size(); ++i) steps_.push_back({Kind::PutUser, i});
  for (size_t i = 0; i < backup_->groups.size(); ++i) steps_.push_back({Kind::PutGroup, i});
  for (size_t i = 0; i < backup_->groups.size(); ++i)
    for (size_t k = 0; k < backup_->groups[i].members.size(); ++k)
      steps_.push_back({Kind::PutMember, i, k});
}

Command RestoreJob::command_of(const Step& step) const {
  Command command;
  command.kind = step.kind;
  if (step.kind == Command::Kind::PutUser) {
    fill(command, backup_->users[step.index]);
  } else if (step.kind == Command::Kind::RemoveMember) {
    const store::RemovedMember& member = removed_[step.index];
    command.name = FixedText<kNameMax>(member.group);
    command.domain = FixedText<kDomainMax>(member.domain);
    command.new_name = FixedText<kNameMax>(member.member);
  } else {
    const store::OfflineGroup& group = backup_->groups[step.index];
    fill(command, group);
    if (step.kind == Command::Kind::PutMember) fill(command, group.members[step.member]);
  }
  return command;
}

void RestoreJob::start(Desk& desk, const std::shared_ptr<Job>& self) { send_more(desk, self); }

void RestoreJob::send_more(Desk& desk, const std::shared_ptr<Job>& self) {
  for (;;) {
    while (!steps_.empty() && on_their_way_.size() < kOnTheirWayMax) {
      const uint64_t ticket = desk.send(command_of(steps_.front()), self);
      if (ticket == 0) break;
      on_their_way_.emplace(ticket, steps_.front());
      steps_.pop_front();
    }
    if (!on_their_way_.empty()) return;
    // With nothing on its way nobody would come back to those that the ring did not take.
    const bool goes_on = steps_.empty() && !refused_.empty() && round_ < kRounds;
    if (!goes_on) return done_(steps_.size() + refused_.size());
    ++round_;
    steps_.assign(refused_.begin(), refused_.end());
    refused_.clear();
  }
}

void RestoreJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  const auto found = on_their_way_.find(answer.ticket);
  const Step step = found->second;
  on_their_way_.erase(found);
  // What goes may have gone by another's hand.
  const bool is_gone = step.kind == Command::Kind::RemoveMember &&
                       (answer.outcome == Outcome::NoMember || answer.outcome == Outcome::NoGroup);
  if (!is_success(answer.outcome) && !is_gone) refused_.push_back(step);
  send_more(desk, self);
}

}  // namespace tipring::admin

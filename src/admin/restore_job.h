// Brings what a restore has written into the file to the server's memory: by ordinary changes, which
// find the same in the file and write it once more. Those that are refused, since another is still to
// come that makes way for them, are tried again after all others.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "admin/jobs.h"
#include "store/backup.h"

namespace tipring::admin {

class RestoreJob final : public Job {
 public:
  static constexpr size_t kOnTheirWayMax = 24;
  static constexpr int kRounds = 4;

  // `done` is told how many changes could not be made: the next start makes them.
  RestoreJob(uint64_t exchange, std::shared_ptr<const store::Backup> backup,
             std::vector<store::RemovedMember> removed, std::function<void(size_t)> done);

  size_t steps() const { return steps_.size(); }
  void start(Desk& desk, const std::shared_ptr<Job>& self);
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  struct Step {
    Command::Kind kind;
    size_t index;       // of the user, the group or the member that goes
    size_t member = 0;  // of the group
  };

  Command command_of(const Step& step) const;
  void send_more(Desk& desk, const std::shared_ptr<Job>& self);

  std::shared_ptr<const store::Backup> backup_;
  std::vector<store::RemovedMember> removed_;
  std::function<void(size_t)> done_;
  std::deque<Step> steps_;
  std::vector<Step> refused_;  // in this round
  std::map<uint64_t, Step> on_their_way_;
  int round_ = 1;
};

}  // namespace tipring::admin

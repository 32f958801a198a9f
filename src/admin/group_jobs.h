// What the API does for requests about hunt groups. On the admin thread.
#pragma once

#include "admin/jobs.h"

namespace tipring::admin {

// One change of a group or a member: {"result": "created"}, "changed", or what a removal is called.
class GroupChangeJob final : public Job {
 public:
  GroupChangeJob(uint64_t exchange, std::string_view removed) : Job(exchange), removed_(removed) {}
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  std::string_view removed_;  // a literal
};

// One group: {"group": {…}}.
class GroupShowJob final : public Job {
 public:
  using Job::Job;
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;
};

}  // namespace tipring::admin

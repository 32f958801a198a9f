// Creates or changes the users of an import, all lines of which were found right. Several changes
// are on their way at a time, so that the store can write them together.
#pragma once

#include <map>
#include <vector>

#include "admin/jobs.h"
#include "admin/user_names.h"
#include "admin/user_secret.h"

namespace tipring::admin {

struct ImportUser {
  uint32_t line;
  UserName user;
  SecretText password;  // empty: the hashes, or what stands
  UserSecret ha1;
  UserFields fields;
};

class ImportJob final : public Job {
 public:
  static constexpr size_t kOnTheirWayMax = 24;

  ImportJob(uint64_t exchange, std::string_view realm, std::vector<ImportUser> users)
      : Job(exchange), realm_(realm), users_(std::move(users)) {}

  // Sends what the ring takes. False when it takes nothing although nothing is on its way.
  bool start(Desk& desk, const std::shared_ptr<Job>& self);
  // Goes on to the end, or to the first failure, even when the client has gone.
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  bool send(Desk& desk, const std::shared_ptr<Job>& self, size_t user);
  bool send_again(Desk& desk, const std::shared_ptr<Job>& self, size_t user, const Answer& answer);
  void fail(Outcome outcome, size_t user);
  void send_more(Desk& desk, const std::shared_ptr<Job>& self);
  void finish(Desk& desk);

  std::string_view realm_;  // the API's
  std::vector<ImportUser> users_;
  size_t sent_ = 0;
  std::map<uint64_t, size_t> on_their_way_;  // users by ticket
  size_t created_ = 0;
  size_t changed_ = 0;
  Outcome failure_ = Outcome::Done;
  uint32_t failed_line_ = 0;  // the first in the file
};

}  // namespace tipring::admin

// What the API does for one request beyond its first look: commands to the loop, and what their
// answers become. On the admin thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/channel.h"
#include "port/http_server.h"

namespace tipring::admin {

class Job;

// The admin thread's end of the channel, as jobs see it.
class Desk {
 public:
  // Gives the command a ticket and sends it; its answer goes to `job`. False when the ring is full.
  virtual bool send(Command command, const std::shared_ptr<Job>& job) = 0;
  // Null when the client has gone.
  virtual port::HttpExchange* find(uint64_t exchange) = 0;

 protected:
  ~Desk() = default;
};

// Lives while it waits for an answer.
class Job {
 public:
  explicit Job(uint64_t exchange) : exchange_(exchange) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  virtual void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) = 0;

  uint64_t exchange() const { return exchange_; }

 private:
  uint64_t exchange_;
};

// One change of one user.
class ChangeJob final : public Job {
 public:
  using Job::Job;
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;
};

// A listing: {"<name>": [rows], "next": "<cursor>"}, as many pages as make about kReplyMax. "next"
// is there when rows are left, and goes into the next request as ?after=.
class ListJob final : public Job {
 public:
  static constexpr size_t kReplyMax = 256 << 10;

  ListJob(uint64_t exchange, Command::Kind kind) : Job(exchange), kind_(kind) {}
  bool start(Desk& desk, const std::shared_ptr<Job>& self, uint64_t cursor);
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  Command::Kind kind_;
  std::string body_;
};

}  // namespace tipring::admin

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
  // Sends the command under a ticket, which its answer has too and goes to `job` with. 0 when the
  // ring is full.
  virtual uint64_t send(Command command, const std::shared_ptr<Job>& job) = 0;
  // Null when the client has gone.
  virtual port::HttpExchange* find(uint64_t exchange) = 0;
  // Some of what the exchange asks for is done, whatever its answer will be.
  virtual void note_done(uint64_t exchange) = 0;

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

// One command that is done or not: {"result": "…"}.
class PlainJob final : public Job {
 public:
  PlainJob(uint64_t exchange, std::string_view what) : Job(exchange), what_(what) {}
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  std::string_view what_;  // a literal: what has happened
};

// A user as one is to be. Its hashes are made for the auth_name that the command names, or for the
// one that the loop says the user has.
class PutJob final : public Job {
 public:
  PutJob(uint64_t exchange, std::string_view realm, std::string_view password)
      : Job(exchange), realm_(realm), password_(password) {}
  // Ends with false when the ring is full.
  bool start(Desk& desk, const std::shared_ptr<Job>& self, const Command& command);
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  static constexpr int kTriesMax = 3;

  std::string_view realm_;  // the API's
  SecretText password_;     // empty: the one that stands
  Command command_;
  int tries_ = 0;
};

// One user: {"user": {…}}.
class ShowJob final : public Job {
 public:
  using Job::Job;
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;
};

// A listing: {"<name>": [rows], "next": "<cursor>"}, as many pages as make about kReplyMax. "next"
// is there when rows are left, and goes into the next request as ?after=.
class ListJob final : public Job {
 public:
  static constexpr size_t kReplyMax = 256 << 10;

  ListJob(uint64_t exchange, std::string_view realm) : Job(exchange), realm_(realm) {}
  bool start(Desk& desk, const std::shared_ptr<Job>& self, const Command& command);
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  std::string_view realm_;  // the API's
  Command command_;
  std::string body_;
};

// Makes the hashes of `password` for fields.auth_name, or for the name where that is empty.
void set_secret(Command& command, std::string_view realm, std::string_view password);
// The auth_name of the user that an answer OtherAuthName shows.
std::string auth_name_of(const Answer& answer);

}  // namespace tipring::admin

// Names of a simulated host: a map with latency and failures.
#pragma once

#include <list>
#include <map>
#include <string>
#include <vector>

#include "port/names.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

class SimNames final : public Names {
 public:
  explicit SimNames(SimHost& host) : host_(host) {}

  bool resolve(std::string_view host, QueryFamily family, Millis deadline, NamesHandler& handler,
               uint64_t tag) override;
  void cancel(NamesHandler& handler, uint64_t tag) override;

  // What a query for `name` ends with from now on. A name that was not set is NotFound. An answer
  // that takes longer than the query's deadline is a TimedOut at that instant; kNever is a dead
  // name server.
  void set(std::string_view name, std::vector<IpAddress> addresses, Millis latency = Millis(5));
  void set_failure(std::string_view name, NamesStatus status, Millis latency = Millis(5));

  void set_capacity(size_t queries) { capacity_ = queries; }  // 64 at first
  size_t in_use() const { return queries_.size(); }

  // For port/sim only.
  void crash() { queries_.clear(); }

 private:
  struct Answer {
    NamesStatus status = NamesStatus::NotFound;
    std::vector<IpAddress> addresses;
    Millis latency{5};
  };
  struct Query {
    NamesHandler* handler;
    uint64_t tag;
    NamesStatus status;
    std::vector<IpAddress> addresses;
    SimEventId event;
  };

  SimHost& host_;
  std::map<std::string, Answer> answers_;  // by the name in lower case, without a dot at its end
  std::list<Query> queries_;
  size_t capacity_ = 64;
};

}  // namespace tipring::port

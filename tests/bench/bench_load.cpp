// The load that bench_server.py puts on a server: as many operations at a time as there are phones,
// or so many per second, all in one thread.
//
// Usage: bench_load OPERATION TRANSPORT SERVER_PORT FIRST PHONES COUNT RATE
//   OPERATION  options, refresh, register or call; TRANSPORT udp or tcp
//   FIRST      the number of the first user: u0, u1 … have the password "secret"
//   PHONES     operations at a time, each with a user of its own, a call with two
//   RATE       operations started per second; 0: the next one when one is done
//
// Prints "ready" when its phones are connected (and registered, to be called), waits for a line on
// standard input, and prints "done N failed N us N".

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "load_operations.h"

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kSilenceMax{5};  // without any message: something was lost

class Runner {
 public:
  Runner() : epoll_(epoll_create1(0)) {}

  void watch(Phone& phone) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &phone;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, phone.wire.fd(), &event) != 0) fail("epoll_ctl");
  }

  // Runs `count` operations in all. False when any failed or was left without an answer.
  bool run(const std::vector<Operation*>& operations, unsigned long count, double rate);

  unsigned long done() const { return done_; }
  unsigned long failed() const { return failed_; }
  double elapsed_us() const { return elapsed_.count(); }

 private:
  void start_due(unsigned long count, double rate);
  bool wait(bool idle);
  void feed(Phone& phone);

  int epoll_;
  std::vector<Operation*> idle_;
  unsigned long started_ = 0;
  unsigned long done_ = 0;
  unsigned long failed_ = 0;
  Clock::time_point begin_;
  std::chrono::duration<double, std::micro> elapsed_{0};
};

bool Runner::run(const std::vector<Operation*>& operations, unsigned long count, double rate) {
  idle_ = operations;
  started_ = done_ = failed_ = 0;
  begin_ = Clock::now();
  Clock::time_point heard = begin_;
  while (done_ + failed_ < count && Clock::now() - heard < kSilenceMax) {
    start_due(count, rate);
    const bool nothing_open = idle_.size() == operations.size();
    if (wait(rate > 0) || nothing_open) heard = Clock::now();
  }
  elapsed_ = Clock::now() - begin_;
  failed_ = count - done_;
  return failed_ == 0;
}

void Runner::start_due(unsigned long count, double rate) {
  const std::chrono::duration<double> since = Clock::now() - begin_;
  while (!idle_.empty() && started_ < count) {
    if (rate > 0 && static_cast<double>(started_) > since.count() * rate) return;
    Operation* next = idle_.back();
    idle_.pop_back();
    ++started_;
    next->start();
  }
}

// True when messages came. `idle`: looks again soon, since the next operation may be due.
bool Runner::wait(bool idle) {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(), idle ? 1 : 100);
  for (int i = 0; i < count; ++i)
    feed(*static_cast<Phone*>(events[static_cast<size_t>(i)].data.ptr));
  return count > 0;
}

void Runner::feed(Phone& phone) {
  for (std::string_view message = phone.wire.receive(); !message.empty();
       message = phone.wire.receive()) {
    Operation* operation = phone.operation;
    const Progress progress = operation->on_message(phone, message);
    if (progress == Progress::Pending) continue;
    if (progress == Progress::Failed && failed_ == 0) {
      const std::string_view line = message.substr(0, message.find('\r'));
      std::fprintf(stderr, "bench_load: refused: %.*s\n", static_cast<int>(line.size()),
                   line.data());
    }
    ++(progress == Progress::Done ? done_ : failed_);
    idle_.push_back(operation);
  }
}

using Operations = std::vector<std::unique_ptr<Operation>>;
using Phones = std::vector<std::unique_ptr<Phone>>;

template <class Made, class... Arguments>
void add(Operations& operations, Arguments&&... arguments) {
  operations.push_back(std::make_unique<Made>(arguments...));
}

std::vector<Operation*> pointers(const Operations& operations) {
  std::vector<Operation*> all;
  for (const auto& operation : operations) all.push_back(operation.get());
  return all;
}

// One round of `kind` by the phones from `from` on.
bool register_phones(Runner& runner, const Phones& phones, size_t from,
                     RegisterOperation::Kind kind) {
  Operations operations;
  for (size_t i = from; i < phones.size(); ++i) {
    add<RegisterOperation>(operations, *phones[i], kind);
    phones[i]->operation = operations.back().get();
  }
  return runner.run(pointers(operations), operations.size(), 0);
}

// Without the bindings of an earlier run; and those who are called have theirs.
bool prepare(Runner& runner, const Phones& phones, std::string_view operation, size_t width) {
  using Kind = RegisterOperation::Kind;
  if (operation == "options") return true;
  if (!register_phones(runner, phones, 0, Kind::Clear)) return false;
  return operation != "call" || register_phones(runner, phones, width, Kind::Refresh);
}

Operations make_operations(std::string_view name, const Phones& phones, size_t width) {
  Operations operations;
  for (size_t i = 0; i < width; ++i) {
    Phone& phone = *phones[i];
    if (name == "options") {
      add<OptionsOperation>(operations, phone);
    } else if (name == "call") {
      Phone& callee = *phones[width + i];
      add<CallOperation>(operations, phone, callee);
      callee.operation = operations.back().get();
    } else {
      using Kind = RegisterOperation::Kind;
      add<RegisterOperation>(operations, phone, name == "register" ? Kind::Move : Kind::Refresh);
    }
    phone.operation = operations.back().get();
  }
  return operations;
}

struct Task {
  std::string_view operation;
  Transport transport;
  uint16_t port;
  unsigned long first;
  unsigned long width;
  unsigned long count;
  double rate;
};

int run(const Task& task) {
  Runner runner;
  Phones phones;
  const bool calls = task.operation == "call";
  for (unsigned long i = 0; i < (calls ? 2 : 1) * task.width; ++i) {
    phones.push_back(std::make_unique<Phone>(task.transport, task.port, task.first + i));
    runner.watch(*phones.back());
  }
  if (!prepare(runner, phones, task.operation, task.width)) fail("the phones cannot register");
  const Operations operations = make_operations(task.operation, phones, task.width);
  std::puts("ready");
  std::fflush(stdout);
  if (std::getchar() == EOF) return 1;
  const bool all_well = runner.run(pointers(operations), task.count, task.rate);
  std::printf("done %lu failed %lu us %.0f\n", runner.done(), runner.failed(), runner.elapsed_us());
  return all_well ? 0 : 1;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  const auto number = [&](int index) { return std::strtoul(argv[index], nullptr, 10); };
  constexpr std::string_view kOperations[] = {"options", "refresh", "register", "call"};
  bool known = argc == 8 && number(5) != 0;
  if (known) {
    const std::string_view transport = argv[2];
    known =
        (transport == "udp" || transport == "tcp") &&
        std::find(std::begin(kOperations), std::end(kOperations), argv[1]) != std::end(kOperations);
  }
  if (!known) {
    std::fputs("usage: bench_load OPERATION TRANSPORT SERVER_PORT FIRST PHONES COUNT RATE\n",
               stderr);
    return 2;
  }
  return run({argv[1], argv[2] == std::string_view("udp") ? Transport::Udp : Transport::Tcp,
              static_cast<uint16_t>(number(3)), number(4), number(5), number(6),
              std::strtod(argv[7], nullptr)});
}

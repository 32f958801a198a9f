// tipring-phone: see options.cpp for what it does. Made from the public headers alone, and run in a
// loop of its own: what it waits for besides the stack is whoever types the commands.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "tools/phone/console.h"
#include "tools/phone/options.h"
#include "tools/phone/output.h"
#include "tools/phone/phone.h"

namespace {

using namespace tipring::phone;
using Clock = Console::Clock;

constexpr int kFailed = 1;
constexpr int kNotBegun = 3;
constexpr auto kLongest = std::chrono::seconds(60);

volatile std::sig_atomic_t g_stopped = 0;

void on_stop(int) { g_stopped = 1; }

// The whole of a script, which is short. False when it cannot be read.
bool read_script(const std::string& path, Console& console) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return false;
  char bytes[4096];
  for (size_t size = sizeof bytes; size == sizeof bytes;) {
    size = std::fread(bytes, 1, sizeof bytes, file);
    console.feed({bytes, size}, false);
  }
  std::fclose(file);
  console.feed({}, true);
  return true;
}

timespec time_until(Clock::time_point when, Clock::time_point now) {
  const auto wait = std::clamp<Clock::duration>(when - now, Clock::duration::zero(), kLongest);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
  return {static_cast<time_t>(seconds.count()),
          static_cast<long>(std::chrono::nanoseconds(wait - seconds).count())};
}

// One wait, and what it brings. `reads`: standard input has commands for us. Signals come while it waits,
// and only then, so that none comes between the look at what it has said and the wait.
void turn(tipring::Stack& stack, Console& console, bool& reads, Clock::time_point until) {
  pollfd waited[] = {{stack.descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  const timespec timeout = time_until(until, Clock::now());
  sigset_t none;
  sigemptyset(&none);
  if (ppoll(waited, reads ? 2 : 1, &timeout, &none) < 0) return;  // a signal
  if (waited[0].revents != 0) stack.process();
  if (!reads || waited[1].revents == 0) return;
  char bytes[4096];
  const ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
  console.feed({bytes, size > 0 ? static_cast<size_t>(size) : 0}, size <= 0);
  reads = size > 0;
}

int run(Options& options) {
  Output output(options.json);
  if (options.verbose) {
    options.stack.log_level = tipring::LogLevel::Debug;
    options.stack.log = [](tipring::LogLevel, std::string_view line) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    };
  }
  std::string fault;
  const auto stack = tipring::Stack::create(options.stack, fault);
  if (stack == nullptr)
    return std::fprintf(stderr, "tipring-phone: %s\n", fault.c_str()), kNotBegun;
  Phone phone(options, *stack, output);
  Console console(phone, output);
  if (!options.script.empty() && !read_script(options.script, console)) {
    return std::fprintf(stderr, "tipring-phone: cannot read %s\n", options.script.c_str()),
           kNotBegun;
  }
  fault = phone.start();
  if (!fault.empty()) return std::fprintf(stderr, "tipring-phone: %s\n", fault.c_str()), kNotBegun;
  for (const std::string& point : stack->listening()) output.event("listening", {{"on", point}});

  // Without a terminal or a script behind it, a phone that has its orders goes on by itself.
  bool reads = options.script.empty();
  const bool has_orders = options.answers || !options.call.empty();
  while (g_stopped == 0 && !phone.wants_end()) {
    const Clock::time_point next = console.advance(Clock::now());
    if (console.wants_end()) break;
    if (console.is_over() && (!options.script.empty() || !has_orders)) break;
    turn(*stack, console, reads, next);
  }
  stack->shut_down();
  bool no_reads = false;
  while (!stack->is_quiet()) turn(*stack, console, no_reads, Clock::time_point::max());
  const bool script_failed = console.has_failed() && !options.script.empty();
  return phone.has_failed() || script_failed ? kFailed : 0;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  std::optional<Options> options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (!read_password(*options)) return kNotBegun;
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_BLOCK, &stops, nullptr);
  struct sigaction action {};
  action.sa_handler = on_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return run(*options);
}

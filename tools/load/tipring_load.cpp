// tipring-load: see options.cpp for what it does.

#include <sys/resource.h>

#include <cstdio>

#include "tools/load/options.h"
#include "tools/load/report.h"
#include "tools/load/runner.h"

namespace {

using namespace tipring::load;

constexpr int kFailed = 1;
constexpr int kNotBegun = 3;

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// False at the end of the input.
bool wait_for_line() {
  std::fflush(stdout);
  int c = std::getchar();
  while (c != EOF && c != '\n') c = std::getchar();
  return c != EOF;
}

// False when operations were lost.
bool run_once(const Options& options, Runner& runner) {
  const bool whole = runner.run();
  (options.json ? print_json : print_table)(options, runner.statistics());
  return whole && runner.statistics().failed() == 0;
}

int run(const Options& options) {
  Runner runner(options);
  if (const auto fault = runner.connect()) {
    std::fprintf(stderr, "tipring-load: %s\n", fault->c_str());
    return kNotBegun;
  }
  if (!runner.prepare() || runner.statistics().failed() != 0) {
    print_table(options, runner.statistics());
    std::fflush(stdout);
    std::fprintf(stderr, "tipring-load: the users cannot register: %s\n",
                 failure_line(runner.statistics()).c_str());
    return kNotBegun;
  }
  if (!options.wait) return run_once(options, runner) ? 0 : kFailed;
  std::puts("ready");
  bool all_well = true;
  while (wait_for_line()) all_well = run_once(options, runner) && all_well;
  return all_well ? 0 : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  raise_descriptor_limit();
  return run(*options);
}

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

void wait_for_line() {
  std::fflush(stdout);
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {}
}

int run(const Options& options) {
  Runner runner(options);
  if (const auto fault = runner.connect()) {
    std::fprintf(stderr, "tipring-load: %s\n", fault->c_str());
    return kNotBegun;
  }
  if (!runner.prepare() || runner.statistics().failed() != 0) {
    std::fputs("tipring-load: the users cannot register\n", stderr);
    print_table(options, runner.statistics());
    return kNotBegun;
  }
  if (options.wait) {
    std::puts("ready");
    wait_for_line();
  }
  const bool whole = runner.run();
  (options.json ? print_json : print_table)(options, runner.statistics());
  if (options.wait) wait_for_line();
  return whole && runner.statistics().failed() == 0 ? 0 : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  raise_descriptor_limit();
  return run(*options);
}

// The server's program: reads the configuration, takes the memory, runs the exchange.
#include <cstdio>
#include <string>
#include <vector>

#include "app/admin_identity.h"
#include "app/config_source.h"
#include "app/server.h"
#include "port/http_server.h"
#include "port/linux/linux_files.h"
#include "port/memory.h"
#include "tipring/version.h"

namespace {

using namespace tipring;
using namespace tipring::app;

constexpr int kExitUsage = 2;

constexpr char kHelp[] =
    "usage: tipringd [--config FILE] [--set key=value]… [--check] [--plan] [--version] [--help]\n"
    "Runs the SIP exchange in the foreground. config/tipring.toml documents every key.\n"
    "  --check  reads the configuration, tells every fault in it, and ends: 0 when there is none,\n"
    "           2 otherwise. SIGHUP makes a running server read it anew\n"
    "  --plan   prints what memory and descriptors the configuration takes, and ends\n"
    "Exit status: 0 ended by a signal as asked, 1 failed, 2 wrong usage or configuration, 3 ended "
    "to\n"
    "be started anew, as asked by the administration.\n";

struct Arguments {
  ConfigSource source;
  bool plan = false;
  bool check = false;
};

// An exit code, or -1 to go on.
int read_arguments(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool has_value = i + 1 < count;
    if (word == "--help" || word == "-h") return std::fputs(kHelp, stdout), 0;
    if (word == "--version") return std::printf("tipringd %s\n", std::string(kVersion).c_str()), 0;
    const bool wants_value = word == "--config" || word == "-c" || word == "--set";
    if (word == "--plan") {
      arguments.plan = true;
    } else if (word == "--check") {
      arguments.check = true;
    } else if (wants_value && !has_value) {
      std::fprintf(stderr, "tipringd: %s needs a value; see --help\n", words[i]);
      return kExitUsage;
    } else if (word == "--set") {
      arguments.source.settings.emplace_back(words[++i]);
    } else if (wants_value) {
      arguments.source.file = words[++i];
    } else {
      std::fprintf(stderr, "tipringd: unknown option %s; see --help\n", words[i]);
      return kExitUsage;
    }
  }
  return -1;
}

bool load(const ConfigSource& source, Config& config) {
  port::LinuxFiles files;
  std::vector<ConfigFault> faults;
  config = read_config(source, files, faults);
  for (const ConfigFault& fault : faults) std::fprintf(stderr, "%s\n", fault.text().c_str());
  return faults.empty();
}

void print_plan(const MemoryPlan& plan) {
  std::printf("%-28s %10s %10s %12s\n", "pool", "capacity", "bytes", "sum");
  for (const PlanLine& line : plan.lines()) {
    std::printf("%-28.*s %10llu %10llu %12llu\n", static_cast<int>(line.name.size()),
                line.name.data(), static_cast<unsigned long long>(line.capacity),
                static_cast<unsigned long long>(line.item_bytes),
                static_cast<unsigned long long>(line.total_bytes));
  }
  std::printf("total %.2f MiB, %llu descriptors\n",
              static_cast<double>(plan.total_bytes()) / (1 << 20),
              static_cast<unsigned long long>(plan.descriptors()));
}

bool fits(const Config& config, const MemoryPlan& plan) {
  const uint64_t limit = uint64_t{config.memory.limit_mib} << 20;
  if (limit == 0 || plan.total_bytes() <= limit) return true;
  std::fprintf(stderr,
               "memory.limit: the plan takes %llu MiB; raise the limit or lower [capacity]\n",
               static_cast<unsigned long long>((plan.total_bytes() + (1 << 20) - 1) >> 20));
  return false;
}

// Memory and descriptors must be there before the first packet.
std::span<std::byte> take_resources(const MemoryPlan& plan) {
  // Files and wakeups, and who asks the administration: by the socket, by TCP, and those who linger.
  const size_t others = 64 + 3 * port::HttpOptions().connections_max;
  const size_t descriptors = static_cast<size_t>(plan.descriptors()) + others;
  if (port::raise_descriptor_limit(descriptors) < descriptors) {
    std::fprintf(
        stderr,
        "capacity.tcp_connections: %zu descriptors are needed; raise the limit (ulimit -Hn)\n",
        descriptors);
    return {};
  }
  const std::span<std::byte> memory = port::map_populated(static_cast<size_t>(plan.arena_bytes()));
  if (memory.empty())
    std::fprintf(stderr, "tipringd: the system has not enough memory; lower [capacity]\n");
  return memory;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  const int code = read_arguments(count, words, arguments);
  if (code >= 0) return code;
  Config config;
  if (!load(arguments.source, config)) return kExitUsage;
  MemoryPlan plan;
  Server::plan(config, plan);
  if (arguments.plan) return print_plan(plan), 0;
  if (!fits(config, plan)) return arguments.check ? kExitUsage : 1;
  if (arguments.check) {
    if (const std::string fault = admin_identity_fault(config); !fault.empty())
      return std::fprintf(stderr, "%s\n", fault.c_str()), kExitUsage;
  }
  if (arguments.check) return std::puts("The configuration is good."), 0;
  const std::span<std::byte> memory = take_resources(plan);
  if (memory.empty()) return 1;
  Server server(arguments.source, config, memory);
  const std::string fault = server.start();
  if (!fault.empty()) {
    std::fprintf(stderr, "tipringd: %s\n", fault.c_str());
    return 1;
  }
  port::release_start_pages();
  server.run();
  return server.exit_code();
}

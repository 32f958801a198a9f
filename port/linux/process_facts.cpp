#include "port/process_facts.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace tipring::port {

namespace {

uint64_t count_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] == '.' ? 0 : 1;
  closedir(folder);
  return count - 1;  // the folder's own
}

// Seconds of the Unix clock at which the system was started.
int64_t boot_time_s() {
  FILE* file = std::fopen("/proc/stat", "re");
  if (file == nullptr) return 0;
  char line[512];
  long long seconds = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "btime %lld", &seconds) == 1) break;
  }
  std::fclose(file);
  return seconds;
}

// proc(5): what stands behind the name, which may hold anything, from field 3 on.
void read_stat(ProcessFacts& facts) {
  FILE* file = std::fopen("/proc/self/stat", "re");
  if (file == nullptr) return;
  char text[1024];
  const size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[size] = '\0';
  const char* rest = std::strrchr(text, ')');
  uint64_t threads = 0;
  uint64_t start_ticks = 0;
  uint64_t bytes = 0;
  uint64_t pages = 0;
  const int found =
      rest == nullptr
          ? 0
          : std::sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                        "%" SCNu64 " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                        &threads, &start_ticks, &bytes, &pages);
  if (found != 4) return;
  facts.threads = threads;
  facts.virtual_bytes = bytes;
  facts.resident_bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto ticks_per_s = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  const int64_t boot = boot_time_s();
  if (boot != 0)
    facts.started = Millis{boot * 1000 + static_cast<int64_t>(start_ticks * 1000 / ticks_per_s)};
}

Micros micros_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + Micros(time.tv_usec);
}

}  // namespace

uint32_t process_id() { return static_cast<uint32_t>(getpid()); }

ProcessFacts read_process_facts() {
  ProcessFacts facts;
  read_stat(facts);
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    facts.processor_time = micros_of(usage.ru_utime) + micros_of(usage.ru_stime);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.descriptors_max = limit.rlim_cur;
  facts.descriptors_open = count_descriptors();
  return facts;
}

}  // namespace tipring::port

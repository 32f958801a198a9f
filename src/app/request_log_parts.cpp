#include "app/request_log_parts.h"

#include <cstring>

#include "app/exchange_options.h"
#include "port/process_facts.h"

namespace tipring::app {

namespace {

// Of entries that wait for the log's thread: tens of milliseconds of the most that comes.
size_t ring_bytes(const Limits& limits) {
  constexpr size_t kEntryBytes = 256;
  return log_lines_max(limits) * kEntryBytes;
}

service::ServerFacts facts(const Config& config) {
  const bool named = !config.sip.domains.empty();
  return {named ? config.sip.domains.front() : effective_realm(config), port::process_id()};
}

}  // namespace

void RequestLogParts::plan(const Config& config, MemoryPlan& plan) {
  if (config.log.request_file.empty()) return;
  plan.add("request_log", ring_bytes(config.capacity), 1);
  plan.add_descriptors(1);
}

std::unique_ptr<RequestLogParts> RequestLogParts::make(const Config& config, Arena& arena,
                                                       port::Files& files, const port::Clock& clock,
                                                       const port::Loop& loop, Log& log) {
  if (config.log.request_file.empty()) return nullptr;
  return std::unique_ptr<RequestLogParts>(
      new RequestLogParts(config, arena, files, clock, loop, log));
}

RequestLogParts::RequestLogParts(const Config& config, Arena& arena, port::Files& files,
                                 const port::Clock& clock, const port::Loop& loop, Log& log)
    : path_(config.log.request_file),
      ring_(arena.take<char>(ring_bytes(config.capacity))),
      front_(ring_),
      file_(files, path_, {uint64_t{config.log.file_size_mib} << 20, config.log.files_kept}),
      writer_(ring_, file_),
      log_(style_, front_, clock, log, loop, facts(config)) {
  const auto fault = style_.choose(config.log.request_format);
  TIPRING_ASSERT(!fault);  // the configuration has been checked
}

std::string RequestLogParts::open() {
  const int error = file_.open();
  if (error == 0) return {};
  return "log.request_file: cannot open " + path_ + ": " + std::strerror(error);
}

}  // namespace tipring::app

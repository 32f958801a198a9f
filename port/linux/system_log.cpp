#include "port/system_log.h"

#include <syslog.h>

namespace tipring::port {

namespace {

int priority_of(SystemLogLevel level) {
  switch (level) {
    case SystemLogLevel::Error: return LOG_ERR;
    case SystemLogLevel::Warning: return LOG_WARNING;
    case SystemLogLevel::Info: return LOG_INFO;
    case SystemLogLevel::Debug: break;
  }
  return LOG_DEBUG;
}

}  // namespace

void open_system_log(const char* program) { ::openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON); }

void write_system_log(SystemLogLevel level, std::string_view text, std::string_view tail) {
  ::syslog(priority_of(level), "%.*s%.*s", static_cast<int>(text.size()), text.data(),
           static_cast<int>(tail.size()), tail.data());
}

}  // namespace tipring::port

// The log of the system: syslog on Linux. Its calls may block, and belong on a thread of their own.
#pragma once

#include <string_view>

namespace tipring::port {

enum class SystemLogLevel : unsigned char { Error, Warning, Info, Debug };

// Once, before the first line. `program` is a literal: what the lines are shown under.
void open_system_log(const char* program);

// One line of two pieces. Without a system log to take it, the line is lost.
void write_system_log(SystemLogLevel level, std::string_view text, std::string_view tail);

}  // namespace tipring::port

// Times in the request log, in UTC like those of the log: strftime(3) without the C library's
// locale and time zone, which take locks and memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "port/time.h"
#include "service/log_entry.h"

namespace tipring::service {

// Of a format for write_time(): the place of the first conversion that there is not; nothing when
// it is good. There are a A b B d D e F H I j m M p R s S T u w y Y z Z %, and for the whole format
// "sec", "msec", "usec", "msec_frac" and "usec_frac".
std::optional<size_t> find_time_fault(std::string_view format);

// REQUIRES: a format without fault.
void write_time(std::string_view format, Millis wall, LogEntry& out);

// "[10/Oct/2000:13:55:36 +0000]"
void write_common_time(Millis wall, LogEntry& out);

}  // namespace tipring::service

// Requests about what happens now: the end of the log, and live events.
#pragma once

#include <string>

#include "admin/routes.h"
#include "core/log_tail.h"

namespace tipring::admin {

void list_log(Api& api, const Request& request);
void stream_events(Api& api, const Request& request);

void append_json(std::string& out, const LogTail::Line& line);

}  // namespace tipring::admin

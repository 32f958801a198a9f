// Requests about calls, who is blocked, and the trace of messages.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_calls(Api& api, const Request& request);
void end_call(Api& api, const Request& request);
void list_blocks(Api& api, const Request& request);
void lift_block(Api& api, const Request& request);
void read_trace(Api& api, const Request& request);
void start_trace(Api& api, const Request& request);
void stop_trace(Api& api, const Request& request);

}  // namespace tipring::admin

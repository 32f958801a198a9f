// Requests about signing in, and about the first start. See routes.h.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void show_session(Api& api, const Request& request);
void begin_session(Api& api, const Request& request);
void end_session(Api& api, const Request& request);
void change_own_password(Api& api, const Request& request);
void show_setup(Api& api, const Request& request);
void set_up(Api& api, const Request& request);

}  // namespace tipring::admin

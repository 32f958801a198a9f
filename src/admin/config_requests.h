// Requests about the configuration, and for a start with a new one.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void show_configuration(Api& api, const Request& request);
void show_configuration_schema(Api& api, const Request& request);
void check_configuration(Api& api, const Request& request);
void change_configuration(Api& api, const Request& request);

void restart_server(Api& api, const Request& request);

}  // namespace tipring::admin

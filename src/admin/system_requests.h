// Requests about the server as a whole.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void show_status(Api& api, const Request& request);
void list_pools(Api& api, const Request& request);
// openapi.json
void show_document(Api& api, const Request& request);
void show_version(Api& api, const Request& request);
// Whether the server still works, for those who watch it: the loop has answered.
void show_health(Api& api, const Request& request);

}  // namespace tipring::admin

// Requests about traced messages as a whole: a list, a ladder of one call, a capture file.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_traced(Api& api, const Request& request);
void export_traced(Api& api, const Request& request);
void show_ladder(Api& api, const Request& request);

}  // namespace tipring::admin

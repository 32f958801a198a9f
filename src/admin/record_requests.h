// Requests about calls that have been: the call records in the store.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_records(Api& api, const Request& request);
void export_records(Api& api, const Request& request);
void show_record(Api& api, const Request& request);

}  // namespace tipring::admin

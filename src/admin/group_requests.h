// Requests about hunt groups.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_groups(Api& api, const Request& request);
void show_group(Api& api, const Request& request);
void put_group(Api& api, const Request& request);
// Its fields, or with ?name= its name.
void patch_group(Api& api, const Request& request);
void remove_group(Api& api, const Request& request);
void list_members(Api& api, const Request& request);
void put_member(Api& api, const Request& request);
void remove_member(Api& api, const Request& request);
// All groups as a table.
void export_groups(Api& api, const Request& request);
void import_groups(Api& api, const Request& request);

}  // namespace tipring::admin

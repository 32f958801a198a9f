// Requests about users and the phones that have registered for them.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_users(Api& api, const Request& request);
void list_credentials(Api& api, const Request& request);
void show_user(Api& api, const Request& request);
void put_user(Api& api, const Request& request);
void rename_user(Api& api, const Request& request);
void remove_user(Api& api, const Request& request);
void import_users(Api& api, const Request& request);
void list_refused(Api& api, const Request& request);
void list_unknown(Api& api, const Request& request);

void list_registrations(Api& api, const Request& request);
void list_registrations_of(Api& api, const Request& request);
void remove_registrations(Api& api, const Request& request);

}  // namespace tipring::admin

// Requests about administrators, tokens of programs, and the audit log. See routes.h.
#pragma once

#include "admin/routes.h"

namespace tipring::admin {

void list_accounts(Api& api, const Request& request);
void put_account(Api& api, const Request& request);
void remove_account(Api& api, const Request& request);
void list_tokens(Api& api, const Request& request);
void add_token(Api& api, const Request& request);
void remove_token(Api& api, const Request& request);
void list_audit(Api& api, const Request& request);

}  // namespace tipring::admin

// Requests about the backup. What each takes and answers is in openapi.json.
#pragma once

namespace tipring::admin {

class Api;
struct Request;

void show_backup(Api& api, const Request& request);
void restore(Api& api, const Request& request);

}  // namespace tipring::admin

// The answer to a request whose change went to the storage thread by an errand.
#pragma once

#include <string_view>

#include "port/http_server.h"
#include "store/store_status.h"

namespace tipring::admin {

// `body` with `status` when it is durable, else what is wrong. A null client has gone.
void reply_stored(port::HttpExchange* client, store::StoreStatus stored, int status,
                  std::string_view body);

}  // namespace tipring::admin

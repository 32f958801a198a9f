#include "admin/stored_reply.h"

#include "admin/reply.h"
#include "admin/store_exchange.h"

namespace tipring::admin {

void reply_stored(port::HttpExchange* client, store::StoreStatus stored, int status,
                  std::string_view body) {
  if (client == nullptr) return;
  if (stored == store::StoreStatus::Durable) return reply_json(*client, status, body);
  reply_refusal(*client, outcome_of_status(stored, Outcome::Done));
}

}  // namespace tipring::admin

// The context of one request that passes through.
#pragma once

#include "core/message_slabs.h"
#include "server/proxy/call_line.h"
#include "service/context.h"
#include "service/destination_selection.h"
#include "service/digest_server_auth.h"
#include "service/output_control.h"
#include "service/session_interval.h"
#include "service/transaction_stateful_proxy.h"
#include "service/via_management.h"

namespace tipring::proxy {

using ProxyServices = service::Context<service::TransactionStatefulProxy, service::SessionInterval,
                                       service::DigestServerAuth, service::DestinationSelection,
                                       service::ViaManagement, service::OutputControl>;

struct ProxyContext : ProxyServices {
  // An ACK to a 2xx that waits for a name, and how it came: it has no transaction to keep it.
  MessageRef ack;
  transport::Flow ack_flow;
  CallLine call;
};

}  // namespace tipring::proxy

// The context of one request that passes through.
#pragma once

#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "server/proxy/call_line.h"
#include "service/context.h"
#include "service/destination_selection.h"
#include "service/digest_server_auth.h"
#include "service/output_control.h"
#include "service/session_interval.h"
#include "service/transaction_stateful_proxy.h"
#include "service/via_management.h"

namespace tipring::proxy {

class Proxy;

using ProxyServices = service::Context<service::TransactionStatefulProxy, service::SessionInterval,
                                       service::DigestServerAuth, service::DestinationSelection,
                                       service::ViaManagement, service::OutputControl>;

struct ProxyContext : ProxyServices {
  explicit ProxyContext(Proxy& by) : proxy(by) {}

  Proxy& proxy;
  uint64_t target = 0;            // the member of the target set that is being tried
  bool lacks_connection = false;  // a try has failed because all our connections are taken
  CallLine call;

  // An ACK to a 2xx that waits for a name or a connection, and how it came: it has no transaction
  // to keep it.
  MessageRef ack;
  transport::Flow ack_flow;
  bool ack_waits = false;  // for the news of a connection
  void on_ack_gone(Millis now);
  MemberTimer<ProxyContext, &ProxyContext::on_ack_gone> ack_timer{*this};
};

}  // namespace tipring::proxy

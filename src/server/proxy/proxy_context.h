// The context of one request that passes through.
#pragma once

#include "core/timer_wheel.h"
#include "server/proxy/call_line.h"
#include "server/proxy/call_recorder.h"
#include "service/context.h"
#include "service/dialog_tracking.h"
#include "service/digest_server_auth.h"
#include "service/output_control.h"
#include "service/session_interval.h"
#include "service/transaction_stateful_proxy.h"
#include "service/via_management.h"
#include "sip/disposition.h"

namespace tipring::proxy {

class Proxy;

using ProxyServices = service::Context<service::TransactionStatefulProxy, service::SessionInterval,
                                       service::DialogTracking, service::DigestServerAuth,
                                       service::ViaManagement, service::OutputControl>;

struct ProxyContext : ProxyServices {
  explicit ProxyContext(Proxy& by) : proxy(by) {}

  Proxy& proxy;
  sip::Disposition wishes;  // of the caller, for a user of ours
  bool local = false;       // it is for us to choose among the targets
  uint16_t group_q = 0;     // of those that ring
  std::string_view lacks;   // what to raise: a try has failed for want of it
  CallLine call;
  RecordedCall record;

  // Those who ring have had their time, and others wait for theirs.
  void on_step_over(Millis now);
  MemberTimer<ProxyContext, &ProxyContext::on_step_over> step_timer{*this};
};

}  // namespace tipring::proxy

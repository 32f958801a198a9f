// The stateful proxy: RFC 3261 16. Validates the route, finds the targets, forwards to one after the
// other until one is reached; what comes back goes through the response context of the service
// TransactionStatefulProxy.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "server/proxy/location.h"
#include "server/proxy/plan.h"
#include "server/proxy/proxy_context.h"
#include "server/proxy/record_route.h"
#include "service/stream_refusals.h"

namespace tipring::proxy {

using service::Incoming;
using transaction::ClientHandle;
using transaction::EndReason;
using transaction::ServerHandle;

struct ProxyCounters {
  uint64_t forwarded = 0;     // requests sent on, each as often as it was tried
  uint64_t retried = 0;       // of these to another address or target, the one before not reached
  uint64_t acks_dropped = 0;  // ACKs with nowhere to go: nobody can be told
};

class Proxy final : public transaction::TransactionUser,
                    public transport::LocateHandler,
                    private transport::SendObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows both for as long as it lives.
  Proxy(const service::Environment& environment, Location& location, Arena& arena,
        const Limits& limits);

  // A request that no transaction knows and that is for someone else: new, in a dialog, or an ACK
  // to a 2xx. It has been validated (16.3); `routes` are its own.
  void handle(const Incoming& request, const RouteInfo& routes);

  // Answers every request that is still open with 503 and cancels what rings for it: the server
  // goes.
  void end_all();

  const PoolStats& stats() const { return contexts_.stats(); }
  const ProxyCounters& counters() const { return counters_; }

  // For ProxyContext.
  void release(ProxyContext& context);

 private:
  using Handle = tipring::Handle<ProxyContext>;

  enum class Outcome : uint8_t { Sent, Failed, Answered };

  // proxy_forward.cpp
  void forward(ProxyContext& context, const sip::MessageView& request, const RouteInfo& routes,
               Plan plan);
  void try_next(ProxyContext& context);
  Outcome try_addresses(ProxyContext& context, const sip::MessageView& request, const Plan& plan);
  Outcome try_address(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
                      Flow flow);
  MessageRef write_try(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
                       ClientHandle client, Flow& flow);
  MessageRef write_request(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
                           std::string_view via, const Flow& in, const Flow* record_for) const;
  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;

  // proxy_ack.cpp
  void handle_ack(const Incoming& ack, const RouteInfo& routes);
  void on_ack_located(ProxyContext& context, const Result<transport::FlowList>& flows);
  void resend_ack(ProxyContext& context);
  void send_ack(ProxyContext& context, const sip::MessageView& ack, const Plan& plan);
  void drop_ack(ProxyContext& context);
  void on_send_failed(uint64_t tag, Error error) override;

  void give_up(ProxyContext& context, const sip::MessageView& request);
  // 503 for want of capacity; `key` is what to raise.
  void refuse(ProxyContext& context, const sip::MessageView& request, std::string_view key);
  void refuse_stateless(const Incoming& request, std::string_view key);
  void settle(ProxyContext& context, service::TransactionStatefulProxy::Progress progress);

  void on_cancel(uint64_t context, ServerHandle server, const Incoming& cancel) override;
  void on_server_end(uint64_t context, ServerHandle server, EndReason reason) override;
  void on_response(uint64_t context, ClientHandle client, const Incoming& response) override;
  void on_client_end(uint64_t context, ClientHandle client, EndReason reason) override;

  const service::Environment& environment_;
  Location& location_;
  mutable Pool<ProxyContext> contexts_;
  service::StreamRefusals stream_refusals_;
  const uint32_t acks_waiting_max_;
  uint32_t acks_waiting_ = 0;
  ProxyCounters counters_;
};

}  // namespace tipring::proxy

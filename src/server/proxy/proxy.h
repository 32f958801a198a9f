// The stateful proxy: RFC 3261 16. Validates the route, finds the target, forwards; what comes back
// goes through the response context of the service TransactionStatefulProxy.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "server/proxy/location.h"
#include "server/proxy/proxy_context.h"
#include "server/proxy/record_route.h"

namespace tipring::proxy {

using service::Incoming;
using transaction::ClientHandle;
using transaction::EndReason;
using transaction::ServerHandle;

struct ProxyCounters {
  uint64_t forwarded = 0;     // requests sent on
  uint64_t acks_dropped = 0;  // ACKs with nowhere to go: nobody can be told
};

class Proxy final : public transaction::TransactionUser, public transport::LocateHandler {
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

 private:
  using Handle = tipring::Handle<ProxyContext>;

  // Where a request goes and how it must be changed for that: 16.4 to 16.6. Views into the request
  // and the store.
  struct Plan {
    uint16_t refusal = 0;  // not to be forwarded: the status that says why
    service::Destination destination;
    std::string_view request_uri;
    std::string_view route_appended;
    std::string_view path;  // of the target: RFC 3327
    size_t routes_removed = 0;
    bool last_route_removed = false;
  };

  Plan make_plan(const RouteInfo& routes) const;
  void plan_target(std::string_view uri, Plan& plan) const;

  void handle_ack(const Incoming& ack, const RouteInfo& routes);
  void forward(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
               const transport::FlowList& flows);
  void send_ack(ProxyContext& context, const sip::MessageView& ack, const Flow& in,
                const Plan& plan, const Flow& flow);
  MessageRef write_request(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
                           std::string_view via, const Flow& in, const Flow* record_for) const;
  // `error` says why the request cannot be forwarded; for want of capacity `key` is what to raise.
  void refuse(ProxyContext& context, const sip::MessageView& request, Error error,
              std::string_view key);
  void refuse(ProxyContext& context, uint16_t status);
  void refuse_stateless(const Incoming& request, std::string_view key);
  void settle(ProxyContext& context, service::TransactionStatefulProxy::Progress progress);
  void release(ProxyContext& context);

  void on_cancel(uint64_t context, ServerHandle server, const Incoming& cancel) override;
  void on_server_end(uint64_t context, ServerHandle server, EndReason reason) override;
  void on_response(uint64_t context, ClientHandle client, const Incoming& response) override;
  void on_client_end(uint64_t context, ClientHandle client, EndReason reason) override;
  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;

  const service::Environment& environment_;
  Location& location_;
  mutable Pool<ProxyContext> contexts_;
  ProxyCounters counters_;
};

}  // namespace tipring::proxy

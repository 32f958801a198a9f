// What passes without a transaction: the ACK to a 2xx (RFC 3261 17), to which nothing can be
// answered, and in a proxy that keeps none (16.11) each request, to its best target alone, and the
// responses to it.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "server/proxy/forwarded_request.h"
#include "service/stream_refusals.h"

namespace tipring::proxy {

using service::Incoming;

class StatelessForwarder;

// A request that is being sent, or waits for a name or a connection.
struct PassingRequest {
  explicit PassingRequest(StatelessForwarder& by) : forwarder(by) {}

  StatelessForwarder& forwarder;
  MessageRef request;
  Flow in;
  uint64_t target = 0;
  service::DestinationSelection selection;
  void on_gone(Millis now);
  MemberTimer<PassingRequest, &PassingRequest::on_gone> timer{*this};
};

struct StatelessCounters {
  uint64_t forwarded = 0;
  uint64_t dropped = 0;    // with nowhere to go: nobody can be told
  uint64_t responses = 0;  // sent back
};

class StatelessForwarder final : public transport::LocateHandler, private transport::SendObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows all three.
  StatelessForwarder(const Environment& environment, Location& location,
                     service::StreamRefusals& stream_refusals, Arena& arena, const Limits& limits);

  // All requests pass this way from now on, not ACKs alone.
  void set_stateless() { stateless_ = true; }
  bool is_stateless() const { return stateless_; }

  void handle(const Incoming& request, const RouteInfo& routes);
  // Whether the response was to a request that has passed without a transaction.
  bool handle_response(const Incoming& response);

  const PoolStats& stats() const { return passing_.stats(); }
  const StatelessCounters& counters() const { return counters_; }

  // For PassingRequest.
  void release(PassingRequest& passing);

 private:
  using Handle = tipring::Handle<PassingRequest>;

  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;
  void on_send_failed(uint64_t tag, Error error) override;
  RouteInfo routes_for(const RouteInfo& routes) const;
  void resend(PassingRequest& passing);
  void send(PassingRequest& passing, const Incoming& request, const Plan& plan);
  MessageRef write(const Incoming& request, const Plan& plan, const Flow& out) const;
  void refuse(const Incoming& request, uint16_t status, const sip::ResponseParts& parts);
  void fail(PassingRequest& passing, const Incoming& request, uint16_t status);
  bool may_wait() const { return passing_.stats().in_use <= waiting_max_; }

  const Environment& environment_;
  Location& location_;
  service::StreamRefusals& stream_refusals_;
  const uint32_t waiting_max_;
  bool stateless_ = false;
  mutable Pool<PassingRequest> passing_;
  StatelessCounters counters_;
};

}  // namespace tipring::proxy

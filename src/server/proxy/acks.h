// The ACK to a 2xx passes without a transaction: RFC 3261 16.11 and 17. Nothing can be answered to
// it.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "server/proxy/forwarded_request.h"
#include "service/stream_refusals.h"

namespace tipring::proxy {

using service::Incoming;

class Acks;

// One that is being sent, or waits for a name or a connection.
struct AckContext {
  explicit AckContext(Acks& by) : acks(by) {}

  Acks& acks;
  MessageRef ack;
  Flow in;
  uint64_t target = 0;
  service::DestinationSelection selection;
  void on_gone(Millis now);
  MemberTimer<AckContext, &AckContext::on_gone> timer{*this};
};

struct AckCounters {
  uint64_t forwarded = 0;
  uint64_t dropped = 0;  // with nowhere to go: nobody can be told
};

class Acks final : public transport::LocateHandler, private transport::SendObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows all three.
  Acks(const Environment& environment, Location& location, service::StreamRefusals& stream_refusals,
       Arena& arena, const Limits& limits);

  void handle(const Incoming& ack, const RouteInfo& routes);

  const PoolStats& stats() const { return contexts_.stats(); }
  const AckCounters& counters() const { return counters_; }

  // For AckContext.
  void release(AckContext& context);

 private:
  using Handle = tipring::Handle<AckContext>;

  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;
  void on_send_failed(uint64_t tag, Error error) override;
  void resend(AckContext& context);
  void send(AckContext& context, const sip::MessageView& ack, const Plan& plan);
  MessageRef write(const AckContext& context, const sip::MessageView& ack, const Plan& plan,
                   const Flow& out) const;
  bool may_wait() const { return contexts_.stats().in_use <= waiting_max_; }
  void drop(AckContext& context);

  const Environment& environment_;
  Location& location_;
  service::StreamRefusals& stream_refusals_;
  const uint32_t waiting_max_;
  mutable Pool<AckContext> contexts_;
  AckCounters counters_;
};

}  // namespace tipring::proxy

// The stateful proxy: RFC 3261 16. Finds the targets of a request, forwards it to those of one
// group at once and to the next group when these have failed; what comes back goes upstream as the
// response context of the service TransactionStatefulProxy says.
//
// A request is accepted in handle() (proxy.cpp), written in write_try() (proxy_forward.cpp), and
// answered in send_upstream() and answer() (proxy_responses.cpp), there and nowhere else.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "server/proxy/call_recorder.h"
#include "server/proxy/location.h"
#include "server/proxy/options.h"
#include "server/proxy/proxy_context.h"
#include "server/proxy/stateless_forwarder.h"
#include "server/proxy/target_set.h"
#include "service/stream_refusals.h"

namespace tipring::proxy {

using service::Branch;
using service::Incoming;
using transaction::ClientHandle;
using transaction::EndReason;
using transaction::ServerHandle;

struct ProxyCounters {
  uint64_t forwarded = 0;   // requests sent on, each as often as it was tried
  uint64_t retried = 0;     // of these to another address or target, one before having failed
  uint64_t forked = 0;      // of these beside another branch
  uint64_t redirected = 0;  // contacts of redirections that became targets
};

class Proxy final : public transaction::TransactionUser,
                    public transport::LocateHandler,
                    public service::BranchOwner {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows both for as long as it lives.
  Proxy(const service::Environment& environment, Location& location, Arena& arena,
        const Limits& limits);

  void set_options(const ProxyOptions& options) { options_ = options; }

  // RFC 3261 16.11: nothing is kept of any request from now on.
  void set_stateless() { stateless_forwarder_.set_stateless(); }
  bool is_stateless() const { return stateless_forwarder_.is_stateless(); }

  // A request that no transaction knows and that is for someone else: new, in a dialog, or an ACK
  // to a 2xx. It has been validated (16.3); `routes` are its own.
  void handle(const Incoming& request, const RouteInfo& routes);

  // What no transaction knows, where nothing is kept of requests.
  bool handle_response(const Incoming& response) {
    return is_stateless() && stateless_forwarder_.handle_response(response);
  }

  // Answers every request that is still open with 503 and cancels what rings for it: the server
  // goes.
  void end_all();

  dialog::EndObserver& recorder() { return recorder_; }

  const PoolStats& stats() const { return contexts_.stats(); }
  const PoolStats& branch_stats() const { return branches_.stats(); }
  const ProxyCounters& counters() const { return counters_; }
  const StatelessForwarder& stateless_forwarder() const { return stateless_forwarder_; }

  // For ProxyContext.
  void on_step_over(ProxyContext& context);

 private:
  using Handle = tipring::Handle<ProxyContext>;
  using BranchHandle = tipring::Handle<Branch>;

  // A context with its request, which has been parsed for as long as it is worked on.
  struct Work {
    ProxyContext& context;
    const sip::MessageView& request;
    const RouteInfo& routes;
  };
  // A member of the target set that has not been tried.
  struct Candidate {
    size_t member = 0;          // of the TargetSet
    Branch* waiting = nullptr;  // or one that a redirection has named
    uint16_t q = 0;
  };
  struct Candidates {
    std::array<Candidate, TargetList::kMax> all;  // best q first
    size_t count = 0;
    void add(const Candidate& candidate);
  };
  // A contact of a redirection.
  struct Offer {
    const MessageRef& origin;  // holds its URI
    sip::ParsedUri uri;
    uint16_t q = 0;
    bool from_host = false;  // who has sent it is on our own
    bool is_number = false;  // it was a tel URI
  };
  // Why a request is not forwarded.
  struct Refusal {
    uint16_t status = 0;
    sip::ResponseParts parts;
  };

  // proxy.cpp
  Refusal find_refusal(const ProxyContext& context, const sip::MessageView& request,
                       const TargetSet& targets, std::span<char> room) const;
  Refusal track(ProxyContext& context, const Incoming& request, const RouteInfo& routes,
                const dialog::Terms& terms);
  dialog::Terms terms_of(const ProxyContext& context, const Incoming& request,
                         const RouteInfo& routes) const;
  Refusal refuse_over_share(const ProxyContext& context, const Incoming& request) const;
  void refuse_stateless(const Incoming& request, std::string_view key);
  void note_targets(const sip::MessageView& request, const RouteInfo& routes,
                    const TargetSet& targets) const;
  void release_branch(Branch& branch);
  void release(ProxyContext& context);
  ProxyContext& context_of(const Branch& branch) const;

  // proxy_targets.cpp: which members of the target set are tried, and when
  void advance(const Work& work, const TargetSet* targets = nullptr);
  bool start_group(const Work& work, const TargetSet& targets);
  Candidates find_candidates(ProxyContext& context, const TargetSet& targets) const;
  size_t group_size(ProxyContext& context, const Candidates& candidates) const;
  bool start_candidate(const Work& work, const TargetSet& targets, const Candidate& candidate,
                       uint32_t breadth);
  void start_step_timer(ProxyContext& context);

  // proxy_forward.cpp: the tries of one branch
  void locate(const Work& work, Branch& branch, const Plan& plan);
  bool find_plan(const Work& work, const Branch& branch, Plan& plan);
  void try_branch(const Work& work, Branch& branch, const Plan& plan);
  bool try_address(const Work& work, Branch& branch, const Plan& plan, Flow flow);
  MessageRef write_try(const Work& work, Branch& branch, const Plan& plan, Flow& flow);
  void resume(ProxyContext& context, Branch* branch);
  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;

  // proxy_responses.cpp: 16.7 to 16.10
  void on_cancel(uint64_t context, ServerHandle server, const Incoming& cancel) override;
  void on_server_end(uint64_t context, ServerHandle server, EndReason reason) override;
  void on_response(uint64_t branch, ClientHandle client, const Incoming& response) override;
  void on_client_end(uint64_t branch, ClientHandle client, EndReason reason) override;
  void on_timer_c(Branch& branch) override;
  void forward_now(ProxyContext& context, Branch& branch, const Incoming& response);
  void on_failure(ProxyContext& context, Branch& branch, const Incoming& response);
  void on_not_reached(ProxyContext& context, Branch& branch, uint16_t status);
  void go_on(ProxyContext& context);
  void note_others(ProxyContext& context, const sip::MessageView& answer);
  void note(ProxyContext& context, transport::Decision decision,
            std::initializer_list<transport::DecisionValue> values = {});
  void close_branches(ProxyContext& context, uint16_t cause, bool cancels = true);
  void finish(ProxyContext& context);
  void settle(ProxyContext& context);
  bool send_best(ProxyContext& context);
  void answer_unheard(ProxyContext& context);
  bool send_upstream(ProxyContext& context, const sip::MessageView& response,
                     sip::ResponseEdit edit);
  void answer(ProxyContext& context, uint16_t status, const sip::ResponseParts& parts);

  // proxy_redirect.cpp
  void redirect(ProxyContext& context, const Incoming& response);
  bool follow(const Work& work, const Offer& offer);
  bool may_follow(const Work& work, const Offer& offer) const;

  const service::Environment& environment_;
  Location& location_;
  ProxyOptions options_;
  CallRecorder recorder_;
  mutable Pool<ProxyContext> contexts_;
  mutable Pool<Branch> branches_;
  service::StreamRefusals stream_refusals_;
  StatelessForwarder stateless_forwarder_;
  ProxyCounters counters_;
};

}  // namespace tipring::proxy

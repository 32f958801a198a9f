// The exchange: the layers of the stack and the server's parts, wired together on one loop. It
// knows no system: with the ports of port/linux it is the server, with those of port/sim it lives
// in a simulated network.
#pragma once

#include <string>

#include "app/exchange_options.h"
#include "app/ports.h"
#include "app/store_location.h"
#include "auth/authenticator.h"
#include "core/histogram.h"
#include "core/pool_registry.h"
#include "media/relay.h"
#include "server/b2bua/b2bua.h"
#include "server/policy/access.h"
#include "server/policy/block_log.h"
#include "server/policy/call_shares.h"
#include "server/policy/emergency.h"
#include "server/policy/stored_calls.h"
#include "server/policy/untimed_calls.h"
#include "server/policy/validation.h"
#include "server/proxy/call_ender.h"
#include "server/proxy/proxy.h"
#include "server/registrar/registrar.h"
#include "service/legs.h"
#include "transport/hep_export.h"
#include "transport/trace.h"

namespace tipring::app {

class Exchange final : private port::TurnHandler, private transaction::RequestHandler {
 public:
  // Every line of memory that an exchange of this configuration takes from its arena.
  static void plan(const Config& config, MemoryPlan& plan);

  // Borrows all but the configuration.
  Exchange(const Config& config, const Ports& ports, Arena& arena, Log& log);
  ~Exchange();

  // Opens the store, then the listeners, and serves from the loop's next turn on. Empty on success,
  // else what is wrong and what to do: the exchange can only be destroyed then.
  std::string start();

  // From the loop, between two events. What was in force goes back to the caller, so that no memory
  // is given up on this thread.
  void set(Settings& settings);

  // The same for sip.listen, which is changed whole or not at all. Empty on success, else what is
  // wrong. The text is good until the next call.
  std::string_view set_listening(std::span<const transport::ListenPoint> wanted);

  // For an orderly end: no new calls from here on; whether nobody waits for an answer any more; and
  // the answer to those who still do.
  void refuse_calls() { refuses_calls_ = true; }
  uint32_t open_requests() const { return transactions_.open_requests(); }
  bool is_quiet() const { return open_requests() == 0; }
  void end_calls() {
    proxy_.end_all();
    b2bua_.end_all();
  }

  // As TransactionLayer has it.
  void set_answer_observer(transaction::AnswerObserver& observer) {
    transactions_.set_answer_observer(observer);
  }

  std::string_view realm() const { return realm_; }
  std::span<const transport::ListenPoint> listen_points() const {
    return transport_.listen_points();
  }

  // For operators.
  store::Store& store() { return store_; }
  const store::Store& store() const { return store_; }
  auth::Blocks& blocks() { return blocks_; }
  const dialog::Calls& calls() const { return calls_; }
  const policy::UntimedCalls& untimed_calls() const { return untimed_calls_; }
  const policy::SignIns& sign_ins() const { return sign_ins_; }
  const policy::CallShares& call_shares() const { return call_shares_; }
  void end_call(dialog::Dialog& dialog) { call_ender_.end(dialog); }
  transport::Trace& trace() { return trace_; }
  const transport::Trace& trace() const { return trace_; }
  const media::Relay& relay() const { return relay_; }
  void register_pools(PoolRegistry& pools) const;
  transport::TransportCounters transport_counters() const { return transport_.counters(); }
  const transaction::TransactionCounters& transaction_counters() const {
    return transactions_.counters();
  }
  const transaction::RequestFigures& request_figures() const { return transactions_.figures(); }
  // How long the turns of the loop have lasted.
  const Histogram& turns() const { return turns_; }
  const registrar::RegistrarCounters& registrar_counters() const { return registrar_.counters(); }
  const proxy::ProxyCounters& proxy_counters() const { return proxy_.counters(); }
  b2bua::B2bua& b2bua() { return b2bua_; }
  const b2bua::B2bua& b2bua() const { return b2bua_; }
  const proxy::StatelessCounters& stateless_counters() const {
    return proxy_.stateless_forwarder().counters();
  }
  const service::Overload& overload() const { return overload_; }

 private:
  void on_turn_end(Millis now) override;
  void note_turn();
  void on_request(const service::Incoming& request) override;
  void on_stray_response(const service::Incoming& response) override;
  bool takes_stray_cancel(const service::Incoming& cancel) override;
  bool is_for_all_servers(const service::Incoming& request, policy::Job job) const;
  bool is_of_lost_leg(const service::Incoming& request, const sip::ParsedUri& uri) const;
  bool ignores(const service::Incoming& request) override;
  std::string join_groups();
  void set_media(media::RelayOptions options);
  void answer_here(const service::Incoming& request);

  Config config_;
  std::string realm_;
  HashKey nonce_key_;
  std::string nonce_fault_;
  Ports ports_;
  Log& log_;
  MessageSlabs slabs_;
  TimerWheel timers_;
  TimerDriver timer_driver_;
  transport::TransportLayer transport_;
  transport::Trace trace_;
  transport::HepExport hep_;
  transport::Locator locator_;
  media::Relay relay_;
  transaction::TransactionLayer transactions_;
  dialog::Calls calls_;
  store::Store store_;
  policy::StoredCalls call_book_;
  policy::Emergency emergency_;
  StoreLocation location_;
  auth::NonceTable nonces_;
  auth::Blocks blocks_;
  policy::BlockLog block_log_;
  policy::AccessRules access_;
  policy::SignIns sign_ins_;
  policy::UntimedCalls untimed_calls_;
  policy::CallShares call_shares_;
  auth::Authenticator authenticator_;
  service::Overload overload_;
  service::Environment environment_;
  policy::Validation validation_;
  registrar::Registrar registrar_;
  proxy::Proxy proxy_;
  proxy::CallEnder call_ender_;
  service::Legs legs_;
  b2bua::B2bua b2bua_;
  bool refuses_calls_ = false;
  Histogram turns_;
  std::array<char, 160> listen_fault_;
};

}  // namespace tipring::app

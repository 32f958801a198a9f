// The admin API as a whole: rings, loop end, HTTP server and its thread. What the app has to make.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "admin/api.h"
#include "admin/store_exchange.h"

namespace tipring::admin {

struct ServiceOptions {
  std::string socket;          // admin.socket
  std::string realm;           // effective_realm(): what passwords are hashed for
  std::string default_domain;  // the first of sip.domains, or empty
  transport::Trace* trace = nullptr;
  const policy::UntimedCalls* untimed_calls = nullptr;
  CallDesk* calls = nullptr;
};

class Service final : private port::WakeupHandler {
 public:
  // Commands served in a turn; each takes a bounded time.
  static constexpr size_t kCommandsPerTurn = 2;

  static void plan(MemoryPlan& plan) { Channel::plan(plan); }

  // All are borrowed and outlive it. Uses the heap: at start only.
  Service(Arena& arena, port::Loop& loop, store::Store& store, auth::Blocks& blocks,
          const PoolRegistry& pools, StatusSource& status, const ServiceOptions& options);
  // Stops the thread. Call after the loop has ended; the store, which may still hold changes of it,
  // goes next and calls nobody then.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Opens the socket and starts the thread. Empty on success, else what is wrong and what to do.
  std::string start();

  // Once it has started: what sip.domains says by now. From any thread but the loop's.
  void set_default_domain(std::string domain) { api_->set_default_domain(std::move(domain)); }

 private:
  void on_wakeup() override;

  std::string socket_;
  Channel channel_;
  StoreExchange exchange_;
  GroupDesk groups_;
  LoopEndpoint endpoint_;
  std::unique_ptr<port::Wakeup> wakeup_;  // null when the system gives no descriptor
  std::unique_ptr<Api> api_;              // null when there is nothing to wake
  std::unique_ptr<port::HttpServer> server_;
};

}  // namespace tipring::admin

// The admin API as a whole: rings, loop end, HTTP server and its thread. What the app has to make.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/access/access.h"
#include "admin/api.h"
#include "admin/metrics_requests.h"
#include "admin/store_exchange.h"

namespace tipring::admin {

struct ServiceOptions {
  std::string socket;          // admin.socket
  std::string realm;           // effective_realm(): what passwords are hashed for
  std::string default_domain;  // the first of sip.domains, or empty
  transport::Trace* trace = nullptr;
  const policy::UntimedCalls* untimed_calls = nullptr;
  const policy::SignIns* sign_ins = nullptr;
  CallDesk* calls = nullptr;
  Control* control = nullptr;
  ConfigDesk* config = nullptr;
  const LogTail* log_tail = nullptr;
  HashKey revision_key = {};                  // of this start alone: see revision.h
  std::vector<port::HttpListen> listen = {};  // admin.listen
  Limits limits = {};                         // of users and groups, for what is restored
  FigureSource* figures = nullptr;
  // With these, others than those who can open the socket may sign in. The entropy is used by the
  // admin thread alone.
  const port::Clock* clock = nullptr;
  port::Entropy* entropy = nullptr;
  Log* log = nullptr;
};

class Service final : private port::WakeupHandler {
 public:
  // Commands served in a turn; each takes a bounded time.
  static constexpr size_t kCommandsPerTurn = 2;

  static void plan(MemoryPlan& plan) {
    Channel::plan(plan);
    plan.add("metrics", 1, sizeof(Figures));
    Notices::plan(plan);
  }

  // All are borrowed and outlive it. Uses the heap: at start only.
  Service(Arena& arena, port::Loop& loop, store::Store& store, auth::Blocks& blocks,
          const PoolRegistry& pools, StatusSource& status, const ServiceOptions& options);
  // Stops the thread. Call after the loop has ended; the store, which may still hold changes of it,
  // goes next and calls nobody then.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Instead of a random one. Before start().
  void set_setup_code(std::string code) {
    if (access_ != nullptr) access_->set_setup_code(std::move(code));
  }
  // Of the listeners that are encrypted: before start(), and for new connections when it has started,
  // from any thread.
  // `is_own`: made by this server, not given.
  void set_identity(std::shared_ptr<port::TlsIdentity> identity, bool is_own);
  // Opens the socket and starts the thread. Empty on success, else what is wrong and what to do. Of the
  // page's addresses those that cannot be opened are logged, and tried again.
  std::string start();

  // Once it has started, from any thread but the loop's: the desks have news for those who wait.
  void notify() { server_->notify(); }
  // Likewise: tries those addresses now.
  void open_again() { server_->open_again(); }
  // Of the status: "page", and whether it is open. On the loop's thread.
  void add_facts(Page& page) const;
  // Once it has started: what sip.domains says by now. From any thread but the loop's.
  void set_default_domain(std::string domain) { api_->set_default_domain(std::move(domain)); }

 private:
  void on_wakeup() override;

  std::string socket_;
  std::vector<port::HttpListen> listen_;
  Limits limits_;
  std::shared_ptr<port::TlsIdentity> identity_;
  Channel channel_;
  Notices notices_;
  Log* log_;
  StoreExchange exchange_;
  GroupDesk groups_;
  LoopEndpoint endpoint_;
  Figures& figures_;
  MetricsDesk metrics_;
  std::unique_ptr<port::Wakeup> wakeup_;  // null when the system gives no descriptor
  std::unique_ptr<Api> api_;              // null when there is nothing to wake
  store::Errands& errands_;
  std::unique_ptr<Access> access_;  // null without its parts
  std::unique_ptr<port::HttpServer> server_;
  std::function<void()> poll_soon_ = [this] { server_->notify(); };
};

}  // namespace tipring::admin

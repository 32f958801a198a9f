// The exchange: all layers wired together on one loop. Made once at start.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/service.h"
#include "app/config.h"
#include "app/store_location.h"
#include "auth/authenticator.h"
#include "core/log_sink.h"
#include "core/log_writer.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"
#include "port/linux/linux_files.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_names.h"
#include "port/linux/linux_network.h"
#include "port/linux/linux_workers.h"
#include "server/proxy/proxy.h"
#include "server/registrar/registrar.h"

namespace tipring::app {

// Every line of memory that a server of this configuration takes.
void plan_server(const Config& config, MemoryPlan& plan);

class Server final : public port::TurnHandler,
                     public port::SignalHandler,
                     public transaction::RequestHandler,
                     private admin::StatusSource {
 public:
  explicit Server(const Config& config, std::span<std::byte> memory);
  ~Server();

  // Empty on success, else what is wrong and what to do.
  std::string start();
  void run() { loop_.run(); }

 private:
  void on_turn_end(Millis now) override;
  void on_signal(port::Signal signal) override;
  void on_request(const service::Incoming& request) override;
  void add_facts(admin::Page& page) override;

  void answer_here(const service::Incoming& request);
  static std::vector<std::string> domains(const Config& config);
  static auth::AuthOptions auth_options(const Config& config, std::string_view realm);
  static policy::AccessOptions access_options(const Config& config);
  static registrar::RegistrarOptions registrar_options(const Config& config);
  HashKey nonce_key();
  static admin::ServiceOptions admin_options(const Config& config, std::string_view realm);
  void register_pools();
  void log_configuration();

  Config config_;
  std::string realm_;
  port::LinuxClock clock_;
  port::LinuxEntropy entropy_;
  port::LinuxFiles files_;
  port::LinuxWorkers workers_;
  port::LinuxLoop loop_;
  port::LinuxNetwork network_;
  port::LinuxNames names_;
  Arena arena_;
  std::unique_ptr<port::File> log_file_;
  std::unique_ptr<LogSink> log_sink_;
  std::span<LogSlot> log_slots_;
  LogRing log_ring_;
  Log log_;
  std::unique_ptr<LogWriter> log_writer_;
  std::unique_ptr<port::Worker> log_worker_;
  MessageSlabs slabs_;
  TimerWheel timers_;
  TimerDriver timer_driver_;
  transport::TransportLayer transport_;
  transport::Locator locator_;
  transaction::TransactionLayer transactions_;
  store::Store store_;
  StoreLocation location_;
  auth::NonceTable nonces_;
  policy::AccessRules access_;
  auth::Authenticator authenticator_;
  service::Environment environment_;
  registrar::Registrar registrar_;
  proxy::Proxy proxy_;
  PoolRegistry pools_;
  admin::Service admin_;
};

}  // namespace tipring::app

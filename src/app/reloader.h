// Reads the configuration again while the server runs, on a thread of its own: reading takes the
// heap and may block, and the loop may do neither.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "app/config_source.h"
#include "app/exchange_options.h"
#include "core/log.h"
#include "port/loop.h"
#include "port/tls_identity.h"
#include "port/worker.h"

namespace tipring::app {

struct Reload {
  std::vector<std::string> faults;  // with any, nothing is to change
  std::vector<ConfigChange> changes;
  Settings settings;
  LogLevel level = LogLevel::Info;
  // Of the page; null: there is none, or its files are not good, as the fault says.
  std::shared_ptr<port::TlsIdentity> identity;
  std::string identity_fault;
  std::string fingerprint;
  bool listen_refused = false;  // by the handler: sip.listen stays what it was
};

class ReloadHandler {
 public:
  // On the reloader's thread, before the configuration is read: a number for after_reload().
  virtual uint64_t before_reload() = 0;
  // On the loop. Whatever is left in `reload` is given up on the other thread.
  virtual void on_reload(Reload& reload) = 0;
  // After it, on the reloader's thread: for those who live on other threads.
  // `identity` as in Reload; `before` is what before_reload() has given.
  virtual void after_reload(const Config& config, std::shared_ptr<port::TlsIdentity> identity,
                            uint64_t before) = 0;

 protected:
  ~ReloadHandler() = default;
};

LogLevel log_level(const Config& config);

class Reloader final : private port::WorkerTask, private port::WakeupHandler {
 public:
  // `config` is what is in force. Borrows the rest; `realm` is that of the running server.
  Reloader(port::Loop& loop, port::Files& files, ConfigSource source, const Config& config,
           std::string_view realm, ReloadHandler& handler);

  // False when the system gives no descriptor or no thread.
  bool start(port::Workers& workers);

  // From the loop. One that comes while another is on its way is served after it.
  void request();

 private:
  Millis serve(Millis now) override;
  void on_wakeup() override;
  void read(Reload& reload);

  port::Files& files_;
  const ConfigSource source_;
  const std::string_view realm_;
  ReloadHandler& handler_;
  Config config_;  // of the worker once it has started
  std::vector<std::string> listen_before_;
  Reload reload_;  // of the worker, but of the loop while it is ready
  uint64_t before_ = 0;
  bool handed_over_ = false;
  std::atomic<bool> requested_{false};
  std::atomic<bool> ready_{false};
  std::unique_ptr<port::Wakeup> wakeup_;
  std::unique_ptr<port::Worker> worker_;
};

}  // namespace tipring::app

// The server process: the exchange on the ports of this system, its log, and the admin service.
// Made once at start.
#pragma once

#include <memory>
#include <string>

#include "admin/service.h"
#include "app/config.h"
#include "app/config_desk.h"
#include "app/exchange.h"
#include "app/orderly_stop.h"
#include "app/reloader.h"
#include "app/request_log_parts.h"
#include "app/watchdog.h"
#include "core/log_file.h"
#include "core/log_tail.h"
#include "core/log_writer.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"
#include "port/linux/linux_files.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_names.h"
#include "port/linux/linux_network.h"
#include "port/linux/linux_workers.h"

namespace tipring::app {

// Tells the service manager to start the program anew; see port/appliance/tipring.service.
inline constexpr int kExitRestart = 3;

class Server final : private port::SignalHandler,
                     private port::TimerHandler,
                     private ReloadHandler,
                     private admin::StatusSource,
                     private admin::FigureSource,
                     private admin::HistorySource,
                     private admin::CallEnding,
                     private admin::Control {
 public:
  // Every line of memory, and every descriptor, that a server of this configuration takes.
  static void plan(const Config& config, MemoryPlan& plan);

  // `config` is what `source` has given. `memory` is what the plan's arena asks for, and outlives
  // the server.
  Server(const ConfigSource& source, const Config& config, std::span<std::byte> memory);

  // Empty on success, else what is wrong and what to do.
  std::string start();
  void run() { loop_.run(); }
  // Of the program, once it has run.
  int exit_code() const { return restarts_ ? kExitRestart : 0; }

 private:
  void on_signal(port::Signal signal) override;
  void on_timer(Millis now) override;
  void begin_stop();
  void end();
  void reload() override { reloader_.request(); }
  bool restart() override;
  void on_reload(Reload& reload) override;
  uint64_t before_reload() override { return config_desk_.changes_written(); }
  void after_reload(const Config& config, std::shared_ptr<port::TlsIdentity> identity,
                    uint64_t before) override;
  void tell_of_certificate(const Reload& reload);
  void set_listening(Reload& reload);
  void add_facts(admin::Page& page) override;
  void fill(admin::Figures& figures) override;
  admin::ServiceOptions service_options(const Config& config);
  uint32_t registrations_now() const override;
  uint32_t calls_now() const override;
  void end_call(dialog::Dialog& dialog) override { exchange_.end_call(dialog); }
  std::string open_log();
  std::string open_identity();
  std::string take_setup_code();
  void log_configuration();

  Config config_;
  Millis started_at_{0};
  FixedText<128> fingerprint_;  // of the page's certificate
  bool restarts_ = false;
  port::LinuxClock clock_;
  port::LinuxEntropy entropy_;
  port::LinuxEntropy admin_entropy_;  // of that thread
  port::LinuxFiles files_;
  port::LinuxWorkers workers_;
  port::LinuxLoop loop_;
  port::LinuxNetwork network_;
  port::LinuxNames names_;
  Arena arena_;
  std::unique_ptr<LogSink> log_sink_;
  LogFile* log_file_ = nullptr;  // the sink, where it is a file
  std::span<LogSlot> log_slots_;
  LogRing log_ring_;
  LogTail log_tail_;
  Log log_;
  std::unique_ptr<RequestLogParts> request_log_;  // null: there is none
  std::unique_ptr<LogWriter> log_writer_;
  std::unique_ptr<port::Worker> log_worker_;
  OrderlyStop stop_;
  Exchange exchange_;
  PoolRegistry pools_;
  admin::CallDesk call_desk_;
  ConfigFileDesk config_desk_;
  admin::Service admin_;
  Reloader reloader_;  // tells the desk and the service of what it has read
  std::unique_ptr<port::LoopTimer> stop_timer_;
  admin::History history_;
  Watchdog watchdog_;
};

}  // namespace tipring::app

#include "app/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "app/admin_identity.h"
#include "app/listen_entry.h"
#include "core/text.h"
#include "port/service_manager.h"
#include "tipring/version.h"

namespace tipring::app {

namespace {

constexpr size_t kSetupCodeFileMax = 4096;
constexpr size_t kSetupCodeMin = 8;
constexpr size_t kSetupCodeMax = 64;
constexpr size_t kLoopSources = 64;  // listeners, timers, wakeups, signals

constexpr std::string_view kNoDescriptor =
    "the system gives no more descriptors or threads; end other programs, or raise its limits "
    "(fs.file-max, kernel.threads-max)";

std::string default_domain(const Config& config) {
  return config.sip.domains.empty() ? "" : config.sip.domains.front();
}

admin::ServiceOptions admin_options(const Config& config, std::string_view realm,
                                    Exchange& exchange, admin::CallDesk& calls,
                                    port::Entropy& entropy, admin::FigureSource& figures,
                                    const port::Clock& clock, port::Entropy& admin_entropy,
                                    Log& log) {
  admin::ServiceOptions options;
  options.clock = &clock;
  options.entropy = &admin_entropy;
  options.log = &log;
  options.socket = config.admin.socket;
  for (const std::string& text : config.admin.listen) {
    if (const auto entry = parse_admin_listen(text))
      options.listen.push_back({entry->address, entry->encrypted});
  }
  options.trace = &exchange.trace();
  options.untimed_calls = &exchange.untimed_calls();
  options.sign_ins = &exchange.sign_ins();
  options.calls = &calls;
  options.figures = &figures;
  options.realm = realm;
  options.default_domain = default_domain(config);
  options.limits = config.capacity;
  options.revision_key = {entropy.u64(), entropy.u64()};
  return options;
}

port::LinuxLoopOptions loop_options(const Config& config) {
  const size_t media_sockets = media_sockets_max(config.capacity);
  port::LinuxLoopOptions options;
  options.descriptors_max = config.capacity.tcp_connections + media_sockets + kLoopSources;
  options.name_queries = kLoopSources;
  options.media_sockets = media_sockets;
  return options;
}

// One more, so that a newcomer can be looked at when all places are taken.
port::LinuxNetworkOptions network_options(const Config& config) {
  return {size_t{config.capacity.tcp_connections} + 1};
}

// A row for each reason: "closed_idle".
void add_connection_ends(admin::Page& page, const transport::ConnectionEndCounts& counts) {
  constexpr std::string_view kPrefix = "closed_";
  std::array<char, 64> name;
  std::copy(kPrefix.begin(), kPrefix.end(), name.begin());
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::string_view reason = transport::to_text(static_cast<transport::ConnectionEnd>(i));
    std::copy(reason.begin(), reason.end(), name.begin() + kPrefix.size());
    const std::string_view text(name.data(), kPrefix.size() + reason.size());
    if (page.has_room()) page.add(admin::FactRow{text, "", counts[i]});
  }
}

}  // namespace

void Server::plan(const Config& config, MemoryPlan& plan) {
  plan.add("log_lines", log_lines_max(config.capacity), sizeof(LogSlot));
  plan.add("log_tail", log_tail_bytes(config.capacity), 1);
  RequestLogParts::plan(config, plan);
  Exchange::plan(config, plan);
  admin::Service::plan(plan);
  const size_t loop_bytes = port::LinuxLoop::memory_bytes(loop_options(config));
  plan.add_total("event_loop", 1, loop_bytes, loop_bytes, false);
  plan.add_total("streams", config.capacity.tcp_connections, 0,
                 port::LinuxNetwork::memory_bytes(network_options(config)), false);
}

Server::Server(const ConfigSource& source, const Config& config, std::span<std::byte> memory)
    : config_(config),
      loop_(loop_options(config)),
      network_(loop_, network_options(config)),
      names_(loop_, {}),
      arena_(memory),
      log_slots_(arena_.take<LogSlot>(log_lines_max(config.capacity))),
      log_ring_(log_slots_),
      log_tail_(arena_.take<char>(log_tail_bytes(config.capacity))),
      log_(log_ring_, clock_, log_level(config)),
      request_log_(RequestLogParts::make(config, arena_, files_, clock_, loop_, log_)),
      stop_(clock_, log_),
      exchange_(config, {clock_, entropy_, files_, workers_, loop_, network_, names_}, arena_,
                log_),
      call_desk_(exchange_.calls(), clock_, *this),
      config_desk_(files_, source, config),
      admin_(arena_, loop_, exchange_.store(), exchange_.blocks(), pools_, *this,
             service_options(config)),
      reloader_(loop_, files_, source, config, exchange_.realm(), *this),
      history_(loop_, clock_, *this),
      watchdog_(loop_) {
  call_desk_.set_anchored(exchange_.b2bua());
  exchange_.register_pools(pools_);
  if (request_log_ != nullptr) exchange_.set_answer_observer(request_log_->observer());
  stop_timer_ = loop_.make_timer(*this);
}

admin::ServiceOptions Server::service_options(const Config& config) {
  admin::ServiceOptions options = admin_options(config, exchange_.realm(), exchange_, call_desk_,
                                                entropy_, *this, clock_, admin_entropy_, log_);
  options.control = this;
  options.config = &config_desk_;
  options.log_tail = &log_tail_;
  return options;
}

std::string Server::start() {
  if (!loop_.ok()) return std::string(kNoDescriptor);
  if (std::string fault = open_log(); !fault.empty()) return fault;
  // From here on a signal waits for the loop instead of ending the process.
  if (!loop_.watch_signals(*this)) return std::string(kNoDescriptor);
  started_at_ = loop_.now();
  if (!reloader_.start(workers_)) return std::string(kNoDescriptor);
  log_.info("started", kv("version", kVersion));
  std::string fault = exchange_.start();
  if (fault.empty()) fault = take_setup_code();
  if (fault.empty()) fault = open_identity();
  if (fault.empty()) fault = admin_.start();
  if (fault.empty()) history_.start();
  if (!fault.empty()) {
    log_.error("start_failed", kv("fault", fault));
    return fault;
  }
  log_configuration();
  port::tell_service_manager(port::ServiceState::Ready);
  watchdog_.start();
  return {};
}

std::string Server::open_identity() {
  for (const std::string& text : config_.admin.listen) {
    const auto entry = parse_admin_listen(text);
    if (entry && !entry->encrypted && !entry->address.ip.is_loopback())
      log_.warning("page_not_encrypted", kv("listen", text),
                   kv("help", "passwords can be read on the way; use https://"));
  }
  std::string fault;
  std::shared_ptr<port::TlsIdentity> identity = admin_identity(config_, fault);
  if (identity == nullptr) return fault;
  fingerprint_ = FixedText<128>(port::tls_fingerprint(*identity));
  log_.info("certificate", kv("sha256", fingerprint_.view()));
  admin_.set_identity(std::move(identity), config_.admin.certificate.empty());
  return {};
}

std::string Server::take_setup_code() {
  const std::string& path = config_.admin.setup_code_file;
  if (path.empty()) return {};
  std::string text;
  const int error = port::read_file(files_, path, kSetupCodeFileMax, text);
  if (error == ENOENT) {
    // Whoever has used it may have taken it away; the random code is as good.
    log_.warning("no_setup_code_file", kv("path", path));
    return {};
  }
  if (error != 0) return "admin.setup_code_file: cannot read " + path + ": " + std::strerror(error);
  const size_t end = text.find_last_not_of(" \t\r\n");  // as editors and `echo` end a file
  const std::string_view code = trim(std::string_view(text).substr(0, end + 1));
  if (code.size() < kSetupCodeMin || code.size() > kSetupCodeMax)
    return "admin.setup_code_file: " + path + " must hold a code of 8 to 64 bytes";
  admin_.set_setup_code(std::string(code));
  return {};
}

std::string Server::open_log() {
  const Config::Log& log = config_.log;
  if (log.syslog) {
    log_sink_ = std::make_unique<SystemLogSink>();
  } else if (log.file.empty()) {
    log_sink_ = std::make_unique<StderrSink>();
  } else {
    const RotatingFileOptions options{uint64_t{log.file_size_mib} << 20, log.files_kept};
    auto file = std::make_unique<LogFile>(files_, log.file, options);
    const int error = file->open();
    if (error != 0) return "log.file: cannot open " + log.file + ": " + std::strerror(error);
    log_file_ = file.get();
    log_sink_ = std::move(file);
  }
  LogRing* rings[] = {&log_ring_};
  log_tail_.set_next(*log_sink_);
  log_writer_ = std::make_unique<LogWriter>(rings, log_tail_);
  if (request_log_ != nullptr) {
    if (std::string fault = request_log_->open(); !fault.empty()) return fault;
    log_writer_->set_companion(request_log_->writer());
  }
  log_worker_ = workers_.start("log", *log_writer_);
  if (log_worker_ == nullptr) return std::string(kNoDescriptor);
  log_.connect(log_worker_.get());
  if (request_log_ != nullptr) request_log_->connect(*log_worker_);
  return {};
}

void Server::log_configuration() {
  for (const transport::ListenPoint& point : exchange_.listen_points()) {
    char address[port::kAddressTextMax];
    log_.info("listening", kv("transport", sip::to_param(point.transport)),
              kv("address", port::write_address(point.bind, address)));
  }
  const std::string text = describe(config_);
  for (std::string_view rest = text; !rest.empty();) {
    const auto [line, more] = split_once(rest, '\n');
    const auto [key, value] = split_once(line, '=');
    log_.info("configuration", kv("key", trim(key)), kv("value", trim(value)));
    rest = more;
  }
}

void Server::on_signal(port::Signal signal) {
  if (signal == port::Signal::Reload) {
    port::tell_service_manager(port::ServiceState::Reloading);
    if (log_file_ != nullptr) log_file_->reopen();
    if (request_log_ != nullptr) request_log_->reopen();
    return reloader_.request();
  }
  if (stop_.begun()) return end();  // asked twice
  begin_stop();
}

// Calls that ring may still be answered within the limit, and whoever waits gets his answer. Calls
// that stand go on without us.
void Server::begin_stop() {
  stop_.begin();
  port::tell_service_manager(port::ServiceState::Stopping);
  log_.info("stopping", kv("open_requests", exchange_.open_requests()));
  exchange_.refuse_calls();
  on_timer(loop_.now());
}

// The answer to who has asked goes before.
bool Server::restart() {
  constexpr Millis kAnswer{200};
  if (!port::is_supervised()) return false;
  if (!restarts_) log_.info("restart_asked");
  restarts_ = true;
  if (!stop_.begun()) stop_timer_->arm(loop_.now() + kAnswer);
  return true;
}

void Server::on_timer(Millis now) {
  if (!stop_.begun()) return begin_stop();
  constexpr Millis kLook{20};
  const Millis limit{int64_t{config_.sip.stop_limit_s} * 1000};
  if (exchange_.is_quiet()) return end();
  if (stop_.elapsed() < limit) return stop_timer_->arm(now + kLook);
  log_.warning("calls_ended", kv("open_requests", exchange_.open_requests()),
               kv("help", "sip.stop_limit has passed; they are answered with 503"));
  end();
}

void Server::end() {
  stop_.cut_off(exchange_.open_requests());
  exchange_.end_calls();
  loop_.stop();
}

void Server::on_reload(Reload& reload) {
  port::tell_service_manager(port::ServiceState::Ready);
  for (const std::string& fault : reload.faults) log_.error("reload_refused", kv("fault", fault));
  if (!reload.faults.empty()) return;
  set_listening(reload);
  tell_of_certificate(reload);
  exchange_.set(reload.settings);
  log_.set_level(reload.level);
  uint32_t applied = 0;
  uint32_t waiting = 0;
  for (const ConfigChange& change : reload.changes) {
    if (change.refused) continue;
    if (change.at_run_time) {
      ++applied;
      log_.info("configuration_changed", kv("key", change.key), kv("value", change.value));
    } else {
      ++waiting;
      log_.warning("restart_needed", kv("key", change.key), kv("value", change.value));
    }
  }
  log_.info("reloaded", kv("changes", applied), kv("waiting_for_restart", waiting));
}

// The other changes count all the same: a port in use says nothing against them.
void Server::set_listening(Reload& reload) {
  const auto change = std::find_if(reload.changes.begin(), reload.changes.end(),
                                   [](const ConfigChange& c) { return c.key == "sip.listen"; });
  if (change == reload.changes.end()) return;
  const std::string_view fault = exchange_.set_listening(reload.settings.listen);
  if (fault.empty()) return;
  log_.error("listen_refused", kv("fault", fault), kv("value", change->value),
             kv("help", "what is listened on has not changed"));
  change->refused = reload.listen_refused = true;
}

// Files that are not good leave the certificate as it is.
void Server::tell_of_certificate(const Reload& reload) {
  if (!reload.identity_fault.empty()) {
    log_.error("certificate_refused", kv("fault", reload.identity_fault),
               kv("help", "the page goes on with the one before"));
  } else if (!reload.fingerprint.empty() && reload.fingerprint != fingerprint_.view()) {
    fingerprint_ = FixedText<128>(reload.fingerprint);
    log_.info("certificate", kv("sha256", reload.fingerprint));
  }
}

// The administration thread keeps users of the first domain without one, as the loop does.
void Server::after_reload(const Config& config, std::shared_ptr<port::TlsIdentity> identity,
                          uint64_t before) {
  admin_.set_default_domain(default_domain(config));
  if (identity != nullptr)
    admin_.set_identity(std::move(identity), config.admin.certificate.empty());
  config_desk_.set_running(config, before);
  admin_.open_again();
  admin_.notify();
}

void Server::add_facts(admin::Page& page) {
  const transport::TransportCounters transport = exchange_.transport_counters();
  const transaction::TransactionCounters& transactions = exchange_.transaction_counters();
  const auth::BlockCounters& blocks = exchange_.blocks().counters();
  const dialog::CallCounters& calls = exchange_.calls().counters();
  const media::RelayCounters media = exchange_.relay().counters();
  const transport::Trace& trace = exchange_.trace();
  const admin::FactRow facts[] = {
      {"version", kVersion, 0},
      {"uptime_s", "", static_cast<uint64_t>((loop_.now() - started_at_).count() / 1000)},
      {"messages_received", "", transport.received},
      {"messages_sent", "", transport.sent},
      {"not_sip", "", transport.not_sip},
      {"malformed", "", transport.malformed},
      {"dropped_no_buffer", "", transport.dropped_no_buffer},
      {"kernel_drops", "", transport.kernel_drops},
      {"keepalives", "", transport.keepalives},
      {"send_failed", "", transport.send_failed},
      {"connections_accepted", "", transport.connections_accepted},
      {"connections_opened", "", transport.connections_opened},
      {"connections_refused", "", transport.connections_refused},
      {"connections_refused_source", "", transport.connections_refused_source},
      {"connections_refused_system", "", transport.connections_refused_system},
      {"retransmissions", "", transactions.retransmissions},
      {"stray_responses", "", transactions.stray_responses},
      {"reclaimed", "", transactions.reclaimed},
      {"replies_too_large", "", transactions.replies_too_large},
      {"failed_logins", "", blocks.failures},
      {"failed_logins_uncounted", "", blocks.uncounted},
      {"blocks_begun", "", blocks.begun},
      {"refused_blocked_users", "", blocks.refused},
      {"dropped_blocked_sources", "", blocks.dropped},
      {"calls_begun", "", calls.begun},
      {"calls_answered", "", calls.answered},
      {"calls_expired", "", calls.expired},
      {"calls_untracked", "", calls.untracked},
      {"records_written", "", exchange_.store().records().written()},
      {"requests_forwarded", "",
       exchange_.proxy_counters().forwarded + exchange_.stateless_counters().forwarded},
      {"requests_tried_again", "", exchange_.proxy_counters().retried},
      {"requests_forked", "", exchange_.proxy_counters().forked},
      {"redirections_followed", "", exchange_.proxy_counters().redirected},
      {"media_forwarded", "", media.forwarded},
      {"media_garbage", "", media.garbage},
      {"media_strangers", "", media.strangers},
      {"media_late", "", media.late},
      {"media_no_target", "", media.no_target},
      {"media_send_failed", "", media.send_failed},
      {"media_ports_taken", "", media.ports_taken},
      {"media_silent_calls", "", media.silent_calls},
      {"refused_without_timer", "", exchange_.untimed_calls().refused()},
      {"refused_over_share", "", exchange_.call_shares().refused()},
      {"refused_for_capacity", "", exchange_.overload().refused()},
      {"log_lines_written", "", log_.written()},
      {"log_lines_dropped", "", log_.lost()},
      {"log_lines_suppressed", "", log_.suppressed()},
      {"trace_keeps",
       trace.keeps_all()  ? "all"
       : trace.has_ring() ? "subject"
                          : "off",
       0},
      {"trace", trace.is_armed() ? trace.subject() : "off", 0},
      {"trace_left_s", "", static_cast<uint64_t>((trace.left().count() + 999) / 1000)},
  };
  for (const admin::FactRow& fact : facts) {
    if (page.has_room()) page.add(fact);
  }
  add_connection_ends(page, transport.connections_ended);
  admin_.add_facts(page);
}

}  // namespace tipring::app

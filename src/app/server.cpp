#include "app/server.h"

#include <cstring>

#include "app/listen_entry.h"
#include "core/text.h"
#include "port/memory.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "tipring/version.h"

namespace tipring::app {

namespace {

constexpr size_t kLogSlots = 1024;

constexpr std::string_view kAllow =
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, "
    "REFER, MESSAGE, "
    "PUBLISH\r\n";
constexpr std::string_view kOptions =
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, "
    "REFER, MESSAGE, "
    "PUBLISH\r\nAccept: application/sdp\r\nSupported: \r\n";

LogLevel level_of(std::string_view text) {
  for (const LogLevel level : {LogLevel::Error, LogLevel::Warning, LogLevel::Debug}) {
    if (iequals(text, to_text(level))) return level;
  }
  return LogLevel::Info;
}

transport::ListenPoint listen_point(const ListenEntry& entry) {
  return {entry.transport == ListenTransport::Tcp ? sip::Transport::Tcp : sip::Transport::Udp,
          entry.address};
}

}  // namespace

void plan_server(const Config& config, MemoryPlan& plan) {
  const Limits& limits = config.capacity;
  plan.add("log_lines", kLogSlots, sizeof(LogSlot));
  MessageSlabs::plan(plan, message_slab_counts(limits));
  transport::TransportLayer::plan(limits, plan);
  transport::Locator::plan(plan);
  transaction::TransactionLayer::plan(limits, plan);
  store::Store::plan(limits, plan);
  auth::NonceTable::plan(plan, limits.bindings);
  registrar::Registrar::plan(limits, plan);
  proxy::Proxy::plan(limits, plan);
  admin::Service::plan(plan);
  const size_t descriptors = limits.tcp_connections + 64;
  plan.add_total("event_loop", 1, port::LinuxLoop::memory_bytes({descriptors, 64}),
                 port::LinuxLoop::memory_bytes({descriptors, 64}), false);
  plan.add_total("streams", limits.tcp_connections, 0,
                 port::LinuxNetwork::memory_bytes({limits.tcp_connections}), false);
}

std::vector<std::string> Server::domains(const Config& config) { return config.sip.domains; }

auth::AuthOptions Server::auth_options(const Config& config, std::string_view realm) {
  auth::AuthOptions options;
  options.realm = realm;
  options.algorithm_count = 0;
  for (const std::string& name : config.auth.algorithms) {
    const auto algorithm = auth::parse_algorithm(name);
    if (algorithm && options.algorithm_count < options.algorithms.size()) {
      options.algorithms[options.algorithm_count++] = *algorithm;
    }
  }
  options.nonce_lifetime = Millis(int64_t{config.auth.nonce_lifetime_s} * 1000);
  return options;
}

policy::AccessOptions Server::access_options(const Config& config) {
  policy::AccessOptions options;
  if (config.auth.invite == "401") options.invite = policy::InviteChallenge::Server;
  if (config.auth.invite == "off") options.invite = policy::InviteChallenge::Off;
  options.accept_foreign = config.routing.accept_foreign;
  options.foreign = config.routing.foreign;
  return options;
}

registrar::RegistrarOptions Server::registrar_options(const Config& config) {
  registrar::RegistrarOptions options;
  options.min_expires = Millis(int64_t{config.registrar.min_expires_s} * 1000);
  options.max_expires = Millis(int64_t{config.registrar.max_expires_s} * 1000);
  options.default_expires = Millis(int64_t{config.registrar.default_expires_s} * 1000);
  options.max_bindings_per_aor = config.registrar.max_bindings_per_aor;
  return options;
}

// From the file, so that servers which share it accept each other's nonces; without one a new key
// at every start.
HashKey Server::nonce_key() {
  HashKey key{entropy_.u64(), entropy_.u64()};
  std::string bytes;
  if (config_.auth.nonce_key_file.empty() ||
      port::read_file(files_, config_.auth.nonce_key_file, 4096, bytes) != 0 || bytes.size() < 32) {
    return key;
  }
  const std::string_view pieces[] = {bytes};
  const port::Sha256Digest digest = port::sha256(pieces);
  std::memcpy(&key.k0, digest.data(), sizeof(key.k0));
  std::memcpy(&key.k1, digest.data() + sizeof(key.k0), sizeof(key.k1));
  return key;
}

Server::Server(const Config& config, std::span<std::byte> memory)
    : config_(config),
      realm_(effective_realm(config)),
      loop_({config.capacity.tcp_connections + 64, 64}),
      network_(loop_, {config.capacity.tcp_connections}),
      names_(loop_, {}),
      arena_(memory),
      log_slots_(arena_.take<LogSlot>(kLogSlots)),
      log_ring_(log_slots_),
      log_(log_ring_, clock_, level_of(config.log.level)),
      slabs_(arena_, message_slab_counts(config.capacity)),
      timers_(clock_.monotonic()),
      timer_driver_(loop_, timers_),
      transport_({network_, loop_, timers_, slabs_, arena_, entropy_, log_}, config.capacity),
      locator_(names_, loop_, transport_, arena_),
      transactions_({transport_, timers_, slabs_, arena_, entropy_, log_, &loop_}, config.capacity,
                    0),
      store_({arena_,
              loop_,
              timers_,
              clock_,
              workers_,
              files_,
              log_,
              {entropy_.u64(), entropy_.u64()}},
             config.capacity, {config.store.path, realm_, Millis(config.store.commit_window_ms)}),
      location_(transport_, store_, domains(config),
                static_cast<uint16_t>(config.routing.offline_status)),
      nonces_(arena_, nonce_key(), 0, config.capacity.bindings),
      access_(access_options(config), location_, store_, clock_),
      authenticator_(auth_options(config, realm_), nonces_, access_.secrets()),
      environment_{transport_, locator_,  transactions_, slabs_, timers_,
                   loop_,      location_, access_,       realm_, {entropy_.u64(), entropy_.u64()},
                   log_},
      registrar_(environment_, store_, clock_, registrar_options(config), arena_, config.capacity),
      proxy_(environment_, location_, arena_, config.capacity),
      admin_(arena_, loop_, store_, pools_, *this, admin_options(config, realm_)) {
  register_pools();
  access_.set_authenticator(authenticator_);
  store_.set_observer(&registrar_);
  transactions_.set_request_handler(*this);
}

admin::ServiceOptions Server::admin_options(const Config& config, std::string_view realm) {
  admin::ServiceOptions options;
  options.socket = config.admin.socket;
  options.realm = realm;
  options.default_domain = config.sip.domains.empty() ? "" : config.sip.domains.front();
  options.users_max = config.capacity.users;
  return options;
}

void Server::register_pools() {
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) pools_.add(slabs_.stats(i));
  pools_.add(transport_.connection_stats());
  pools_.add(transactions_.server_stats());
  pools_.add(transactions_.client_stats());
  pools_.add(registrar_.stats());
  pools_.add(proxy_.stats());
  store_.register_pools(pools_);
}

void Server::add_facts(admin::Page& page) {
  const transport::TransportCounters transport = transport_.counters();
  const transaction::TransactionCounters& transactions = transactions_.counters();
  const admin::FactRow facts[] = {
      {"version", kVersion, 0},
      {"messages_received", "", transport.received},
      {"messages_sent", "", transport.sent},
      {"not_sip", "", transport.not_sip},
      {"malformed", "", transport.malformed},
      {"dropped_no_buffer", "", transport.dropped_no_buffer},
      {"kernel_drops", "", transport.kernel_drops},
      {"send_failed", "", transport.send_failed},
      {"connections_refused", "", transport.connections_refused},
      {"retransmissions", "", transactions.retransmissions},
      {"stray_responses", "", transactions.stray_responses},
      {"reclaimed", "", transactions.reclaimed},
      {"requests_forwarded", "", proxy_.counters().forwarded},
  };
  for (const admin::FactRow& fact : facts) {
    if (page.has_room()) page.add(fact);
  }
}

Server::~Server() { loop_.set_turn_handler(nullptr); }

std::string Server::start() {
  int error = 0;
  if (config_.log.file.empty()) {
    log_sink_ = std::make_unique<StderrSink>();
  } else {
    log_file_ = files_.open(config_.log.file, port::OpenMode::AppendCreate, error);
    if (log_file_ == nullptr)
      return "log.file: cannot open " + config_.log.file + ": " + std::strerror(error);
    log_sink_ = std::make_unique<FileSink>(*log_file_);
  }
  LogRing* rings[] = {&log_ring_};
  log_writer_ = std::make_unique<LogWriter>(rings, *log_sink_);
  log_worker_ = workers_.start("log", *log_writer_);
  log_.connect(log_worker_.get());
  const store::StartReport report = store_.open();
  if (!report.ready()) return report.message;
  if (report.users_without_secret != 0) {
    log_.warning("users_without_secret", kv("users", report.users_without_secret),
                 kv("realm", realm_),
                 kv("help", "their passwords were made for another realm: set them anew"));
  }
  std::vector<transport::ListenPoint> points;
  for (const std::string& text : config_.sip.listen)
    points.push_back(listen_point(*parse_listen(text)));
  transport::TransportOptions options;
  options.listen = points;
  transport::ListenPoint failed;
  error = transport_.start(options, transactions_, failed);
  if (error != 0) {
    char address[port::kAddressTextMax];
    return "sip.listen: cannot listen on " +
           std::string(port::write_address(failed.bind, address)) + ": " + std::strerror(error);
  }
  const std::string fault = admin_.start();
  if (!fault.empty()) return "admin.socket: " + fault;
  loop_.set_turn_handler(this);
  loop_.watch_signals(*this);
  // What the store has armed while it was loading.
  timer_driver_.on_turn_end(loop_.now());
  log_configuration();
  return {};
}

void Server::log_configuration() {
  log_.info("started", kv("version", kVersion), kv("realm", realm_),
            kv("users", store_.user_count()), kv("bindings", store_.binding_count()));
  for (const transport::ListenPoint& point : transport_.listen_points()) {
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

void Server::on_turn_end(Millis now) {
  timer_driver_.on_turn_end(now);
  transactions_.reap(now);
  transport_.flush(now);
  timer_driver_.on_turn_end(now);
}

void Server::on_signal(port::Signal signal) {
  if (signal != port::Signal::Terminate) return;
  log_.info("stopping");
  loop_.stop();
}

// What is for us is answered here, what is for a user or for elsewhere is the proxy's.
void Server::on_request(const service::Incoming& request) {
  const auto uri = sip::parse_uri(request.message.request_uri());
  const bool for_us = uri && !uri->has_user && location_.is_own(uri->host, uri->port) &&
                      !request.message.has(sip::HeaderId::Route) &&
                      !uri->param(proxy::kCookieParam);
  const bool is_register = request.message.method() == sip::Method::Register && uri &&
                           location_.domain_of(uri->host, uri->port).has_value();
  if (is_register) return registrar_.handle(request);
  if (for_us) return answer_here(request);
  proxy_.handle(request);
}

void Server::answer_here(const service::Incoming& request) {
  sip::ResponseParts parts;
  switch (request.message.method()) {
    case sip::Method::Ack: return;
    case sip::Method::Options:
      parts.headers = kOptions;
      return transactions_.reply_stateless(request, sip::status::kOk, parts);
    default:
      parts.headers = kAllow;
      return transactions_.reply_stateless(request, sip::status::kMethodNotAllowed, parts);
  }
}

}  // namespace tipring::app

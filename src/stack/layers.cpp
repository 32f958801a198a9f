#include "stack/layers.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"
#include "port/memory.h"

namespace tipring::stack {

namespace {

constexpr size_t kLogSlots = 256;
constexpr size_t kLoopSources = 64;  // listeners, timers, wakeups; and sockets for sound
constexpr std::string_view kRealm = "tipring";

port::LinuxLoopOptions loop_options(const Limits& limits) {
  port::LinuxLoopOptions options;
  options.media_sockets = 2 * size_t{limits.calls};
  options.descriptors_max = limits.tcp_connections + kLoopSources + options.media_sockets;
  options.mirrored = true;
  return options;
}

service::SessionTimerOptions timer_options(const StackOptions& options) {
  service::SessionTimerOptions timers;
  const bool wanted = options.session_interval_s != 0;
  timers.mode = wanted ? service::SessionTimerMode::Insert : service::SessionTimerMode::Off;
  if (wanted) timers.interval_s = options.session_interval_s;
  return timers;
}

// "udp:0.0.0.0:5060".
std::optional<transport::ListenPoint> parse_listen(std::string_view text) {
  const auto [transport, rest] = split_once(text, ':');
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto ip = port::parse_ip(rest.substr(0, colon));
  const Result<uint16_t> number = parse_u16(rest.substr(colon + 1));
  if (!ip || !number) return std::nullopt;
  transport::ListenPoint point;
  point.bind = {*ip, *number};
  if (iequals(transport, "udp")) {
    point.transport = sip::Transport::Udp;
  } else if (iequals(transport, "tcp")) {
    point.transport = sip::Transport::Tcp;
  } else {
    return std::nullopt;
  }
  return point;
}

}  // namespace

Limits limits_of(const StackOptions& options) {
  Limits limits = kTinyLimits;
  limits.users = limits.bindings = 16;
  limits.calls = std::max(options.calls, 1U);
  limits.b2bua_calls = limits.calls;
  limits.relayed_calls = 0;
  limits.transactions = std::max(options.transactions, 16U);
  limits.tcp_connections = std::max(options.tcp_connections, 4U);
  return limits;
}

PlannedMemory::PlannedMemory(const Limits& limits) {
  MemoryPlan plan;
  MessageSlabs::plan(plan, message_slab_counts(limits));
  transport::TransportLayer::plan(limits, plan);
  transport::Locator::plan(plan);
  transaction::TransactionLayer::plan(limits, plan);
  dialog::Calls::plan(limits, plan);
  service::Legs::plan(limits, plan);
  proxy::Proxy::plan(limits, plan);
  region_ = port::map_populated(static_cast<size_t>(plan.arena_bytes()));
}

PlannedMemory::~PlannedMemory() {
  if (!region_.empty()) port::unmap(region_);
}

bool OwnHosts::is_own(std::string_view host, uint16_t port) const {
  return domain_of(host, port).has_value();
}

std::optional<std::string_view> OwnHosts::domain_of(std::string_view host, uint16_t port) const {
  const auto ip = port::parse_ip(host);
  if (ip && transport_.is_own(*ip, port)) return std::string_view();
  for (const std::string& domain : domains) {
    if (iequals(domain, host)) return std::string_view();
  }
  return std::nullopt;
}

Layers::Layers(const StackOptions& options, std::span<std::byte> memory)
    : limits_(limits_of(options)),
      loop(loop_options(limits_)),
      network(loop, {size_t{limits_.tcp_connections} + 1}),
      names(loop, {}),
      arena(memory),
      log_slots_(kLogSlots),
      log_ring_(log_slots_),
      log(log_ring_, clock, options.log_level),
      slabs(arena, message_slab_counts(limits_), receive_buffers_max(limits_)),
      timers(clock.monotonic()),
      timer_driver(loop, timers),
      transport({network, loop, timers, slabs, arena, entropy, log}, limits_),
      locator(names, loop, transport, arena),
      transactions({transport, timers, slabs, arena, entropy, log, &loop}, limits_, 0),
      calls({slabs, timers, loop, arena}, limits_),
      overload({entropy.u64(), entropy.u64()}, log),
      hosts(transport),
      environment{transport,
                  locator,
                  transactions,
                  calls,
                  slabs,
                  timers,
                  loop,
                  hosts,
                  door,
                  kRealm,
                  {entropy.u64(), entropy.u64()},
                  log,
                  overload},
      legs(environment, entropy, arena, limits_) {
  environment.session_timer = timer_options(options);
  environment.life = static_cast<uint32_t>(entropy.u64());
  environment.started_at = clock.monotonic();
  if (!options.log) return;
  log_sink_ = std::make_unique<FunctionSink>(options.log);
  LogRing* rings[] = {&log_ring_};
  log_writer_ = std::make_unique<LogWriter>(rings, *log_sink_);
  log_worker_ = workers.start("log", *log_writer_);
  log.connect(log_worker_.get());
}

Layers::~Layers() {
  loop.set_turn_handler(nullptr);
  log.connect(nullptr);
}

std::string Layers::start(const StackOptions& options, transaction::RequestHandler& handler) {
  if (!loop.ok() || !network.ok()) return "the system gives no descriptors or memory for the loop";
  std::vector<transport::ListenPoint> points;
  for (const std::string& text : options.listen) {
    const auto point = parse_listen(text);
    if (!point) return "listen: \"" + text + "\" is not udp:ADDRESS:PORT or tcp:ADDRESS:PORT";
    points.push_back(*point);
  }
  if (points.empty() || points.size() > transport::TransportLayer::kListenPointsMax) {
    return "listen: none, or too many";
  }
  transactions.set_request_handler(handler);
  transport::TransportOptions transport_options;
  transport_options.listen = points;
  // A connection to a registrar is the way back to us.
  transport_options.silence_timeout = transport_options.idle_timeout;
  transport::ListenPoint failed;
  const int error = transport.start(transport_options, transactions, failed);
  if (error != 0) {
    char address[port::kAddressTextMax];
    return "cannot listen on " + std::string(sip::to_param(failed.transport)) + ":" +
           std::string(port::write_address(failed.bind, address)) + ": " + std::strerror(error);
  }
  loop.set_turn_handler(this);
  return {};
}

void Layers::on_turn_end(Millis now) {
  timer_driver.on_turn_end(now);
  if (on_turn) on_turn(now);
  transactions.reap(now);
  transport.flush(now);
  timer_driver.on_turn_end(now);
}

}  // namespace tipring::stack

#include "app/exchange.h"

#include <cstring>
#include <vector>

#include "app/exchange_options.h"
#include "app/listen_entry.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::app {

namespace {

using policy::Job;

bool is_new_call(const sip::MessageView& request) {
  return request.method() == sip::Method::Invite && request.to_tag().empty();
}

// "cannot listen on udp:0.0.0.0:5060: Address already in use". strerror() gives a text of the
// system's own.
std::string_view write_listen_fault(const transport::ListenPoint& point, int error,
                                    std::span<char> out) {
  char address[port::kAddressTextMax];
  sip::Writer writer(out);
  writer.text("cannot listen on ").text(sip::to_param(point.transport)).text(":");
  writer.text(port::write_address(point.bind, address)).text(": ").text(std::strerror(error));
  return writer.view();
}

uint32_t trace_kib(const Config& config) {
  return config.trace.mode == "off" ? 0 : config.trace_kib;
}

// Where the command line of an operator must name it: a relative one means nothing elsewhere.
std::string socket_for_others(const Config& config) {
  return config.admin.socket.starts_with('/') ? config.admin.socket : std::string();
}

}  // namespace

void Exchange::plan(const Config& config, MemoryPlan& plan) {
  const Limits& limits = config.capacity;
  MessageSlabs::plan(plan, message_slab_counts(limits));
  transport::TransportLayer::plan(limits, plan);
  transport::Trace::plan(trace_kib(config), plan);
  transport::Locator::plan(plan);
  media::Relay::plan(limits, plan);
  transaction::TransactionLayer::plan(limits, plan);
  dialog::Calls::plan(limits, plan);
  store::Store::plan(limits, plan);
  auth::NonceTable::plan(plan, limits.bindings);
  auth::Blocks::plan(plan, limits.users);
  policy::SignIns::plan(plan, limits.users);
  registrar::Registrar::plan(limits, plan);
  proxy::Proxy::plan(limits, plan);
  if (config.routing.proxy == "stateless") plan.add("passing", 1, sizeof(policy::Passing));
  proxy::CallEnder::plan(limits, plan);
  service::Legs::plan(limits, plan);
  b2bua::B2bua::plan(limits, plan);
}

Exchange::Exchange(const Config& config, const Ports& ports, Arena& arena, Log& log)
    : config_(config),
      realm_(effective_realm(config)),
      nonce_fault_(read_nonce_key(config, ports.files, ports.entropy, nonce_key_)),
      ports_(ports),
      log_(log),
      slabs_(arena, message_slab_counts(config.capacity), receive_buffers_max(config.capacity)),
      timers_(ports.clock.monotonic()),
      timer_driver_(ports.loop, timers_),
      transport_({ports_.network, ports_.loop, timers_, slabs_, arena, ports_.entropy, log},
                 config.capacity),
      trace_(arena, trace_kib(config), {ports_.entropy.u64(), ports_.entropy.u64()}, ports_.clock,
             ports_.loop, timers_, log),
      locator_(ports_.names, ports_.loop, transport_, arena),
      relay_({ports_.network, ports_.loop, timers_, slabs_, arena, ports_.entropy, log},
             config.capacity, media_ports(config)),
      transactions_({transport_, timers_, slabs_, arena, ports_.entropy, log, &ports_.loop},
                    config.capacity, 0),
      calls_({slabs_, timers_, ports_.loop, arena}, config.capacity),
      store_({arena,
              ports_.loop,
              timers_,
              ports_.clock,
              ports_.workers,
              ports_.files,
              log,
              {ports_.entropy.u64(), ports_.entropy.u64()}},
             config.capacity,
             {config.store.path,
              realm_,
              Millis(config.store.commit_window_ms),
              {config.records.max, config.records.days}}),
      call_book_(store_),
      location_(transport_, store_, emergency_, own_domains(config.sip.domains),
                static_cast<uint16_t>(config.routing.offline_status)),
      nonces_(arena, nonce_key_, 0, config.capacity.bindings),
      blocks_(arena, {ports_.entropy.u64(), ports_.entropy.u64()}, config.capacity.users),
      block_log_(log, timers_, ports_.loop),
      access_(access_options(config), location_, store_, ports_.clock),
      sign_ins_(arena, config.capacity.users),
      untimed_calls_(location_, store_, emergency_, log, timers_, socket_for_others(config)),
      call_shares_(location_, store_, emergency_, route_key_of(nonce_key_), log, timers_),
      authenticator_(auth_options(config, realm_), nonces_, blocks_, access_.secrets()),
      overload_({ports_.entropy.u64(), ports_.entropy.u64()}, log),
      environment_{transport_,
                   locator_,
                   transactions_,
                   calls_,
                   slabs_,
                   timers_,
                   ports_.loop,
                   location_,
                   access_,
                   realm_,
                   route_key_of(nonce_key_),
                   log_,
                   overload_,
                   session_timer_options(config),
                   &untimed_calls_,
                   &call_shares_,
                   config.routing.proxy == "session",
                   static_cast<uint32_t>(ports_.entropy.u64()),
                   ports_.clock.monotonic()},
      validation_(environment_, config.routing.forward_unknown),
      registrar_(environment_, store_, ports_.clock, registrar_options(config), arena,
                 config.capacity),
      proxy_(environment_, location_, arena, config.capacity),
      call_ender_(environment_, arena, config.capacity),
      legs_(environment_, ports_.entropy, arena, config.capacity),
      b2bua_(environment_, legs_, relay_, location_, ports_.entropy, arena, config.capacity) {
  calls_.set_observer(call_ender_);
  calls_.set_end_observer(proxy_.recorder());
  environment_.book = &call_book_;
  blocks_.set_options(block_options(config));
  blocks_.set_observer(&block_log_);
  access_.set_authenticator(authenticator_, blocks_);
  proxy_.set_options(proxy_options(config));
  if (config.routing.proxy == "stateless") {
    policy::Passing& passing = arena.take<policy::Passing>(1).front();
    passing.set_key({ports_.entropy.u64(), ports_.entropy.u64()});
    access_.set_passing(passing);
    proxy_.set_stateless();
  }
  b2bua_.set_options(b2bua_options(config));
  std::vector<policy::ThirdPartyRule> third_party = third_party_rules(config);
  access_.swap_third_party(third_party);
  std::vector<std::string> emergency = config.routing.emergency;
  emergency_.swap_numbers(emergency);
  policy::HelpTarget help = help_target(config);
  emergency_.swap_target(help);
  call_shares_.set_options(calls_per_user(config), safe_sources(config));
  if (config.trace.mode == "all") trace_.keep_all();
  transport_.set_trace(trace_);
  access_.set_trace(trace_);
  access_.set_sign_ins(sign_ins_);
  sign_ins_.set_allowed(config.registrar.max_bindings_per_aor);
  registrar_.set_unregistered(sign_ins_);
  store_.set_observer(&registrar_);
  transactions_.set_request_handler(*this);
}

Exchange::~Exchange() { ports_.loop.set_turn_handler(nullptr); }

std::string Exchange::start() {
  if (!nonce_fault_.empty()) return nonce_fault_;
  const store::StartReport report = store_.open();
  if (!report.ready()) return report.message;
  const std::vector<transport::ListenPoint> points = app::listen_points(config_);
  transport::TransportOptions options = transport_options(config_);
  options.listen = points;
  if (const auto collector = parse_collector(config_.trace.hep)) {
    if (const int fault = hep_.open(ports_.network, *collector); fault != 0)
      return "trace.hep: no socket can be opened: " + std::string(std::strerror(fault));
    trace_.set_sink(hep_);
  }
  transport::ListenPoint failed;
  const int error = transport_.start(options, transactions_, failed);
  if (error != 0) {
    return "sip.listen: " + std::string(write_listen_fault(failed, error, listen_fault_));
  }
  if (std::string fault = join_groups(); !fault.empty()) return fault;
  set_media(relay_options(config_));
  ports_.loop.set_turn_handler(this);
  // What the store has armed while it was loading.
  timer_driver_.on_turn_end(ports_.loop.now());
  log_.info("serving", kv("realm", realm_), kv("users", store_.user_count()),
            kv("bindings", store_.binding_count()));
  return {};
}

std::string Exchange::join_groups() {
  const std::vector<transport::GroupPoint> groups = group_points(config_);
  transport::GroupPoint failed;
  const int error = transport_.join(groups, failed);
  location_.set_found_by_group(!groups.empty());
  if (error == 0) return {};
  char own[port::kAddressTextMax];
  return "sip.multicast: cannot receive by the interface with the address " +
         std::string(port::write_address({failed.own, 0}, own)) + ": " + std::strerror(error);
}

void Exchange::set(Settings& settings) {
  location_.swap_domains(settings.domains);
  location_.set_offline_status(settings.offline_status);
  validation_.set_forward_unknown(settings.forward_unknown);
  authenticator_.set_options(settings.auth);
  blocks_.set_options(settings.blocks);
  access_.set_options(settings.access);
  sign_ins_.set_allowed(settings.registrar.max_bindings_per_aor);
  registrar_.swap_options(settings.registrar);
  proxy_.set_options(settings.proxy);
  b2bua_.set_options(settings.b2bua);
  access_.swap_third_party(settings.third_party);
  environment_.session_timer = settings.session_timer;
  emergency_.swap_numbers(settings.emergency);
  emergency_.swap_target(settings.help_target);
  call_shares_.set_options(settings.calls_per_user, settings.blocks.safe);
  transport_.set_options(settings.transport);
  set_media(settings.media);
}

void Exchange::set_media(media::RelayOptions options) {
  bind_media(transport_.listen_points(), options);
  relay_.set_options(options);
}

std::string_view Exchange::set_listening(std::span<const transport::ListenPoint> wanted) {
  transport::ListenPoint failed;
  const int error = transport_.change_listening(wanted, failed);
  set_media(relay_.options());
  return error == 0 ? std::string_view() : write_listen_fault(failed, error, listen_fault_);
}

void Exchange::register_pools(PoolRegistry& pools) const {
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) pools.add(slabs_.stats(i));
  pools.add(transport_.connection_stats());
  pools.add(transport_.source_stats());
  relay_.register_pools(pools);
  pools.add(transactions_.server_stats());
  pools.add(transactions_.client_stats());
  pools.add(calls_.call_stats());
  pools.add(calls_.dialog_stats());
  pools.add(registrar_.stats());
  pools.add(proxy_.stats());
  pools.add(proxy_.branch_stats());
  pools.add(proxy_.stateless_forwarder().stats());
  pools.add(call_ender_.stats());
  pools.add(legs_.leg_stats());
  pools.add(legs_.request_stats());
  pools.add(b2bua_.stats());
  pools.add(b2bua_.leg_stats());
  store_.register_pools(pools);
}

void Exchange::on_turn_end(Millis now) {
  timer_driver_.on_turn_end(now);
  transactions_.reap(now);
  transport_.flush(now);
  timer_driver_.on_turn_end(now);
  note_turn();
}

void Exchange::note_turn() {
  const Micros lasted = ports_.clock.monotonic_fine() - ports_.loop.turn_began();
  turns_.add(lasted);
  transactions_.note_turn(lasted);
}

// Validation, then the one decision: what is for us is answered here, a call to a group is led
// through us, and what else is for a user or for elsewhere is the proxy's.
void Exchange::on_request(const service::Incoming& request) {
  // Within a dialog of our own: it needs no route, and its call has been asked about.
  if (!request.message.to_tag().empty() && legs_.owns(request.message)) {
    return legs_.handle(request);
  }
  proxy::UriRoom room;
  const proxy::RouteInfo routes =
      proxy::read_routes(environment_, request.message, request.flow, room);
  if (!routes.in_dialog && ignores(request)) return;  // calls that stand go on
  const bool routed_on = !routes.next_route.text.empty();
  policy::RequestUri uri = policy::read_request_uri(
      routes.request_uri, !routed_on && !routes.flow.has_value() && !request.by_group);
  if (routes.uri_too_long) uri.fault = sip::ParseError{sip::ParseFault::UriTooLong};
  if (!routed_on && !routes.in_dialog && is_of_lost_leg(request, routes.request_uri)) {
    if (request.message.method() == sip::Method::Ack) return;
    return transactions_.reply_stateless(request, sip::status::kCallOrTransactionDoesNotExist, {});
  }
  const bool replaces = !routed_on && b2bua_.replaces(request.message);
  const Job job = replaces
                      ? Job::Proxy
                      : policy::job_of(environment_, location_, request.message, uri, routed_on);
  if (request.by_group && !is_for_all_servers(request, job)) return;
  const policy::Refusal refusal = validation_.check(request, uri, job);
  if (refusal.status != 0) {
    sip::ResponseParts parts;
    parts.reason = refusal.reason;
    parts.headers = refusal.headers;
    return transactions_.reply_stateless(request, refusal.status, parts);
  }
  if (refuses_calls_ && is_new_call(request.message)) {
    return transactions_.reply_stateless(request, sip::status::kServiceUnavailable,
                                         service::stopping());
  }
  switch (job) {
    case Job::Register: return registrar_.handle(request);
    case Job::AnswerHere: return answer_here(request);
    case Job::Proxy: break;
  }
  if (replaces) return b2bua_.handle_replacement(request, proxy::facts_of(routes));
  // Calls for help go where the proxy finds it.
  const bool is_anchored = !routed_on && !location_.is_for_help(routes.request_uri) &&
                           b2bua_.takes(request.message, routes.request_uri);
  if (is_anchored) return b2bua_.handle(request, proxy::facts_of(routes));
  proxy_.handle(request, routes);
}

// RFC 3261 10.2.6: whoever looks for a server by multicast is answered by the one that he means, and
// not refused by all the others.
bool Exchange::is_for_all_servers(const service::Incoming& request, policy::Job job) const {
  if (job == Job::AnswerHere) return true;
  const auto to = request.message.to_uri();
  return job == Job::Register && to && location_.domain_of(to->host, to->port).has_value();
}

// RFC 3261 12.2.2: a phone whose call stood when we were started anew is told that nobody knows it.
bool Exchange::is_of_lost_leg(const service::Incoming& request, const sip::ParsedUri& uri) const {
  return service::LegTagCodec::is_alike(request.message.to_tag()) && uri &&
         environment_.names.is_own(uri->host, uri->port);
}

void Exchange::on_stray_response(const service::Incoming& response) {
  proxy_.handle_response(response);
}

// 16.11: a CANCEL goes the way of its INVITE, which nobody remembers.
bool Exchange::takes_stray_cancel(const service::Incoming& cancel) {
  if (!proxy_.is_stateless()) return false;
  proxy::UriRoom room;
  const proxy::RouteInfo routes =
      proxy::read_routes(environment_, cancel.message, cancel.flow, room);
  const bool routed_on = !routes.next_route.text.empty();
  const policy::RequestUri uri =
      policy::read_request_uri(routes.request_uri, !routed_on && !routes.flow.has_value());
  const Job job = policy::job_of(environment_, location_, cancel.message, uri, routed_on);
  if (job != Job::Proxy || validation_.check(cancel, uri, job).status != 0) return false;
  if (!routed_on && b2bua_.takes(cancel.message, routes.request_uri)) return false;
  proxy_.handle(cancel, routes);
  return true;
}

bool Exchange::ignores(const service::Incoming& request) { return access_.is_shut_out(request); }

void Exchange::answer_here(const service::Incoming& request) {
  if (request.message.method() == sip::Method::Ack) return;
  sip::ResponseParts parts;
  parts.headers = policy::kCapabilities;
  transactions_.reply_stateless(request, sip::status::kOk, parts);
}

}  // namespace tipring::app

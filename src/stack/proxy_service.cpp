#include "stack/proxy_service.h"

#include "server/policy/domains.h"
#include "server/proxy/routes.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::stack {

using service::Incoming;

ProxyService::ProxyService(Layers& layers)
    : layers_(layers),
      environment_(layers.environment),
      validation_(environment_, true),
      proxy_(environment_, *this, layers.arena, layers.limits()) {}

void ProxyService::set(const ProxyOptions& options, ProxyEvents& events) {
  events_ = &events;
  layers_.hosts.domains = options.domains;
  service::SessionTimerOptions& timer = environment_.session_timer;
  timer.mode = options.session_interval_s == 0 ? service::SessionTimerMode::Off
                                               : service::SessionTimerMode::Insert;
  if (options.session_interval_s != 0) timer.interval_s = options.session_interval_s;
}

void ProxyService::refuse(const Incoming& request, uint16_t status) {
  if (request.message.method() == sip::Method::Ack) return;
  layers_.transactions.reply_stateless(request, status, {});
}

// As the server does it, without its registrar and its users.
void ProxyService::handle(const Incoming& request) {
  proxy::UriRoom room;
  const proxy::RouteInfo routes =
      proxy::read_routes(environment_, request.message, request.flow, room);
  const bool routed_on = !routes.next_route.text.empty();
  policy::RequestUri uri =
      policy::read_request_uri(routes.request_uri, !routed_on && !routes.flow.has_value());
  if (routes.uri_too_long) uri.fault = sip::ParseError{sip::ParseFault::UriTooLong};
  const policy::Job job =
      policy::job_of(environment_, layers_.hosts, request.message, uri, routed_on);
  const policy::Refusal refusal = validation_.check(request, uri, job);
  if (refusal.status != 0) {
    sip::ResponseParts parts;
    parts.reason = refusal.reason;
    parts.headers = refusal.headers;
    return layers_.transactions.reply_stateless(request, refusal.status, parts);
  }
  if (job == policy::Job::Register) return refuse(request, sip::status::kMethodNotAllowed);
  if (job == policy::Job::AnswerHere) return refuse(request, sip::status::kOk);
  // Within a call the way is known; else the program decides, about its own hosts alone.
  const bool known = routes.in_dialog || routed_on || routes.flow;
  if (!known && !(routes.request_uri && is_local(*routes.request_uri))) {
    return refuse(request, sip::status::kForbidden);
  }
  current_ = &request;
  current_uri_ = routes.request_uri.text;
  proxy_.handle(request, routes);
  current_ = nullptr;
}

bool ProxyService::is_local(const sip::Uri& uri) const {
  return layers_.hosts.domain_of(uri.host, uri.port).has_value();
}

void ProxyService::find_targets(const sip::Uri&, proxy::TargetList& targets, uint16_t& status) {
  status = sip::status::kNotFound;
  if (current_ == nullptr || events_ == nullptr) return;
  const sip::MessageView& message = current_->message;
  std::array<char, port::kAddressTextMax> source;
  const ProxyRequest request{message.method_text(),
                             current_uri_,
                             message.header(sip::HeaderId::From).value_or(""),
                             message.header(sip::HeaderId::To).value_or(""),
                             message.header(sip::HeaderId::CallId).value_or(""),
                             port::write_address(current_->flow.remote, source)};
  ProxyTargets wanted;
  events_->on_request(request, wanted);
  targets_ = wanted.targets();
  for (const ProxyTargets::Target& target : targets_) {
    proxy::Target found{sip::ParsedUri(target.uri), std::nullopt, {}, target.q};
    found.on_host = true;  // the program has named it, wherever it is
    if (found.uri) targets.add(found);
  }
  if (wanted.status() >= 300 && wanted.status() <= 699) {
    status = static_cast<uint16_t>(wanted.status());
  }
}

ProxyStatistics ProxyService::statistics() const {
  return {proxy_.counters().forwarded + proxy_.stateless_forwarder().counters().forwarded,
          proxy_.counters().forked, layers_.calls.call_stats().in_use};
}

}  // namespace tipring::stack

#include "server/proxy/forwarded_request.h"

#include "server/proxy/record_route.h"
#include "service/hops.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

constexpr size_t kGrowth = 768;  // our Via, two Record-Routes, a longer Request-URI, our own lines

}  // namespace

bool is_record_routed(const sip::MessageView& request) {
  const sip::Method method = request.method();
  if (method != sip::Method::Invite && method != sip::Method::Subscribe &&
      method != sip::Method::Refer && method != sip::Method::Other) {
    return false;
  }
  return request.to_tag().empty();
}

uint16_t status_of_failure(Error error) {
  switch (error) {
    // The phone's connection has gone, and it cannot be called back.
    case Error::Closed: return sip::status::kTemporarilyUnavailable;
    case Error::NotFound:
    case Error::TimedOut: return sip::status::kBadGateway;
    case Error::Invalid: return sip::status::kBadRequest;
    case Error::PoolExhausted: return sip::status::kServiceUnavailable;
    default: return sip::status::kServerInternalError;
  }
}

MessageRef write_forwarded(const Environment& environment, const ForwardedRequest& what,
                           std::string_view via) {
  const sip::MessageView& request = what.request;
  const Plan& plan = what.plan;
  sip::RequestEdit edit;
  edit.request_uri = plan.request_uri;
  edit.via = via;
  if (const auto& top = request.typed<sip::HeaderId::Via>())
    edit.top_via = sip::make_via_fix_up(*top, what.in.remote);
  edit.max_forwards = service::next_max_forwards(request);
  edit.max_breadth = what.max_breadth;
  edit.routes_removed = plan.routes_removed;
  edit.last_route_removed = plan.last_route_removed;
  edit.route_appended = plan.route_appended;
  if (!plan.path.empty()) edit.routes_prepended = {&plan.path, 1};
  edit.filter = &what.filter;
  edit.extra_lines = what.lines;
  std::optional<RecordRoutes> routes;
  if (what.record_for != nullptr) {
    const bool is_phone = plan.destination.keeps_transport;
    routes.emplace(environment, request, what.call, what.in, *what.record_for,
                   plan.destination.flow.has_value() || (!what.call && is_phone));
    edit.record_routes = routes->values();
  }
  return service::write_message(
      environment.slabs, request.text().size() + plan.path.size() + kGrowth,
      [&](std::span<char> out) { return sip::write_forwarded_request(request, edit, out); });
}

}  // namespace tipring::proxy

#include "server/policy/validation.h"

#include "service/via_management.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::policy {

namespace {

#define TIPRING_ALLOW_THROUGH                                                                    \
  "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, " \
  "REFER, MESSAGE, PUBLISH\r\n"

constexpr std::string_view kAllowThrough = TIPRING_ALLOW_THROUGH;
constexpr std::string_view kAllowHere = "Allow: OPTIONS, REGISTER\r\n";

}  // namespace

const std::string_view kCapabilities =
    TIPRING_ALLOW_THROUGH "Accept: application/sdp\r\nSupported: \r\n";

Job job_of(const Environment& environment, const Domains& domains, const sip::MessageView& request,
           const RequestUri& uri, bool routed_on) {
  if (!uri || routed_on) return Job::Proxy;
  if (request.method() == sip::Method::Register) {
    return domains.domain_of(uri->host, uri->port) ? Job::Register : Job::Proxy;
  }
  const bool for_us = !uri->has_user && environment.names.is_own(uri->host, uri->port);
  return for_us ? Job::AnswerHere : Job::Proxy;
}

bool Validation::is_allowed(sip::Method method, Job job) const {
  switch (job) {
    case Job::Register: return true;
    case Job::AnswerHere: return method == sip::Method::Options || method == sip::Method::Ack;
    case Job::Proxy: return method != sip::Method::Other || forward_unknown_;
  }
  return false;
}

Refusal Validation::check(const Incoming& request, const RequestUri& uri, Job job) {
  const sip::MessageView& message = request.message;
  if (!uri) return {sip::status_for(uri.error().fault), {}, {}};
  if (!is_allowed(message.method(), job)) {
    return {
        sip::status::kMethodNotAllowed, {}, job == Job::AnswerHere ? kAllowHere : kAllowThrough};
  }
  for (const std::string_view route : message.values(sip::HeaderId::Route)) {
    if (!sip::parse_name_addr(route)) return {sip::status::kBadRequest, "Bad Request - Route", {}};
  }
  if (job == Job::Proxy) {
    const auto hops = message.typed<sip::HeaderId::MaxForwards>();
    if (hops && *hops == 0) return {sip::status::kTooManyHops, {}, {}};
    if (service::is_loop(environment_, message)) return {sip::status::kLoopDetected, {}, {}};
  }
  return check_extensions(message,
                          job == Job::Proxy ? sip::HeaderId::ProxyRequire : sip::HeaderId::Require);
}

// 8.2.2.3 and 16.3 step 5: no extension that a peer could require is supported so far.
Refusal Validation::check_extensions(const sip::MessageView& request, sip::HeaderId id) {
  if (request.method() == sip::Method::Ack || request.values(id).empty()) return {};
  sip::Writer out(headers_);
  std::string_view before = "Unsupported: ";
  for (const std::string_view tag : request.values(id)) {
    out.text(before).unfolded(tag);
    before = ", ";
  }
  out.crlf();
  return {sip::status::kBadExtension, {}, out.full() ? std::string_view() : out.view()};
}

}  // namespace tipring::policy

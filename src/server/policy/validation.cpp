#include "server/policy/validation.h"

#include "core/text.h"
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

using Fault = std::optional<sip::ParseError>;

// One of several addresses. Its URI is looked into where it is SIP's.
Fault find_fault(const sip::MessageView& message, sip::HeaderId id, std::string_view value) {
  const auto address = sip::parse_name_addr(value);
  if (!address) return sip::ParseError{address.error().fault, id, message.offset_of(value)};
  const auto uri = sip::parse_uri(address->uri);
  if (uri || uri.error().fault == sip::ParseFault::UnknownScheme) return std::nullopt;
  return sip::ParseError{uri.error().fault, id, message.offset_of(value)};
}

// 10.2.2: "*" stands for all contacts of a registration, and is the registrar's business.
Fault find_bad_contact(const sip::MessageView& message) {
  if (message.method() == sip::Method::Ack) return std::nullopt;  // it would only be lost
  const bool may_be_star = message.method() == sip::Method::Register;
  for (const std::string_view value : message.values(sip::HeaderId::Contact)) {
    if (may_be_star && value == "*") continue;
    if (const Fault fault = find_fault(message, sip::HeaderId::Contact, value)) return fault;
  }
  return std::nullopt;
}

// The addresses that routing and registering depend on: 16.3 step 1. What else may be wrong in a
// request that passes through is its receiver's affair.
Fault find_bad_address(const sip::MessageView& message, Job job) {
  for (const sip::HeaderId id : {sip::HeaderId::Route, sip::HeaderId::RecordRoute}) {
    // 10.3: a registrar ignores it.
    if (id == sip::HeaderId::RecordRoute && job == Job::Register) continue;
    for (const std::string_view value : message.values(id)) {
      if (const Fault fault = find_fault(message, id, value)) return fault;
    }
  }
  if (const Fault fault = find_bad_contact(message)) return fault;
  if (job != Job::Register) return std::nullopt;
  // 10.3 step 5: the address-of-record is a SIP or SIPS URI.
  const auto to = message.typed<sip::HeaderId::To>();
  if (to && sip::parse_uri(to->uri)) return std::nullopt;
  return sip::ParseError{sip::ParseFault::BadUri, sip::HeaderId::To, 0};
}

// RFC 4028 8.1: the numbers that a proxy with session timers works with.
Fault find_bad_interval(const sip::MessageView& message) {
  if (message.method() != sip::Method::Invite && message.method() != sip::Method::Update)
    return std::nullopt;
  if (message.has(sip::HeaderId::SessionExpires)) {
    const auto interval = message.typed<sip::HeaderId::SessionExpires>();
    if (!interval) return interval.error();
  }
  if (message.has(sip::HeaderId::MinSe)) {
    const auto min_se = message.typed<sip::HeaderId::MinSe>();
    if (!min_se) return min_se.error();
  }
  return std::nullopt;
}

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
  if (const Refusal refusal = check_request_uri(uri); refusal.status != 0) return refusal;
  if (!is_allowed(message.method(), job)) {
    return {
        sip::status::kMethodNotAllowed, {}, job == Job::AnswerHere ? kAllowHere : kAllowThrough};
  }
  Fault error = find_bad_address(message, job);
  if (!error && environment_.session_timer.enabled) error = find_bad_interval(message);
  if (error) {
    return bad_request(sip::to_text(error->header), sip::to_text(error->fault));
  }
  if (job == Job::Proxy) {
    const auto hops = message.typed<sip::HeaderId::MaxForwards>();
    if (hops && *hops == 0) return {sip::status::kTooManyHops, {}, {}};
    if (service::is_loop(environment_, message)) return {sip::status::kLoopDetected, {}, {}};
  }
  return check_extensions(message,
                          job == Job::Proxy ? sip::HeaderId::ProxyRequire : sip::HeaderId::Require);
}

// 19.1.1: a Request-URI has no headers. Who forwards them lets a stranger write headers of ours
// (RFC 4475 3.1.2.11).
Refusal Validation::check_request_uri(const RequestUri& uri) {
  if (uri && uri->headers.empty()) return {};
  const auto fault = uri ? sip::ParseFault::BadUri : uri.error().fault;
  const uint16_t status = sip::status_for(fault);
  if (status != sip::status::kBadRequest) return {status, {}, {}};
  return bad_request("Request-URI", uri ? "headers in it" : sip::to_text(fault));
}

Refusal Validation::bad_request(std::string_view part, std::string_view fault) {
  sip::Writer reason(reason_);
  reason.text("Bad Request - ").text(part).text(": ").text(fault);
  return {sip::status::kBadRequest, reason.view(), sip::write_error_warning(part, fault, headers_)};
}

// 8.2.2.3 and 16.3 step 5. Of what a peer could require there is the registrar's path so far (RFC
// 3327 5.2: a proxy that has added one may want to be sure of it).
Refusal Validation::check_extensions(const sip::MessageView& request, sip::HeaderId id) {
  if (request.method() == sip::Method::Ack || request.values(id).empty()) return {};
  sip::Writer out(headers_);
  std::string_view before = "Unsupported: ";
  bool lacks = false;
  for (const std::string_view tag : request.values(id)) {
    if (request.method() == sip::Method::Register && id == sip::HeaderId::Require &&
        iequals(tag, "path")) {
      continue;
    }
    out.text(before).unfolded(tag);
    before = ", ";
    lacks = true;
  }
  out.crlf();
  if (!lacks) return {};
  return {sip::status::kBadExtension, {}, out.full() ? std::string_view() : out.view()};
}

}  // namespace tipring::policy

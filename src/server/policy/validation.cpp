#include "server/policy/validation.h"

#include "core/text.h"
#include "service/via_management.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri_host.h"
#include "sip/writer.h"

namespace tipring::policy {

namespace {

#define TIPRING_ALLOW_THROUGH                                                                    \
  "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, " \
  "REFER, MESSAGE, PUBLISH\r\n"

constexpr std::string_view kAllowThrough = TIPRING_ALLOW_THROUGH;
constexpr std::string_view kAllowHere = "Allow: OPTIONS, REGISTER\r\n";

#define TIPRING_READABLE "Accept: application/sdp\r\nAccept-Encoding: identity\r\n"

constexpr std::string_view kReadable = TIPRING_READABLE;

using Fault = std::optional<sip::ParseError>;

// One of several addresses. Its URI is looked into where it is SIP's; that of a Route is the next
// hop, which must be one that SIP can reach.
Fault find_fault(const sip::MessageView& message, sip::HeaderId id, std::string_view value,
                 const sip::ParsedUri& uri) {
  if (uri && id == sip::HeaderId::Route && !sip::names_one_host(*uri))
    return sip::ParseError{sip::ParseFault::NoHost, id, message.offset_of(value)};
  const bool is_bad =
      !uri && (id == sip::HeaderId::Route || uri.error().fault != sip::ParseFault::UnknownScheme);
  if (!is_bad) return std::nullopt;
  return sip::ParseError{uri.error().fault, id, message.offset_of(value)};
}

Fault find_fault(const sip::MessageView& message, sip::HeaderId id, std::string_view value) {
  const auto address = sip::parse_name_addr(value);
  if (!address) return sip::ParseError{address.error().fault, id, message.offset_of(value)};
  return find_fault(message, id, value, sip::ParsedUri(address->uri));
}

// All of one header. `first` is that of its first value, which others ask for too.
Fault find_fault(const sip::MessageView& message, sip::HeaderId id, const sip::ParsedUri& first) {
  const sip::ValueRange values = message.values(id);
  auto value = values.begin();
  Fault fault = find_fault(message, id, *value, first);
  while (!fault && ++value != values.end()) fault = find_fault(message, id, *value);
  return fault;
}

// 10.2.2: "*" stands for all contacts of a registration, and is the registrar's business.
Fault find_bad_contact(const sip::MessageView& message) {
  if (message.method() == sip::Method::Ack) return std::nullopt;  // it would only be lost
  const sip::HeaderId id = sip::HeaderId::Contact;
  const std::string_view first = message.first_value(id);
  if (first.empty()) return std::nullopt;
  if (message.method() != sip::Method::Register || first != "*")
    return find_fault(message, id, message.contact_uri());
  for (const std::string_view value : message.values(id)) {
    const Fault fault = value == "*" ? Fault() : find_fault(message, id, value);
    if (fault) return fault;
  }
  return std::nullopt;
}

// The addresses that routing and registering depend on: 16.3 step 1. What else may be wrong in a
// request that passes through is its receiver's affair.
Fault find_bad_address(const sip::MessageView& message, Job job) {
  if (!message.first_value(sip::HeaderId::Route).empty()) {
    const Fault fault = find_fault(message, sip::HeaderId::Route, message.route_uri());
    if (fault) return fault;
  }
  // 10.3: a registrar ignores it.
  if (job != Job::Register) {
    for (const std::string_view value : message.values(sip::HeaderId::RecordRoute)) {
      if (const Fault fault = find_fault(message, sip::HeaderId::RecordRoute, value)) return fault;
    }
  }
  if (const Fault fault = find_bad_contact(message)) return fault;
  if (job != Job::Register) return std::nullopt;
  // 10.3 step 5: the address-of-record is a SIP or SIPS URI.
  if (message.to_uri()) return std::nullopt;
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
    TIPRING_ALLOW_THROUGH TIPRING_READABLE "Accept-Language: en\r\nSupported: path\r\n";

Job job_of(const Environment& environment, const Domains& domains, const sip::MessageView& request,
           const RequestUri& uri, bool routed_on) {
  if (routed_on || uri.uri.host.empty()) return Job::Proxy;
  if (request.method() == sip::Method::Register) {
    return domain_of_target(domains, uri.uri) ? Job::Register : Job::Proxy;
  }
  if (uri.uri.has_user || uri.uri.param("maddr")) return Job::Proxy;
  // Who names our host without the port that we listen on means us, as in a REGISTER; within a
  // dialog it may be the Contact of a phone on this host.
  const bool names_us = environment.names.is_own(uri.uri.host, uri.uri.port) ||
                        (request.to_tag().empty() && domain_of_target(domains, uri.uri));
  return names_us ? Job::AnswerHere : Job::Proxy;
}

bool Validation::uses_timers() const {
  return environment_.session_timer.mode != service::SessionTimerMode::Off;
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
  if (const Refusal refusal = check_syntax(message, uri, job); refusal.status != 0) return refusal;
  if (uri.fault) {
    return {sip::status_for(uri.fault->fault),
            sip::write_error_reason(*uri.fault, "Request-URI", reason_),
            {}};
  }
  if (!is_allowed(message.method(), job)) {
    // RFC 3261 12.2.2: who means a dialog of ours means one that is not known, but for OPTIONS.
    if (job == Job::AnswerHere && !message.to_tag().empty())
      return {sip::status::kCallOrTransactionDoesNotExist, {}, {}};
    return {
        sip::status::kMethodNotAllowed, {}, job == Job::AnswerHere ? kAllowHere : kAllowThrough};
  }
  if (job == Job::Proxy) {
    const auto& hops = message.typed<sip::HeaderId::MaxForwards>();
    if (hops && *hops == 0) return {sip::status::kTooManyHops, {}, {}};
    if (service::is_loop(environment_, message)) return {sip::status::kLoopDetected, {}, {}};
  }
  const Refusal refusal = check_extensions(message, job);
  return refusal.status != 0 || job == Job::Proxy ? refusal : check_body(message);
}

// What is 400 stands before everything else, whichever part it is in.
Refusal Validation::check_syntax(const sip::MessageView& message, const RequestUri& uri, Job job) {
  if (uri.fault && sip::status_for(uri.fault->fault) == sip::status::kBadRequest)
    return bad_request("Request-URI", sip::to_text(uri.fault->fault));
  Fault error = find_bad_address(message, job);
  if (!error && uses_timers()) error = find_bad_interval(message);
  if (!error) return {};
  return bad_request(sip::to_text(error->header), sip::to_text(error->fault));
}

// 8.2.3: a body for the server itself. An OPTIONS may bring a session description; a REGISTER says
// nothing by its body, and what may be ignored is ignored; so is a body that does not say what it
// is.
Refusal Validation::check_body(const sip::MessageView& message) {
  if (message.body().empty()) return {};
  const auto disposition = message.typed<sip::HeaderId::ContentDisposition>();
  const auto handling = disposition ? disposition->param("handling") : std::nullopt;
  if (handling && iequals(handling->value, "optional")) return {};
  for (const std::string_view coding : message.values(sip::HeaderId::ContentEncoding)) {
    if (!iequals(coding, "identity")) return {sip::status::kUnsupportedMediaType, {}, kReadable};
  }
  if (!message.has(sip::HeaderId::ContentType)) return {};
  const auto type = message.typed<sip::HeaderId::ContentType>();
  if (!type) return bad_request("Content-Type", sip::to_text(type.error().fault));
  if (type->is("application", "sdp")) return {};
  return {sip::status::kUnsupportedMediaType, {}, kReadable};
}

Refusal Validation::bad_request(std::string_view part, std::string_view fault) {
  sip::Writer reason(reason_);
  reason.text("Bad Request - ").text(part).text(": ").text(fault);
  return {sip::status::kBadRequest, reason.view(), sip::write_error_warning(part, fault, headers_)};
}

// Of what a peer could require there is the registrar's path (RFC 3327 5.2: a proxy that has added
// one may want to be sure of it), and of a proxy session timers (RFC 4028 7.1).
std::string_view Validation::extension_of(Job job) const {
  if (job != Job::Proxy) return "path";
  return uses_timers() ? "timer" : "";
}

// 8.2.2.3 and 16.3 step 5.
Refusal Validation::check_extensions(const sip::MessageView& request, Job job) {
  const auto id = job == Job::Proxy ? sip::HeaderId::ProxyRequire : sip::HeaderId::Require;
  if (request.method() == sip::Method::Ack || request.values(id).empty()) return {};
  sip::Writer out(headers_);
  std::string_view before = "Unsupported: ";
  bool lacks = false;
  for (const std::string_view tag : request.values(id)) {
    if (iequals(tag, extension_of(job))) continue;
    out.text(before).unfolded(tag);
    before = ", ";
    lacks = true;
  }
  out.crlf();
  if (!lacks) return {};
  return {sip::status::kBadExtension, {}, out.full() ? std::string_view() : out.view()};
}

}  // namespace tipring::policy

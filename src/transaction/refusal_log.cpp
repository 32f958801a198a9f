#include "transaction/refusal_log.h"

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::transaction {

namespace {

constexpr size_t kValueMax = 64;  // six of them leave most of a line to the Call-ID

// A first challenge is the way things go. What is our fault an operator must see.
LogLevel level_of(uint16_t status) {
  switch (status) {
    case sip::status::kUnauthorized:
    case sip::status::kProxyAuthenticationRequired: return LogLevel::Debug;
    case sip::status::kServerInternalError:
    case sip::status::kServiceUnavailable: return LogLevel::Warning;
    default: return LogLevel::Info;
  }
}

// The user part of From or To; the whole URI where it has none, nothing where it cannot be read.
std::string_view user_of(const Result<sip::NameAddr, sip::ParseError>& address,
                         const Result<sip::Uri, sip::ParseError>& uri) {
  if (uri && uri->has_user) return uri->user;
  return address ? address->uri : std::string_view();
}

}  // namespace

void RefusalLog::on_refused(const sip::MessageView& request, const Source& source, uint16_t status,
                            std::string_view reason, Millis now) {
  if (status < 400) return;
  const LogLevel level = level_of(status);
  if (!refusals_.admits(status, level, now)) return;
  char address[port::kAddressTextMax];
  log_.write(
      level, "refused",
      {kv("status", status), kv_cut("method", request.method_text(), kValueMax),
       kv_cut("reason", reason.empty() ? sip::default_reason(status) : reason, 2 * kValueMax),
       kv("source", port::write_address(source.address, address)),
       kv("transport", sip::to_param(source.transport)),
       kv_cut("from", user_of(request.typed<sip::HeaderId::From>(), request.from_uri()), kValueMax),
       kv_cut("to", user_of(request.typed<sip::HeaderId::To>(), request.to_uri()), kValueMax),
       kv("call_id", request.header(sip::HeaderId::CallId).value_or(""))});
}

void RefusalLog::on_answered(const sip::MessageView& request, const Source& source, uint16_t status,
                             Millis after, Millis now) {
  if (!answers_.admits(status, LogLevel::Debug, now)) return;
  char address[port::kAddressTextMax];
  log_.debug("answered", kv("status", status), kv_cut("method", request.method_text(), kValueMax),
             kv("after_ms", after), kv("source", port::write_address(source.address, address)),
             kv("transport", sip::to_param(source.transport)),
             kv("call_id", request.header(sip::HeaderId::CallId).value_or("")));
}

void RefusalLog::on_unanswered(const sip::MessageView& request, const Source& source,
                               uint16_t status, Error error, Millis now) {
  if (!unanswered_.admits(status, LogLevel::Debug, now)) return;
  char address[port::kAddressTextMax];
  log_.debug("not_answered", kv("status", status),
             kv_cut("method", request.method_text(), kValueMax), kv("why", error),
             kv("source", port::write_address(source.address, address)),
             kv("transport", sip::to_param(source.transport)),
             kv("call_id", request.header(sip::HeaderId::CallId).value_or("")));
}

}  // namespace tipring::transaction

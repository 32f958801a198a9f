#include "service/overload.h"

namespace tipring::service {

sip::ResponseParts Overload::refuse(const sip::MessageView& request, std::string_view key,
                                    Millis now) {
  ++refused_;
  log_once(key, now);
  sip::Writer reason(reason_);
  reason.text("Service Unavailable - ").text(key);
  sip::ResponseParts parts;
  parts.reason = reason.view();
  parts.headers = retry_after(request);
  return parts;
}

std::string_view Overload::retry_after(const sip::MessageView& request) {
  SipHasher64 hasher(hash_key_);
  hasher.add(request.header(sip::HeaderId::CallId).value_or(""));
  sip::Writer line(retry_after_);
  line.header(sip::HeaderId::RetryAfter, 1 + hasher.finish() % 5);
  return line.view();
}

void Overload::log_once(std::string_view key, Millis now) {
  for (Burst& burst : bursts_) {
    if (!burst.key.empty() && burst.key != key) continue;
    ++burst.refused;
    if (!burst.key.empty() && now < burst.since + kBurst) return;
    log_.warning("overload", kv("key", key), kv("refused", burst.refused),
                 kv("help", "raise this key, or send less"));
    burst = {key, now, 0};
    return;
  }
}

}  // namespace tipring::service

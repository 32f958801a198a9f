#include "service/overload.h"

namespace tipring::service {

sip::ResponseParts Overload::refuse(const sip::MessageView& request, std::string_view key,
                                    Millis now) {
  note(key, now);
  sip::Writer reason(reason_);
  reason.text("Service Unavailable - ").text(key);
  sip::ResponseParts parts;
  parts.reason = reason.view();
  parts.headers = retry_after(request);
  return parts;
}

void Overload::note(std::string_view key, Millis now) {
  ++refused_;
  log(key, now);
}

std::string_view Overload::retry_after(const sip::MessageView& request) {
  SipHasher64 hasher(hash_key_);
  hasher.add(request.header(sip::HeaderId::CallId).value_or(""));
  sip::Writer line(retry_after_);
  line.header(sip::HeaderId::RetryAfter, 1 + hasher.finish() % 5);
  return line.view();
}

void Overload::log(std::string_view key, Millis now) {
  for (Shortage& shortage : shortages_) {
    if (!shortage.key.empty() && shortage.key != key) continue;
    shortage.key = key;
    const uint64_t refused = shortage.lines.note(now);
    if (refused == 0) return;
    return log_.warning("overload", kv("key", key), kv("refused", refused),
                        kv("help", "raise this key, or send less"));
  }
}

}  // namespace tipring::service

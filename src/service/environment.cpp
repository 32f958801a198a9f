#include "service/environment.h"

#include "sip/writer.h"

namespace tipring::service {

std::string_view write_retry_after(const Environment& environment, const sip::MessageView& request,
                                   std::span<char> out) {
  SipHasher64 hasher(environment.route_key);
  hasher.add(request.header(sip::HeaderId::CallId).value_or(""));
  sip::Writer writer(out);
  writer.header(sip::HeaderId::RetryAfter, 1 + hasher.finish() % 5);
  return writer.view();
}

}  // namespace tipring::service

#include "service/digest_server_auth.h"

#include "sip/writer.h"

namespace tipring::service {

Screening DigestServerAuth::screen_request(const Environment& environment,
                                           const Incoming& request) {
  const Access access = environment.access.judge(request, route_);
  if (access.dropped) return Screening::Refused;
  if (access.status == 0) {
    user_ = access.user;
    third_party_ = access.third_party;
    return Screening::Pass;
  }
  sip::ResponseParts parts;
  parts.reason = access.reason;
  parts.headers = access.headers;
  environment.transactions.reply_stateless(request, access.status, parts);
  return Screening::Refused;
}

}  // namespace tipring::service

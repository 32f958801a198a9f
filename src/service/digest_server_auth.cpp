#include "service/digest_server_auth.h"

#include "sip/writer.h"

namespace tipring::service {

namespace {

// In a spiral the request was judged when it came first, and its credentials were taken off (22.3).
// From a socket of our own and with the branch that we gave it, it is what we have sent.
bool comes_from_us(const Environment& environment, const Incoming& request) {
  return environment.transport.comes_from_us(request.flow) &&
         environment.transactions.has_sent(request.message);
}

}  // namespace

Screening DigestServerAuth::screen_request(const Environment& environment,
                                           const Incoming& request) {
  if (comes_from_us(environment, request)) return Screening::Pass;
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

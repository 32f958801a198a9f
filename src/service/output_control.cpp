#include "service/output_control.h"

#include "sip/auth_params.h"

namespace tipring::service {

bool OutputControl::keep(const sip::HeaderView& line) const {
  if (line.id() != sip::HeaderId::ProxyAuthorization && line.id() != sip::HeaderId::Authorization) {
    return true;
  }
  const auto credentials = sip::parse_digest_credentials(line.value());
  return !credentials || credentials->realm != realm_;
}

}  // namespace tipring::service

#include "service/session_headers.h"

#include "core/text.h"
#include "sip/headers.h"

namespace tipring::service {

bool is_session_refresh(sip::Method method) {
  return method == sip::Method::Invite || method == sip::Method::Update;
}

bool supports_timer(const sip::MessageView& message) {
  return sip::contains_token(message.values(sip::HeaderId::Supported), kTimerTag);
}

uint32_t min_se_of(const sip::MessageView& request) {
  if (!request.has(sip::HeaderId::MinSe)) return kMinSeDefault;
  const auto min_se = request.typed<sip::HeaderId::MinSe>();
  return min_se ? min_se->seconds : kMinSeDefault;
}

Refresher refresher_of(const sip::Delta& interval) {
  const auto param = interval.param("refresher");
  if (!param) return Refresher::None;
  if (iequals(param->value, "uac")) return Refresher::Uac;
  return iequals(param->value, "uas") ? Refresher::Uas : Refresher::None;
}

}  // namespace tipring::service

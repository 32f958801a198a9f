// What messages say of the session interval: RFC 4028 4, 5 and 9.
#pragma once

#include <cstdint>
#include <string_view>

#include "sip/message.h"
#include "sip/number_headers.h"

namespace tipring::service {

inline constexpr std::string_view kTimerTag = "timer";
inline constexpr uint32_t kMinSeDefault = 90;  // 5: what no Min-SE means, and the least there is

// Who keeps a session alive, of the two sides of the request that began or refreshed it.
enum class Refresher : uint8_t { None, Uac, Uas };

// An INVITE or an UPDATE.
bool is_session_refresh(sip::Method method);
// Whether Supported lists session timers.
bool supports_timer(const sip::MessageView& message);
// Of Min-SE; the default where there is none that can be read.
uint32_t min_se_of(const sip::MessageView& request);
// Of Session-Expires; None where it names none.
Refresher refresher_of(const sip::Delta& interval);

}  // namespace tipring::service

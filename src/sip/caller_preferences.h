// Which of a callee's phones a caller wants, by the features that they have registered with, as
// Accept-Contact and Reject-Contact say; without them, which can take what he sends (7.2.2). RFC 3841
// 7.2, the features as in RFC 3840.
#pragma once

#include <cstdint>
#include <string_view>

#include "sip/message.h"

namespace tipring::sip {

// What the caller's preferences make of one contact.
struct Preference {
  bool dropped = false;   // it leaves the target set
  uint16_t score = 1000;  // Qa in thousandths: how well it fits, among contacts of the same q
};

// More predicates of a request, and more terms of one, are passed over: strangers write them.
inline constexpr size_t kPredicatesMax = 8;
inline constexpr size_t kTermsMax = 16;

// Whether preferences are only implied by the request's method and event. When they leave no contact
// at all, they do not count (7.2.4): then somebody says 405 or 489.
bool are_implicit(const MessageView& request);

// `params`: of the Contact as it was registered, from the first ";". A contact without any feature
// is immune.
Preference judge_contact(const MessageView& request, std::string_view params);

}  // namespace tipring::sip

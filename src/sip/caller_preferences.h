// Accept-Contact and Reject-Contact: which of a callee's phones a caller wants, by the features that
// they have registered with. RFC 3841 7.2, the features as in RFC 3840.
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

// `params`: of the Contact as it was registered, from the first ";". A contact without any feature
// is immune.
Preference judge_contact(const MessageView& request, std::string_view params);

}  // namespace tipring::sip

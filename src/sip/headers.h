// How every header of the table is read: HeaderTraits<Id>, for MessageView::typed(). Brings all
// typed views.
#pragma once

#include <string_view>

#include "sip/auth_params.h"
#include "sip/message.h"
#include "sip/name_addr.h"
#include "sip/number_headers.h"
#include "sip/text_headers.h"
#include "sip/token_headers.h"
#include "sip/via.h"

namespace tipring::sip {

#define TIPRING_SIP_HEADER_TRAITS(id, name, compact, kind, view) \
  template <>                                                    \
  struct HeaderTraits<HeaderId::id> : view##Traits {};
TIPRING_SIP_HEADERS(TIPRING_SIP_HEADER_TRAITS)
#undef TIPRING_SIP_HEADER_TRAITS

// True when the list holds this token, case-insensitive: option tags, methods.
bool contains_token(const ValueRange& values, std::string_view token);

}  // namespace tipring::sip

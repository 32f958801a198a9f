// Route sets as a proxy on the way of a dialog sees them: RFC 3261 12.1.1, 12.1.2 and 16.6 step 4.
#pragma once

#include <array>
#include <string_view>

#include "core/result.h"
#include "dialog/dialog.h"
#include "dialog/dialog_texts.h"
#include "sip/message.h"

namespace tipring::dialog {

// Whether a sender is reached by its flow alone: on a stream, or where its Contact is not where it
// sends from.
bool is_reached_by_flow(const sip::MessageView& message, const transport::Flow& flow);

// Room for a route set: values with ", " between them, the nearest hop first.
using RouteSetText = std::array<char, DialogTexts::kBytesMax>;
inline constexpr size_t kRoutesMax = 64;

// From us to the caller: what stands in the INVITE that came. Errors: TooLong.
Result<std::string_view> routes_to_caller(const sip::MessageView& invite, RouteSetText& room);

// From us to the callee: what stands above our own in its answer, from the bottom up. Empty where
// our own is not there: the callee has not copied them. Errors: TooLong.
Result<std::string_view> routes_to_callee(const sip::MessageView& response, CallHandle call,
                                          RouteSetText& room);

}  // namespace tipring::dialog

#include "sip/method.h"

#include <array>

#include "core/words.h"

namespace tipring::sip {

namespace {

// In the order of Method.
constexpr std::array<std::string_view, 15> kNames = {
    "INVITE", "ACK",       "BYE",    "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE",
    "INFO",   "SUBSCRIBE", "NOTIFY", "REFER",  "MESSAGE", "PUBLISH",  ""};
static_assert(static_cast<size_t>(Method::Other) + 1 == kNames.size());

}  // namespace

Method parse_method(std::string_view text) {
  if (text.empty()) return Method::Other;
  for (size_t i = 0; i + 1 < kNames.size(); ++i) {
    const std::string_view name = kNames[i];
    if (name.size() != text.size() || name[0] != text[0]) continue;
    if (same_text(name, text)) return static_cast<Method>(i);
  }
  return Method::Other;
}

std::string_view to_text(Method method) { return kNames[static_cast<size_t>(method)]; }

}  // namespace tipring::sip

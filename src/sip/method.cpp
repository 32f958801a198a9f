#include "sip/method.h"

#include <array>

namespace tipring::sip {

namespace {

// In the order of Method.
constexpr std::array<std::string_view, 15> kNames = {
    "INVITE", "ACK",       "BYE",    "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE",
    "INFO",   "SUBSCRIBE", "NOTIFY", "REFER",  "MESSAGE", "PUBLISH",  ""};
static_assert(static_cast<size_t>(Method::Other) + 1 == kNames.size());

}  // namespace

Method parse_method(std::string_view text) {
  for (size_t i = 0; i + 1 < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Method>(i);
  }
  return Method::Other;
}

std::string_view to_text(Method method) { return kNames[static_cast<size_t>(method)]; }

}  // namespace tipring::sip

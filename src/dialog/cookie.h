// What our Record-Route says of the dialog that it was written for, and comes back in its requests
// as part of a Route: where the call is found, and a proof that we wrote it. The handle only finds:
// Call-ID and tags decide (Calls::match()). The proof is for what cannot be found here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "dialog/dialog.h"

namespace tipring::dialog {

// The URI parameter that carries it.
inline constexpr std::string_view kCookieParam = "tc";

struct Cookie {
  CallHandle call;    // null: no call, but a dialog of another kind
  uint32_t life = 0;  // tells the runs of a server apart
  uint64_t proof = 0;

  friend bool operator==(const Cookie&, const Cookie&) = default;
};

inline constexpr size_t kCookieSize = 2 * (8 + 4 + 8);  // hexadecimal digits

// What names a dialog for its cookies. It is hashed once, however many a stranger may send.
uint64_t hash_dialog(const HashKey& key, std::string_view call_id, std::string_view caller_tag);

Cookie make_cookie(const HashKey& key, uint32_t life, CallHandle call, uint64_t dialog_hash);
// Whether we wrote it for that dialog.
bool is_proved(const HashKey& key, const Cookie& cookie, uint64_t dialog_hash);

// `out` holds kCookieSize.
std::string_view write_cookie(const Cookie& cookie, std::span<char> out);
// What the parameter with a cookie of this call begins with, ";" included: a value of Record-Route
// in which it stands is ours.
using CookieStart = std::array<char, 1 + kCookieParam.size() + 1 + 16>;
std::string_view write_cookie_start(CallHandle call, CookieStart& out);
// The call alone, which is all that a request of a call that stands is asked for; null for what is
// no cookie.
CallHandle read_cookie_call(std::string_view text);
// Nothing for what is no cookie.
std::optional<Cookie> read_cookie(std::string_view text);

}  // namespace tipring::dialog

#include "dialog/cookie.h"

#include <array>

#include "core/text.h"

namespace tipring::dialog {

namespace {

constexpr size_t kDigitsOf64 = 16;
constexpr size_t kDigitsOf32 = 8;

uint64_t proof_of(const HashKey& key, const Cookie& cookie, uint64_t dialog_hash) {
  SipHasher64 hasher(key);
  hasher.add("proof\n");
  hasher.add_u64(cookie.call.to_u64());
  hasher.add_u64(cookie.life);
  hasher.add_u64(dialog_hash);
  return hasher.finish();
}

}  // namespace

uint64_t hash_dialog(const HashKey& key, std::string_view call_id, std::string_view caller_tag) {
  SipHasher64 hasher(key);
  hasher.add("dialog\n");
  hasher.add(call_id);
  hasher.add("\n");
  hasher.add(caller_tag);
  return hasher.finish();
}

Cookie make_cookie(const HashKey& key, uint32_t life, CallHandle call, uint64_t dialog_hash) {
  Cookie cookie{call, life, 0};
  cookie.proof = proof_of(key, cookie, dialog_hash);
  return cookie;
}

bool is_proved(const HashKey& key, const Cookie& cookie, uint64_t dialog_hash) {
  return cookie.proof == proof_of(key, cookie, dialog_hash);
}

std::string_view write_cookie(const Cookie& cookie, std::span<char> out) {
  static_assert(kCookieSize == 2 * kDigitsOf64 + kDigitsOf32);
  std::array<char, kDigitsOf64> digits;
  size_t at = 0;
  const auto put = [&](std::string_view text) { at += text.copy(out.data() + at, text.size()); };
  put(write_hex_u64(cookie.call.to_u64(), digits));
  put(write_hex_u64(cookie.life, digits).substr(kDigitsOf64 - kDigitsOf32));
  put(write_hex_u64(cookie.proof, digits));
  return {out.data(), at};
}

std::string_view write_cookie_start(CallHandle call, CookieStart& out) {
  const size_t name = 1 + kCookieParam.size();
  out[0] = ';';
  kCookieParam.copy(out.data() + 1, kCookieParam.size());
  out[name] = '=';
  write_hex_u64(call.to_u64(), std::span(out).subspan(name + 1));
  return {out.data(), out.size()};
}

CallHandle read_cookie_call(std::string_view text) {
  if (text.size() != kCookieSize) return {};
  const auto call = parse_hex_u64(text.substr(0, kDigitsOf64));
  return call ? CallHandle::from_u64(*call) : CallHandle();
}

std::optional<Cookie> read_cookie(std::string_view text) {
  if (text.size() != kCookieSize) return std::nullopt;
  const auto call = parse_hex_u64(text.substr(0, kDigitsOf64));
  const auto life = parse_hex_u64(text.substr(kDigitsOf64, kDigitsOf32));
  const auto proof = parse_hex_u64(text.substr(kDigitsOf64 + kDigitsOf32));
  if (!call || !life || !proof) return std::nullopt;
  return Cookie{CallHandle::from_u64(*call), static_cast<uint32_t>(*life), *proof};
}

}  // namespace tipring::dialog

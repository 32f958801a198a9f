// Digest values: RFC 7616 3.4 (and RFC 2617 3.2.2, RFC 8760). Nothing here keeps anything.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tipring::auth {

// In the order of the table in digest.cpp, which has room for more.
enum class Algorithm : uint8_t { Md5, Sha256 };
inline constexpr size_t kAlgorithmCount = 2;
// Of one in a mask of several.
constexpr uint8_t bit_of(Algorithm algorithm) {
  return static_cast<uint8_t>(1U << static_cast<uint8_t>(algorithm));
}

// "MD5", "SHA-256".
std::string_view to_text(Algorithm algorithm);
// Case-insensitive; an absent algorithm means MD5 (RFC 7616 3.3). Nothing for any other.
std::optional<Algorithm> parse_algorithm(std::string_view text);

// A digest as bytes; `size` of them count.
struct DigestValue {
  std::array<uint8_t, 32> bytes{};
  uint8_t size = 0;

  std::span<const uint8_t> view() const { return {bytes.data(), size}; }
};

DigestValue digest(Algorithm algorithm, std::span<const std::string_view> pieces);

// Hash of "user:realm:password": what is stored in place of a password.
DigestValue make_ha1(Algorithm algorithm, std::string_view user, std::string_view realm,
                     std::string_view password);

// What a response is made from. Without `qop` it is the form of RFC 2069, which RFC 3261 22.4 still
// asks servers for.
struct DigestInput {
  std::string_view method;
  std::string_view uri;  // as the credentials say it
  std::string_view nonce;
  std::string_view qop;  // "auth", "auth-int" or empty
  std::string_view nc;
  std::string_view cnonce;
  std::string_view body = {};  // what auth-int covers as well
};

// Case-insensitive.
bool is_auth_int(std::string_view qop);

inline constexpr size_t kDigestTextMax = 64;

// The response in lower-case hexadecimal; `out` holds kDigestTextMax.
std::string_view write_response(Algorithm algorithm, std::span<const uint8_t> ha1,
                                const DigestInput& input, std::span<char> out);

}  // namespace tipring::auth

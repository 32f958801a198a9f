// Hashes and key derivation, from a library behind the port. No call here touches the heap except
// pbkdf2_sha256, which is for the admin thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tipring::port {

using Md5Digest = std::array<uint8_t, 16>;
using Sha256Digest = std::array<uint8_t, 32>;

// Hash of all pieces one after the other.
Md5Digest md5(std::span<const std::string_view> pieces);
Sha256Digest sha256(std::span<const std::string_view> pieces);

// Compares without telling by its time where the first difference is. False when sizes differ.
bool equal_constant_time(std::string_view a, std::string_view b);

Sha256Digest pbkdf2_sha256(std::string_view password, std::string_view salt, uint32_t rounds);

// Overwrites a secret so that the compiler cannot leave it out.
void wipe(std::span<char> secret);

}  // namespace tipring::port

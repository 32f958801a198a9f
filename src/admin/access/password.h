// What is kept of an administrator's password: PBKDF2 with HMAC-SHA-256 (RFC 8018 5.2).
#pragma once

#include <string_view>

#include "port/entropy.h"
#include "port/time.h"
#include "store/admin_rows.h"

namespace tipring::admin {

inline constexpr size_t kAdminPasswordMin = 10;
inline constexpr size_t kAdminPasswordMax = 128;
inline constexpr size_t kAdminNameMax = 64;

// The rounds that take about a seventh of a second here, within bounds that suit small boards and
// fast machines.
uint32_t measure_rounds(const port::Clock& clock);

// Sets salt, rounds and hash.
void set_password(store::AdminAccountRow& row, std::string_view password, uint32_t rounds,
                  port::Entropy& entropy);
bool is_password(const store::AdminAccountRow& row, std::string_view password);

// What is wrong, as a sentence that says what is allowed; null when it is right.
const char* fault_of_admin_name(std::string_view name);
const char* fault_of_admin_password(std::string_view name, std::string_view password);

}  // namespace tipring::admin

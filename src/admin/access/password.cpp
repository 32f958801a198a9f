#include "admin/access/password.h"

#include <algorithm>

#include "core/text.h"
#include "port/crypto.h"

namespace tipring::admin {

namespace {

constexpr uint32_t kTrialRounds = 4000;
constexpr int64_t kWantedMs = 150;
constexpr uint32_t kRoundsMin = 60'000;
constexpr uint32_t kRoundsMax = 600'000;

port::Sha256Digest derive(std::string_view password,
                          const std::array<uint8_t, store::kAdminSaltBytes>& salt,
                          uint32_t rounds) {
  return port::pbkdf2_sha256(password, {reinterpret_cast<const char*>(salt.data()), salt.size()},
                             rounds);
}

template <class Bytes>
std::string_view text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

uint32_t measure_rounds(const port::Clock& clock) {
  const auto begin = clock.monotonic_fine();
  derive("measured", {}, kTrialRounds);
  const int64_t took_us = std::max<int64_t>(1, (clock.monotonic_fine() - begin).count());
  const int64_t rounds = int64_t{kTrialRounds} * kWantedMs * 1000 / took_us;
  return static_cast<uint32_t>(std::clamp<int64_t>(rounds, kRoundsMin, kRoundsMax));
}

void set_password(store::AdminAccountRow& row, std::string_view password, uint32_t rounds,
                  port::Entropy& entropy) {
  entropy.fill(std::as_writable_bytes(std::span(row.salt)));
  row.rounds = rounds;
  row.hash = derive(password, row.salt, rounds);
}

bool is_password(const store::AdminAccountRow& row, std::string_view password) {
  const port::Sha256Digest hash = derive(password, row.salt, row.rounds);
  return port::equal_constant_time(text_of(hash), text_of(row.hash));
}

const char* fault_of_admin_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '.' || c == '-' ||
           c == '_';
  });
  return !name.empty() && name.size() <= kAdminNameMax && plain
             ? nullptr
             : "name: 1 to 64 letters, digits, dots, hyphens and underscores";
}

const char* fault_of_admin_password(std::string_view name, std::string_view password) {
  if (password.size() < kAdminPasswordMin || password.size() > kAdminPasswordMax)
    return "password: 10 to 128 bytes";
  if (password.find(name) != std::string_view::npos) return "password: must not hold the name";
  if (std::all_of(password.begin(), password.end(), [&](char c) { return c == password[0]; }))
    return "password: not one character again and again";
  return nullptr;
}

}  // namespace tipring::admin

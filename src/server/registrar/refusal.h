// What went wrong with a REGISTER: nothing was stored.
#pragma once

#include <cstdint>
#include <string_view>

#include "sip/status.h"

namespace tipring::registrar {

struct Refusal {
  uint16_t status = 0;           // 0: nothing is wrong
  std::string_view reason = {};  // empty: the default phrase
  std::string_view key = {};     // of the capacity that is exhausted: 503
  bool is_too_many = false;      // the user has as many registrations as he may have

  explicit operator bool() const { return status != 0; }
};

inline Refusal shortage(std::string_view key) {
  return {sip::status::kServiceUnavailable, {}, key};
}

}  // namespace tipring::registrar

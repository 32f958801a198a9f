// What the writers give, as tests compare it.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "port/address.h"
#include "sdp/description.h"
#include "sdp/edit.h"

namespace tipring::test {

inline port::SocketAddress endpoint(std::string_view ip, uint16_t number) {
  const auto parsed = port::parse_ip(ip);
  REQUIRE(parsed);
  return {*parsed, number};
}

// `text` read and written with the changes.
inline std::string edited(std::string_view text, const sdp::Edit& edit) {
  const auto description = sdp::parse_description(text);
  REQUIRE(description);
  std::array<char, 4096> out;
  const auto size = sdp::write_edited(*description, edit, out);
  REQUIRE(size);
  return {out.data(), *size};
}

}  // namespace tipring::test

#include "rtp/g711.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

using namespace tipring::rtp;

TEST_CASE("g711: known codes of the mu-law" * doctest::description("ITU-T G.711 table 2; R18.4")) {
  CHECK(encode(Law::Mu, 0) == 0xff);
  CHECK(encode(Law::Mu, -1) == 0x7f);
  CHECK(encode(Law::Mu, 32767) == 0x80);
  CHECK(encode(Law::Mu, -32768) == 0x00);
  CHECK(encode(Law::Mu, 1000) == 0xce);
  CHECK(encode(Law::Mu, -1000) == 0x4e);
  CHECK(decode(Law::Mu, 0xff) == 0);
  CHECK(decode(Law::Mu, 0x7f) == 0);
  CHECK(decode(Law::Mu, 0x80) == 32124);
  CHECK(decode(Law::Mu, 0x00) == -32124);
  CHECK(decode(Law::Mu, 0xce) == 988);
}

TEST_CASE("g711: known codes of the A-law" * doctest::description("ITU-T G.711 table 1; R18.4")) {
  CHECK(encode(Law::A, 0) == 0xd5);
  CHECK(encode(Law::A, -1) == 0x55);
  CHECK(encode(Law::A, 32767) == 0xaa);
  CHECK(encode(Law::A, -32768) == 0x2a);
  CHECK(encode(Law::A, 1000) == 0xfa);
  CHECK(encode(Law::A, -1000) == 0x7a);
  CHECK(decode(Law::A, 0xd5) == 8);
  CHECK(decode(Law::A, 0x55) == -8);
  CHECK(decode(Law::A, 0xaa) == 32256);
  CHECK(decode(Law::A, 0x2a) == -32256);
  CHECK(decode(Law::A, 0xfa) == 1008);
}

TEST_CASE("g711: every code stands for a sample that is written as that code") {
  for (const Law law : {Law::Mu, Law::A}) {
    for (int code = 0; code < 256; ++code) {
      const auto byte = static_cast<uint8_t>(code);
      // Two codes of the mu-law are zero; the positive one is written.
      if (law == Law::Mu && byte == 0x7f) continue;
      CAPTURE(code);
      CHECK(encode(law, decode(law, byte)) == byte);
    }
  }
}

TEST_CASE("g711: a sample comes back within half a step of its segment") {
  for (const Law law : {Law::Mu, Law::A}) {
    for (int sample = -32768; sample <= 32767; ++sample) {
      const int back = decode(law, encode(law, static_cast<int16_t>(sample)));
      const int size = std::abs(sample);
      if (size > 32100) continue;  // clipped
      REQUIRE(std::abs(back - sample) <= std::max(16, size / 24));
    }
  }
}

TEST_CASE("g711: both laws fall silent where the sample does, and grow with it") {
  for (const Law law : {Law::Mu, Law::A}) {
    int before = -40000;
    for (int sample = -32768; sample <= 32767; ++sample) {
      const int back = decode(law, encode(law, static_cast<int16_t>(sample)));
      REQUIRE(back >= before);
      before = back;
    }
  }
}

TEST_CASE("g711: frames are written sample by sample") {
  const std::vector<int16_t> samples = {0, 1000, -1000};
  std::vector<uint8_t> bytes(3);
  encode(Law::A, samples, bytes);
  CHECK(bytes == std::vector<uint8_t>{0xd5, 0xfa, 0x7a});
  std::vector<int16_t> back(3);
  decode(Law::A, bytes, back);
  CHECK(back == std::vector<int16_t>{8, 1008, -1008});
}

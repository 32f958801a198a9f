#include "rtp/wav.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;
using namespace tipring::rtp;

namespace {

std::string file_of(WavFormat format, const std::string& data) {
  const auto header = make_wav_header(format, static_cast<uint32_t>(data.size()));
  return std::string(header.begin(), header.end()) + data;
}

std::string with(std::string file, size_t at, const std::string& bytes) {
  return file.replace(at, bytes.size(), bytes);
}

}  // namespace

TEST_CASE("wav: what was written is read") {
  const std::string pcm = file_of(WavFormat::Pcm16, std::string("\x01\x00\xff\xff\x00\x80", 6));
  const auto wav = parse_wav(pcm);
  REQUIRE(wav);
  REQUIRE(wav->samples() == 3);
  CHECK(wav->sample(0) == 1);
  CHECK(wav->sample(1) == -1);
  CHECK(wav->sample(2) == -32768);

  const std::string mu = file_of(WavFormat::MuLaw, "\xff\x80");
  CHECK(parse_wav(mu)->sample(1) == 32124);
  const std::string a = file_of(WavFormat::ALaw, "\xd5\xaa");
  CHECK(parse_wav(a)->sample(1) == 32256);
}

TEST_CASE("wav: chunks of other kinds are passed over, with their byte of padding") {
  const std::string plain = file_of(WavFormat::MuLaw, "ab");
  const std::string list = std::string("LIST\x03\x00\x00\x00odd\x00", 12);
  const std::string file = plain.substr(0, 12) + list + plain.substr(12);
  const auto wav = parse_wav(file);
  REQUIRE(wav);
  CHECK(wav->samples() == 2);
}

TEST_CASE("wav: hostile and foreign files are refused with their reason") {
  const std::string good = file_of(WavFormat::Pcm16, "abcd");
  REQUIRE(parse_wav(good));
  CHECK(parse_wav(std::string()).error() == WavFault::NotWav);
  CHECK(parse_wav(with(good, 0, "RIFX")).error() == WavFault::NotWav);
  CHECK(parse_wav(with(good, 8, "AVI ")).error() == WavFault::NotWav);
  CHECK(parse_wav(with(good, 20, std::string("\x03\x00", 2))).error() == WavFault::Encoding);
  CHECK(parse_wav(with(good, 34, std::string("\x08\x00", 2))).error() == WavFault::Encoding);
  CHECK(parse_wav(with(good, 22, std::string("\x02\x00", 2))).error() == WavFault::Channels);
  CHECK(parse_wav(with(good, 24, std::string("\x44\xac", 2))).error() == WavFault::Rate);
  CHECK(parse_wav(with(good, 12, "junk")).error() == WavFault::NoFormat);
  CHECK(parse_wav(with(good, 16, std::string("\xff\xff\xff\xff", 4))).error() == WavFault::Cut);
  CHECK(parse_wav(with(good, 54, std::string("\xff\xff\xff\xff", 4))).error() == WavFault::Cut);
  CHECK(parse_wav(with(good, 54, std::string("\x03\x00\x00\x00", 4))).error() == WavFault::NoData);
  CHECK(parse_wav(file_of(WavFormat::Pcm16, "")).error() == WavFault::NoData);
  for (size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_wav(good.substr(0, size)));
  }
}

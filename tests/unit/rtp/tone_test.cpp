#include "rtp/tone.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "rtp/g711.h"

using namespace tipring::rtp;

TEST_CASE("tone: what is made is found, at its frequency alone") {
  std::vector<int16_t> samples(800);
  ToneGenerator tone(700, 10000);
  tone.fill(samples);
  CHECK(tone_share(samples, 700) > 0.99);
  CHECK(tone_share(samples, 600) < 0.01);
  CHECK(tone_share(samples, 800) < 0.01);
  CHECK(std::abs(rms(samples) - 10000 / std::sqrt(2.0)) < 50);
}

TEST_CASE("tone: it goes on across frames") {
  std::vector<int16_t> whole(640);
  ToneGenerator(440, 8000).fill(whole);
  std::vector<int16_t> pieces(640);
  ToneGenerator tone(440, 8000);
  for (size_t at = 0; at < 640; at += 160) tone.fill(std::span(pieces).subspan(at, 160));
  CHECK(pieces == whole);
}

TEST_CASE("tone: G.711 keeps it") {
  std::vector<int16_t> samples(800);
  ToneGenerator(1000, 12000).fill(samples);
  for (const Law law : {Law::Mu, Law::A}) {
    std::vector<int16_t> back;
    for (const int16_t sample : samples) back.push_back(decode(law, encode(law, sample)));
    CHECK(tone_share(back, 1000) > 0.99);
  }
}

TEST_CASE("tone: there is none in silence") {
  CHECK(tone_share(std::vector<int16_t>(160, 0), 700) == 0);
  CHECK(rms(std::vector<int16_t>(160, 0)) == 0);
  CHECK(rms({}) == 0);
}

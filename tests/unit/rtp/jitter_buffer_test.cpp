#include "rtp/jitter_buffer.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tipring::rtp;

namespace {

std::vector<int16_t> ramp(uint32_t timestamp, size_t count = 160) {
  std::vector<int16_t> samples(count);
  for (size_t i = 0; i < count; ++i) samples[i] = static_cast<int16_t>(timestamp + i + 1);
  return samples;
}

std::vector<int16_t> take(JitterBuffer& buffer, size_t count) {
  std::vector<int16_t> out(count);
  buffer.take(out);
  return out;
}

}  // namespace

TEST_CASE("jitter buffer: silence until something comes, then the delay, then the sound") {
  JitterBuffer buffer;
  std::vector<int16_t> out(160, 9);
  CHECK_FALSE(buffer.take(out));
  CHECK(out == std::vector<int16_t>(160, 0));
  buffer.put(1, 0, ramp(0));
  CHECK(buffer.take(out));
  CHECK(take(buffer, JitterBuffer::kDelay - 160) ==
        std::vector<int16_t>(JitterBuffer::kDelay - 160, 0));
  CHECK(take(buffer, 160) == ramp(0));
}

TEST_CASE("jitter buffer: another order, doubles and other frames are put right") {
  JitterBuffer buffer;
  buffer.put(1, 0, ramp(0));
  buffer.put(1, 320, ramp(320));
  buffer.put(1, 160, ramp(160, 80));
  buffer.put(1, 240, ramp(240, 80));
  buffer.put(1, 320, ramp(320));
  take(buffer, JitterBuffer::kDelay);
  CHECK(take(buffer, 480) == ramp(0, 480));
}

TEST_CASE("jitter buffer: what never comes is silent, and what was heard is not heard again") {
  JitterBuffer buffer;
  buffer.put(1, 0, ramp(0));
  buffer.put(1, 320, ramp(320));
  take(buffer, JitterBuffer::kDelay + 160);
  CHECK(take(buffer, 160) == std::vector<int16_t>(160, 0));
  CHECK(take(buffer, 160) == ramp(320));
  CHECK(take(buffer, JitterBuffer::kSamples) == std::vector<int16_t>(JitterBuffer::kSamples, 0));
}

TEST_CASE("jitter buffer: a packet whose time is over is not heard, and counted") {
  JitterBuffer buffer;
  buffer.put(1, 0, ramp(0));
  take(buffer, JitterBuffer::kDelay + 320);
  buffer.put(1, 160, ramp(160));
  CHECK(buffer.late() == 1);
  CHECK(take(buffer, 160) == std::vector<int16_t>(160, 0));
}

TEST_CASE("jitter buffer: a source that is late for good is heard again after some packets") {
  JitterBuffer buffer;
  buffer.put(1, 0, ramp(0));
  take(buffer, 2000);
  uint32_t timestamp = 160;
  for (int i = 0; i < 11; ++i, timestamp += 160) {
    buffer.put(1, timestamp, ramp(timestamp));
    take(buffer, 160);
  }
  buffer.put(1, timestamp, ramp(timestamp));
  bool heard = false;
  for (int i = 0; i < 5; ++i) heard = take(buffer, 160) == ramp(timestamp) || heard;
  CHECK(heard);
}

TEST_CASE("jitter buffer: a jump or another source begins anew") {
  JitterBuffer buffer;
  buffer.put(1, 0, ramp(0));
  buffer.put(1, 100000, ramp(100000));
  take(buffer, JitterBuffer::kDelay);
  CHECK(take(buffer, 160) == ramp(100000));
  buffer.put(2, 5, ramp(5));
  take(buffer, JitterBuffer::kDelay);
  CHECK(take(buffer, 160) == ramp(5));
}

TEST_CASE("jitter buffer: timestamps go round") {
  JitterBuffer buffer;
  const uint32_t begin = 0xffffffff - 100;
  buffer.put(1, begin, ramp(begin));
  buffer.put(1, begin + 160, ramp(begin + 160));
  take(buffer, JitterBuffer::kDelay);
  CHECK(take(buffer, 320) == ramp(begin, 320));
}

#include "rtp/telephone_event.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tipring;
using namespace tipring::rtp;

namespace {

std::vector<uint8_t> payload_of(const EventPayload& event) {
  std::vector<char> bytes(kEventBytes);
  write_event(event, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("event: payload on the wire" * doctest::description("RFC 4733 2.3")) {
  CHECK(payload_of({11, true, 10, 800}) == std::vector<uint8_t>{11, 0x8a, 0x03, 0x20});
  const Result<EventPayload> read = parse_event(std::vector<uint8_t>{11, 0x8a, 0x03, 0x20});
  REQUIRE(read);
  CHECK(read->event == 11);
  CHECK(read->end);
  CHECK(read->volume == 10);
  CHECK(read->duration == 800);
  CHECK_FALSE(parse_event(std::vector<uint8_t>{11, 0x8a, 0x03}));
}

TEST_CASE("event: keys and their numbers" * doctest::description("RFC 4733 3.2 table 3")) {
  CHECK(*event_of('0') == 0);
  CHECK(*event_of('9') == 9);
  CHECK(*event_of('*') == 10);
  CHECK(*event_of('#') == 11);
  CHECK(*event_of('A') == 12);
  CHECK(*event_of('d') == 15);
  CHECK_FALSE(event_of('e'));
  CHECK(*key_of(10) == '*');
  CHECK_FALSE(key_of(16));
}

TEST_CASE("event sender: one event grows, and its end is sent three times" *
          doctest::description("RFC 4733 2.5.1.2 to 2.5.1.4")) {
  EventSender sender;
  CHECK(sender.idle());
  REQUIRE(sender.push('5'));
  std::vector<uint16_t> durations;
  int markers = 0;
  int ends = 0;
  for (uint32_t timestamp = 1000; !sender.idle(); timestamp += 160) {
    const auto due = sender.next(timestamp, 160);
    if (!due) continue;
    CHECK(due->timestamp == 1000);
    CHECK(due->event.event == 5);
    durations.push_back(due->event.duration);
    markers += due->marker ? 1 : 0;
    ends += due->event.end ? 1 : 0;
  }
  CHECK(durations == std::vector<uint16_t>{160, 320, 480, 640, 800, 800, 800});
  CHECK(markers == 1);
  CHECK(ends == 3);
}

TEST_CASE("event sender: the next key has a time of its own, after a pause") {
  EventSender sender;
  REQUIRE(sender.push('1'));
  REQUIRE(sender.push('1'));
  std::vector<uint32_t> begins;
  bool paused = false;
  for (uint32_t timestamp = 0; !sender.idle(); timestamp += 160) {
    const auto due = sender.next(timestamp, 160);
    if (!due) paused = true;
    if (due && due->marker) begins.push_back(due->timestamp);
  }
  REQUIRE(begins.size() == 2);
  CHECK(begins[1] - begins[0] > 800);
  CHECK(paused);
}

TEST_CASE("event sender: so many keys wait, and what is no key is refused") {
  EventSender sender;
  CHECK(sender.push('x').error() == Error::Invalid);
  for (size_t i = 0; i < EventSender::kKeysMax; ++i) REQUIRE(sender.push('1'));
  CHECK(sender.push('1').error() == Error::PoolExhausted);
}

TEST_CASE("event receiver: a key is told once, whichever of its packets come" *
          doctest::description("RFC 4733 2.5.2")) {
  EventReceiver receiver;
  const auto begin = payload_of({7, false, 10, 160});
  const auto end = payload_of({7, true, 10, 800});
  CHECK(receiver.on_packet(1, 1000, begin) == '7');
  CHECK_FALSE(receiver.on_packet(1, 1000, begin));
  CHECK_FALSE(receiver.on_packet(1, 1000, end));
  CHECK(receiver.on_packet(1, 3000, end) == '7');    // all but its end was lost
  CHECK_FALSE(receiver.on_packet(1, 1000, end));     // late
  CHECK(receiver.on_packet(2, 1000, begin) == '7');  // another source
  CHECK_FALSE(receiver.on_packet(2, 2000, payload_of({64, false, 0, 0})));  // no key
}

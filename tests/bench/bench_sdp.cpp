// What a session description costs: nanoseconds to read it, to read it and write it with our own
// addresses for the other leg of a relayed call, and to read and answer it.
//
// Usage: bench_sdp [rounds]. Each figure is the best of ten runs.

#include <array>
#include <cstdio>
#include <string_view>

#include "sdp/edit.h"
#include "sdp/local.h"
#include "tests/support/measure.h"

namespace {

using namespace tipring;

constexpr std::string_view kPhone =
    "v=0\r\n"
    "o=- 1871234567 2001234567 IN IP4 192.0.2.11\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.11\r\n"
    "t=0 0\r\n"
    "m=audio 10042 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

constexpr std::string_view kVideo =
    "v=0\r\n"
    "o=bert 3127 1412 IN IP4 203.0.113.40\r\n"
    "s=Talk\r\n"
    "c=IN IP4 203.0.113.40\r\n"
    "t=0 0\r\n"
    "a=ice-pwd:4d2f7ad1d1b0b1ba0f1c2f3e\r\n"
    "a=ice-ufrag:51b8c1b7\r\n"
    "m=audio 7078 RTP/AVP 96 0 8 97\r\n"
    "a=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 useinbandfec=1\r\n"
    "a=rtpmap:97 telephone-event/8000\r\n"
    "a=candidate:1 1 UDP 2130706303 192.168.1.20 7078 typ host\r\n"
    "a=candidate:1 2 UDP 2130706302 192.168.1.20 7079 typ host\r\n"
    "a=candidate:2 1 UDP 1694498815 203.0.113.40 7078 typ srflx raddr 192.168.1.20 rport 7078\r\n"
    "m=video 9078 RTP/AVP 96 97\r\n"
    "a=rtpmap:96 VP8/90000\r\n"
    "a=rtpmap:97 H264/90000\r\n"
    "a=fmtp:97 profile-level-id=42801F\r\n"
    "a=candidate:1 1 UDP 2130706303 192.168.1.20 9078 typ host\r\n"
    "a=candidate:1 2 UDP 2130706302 192.168.1.20 9079 typ host\r\n";

constexpr port::IpAddress kOwn = {{192, 0, 2, 1}, 0, port::Family::V4};
std::array<char, 4096> g_out;

size_t read(std::string_view text) {
  const auto description = sdp::parse_description(text);
  return description ? description->media().size() : 0;
}

size_t relay(std::string_view text) {
  const auto description = sdp::parse_description(text);
  if (!description) return 0;
  const sdp::OriginValues origin{"-", 5, 1, kOwn};
  sdp::Edit edit = sdp::relay_edit(kOwn);
  edit.origin = &origin;
  for (size_t i = 0; i < description->media().size(); ++i)
    edit.media[i] = sdp::relayed(description->sections[i], {kOwn, 20000}, 20001);
  return sdp::write_edited(*description, edit, g_out).value_or(0);
}

size_t answer(std::string_view text) {
  constexpr std::array kCodecs = {sdp::kPcmu, sdp::kPcma, sdp::kTelephoneEvent};
  const auto description = sdp::parse_description(text);
  if (!description) return 0;
  sdp::LocalMedia media;
  media.codecs = kCodecs;
  media.rtp = {kOwn, 20000};
  sdp::LocalSession session;
  session.origin.address = kOwn;
  session.media = {&media, 1};
  const auto written = sdp::write_answer(*description, session, g_out);
  return written ? written->size : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned rounds = test::rounds_of(argc, argv, 100000);
  constexpr struct {
    const char* name;
    std::string_view text;
  } kTexts[] = {{"phone", kPhone}, {"video, ICE", kVideo}};
  std::printf("%-12s %6s %8s %14s %15s\n", "description", "bytes", "read ns", "read+relay ns",
              "read+answer ns");
  for (const auto& entry : kTexts) {
    const auto measure = [&](size_t (*operation)(std::string_view)) {
      return test::best_nanoseconds(rounds, [&] { return operation(entry.text); });
    };
    std::printf("%-12s %6zu %8.0f %14.0f %15.0f\n", entry.name, entry.text.size(), measure(read),
                measure(relay), measure(answer));
  }
  return 0;
}

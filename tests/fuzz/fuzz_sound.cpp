// What a phone hears and plays: RTP, RTCP and events of its peer, and WAV files. The first byte says
// which; packets go on from one input to the next, as a stream does.
#include <array>
#include <memory>
#include <vector>

#include "fuzz/fuzz.h"
#include "rtp/jitter_buffer.h"
#include "rtp/packet.h"
#include "rtp/reception.h"
#include "rtp/rtcp.h"
#include "rtp/telephone_event.h"
#include "rtp/wav.h"

namespace {

using namespace tipring;

struct Listener {
  rtp::JitterBuffer buffer;
  rtp::Reception reception;
  rtp::EventReceiver keys;
  Millis now{0};
};

void hear(std::string_view bytes, Listener& listener) {
  const auto packet = rtp::parse_packet(bytes);
  if (!packet) return;
  fuzz::check(packet->payload.size() + rtp::kHeaderBytes <= bytes.size(), "a payload is inside");
  const rtp::Header& header = packet->header;
  listener.reception.on_packet(header, 8000, listener.now);
  fuzz::check(listener.reception.report(listener.now).lost <= 0x7fffff, "24 bits with a sign");
  listener.keys.on_packet(header.ssrc, header.timestamp, packet->payload);
  const std::vector<int16_t> samples(packet->payload.size(), 1);
  listener.buffer.put(header.ssrc, header.timestamp, samples);
  std::array<int16_t, 160> frame;
  fuzz::check(listener.buffer.take(frame), "something has come");
}

void read_file(std::string_view bytes) {
  const auto wav = rtp::parse_wav(bytes);
  if (!wav) return;
  fuzz::check(wav->samples() > 0, "a sound has samples");
  wav->sample(0);
  wav->sample(wav->samples() - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto listener = std::make_unique<Listener>();
  if (size < 1) return 0;
  const fuzz::Input input(data + 1, size - 1);
  listener->now += Millis(20);
  if (data[0] % 3 == 0) hear(input.view(), *listener);
  if (data[0] % 3 == 1) {
    const auto news = rtp::parse_rtcp(input.view(), 7);
    fuzz::check(!news || !news->about_us || news->about_us->ssrc == 7, "of a block about us");
  }
  if (data[0] % 3 == 2) read_file(input.view());
  return 0;
}

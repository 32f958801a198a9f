#include "rtp/audio_stream.h"

#include <algorithm>
#include <cerrno>

#include "core/assert.h"
#include "rtp/packet.h"

namespace tipring::rtp {

namespace {

constexpr int kPortTries = 32;
constexpr int kReceiveBufferBytes = 256 * 1024;
constexpr int64_t kReportMs = 5000;  // RFC 3550 6.2

}  // namespace

AudioStream::AudioStream(const AudioDependencies& dependencies, AudioUser& user)
    : dependencies_(dependencies), user_(user) {
  const uint64_t random = dependencies_.entropy.u64();
  ssrc_ = static_cast<uint32_t>(random);
  timestamp_ = static_cast<uint32_t>(random >> 32);
  sequence_ = static_cast<uint16_t>(dependencies_.entropy.u64());
}

AudioStream::~AudioStream() { close(); }

int AudioStream::open(const port::IpAddress& local, uint16_t first, uint16_t last,
                      std::string_view cname) {
  const uint32_t pairs = first < last ? (last - first + 1U - first % 2U) / 2 : 0;
  if (pairs == 0) return EINVAL;
  cname_size_ = std::min(cname.size(), kCnameMax);
  std::copy_n(cname.begin(), cname_size_, cname_.begin());
  const uint32_t begin = static_cast<uint32_t>(dependencies_.entropy.u64() % pairs);
  int error = EADDRINUSE;
  for (uint32_t i = 0; i < std::min<uint32_t>(pairs, kPortTries); ++i) {
    const auto number = static_cast<uint16_t>(first + first % 2 + 2 * ((begin + i) % pairs));
    port::Network& network = dependencies_.network;
    rtp_ = network.open_datagram({{local, number}, kReceiveBufferBytes}, *this, error);
    if (!rtp_) continue;
    const port::SocketAddress next{local, static_cast<uint16_t>(number + 1)};
    rtcp_ = network.open_datagram({next, kReceiveBufferBytes}, *this, error);
    if (rtcp_) return 0;
    rtp_.reset();
  }
  return error;
}

void AudioStream::set(const AudioSettings& settings) {
  TIPRING_ASSERT(is_open());
  settings_ = settings;
  if (!settings.receives) buffer_.clear();
  const Millis now = dependencies_.loop.now();
  if (!tick_.armed()) dependencies_.timers.start(tick_, now + kFrameTime);
  if (!report_.armed()) dependencies_.timers.start(report_, now + Millis(kReportMs / 2));
}

void AudioStream::close() {
  if (!is_open()) return;
  if (reported_) send_report(true);
  tick_.cancel();
  report_.cancel();
  rtcp_.reset();
  rtp_.reset();
}

Result<void> AudioStream::send_key(char key) {
  if (settings_.event_payload_type == AudioSettings::kNone) return Error::Unsupported;
  return keys_out_.push(key);
}

bool AudioStream::sends() const {
  return settings_.sends && settings_.rtp.ip.family != port::Family::None &&
         settings_.rtp.port != 0;
}

// The timestamp goes on whether we send or not: it is time.
void AudioStream::on_tick(Millis now) {
  dependencies_.timers.start(tick_, now + kFrameTime);
  if (sends()) {
    send_frame();
  } else {
    talking_ = false;
  }
  timestamp_ += kFrameSamples;
  if (!settings_.receives) return;
  Frame heard;
  if (buffer_.take(heard)) user_.on_heard(heard);
}

void AudioStream::send_frame() {
  std::array<char, kHeaderBytes + kFrameSamples> packet;
  Header header{settings_.payload_type, false, sequence_, timestamp_, ssrc_};
  Frame frame{};
  // Sound goes on under the keys, unheard, so that it is in time afterwards.
  if (!user_.on_send(frame)) frame.fill(0);
  if (const auto key = keys_out_.next(timestamp_, kFrameSamples)) {
    header.payload_type = settings_.event_payload_type;
    header.timestamp = key->timestamp;
    header.marker = key->marker;
    write_event(key->event, std::span(packet).subspan(kHeaderBytes));
    send_packet(header, std::span(packet).first(kHeaderBytes + kEventBytes));
  } else {
    header.marker = !talking_;  // RFC 3551 4.1
    for (size_t i = 0; i < kFrameSamples; ++i) {
      packet[kHeaderBytes + i] = static_cast<char>(encode(settings_.law, frame[i]));
    }
    send_packet(header, packet);
  }
  talking_ = true;
}

void AudioStream::send_packet(const Header& header, std::span<char> packet) {
  write_header(header, packet);
  ++sequence_;
  ++sent_;
  sent_octets_ += static_cast<uint32_t>(packet.size() - kHeaderBytes);
  const port::OutgoingDatagram datagram{packet, settings_.rtp, rtp_->local()};
  rtp_->send({&datagram, 1});  // what the kernel refuses is lost, as on the network
}

void AudioStream::on_readable(port::DatagramSocket& socket) {
  std::array<std::array<char, kDatagramMax>, kBatch> buffers;
  std::array<port::DatagramSlot, kBatch> slots;
  for (size_t i = 0; i < kBatch; ++i) slots[i].buffer = buffers[i];
  const size_t count = socket.receive(slots);
  const Millis now = dependencies_.loop.now();
  for (size_t i = 0; i < count; ++i) {
    if (rtp_ == nullptr) return;  // a key has ended the call
    const port::DatagramSlot& slot = slots[i];
    const std::span<const char> bytes(buffers[i].data(), slot.size);
    // Behind a NAT the port may be another one than the peer has said.
    if (slot.truncated || slot.remote.ip != settings_.rtp.ip) {
      ++strange_;
    } else if (&socket == rtcp_.get() || is_rtcp(bytes)) {
      on_rtcp(bytes, now);
    } else {
      on_rtp(bytes, now);
    }
  }
}

void AudioStream::on_rtp(std::span<const char> datagram, Millis now) {
  const Result<Packet> packet = parse_packet(datagram);
  if (!packet || packet->header.ssrc == ssrc_) {
    ++strange_;
    return;
  }
  const Header& header = packet->header;
  const bool is_event = header.payload_type == settings_.event_payload_type_in;
  reception_.on_packet(header, is_event ? 0 : kSampleRate, now);
  if (!settings_.receives) return;
  if (is_event) {
    if (const auto key = keys_in_.on_packet(header.ssrc, header.timestamp, packet->payload)) {
      user_.on_key(*key);
    }
    return;
  }
  if (header.payload_type != 0 && header.payload_type != 8) return;  // RFC 3551 6
  std::array<int16_t, kDatagramMax> samples;
  const std::span<int16_t> decoded = std::span(samples).first(packet->payload.size());
  decode(header.payload_type == 0 ? Law::Mu : Law::A, packet->payload, decoded);
  buffer_.put(header.ssrc, header.timestamp, decoded);
}

void AudioStream::on_rtcp(std::span<const char> datagram, Millis now) {
  const Result<RtcpNews> news = parse_rtcp(datagram, ssrc_);
  if (!news) {
    ++strange_;
    return;
  }
  if (news->sender_ssrc) {
    reception_.on_sender_report(*news->sender_ssrc, news->ntp_middle, now);
  }
  if (!news->about_us || news->about_us->last_report == 0) return;
  // 6.4.1: by the 16.16 fixed-point clock that the peer has sent back.
  const uint32_t arrived = ntp_middle(dependencies_.clock.wall());
  const uint32_t trip = arrived - news->about_us->last_report - news->about_us->since_last_report;
  if (trip < 10U << 16) round_trip_ms_ = static_cast<uint32_t>(uint64_t{trip} * 1000 >> 16);
}

// From half to one and a half times the interval, so that not all report at once (6.3.1).
void AudioStream::on_report(Millis now) {
  send_report(false);
  const auto spread = static_cast<int64_t>(dependencies_.entropy.u64() % kReportMs);
  dependencies_.timers.start(report_, now + Millis(kReportMs / 2 + spread));
}

void AudioStream::send_report(bool bye) {
  if (settings_.rtcp.ip.family == port::Family::None || settings_.rtcp.port == 0) return;
  RtcpReport report;
  report.ssrc = ssrc_;
  report.cname = {cname_.data(), cname_size_};
  report.bye = bye;
  if (talking_) report.sender = {dependencies_.clock.wall(), timestamp_, sent_, sent_octets_};
  if (reception_.heard()) report.reception = reception_.report(dependencies_.loop.now());
  std::array<char, kRtcpBytesMax> packet;
  const size_t size = write_rtcp(report, packet);
  port::DatagramSocket& socket = settings_.rtcp == settings_.rtp ? *rtp_ : *rtcp_;
  const port::OutgoingDatagram datagram{std::span(packet).first(size), settings_.rtcp,
                                        socket.local()};
  socket.send({&datagram, 1});
  reported_ = true;
}

AudioCounters AudioStream::counters() const {
  AudioCounters counters;
  counters.sent = sent_;
  counters.received = static_cast<uint32_t>(reception_.received());
  counters.lost = static_cast<uint32_t>(std::max<int64_t>(reception_.lost(), 0));
  counters.late = buffer_.late();
  counters.strange = strange_;
  counters.jitter_ms = reception_.jitter() / (kSampleRate / 1000);
  counters.round_trip_ms = round_trip_ms_;
  return counters;
}

}  // namespace tipring::rtp

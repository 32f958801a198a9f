// One stream of sound of a phone: RTP and RTCP on two ports of its own, G.711 in frames of 20 ms
// both ways, keys as events. RFC 3550, RFC 3551, RFC 4733, RFC 5761.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/timer_wheel.h"
#include "port/datagram.h"
#include "port/entropy.h"
#include "port/loop.h"
#include "port/network.h"
#include "rtp/g711.h"
#include "rtp/jitter_buffer.h"
#include "rtp/reception.h"
#include "rtp/rtcp.h"
#include "rtp/telephone_event.h"

namespace tipring::rtp {

inline constexpr size_t kFrameSamples = 160;  // 20 ms
inline constexpr Millis kFrameTime{20};
using Frame = std::array<int16_t, kFrameSamples>;

// What is said, what is heard, and the keys: asked and told every 20 ms from the loop.
class AudioUser {
 public:
  // Fills the next frame to send; false: nothing to say, silence is sent.
  virtual bool on_send(std::span<int16_t> frame) = 0;
  // While there is somebody to be heard.
  virtual void on_heard(std::span<const int16_t> frame) = 0;
  virtual void on_key(char key) = 0;

 protected:
  ~AudioUser() = default;
};

struct AudioDependencies {
  port::Network& network;
  const port::Loop& loop;
  const port::Clock& clock;
  TimerWheel& timers;
  port::Entropy& entropy;
};

// What both sides have agreed on.
struct AudioSettings {
  static constexpr uint8_t kNone = 0xff;

  port::SocketAddress rtp;   // of the peer; an address of no family: nothing is sent
  port::SocketAddress rtcp;  // the same
  Law law = Law::Mu;
  uint8_t payload_type = 0;               // in what we send
  uint8_t event_payload_type = kNone;     // the same for keys
  uint8_t event_payload_type_in = kNone;  // in what comes
  bool sends = true;
  bool receives = true;
};

struct AudioCounters {
  uint32_t sent = 0;  // packets
  uint32_t received = 0;
  uint32_t lost = 0;
  uint32_t late = 0;     // too late to be heard
  uint32_t strange = 0;  // from elsewhere, or nothing that can be read
  uint32_t jitter_ms = 0;
  uint32_t round_trip_ms = 0;  // by the peer's reports; 0: not known
};

class AudioStream final : private port::DatagramHandler {
 public:
  AudioStream(const AudioDependencies& dependencies, AudioUser& user);
  ~AudioStream();
  AudioStream(const AudioStream&) = delete;
  AudioStream& operator=(const AudioStream&) = delete;

  // Binds an even port and the next one at `local`, both from `first` to `last`, chosen by chance.
  // Returns an errno value, 0 for success. `cname` is kept: it names this host (RFC 7022) and is
  // short.
  int open(const port::IpAddress& local, uint16_t first, uint16_t last, std::string_view cname);
  bool is_open() const { return rtp_ != nullptr; }
  port::SocketAddress local() const { return rtp_ ? rtp_->local() : port::SocketAddress{}; }

  // From now on; the first time it begins to run. REQUIRES: is_open().
  void set(const AudioSettings& settings);
  const AudioSettings& settings() const { return settings_; }

  // Errors: as EventSender::push(), and Unsupported where the peer takes no events.
  Result<void> send_key(char key);
  bool sends_keys() const { return !keys_out_.idle(); }

  // Says BYE by RTCP, and closes the ports.
  void close();

  AudioCounters counters() const;

 private:
  static constexpr size_t kBatch = 8;
  static constexpr size_t kDatagramMax = 1500;
  static constexpr size_t kCnameMax = 64;

  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}
  void on_rtp(std::span<const char> datagram, Millis now);
  void on_rtcp(std::span<const char> datagram, Millis now);
  void on_tick(Millis now);
  void on_report(Millis now);
  void send_frame();
  void send_packet(const Header& header, std::span<char> packet);
  void send_report(bool bye);
  bool sends() const;

  AudioDependencies dependencies_;
  AudioUser& user_;
  AudioSettings settings_;
  std::unique_ptr<port::DatagramSocket> rtp_;
  std::unique_ptr<port::DatagramSocket> rtcp_;
  MemberTimer<AudioStream, &AudioStream::on_tick> tick_{*this};
  MemberTimer<AudioStream, &AudioStream::on_report> report_{*this};
  JitterBuffer buffer_;
  Reception reception_;
  EventSender keys_out_;
  EventReceiver keys_in_;
  uint32_t ssrc_ = 0;
  uint32_t timestamp_ = 0;
  uint16_t sequence_ = 0;
  bool talking_ = false;  // the last frame was sent
  bool reported_ = false;
  uint32_t sent_ = 0;
  uint32_t sent_octets_ = 0;
  uint32_t strange_ = 0;
  uint32_t round_trip_ms_ = 0;
  std::array<char, kCnameMax> cname_{};
  size_t cname_size_ = 0;
};

}  // namespace tipring::rtp

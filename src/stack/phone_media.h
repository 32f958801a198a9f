// The sound of one call: its descriptions, offers and answers (RFC 3264), and the stream that they
// agree on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rtp/audio_stream.h"
#include "rtp/wav_recorder.h"
#include "sdp/local.h"
#include "stack/layers.h"
#include "tipring/call.h"

namespace tipring::stack {

class PhoneMediaUser {
 public:
  virtual void on_media_key(char key) = 0;
  virtual void on_media_played() = 0;
  virtual void on_media_heard(std::span<const int16_t> frame) = 0;

 protected:
  ~PhoneMediaUser() = default;
};

class PhoneMedia final : private rtp::AudioUser {
 public:
  static constexpr size_t kTextMax = 4096;
  using Text = std::array<char, kTextMax>;

  PhoneMedia(Layers& layers, const StackOptions& options, PhoneMediaUser& user);

  // Takes two ports at `local`, once for each call. Returns an errno value, 0 for success.
  int open(const port::IpAddress& local);
  // Gives everything back; a recording is completed.
  void close();
  bool is_open() const { return stream_ != nullptr; }

  // What we want from the next offer or answer on.
  void set_hold(bool hold) { hold_ = hold; }
  bool hold() const { return hold_; }
  // By the peer's last description.
  bool held_by_peer() const { return held_by_peer_; }

  // A description of ours, written into `out`; empty where there is no room for it.
  std::string_view write_offer(Text& out);
  // The peer's answer to it. False: nothing in it that we could go on with.
  bool take_answer(std::string_view answer);
  // Our answer to an offer of the peer, which counts from now on. Empty: 488.
  std::string_view answer_offer(std::string_view offer, Text& out);

  bool send_keys(std::string_view keys);
  void play(const Sound& sound, bool repeats);
  int record(const std::string& path);
  int stop_recording();
  CallStatistics statistics() const;

 private:
  // Of an m= section, so that later offers keep its place: RFC 3264 8.
  struct Section {
    std::string type;
    std::string protocol;
    bool ours = false;
  };

  bool on_send(std::span<int16_t> frame) override;
  void on_heard(std::span<const int16_t> frame) override;
  void on_key(char key) override { user_.on_media_key(key); }

  sdp::LocalMedia own_media() const;
  void agree_on(const sdp::Description& remote, const sdp::Media& media, const sdp::Agreed& agreed,
                bool we_offered);
  sdp::OriginValues origin_of(uint64_t version) const;

  Layers& layers_;
  PhoneMediaUser& user_;
  uint16_t first_port_;
  uint16_t last_port_;
  std::vector<sdp::Codec> codecs_;
  // Made when the call begins, so that each has numbers of its own.
  std::optional<rtp::AudioStream> room_;
  rtp::AudioStream* stream_ = nullptr;
  port::IpAddress local_;
  sdp::LocalOrigin origin_;
  std::vector<Section> sections_;  // none: nothing has been said yet
  bool hold_ = false;
  bool held_by_peer_ = false;
  Sound sound_;
  size_t played_ = 0;
  bool repeats_ = false;
  std::unique_ptr<rtp::WavRecorder> recorder_;
};

}  // namespace tipring::stack

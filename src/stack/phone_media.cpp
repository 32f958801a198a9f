#include "stack/phone_media.h"

#include <algorithm>

#include "core/text.h"
#include "sdp/rules.h"

namespace tipring::stack {

namespace {

constexpr uint64_t kSessionIdMask = (uint64_t{1} << 62) - 1;
constexpr uint16_t kPacketTimeMs = 20;

std::vector<sdp::Codec> codecs_of(const StackOptions& options) {
  std::vector<sdp::Codec> codecs;
  for (const std::string& name : options.codecs) {
    if (iequals(name, "PCMU")) codecs.push_back(sdp::kPcmu);
    if (iequals(name, "PCMA")) codecs.push_back(sdp::kPcma);
  }
  codecs.push_back(sdp::kTelephoneEvent);
  return codecs;
}

// Where RTCP goes: the port beside, unless the description says otherwise.
port::SocketAddress rtcp_of(const sdp::Media& media) {
  const uint16_t number =
      media.rtcp_number != 0 ? media.rtcp_number : static_cast<uint16_t>(media.number + 1);
  return {media.connection.ip, number};
}

}  // namespace

PhoneMedia::PhoneMedia(Layers& layers, const StackOptions& options, PhoneMediaUser& user)
    : layers_(layers),
      user_(user),
      first_port_(options.media_port_first),
      last_port_(options.media_port_last),
      codecs_(codecs_of(options)) {}

int PhoneMedia::open(const port::IpAddress& local) {
  rtp::AudioUser& user = *this;
  const rtp::AudioDependencies dependencies{layers_.network, layers_.loop, layers_.clock,
                                            layers_.timers, layers_.entropy};
  room_.emplace(dependencies, user);
  std::array<char, 16> name;
  const int error =
      room_->open(local, first_port_, last_port_, write_hex_u64(layers_.entropy.u64(), name));
  if (error != 0) {
    room_.reset();
    return error;
  }
  stream_ = &*room_;
  local_ = local;
  origin_ = sdp::LocalOrigin(layers_.entropy.u64() & kSessionIdMask);
  return 0;
}

void PhoneMedia::close() {
  stream_ = nullptr;
  room_.reset();
  recorder_.reset();
  sound_ = {};
  sections_.clear();
  hold_ = held_by_peer_ = false;
}

sdp::LocalMedia PhoneMedia::own_media() const {
  sdp::LocalMedia media;
  media.codecs = codecs_;
  media.rtp = stream_->local();
  media.packet_time_ms = kPacketTimeMs;
  media.direction = hold_ ? sdp::Direction::SendOnly : sdp::Direction::SendRecv;
  media.single_codec = true;
  return media;
}

sdp::OriginValues PhoneMedia::origin_of(uint64_t version) const {
  return {"-", origin_.session_id(), version, local_};
}

// What has been rejected once keeps its place, with port 0.
std::string_view PhoneMedia::write_offer(Text& out) {
  std::array<sdp::LocalMedia, sdp::kMediaMax> media;
  size_t count = 0;
  for (const Section& section : sections_) {
    media[count] = own_media();
    if (!section.ours) {
      media[count].type = section.type;
      media[count].protocol = section.protocol;
      media[count].rtp.port = 0;
    }
    ++count;
  }
  if (count == 0) media[count++] = own_media();
  sdp::LocalSession session;
  session.media = std::span(media).first(count);
  const Result<size_t> size = origin_.write(out, [&](uint64_t version) {
    session.origin = origin_of(version);
    return sdp::write_offer(session, out);
  });
  return size ? std::string_view(out.data(), *size) : std::string_view();
}

bool PhoneMedia::take_answer(std::string_view answer) {
  const auto description = sdp::parse_description(answer);
  if (!description) return false;
  const std::span<const sdp::Media> media = description->media();
  const sdp::LocalMedia own = own_media();
  for (size_t i = 0; i < media.size(); ++i) {
    if (i < sections_.size() && !sections_[i].ours) continue;
    const sdp::Agreed agreed = sdp::agree(media[i], own);
    if (agreed.local == nullptr) return false;
    agree_on(*description, media[i], agreed, true);
    if (sections_.empty()) sections_ = {{"audio", "RTP/AVP", true}};
    return true;
  }
  return false;
}

std::string_view PhoneMedia::answer_offer(std::string_view offer, Text& out) {
  const auto description = sdp::parse_description(offer);
  if (!description) return {};
  const sdp::LocalMedia own = own_media();
  sdp::LocalSession session;
  session.media = {&own, 1};
  sdp::Answer answer;
  const Result<size_t> size = origin_.write(out, [&](uint64_t version) -> Result<size_t> {
    session.origin = origin_of(version);
    const Result<sdp::Answer> written = sdp::write_answer(*description, session, out);
    if (!written) return written.error();
    answer = *written;
    return answer.size;
  });
  if (!size || answer.accepted == 0) return {};
  const std::span<const sdp::Media> media = description->media();
  sections_.clear();
  for (size_t i = 0; i < media.size(); ++i) {
    const bool ours = answer.media[i].local != nullptr;
    sections_.push_back({std::string(media[i].type), std::string(media[i].protocol), ours});
    if (ours) agree_on(*description, media[i], answer.media[i], false);
  }
  return {out.data(), *size};
}

void PhoneMedia::agree_on(const sdp::Description& remote, const sdp::Media& media,
                          const sdp::Agreed& agreed, bool we_offered) {
  rtp::AudioSettings settings;
  const bool reachable = media.connection.kind == sdp::AddressKind::Ip && media.is_active();
  if (reachable) {
    settings.rtp = {media.connection.ip, media.number};
    settings.rtcp = agreed.rtcp_mux ? settings.rtp : rtcp_of(media);
  }
  settings.law = iequals(agreed.codec->name, "PCMA") ? rtp::Law::A : rtp::Law::Mu;
  settings.payload_type = agreed.payload_type;
  settings.event_payload_type = agreed.event_payload_type;
  settings.event_payload_type_in =
      we_offered ? sdp::kTelephoneEvent.payload_type : agreed.event_payload_type;
  settings.sends = sdp::sends(agreed.direction) && !media.connection.is_silent();
  settings.receives = sdp::receives(agreed.direction);
  held_by_peer_ = sdp::is_held(remote);
  stream_->set(settings);
}

bool PhoneMedia::send_keys(std::string_view keys) {
  if (stream_ == nullptr || keys.empty()) return false;
  return std::all_of(keys.begin(), keys.end(),
                     [&](char key) { return stream_->send_key(key).has_value(); });
}

void PhoneMedia::play(const Sound& sound, bool repeats) {
  sound_ = sound;
  played_ = 0;
  repeats_ = repeats;
}

int PhoneMedia::record(const std::string& path) {
  // It may be of the same file.
  (void)stop_recording();
  auto recorder = std::make_unique<rtp::WavRecorder>();
  const int error = recorder->open(layers_.files, layers_.workers, path);
  if (error == 0) recorder_ = std::move(recorder);
  return error;
}

int PhoneMedia::stop_recording() {
  if (recorder_ == nullptr) return 0;
  const int error = recorder_->close();
  recorder_.reset();
  return error;
}

bool PhoneMedia::on_send(std::span<int16_t> frame) {
  if (sound_.empty()) return false;
  size_t filled = 0;
  while (filled < frame.size() && played_ < sound_.size()) {
    const size_t count = std::min(frame.size() - filled, sound_.size() - played_);
    std::copy_n(sound_.data() + played_, count, frame.data() + filled);
    filled += count;
    played_ += count;
    if (played_ == sound_.size() && repeats_) played_ = 0;
  }
  std::fill(frame.begin() + static_cast<std::ptrdiff_t>(filled), frame.end(), int16_t{0});
  if (played_ == sound_.size()) {
    sound_ = {};
    user_.on_media_played();
  }
  return true;
}

void PhoneMedia::on_heard(std::span<const int16_t> frame) {
  if (recorder_ != nullptr) recorder_->write(frame);
  user_.on_media_heard(frame);
}

CallStatistics PhoneMedia::statistics() const {
  CallStatistics statistics;
  if (stream_ == nullptr) return statistics;
  const rtp::AudioCounters counters = stream_->counters();
  statistics.sent = counters.sent;
  statistics.received = counters.received;
  statistics.lost = counters.lost;
  statistics.late = counters.late;
  statistics.jitter_ms = counters.jitter_ms;
  statistics.round_trip_ms = counters.round_trip_ms;
  return statistics;
}

}  // namespace tipring::stack

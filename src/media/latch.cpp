#include "media/latch.h"

#include <algorithm>

namespace tipring::media {

namespace {

// Of sequence numbers, after the losses of some seconds at most; RFC 3550 A.1 uses the same.
constexpr int kDropoutMax = 3000;

bool goes_forward(uint16_t from, uint16_t to) {
  const auto step = static_cast<int16_t>(static_cast<uint16_t>(to - from));
  return step > 0 && step < kDropoutMax;
}

}  // namespace

void Latch::expect(const ExpectedPeer& peer, Millis now) {
  if (open_ && peer == peer_) return;
  const bool same_host = peer.described == peer_.described &&
                         peer.signalling.ip == peer_.signalling.ip &&
                         peer.elsewhere == peer_.elsewhere;
  if (!open_ || !same_host) *this = Latch();
  peer_ = peer;
  open_ = learning_ = true;
  run_ = 0;
  candidate_ = {};
  opened_ = now;
}

void Latch::shut() { *this = Latch(); }

Latch::Fit Latch::fit_of(const port::SocketAddress& source, const port::IpAddress* rtp_host) const {
  if (source == peer_.described) return Fit::Described;
  // Its RTP has shown which host it is.
  if (rtp_host != nullptr) return source.ip == *rtp_host ? Fit::SameHost : Fit::Stranger;
  if (source.ip == peer_.signalling.ip || source.ip == peer_.described.ip) return Fit::SameHost;
  return peer_.elsewhere ? Fit::Elsewhere : Fit::Stranger;
}

bool Latch::admit(const port::SocketAddress& source, const PacketMark& mark, Millis now,
                  const port::IpAddress* rtp_host) {
  if (!open_) return false;
  if (known() && source == source_) {
    go_on(mark, now);
    return true;
  }
  const Fit fit = fit_of(source, rtp_host);
  // Who has been learnt from elsewhere always yields to who fits.
  if ((learning_ || fit_ == Fit::Elsewhere) && fit >= Fit::SameHost) {
    // A keepalive or a handshake shows an address; RTP from another one of the same fit shows a
    // better one.
    const bool better = fit > fit_ || (fit == fit_ && mark.has_sequence && !has_ssrc_);
    if (better) {
      adopt(source, fit, mark, 1, now);
      return true;
    }
  }
  const bool may_follow =
      learning_ ? fit != Fit::Stranger && fit >= fit_ : is_rebound(source, fit, mark);
  if (!may_follow) return false;
  const Millis quiet_since = known() ? heard_ : opened_;
  const bool in_row = fills_row(source, mark);
  if (!in_row || now - quiet_since < kSilence) return false;
  adopt(source, fit, mark, kRun, now);
  return true;
}

// One more packet from the address that we know.
void Latch::go_on(const PacketMark& mark, Millis now) {
  heard_ = now;
  candidate_.run = 0;
  if (!mark.has_ssrc) return;
  if (has_ssrc_ && mark.ssrc != ssrc_) {
    // A new stream from the same place: who sends it may move on to another one.
    learning_ = true;
    opened_ = now;
    run_ = 0;
  } else if (has_ssrc_ && mark.has_sequence && !goes_forward(sequence_, mark.sequence)) {
    return;  // late or repeated
  }
  has_ssrc_ = true;
  ssrc_ = mark.ssrc;
  sequence_ = mark.sequence;
  if (run_ < kRun) ++run_;
  if (run_ == kRun) learning_ = false;
}

// After learning: the same stream from another port, because a NAT has given it a new one.
bool Latch::is_rebound(const port::SocketAddress& source, Fit fit, const PacketMark& mark) const {
  return (fit >= Fit::SameHost || source.ip == source_.ip) && has_ssrc_ && mark.has_ssrc &&
         mark.ssrc == ssrc_ && (!mark.has_sequence || goes_forward(sequence_, mark.sequence));
}

// Whether this is the last of five equal packets, or one behind them.
bool Latch::fills_row(const port::SocketAddress& source, const PacketMark& mark) {
  if (!mark.has_ssrc) return false;
  const bool same = candidate_.run != 0 && candidate_.source == source &&
                    candidate_.ssrc == mark.ssrc &&
                    (!mark.has_sequence || goes_forward(candidate_.sequence, mark.sequence));
  const auto run = static_cast<uint8_t>(same ? candidate_.run + 1 : 1);
  candidate_ = {source, mark.ssrc, mark.sequence, std::min(run, kRun)};
  return candidate_.run == kRun;
}

void Latch::adopt(const port::SocketAddress& source, Fit fit, const PacketMark& mark, uint8_t run,
                  Millis now) {
  source_ = source;
  fit_ = fit;
  has_ssrc_ = mark.has_ssrc;
  ssrc_ = mark.ssrc;
  sequence_ = mark.sequence;
  run_ = mark.has_ssrc ? run : 0;
  learning_ = run_ < kRun;
  heard_ = now;
  candidate_ = {};
}

}  // namespace tipring::media

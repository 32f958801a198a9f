#include "rtp/audio_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "port/sim/sim_host.h"
#include "rtp/tone.h"

using namespace tipring;
using namespace tipring::rtp;

namespace {

// A host with one stream that plays a tone and keeps what it hears.
class Talker final : public AudioUser, private port::TurnHandler {
 public:
  Talker(port::SimWorld& world, const char* name, const char* address, uint32_t hertz)
      : host(world.make_host(name, {*port::parse_ip(address)})),
        wheel(host.loop().now()),
        driver(host.loop(), wheel),
        tone(hertz, 8000),
        stream({host.network(), host.loop(), host.clock(), wheel, host.entropy()}, *this) {
    host.loop().set_turn_handler(this);
    REQUIRE(stream.open(host.addresses().front(), 4000, 4019, "talker") == 0);
  }
  ~Talker() { host.loop().set_turn_handler(nullptr); }

  AudioSettings settings_to(const Talker& other, Law law = Law::Mu) const {
    AudioSettings settings;
    settings.rtp = settings.rtcp = other.stream.local();
    ++settings.rtcp.port;
    settings.law = law;
    settings.payload_type = law == Law::Mu ? 0 : 8;
    settings.event_payload_type = settings.event_payload_type_in = 101;
    return settings;
  }
  void start(const AudioSettings& settings) {
    stream.set(settings);
    driver.on_turn_end(host.loop().now());
  }
  std::span<const int16_t> last_heard(size_t samples) const {
    REQUIRE(heard.size() >= samples);
    return std::span(heard).last(samples);
  }

  port::SimHost& host;
  TimerWheel wheel;
  TimerDriver driver;
  ToneGenerator tone;
  std::vector<int16_t> heard;
  std::string keys;
  AudioStream stream;

 private:
  bool on_send(std::span<int16_t> frame) override {
    tone.fill(frame);
    return true;
  }
  void on_heard(std::span<const int16_t> frame) override {
    heard.insert(heard.end(), frame.begin(), frame.end());
  }
  void on_key(char key) override { keys += key; }
  void on_turn_end(Millis now) override { driver.on_turn_end(now); }
};

struct Pair {
  Pair() {
    a.start(a.settings_to(b));
    b.start(b.settings_to(a));
  }
  port::SimWorld world{3};
  Talker a{world, "a", "10.0.0.1", 700};
  Talker b{world, "b", "10.0.0.2", 1100};
};

}  // namespace

TEST_CASE("stream: the tone played in is the tone that arrives, both ways" *
          doctest::description("RFC 3550; R18.4")) {
  port::SimWorld world(5);
  Talker a(world, "a", "10.0.0.1", 700);
  Talker b(world, "b", "10.0.0.2", 1100);
  SUBCASE("by both mu-law") {
    a.start(a.settings_to(b));
    b.start(b.settings_to(a));
  }
  SUBCASE("each by its own law") {
    a.start(a.settings_to(b, Law::A));
    b.start(b.settings_to(a, Law::Mu));
  }
  world.run_for(Millis(2000));
  CHECK(tone_share(b.last_heard(8000), 700) > 0.98);
  CHECK(tone_share(a.last_heard(8000), 1100) > 0.98);
  CHECK(b.stream.counters().received >= 95);
  CHECK(b.stream.counters().received <= 100);
  CHECK(b.stream.counters().lost == 0);
}

TEST_CASE("stream: jitter and doubled packets are not heard") {
  Pair pair;
  port::SimLink& link = pair.world.link(pair.a.host, pair.b.host);
  link.delay_max = Millis(40);
  link.duplicate_per_mille = 200;
  pair.world.run_for(Millis(3000));
  CHECK(tone_share(pair.b.last_heard(16000), 700) > 0.98);
  CHECK(pair.b.stream.counters().late == 0);
  CHECK(pair.b.stream.counters().jitter_ms > 2);
}

TEST_CASE("stream: what is lost is a gap, and counted") {
  Pair pair;
  pair.world.link(pair.a.host, pair.b.host).loss_per_mille = 100;
  pair.world.run_for(Millis(5000));
  const AudioCounters counters = pair.b.stream.counters();
  CHECK(counters.lost > 5);
  CHECK(counters.lost + counters.received >= 245);
  CHECK(tone_share(pair.b.last_heard(32000), 700) > 0.8);
}

TEST_CASE("stream: on hold nothing is sent, and afterwards the sound is there again") {
  Pair pair;
  pair.world.run_for(Millis(1000));
  AudioSettings held = pair.a.settings_to(pair.b);
  held.sends = false;
  pair.a.start(held);
  pair.world.run_for(Millis(1000));
  const uint32_t sent = pair.a.stream.counters().sent;
  CHECK(rms(pair.b.last_heard(4000)) == 0);
  CHECK(tone_share(pair.a.last_heard(4000), 1100) > 0.98);
  pair.world.run_for(Millis(1000));
  CHECK(pair.a.stream.counters().sent == sent);
  pair.a.start(pair.a.settings_to(pair.b));
  pair.world.run_for(Millis(1000));
  CHECK(tone_share(pair.b.last_heard(4000), 700) > 0.98);
  CHECK(pair.b.stream.counters().lost == 0);
}

TEST_CASE("stream: what comes while nothing is wanted is not heard") {
  Pair pair;
  AudioSettings deaf = pair.b.settings_to(pair.a);
  deaf.receives = false;
  pair.b.start(deaf);
  pair.world.run_for(Millis(1000));
  CHECK(pair.b.heard.empty());
}

TEST_CASE("stream: keys arrive once each, in order, also over a bad line" *
          doctest::description("RFC 4733 2.5")) {
  Pair pair;
  pair.world.link(pair.a.host, pair.b.host).loss_per_mille = 200;
  for (const char key : std::string("1122*#0D")) REQUIRE(pair.a.stream.send_key(key));
  CHECK(pair.a.stream.sends_keys());
  pair.world.run_for(Millis(4000));
  CHECK_FALSE(pair.a.stream.sends_keys());
  CHECK(pair.b.keys == "1122*#0D");
}

TEST_CASE("stream: no keys to a peer that takes none") {
  Pair pair;
  AudioSettings settings = pair.a.settings_to(pair.b);
  settings.event_payload_type = AudioSettings::kNone;
  pair.a.start(settings);
  CHECK(pair.a.stream.send_key('1').error() == Error::Unsupported);
}

TEST_CASE("stream: packets from elsewhere are not heard") {
  port::SimWorld world(5);
  Talker a(world, "a", "10.0.0.1", 700);
  Talker b(world, "b", "10.0.0.2", 1100);
  Talker stranger(world, "c", "10.0.0.3", 900);
  b.start(b.settings_to(a));
  stranger.start(stranger.settings_to(b));
  world.run_for(Millis(1000));
  CHECK(b.heard.empty());
  CHECK(b.stream.counters().strange > 40);
}

TEST_CASE("stream: reports tell the round trip" * doctest::description("RFC 3550 6.4.1")) {
  Pair pair;
  pair.world.link(pair.a.host, pair.b.host).delay_min = Millis(30);
  pair.world.link(pair.a.host, pair.b.host).delay_max = Millis(30);
  pair.world.run_for(Millis(20000));
  CHECK(pair.a.stream.counters().round_trip_ms >= 30);
  CHECK(pair.a.stream.counters().round_trip_ms <= 33);
  CHECK(pair.b.stream.counters().strange == 0);
}

TEST_CASE("stream: RTP and RTCP may share one port" * doctest::description("RFC 5761 4")) {
  Pair pair;
  AudioSettings both = pair.a.settings_to(pair.b);
  both.rtcp = both.rtp;
  pair.a.start(both);
  AudioSettings back = pair.b.settings_to(pair.a);
  back.rtcp = back.rtp;
  pair.b.start(back);
  pair.world.run_for(Millis(20000));
  CHECK(pair.b.stream.counters().strange == 0);
  CHECK(pair.a.stream.counters().round_trip_ms > 0);
  CHECK(tone_share(pair.b.last_heard(8000), 700) > 0.98);
}

TEST_CASE("stream: an even port and the next one, each pair once; no more when all are taken") {
  port::SimWorld world(5);
  Talker a(world, "a", "10.0.0.1", 700);
  CHECK(a.stream.local().port % 2 == 0);
  CHECK(a.stream.local().port >= 4000);
  CHECK(a.stream.local().port < 4020);
  std::vector<std::unique_ptr<AudioStream>> others;
  const AudioDependencies dependencies{a.host.network(), a.host.loop(), a.host.clock(), a.wheel,
                                       a.host.entropy()};
  for (int i = 0; i < 9; ++i) {
    others.push_back(std::make_unique<AudioStream>(dependencies, a));
    REQUIRE(others.back()->open(a.host.addresses().front(), 4000, 4019, "") == 0);
  }
  AudioStream last(dependencies, a);
  CHECK(last.open(a.host.addresses().front(), 4000, 4019, "") != 0);
  CHECK_FALSE(last.is_open());
  CHECK(last.open(a.host.addresses().front(), 4001, 4001, "") != 0);
}

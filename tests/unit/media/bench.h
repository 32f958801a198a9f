// A relay on a simulated host, one call through it, and phones on other hosts.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "media/call_media.h"
#include "media/relay.h"
#include "packets.h"
#include "port/sim/sim_host.h"
#include "sdp/description.h"
#include "unit/core/test_arena.h"

namespace tipring::media::test {

inline port::SocketAddress at(std::string_view ip, uint16_t port) {
  return {*port::parse_ip(ip), port};
}

// "v=0 …" of one stream of sound, with `lines` behind it.
inline std::string session(const std::string& ip, const std::string& media) {
  const std::string family = ip.find(':') == std::string::npos ? "IP4 " : "IP6 ";
  return "v=0\r\no=peer 1 1 IN " + family + ip + "\r\ns=-\r\nc=IN " + family + ip +
         "\r\nt=0 0\r\n" + media;
}
inline std::string audio(const std::string& ip, uint16_t port, const std::string& lines = "") {
  return session(ip, "m=audio " + std::to_string(port) + " RTP/AVP 0 101\r\n" +
                         "a=rtpmap:101 telephone-event/8000\r\n" + lines);
}

// Two ports of a phone.
class Phone final : private port::DatagramHandler {
 public:
  struct Packet {
    std::string bytes;
    port::SocketAddress from;
    bool control = false;  // came on the port of RTCP
  };

  Phone(port::SimHost& host, std::string_view ip, uint16_t number) {
    int error = 0;
    for (size_t i = 0; i < sockets_.size(); ++i) {
      const port::SocketAddress bind = at(ip, static_cast<uint16_t>(number + i));
      sockets_[i] = host.network().open_datagram({bind}, *this, error);
      REQUIRE(sockets_[i] != nullptr);
    }
  }

  void send(const port::SocketAddress& to, const std::string& bytes, bool control = false) {
    const port::OutgoingDatagram datagram{bytes, to, {}};
    CHECK(sockets_[control ? 1 : 0]->send({&datagram, 1}) == 1);
  }
  // The next one of its own stream.
  void speak(const port::SocketAddress& to) {
    ++rtp.sequence;
    rtp.timestamp += 160;
    send(to, test::rtp(rtp));
  }

  RtpFields rtp;
  std::vector<Packet> heard;

 private:
  void on_readable(port::DatagramSocket& socket) override {
    std::array<char, 4096> buffer;
    port::DatagramSlot slot;
    slot.buffer = buffer;
    while (socket.receive({&slot, 1}) == 1) {
      heard.push_back(
          {std::string(buffer.data(), slot.size), slot.remote, &socket == sockets_[1].get()});
    }
  }
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  std::array<std::unique_ptr<port::DatagramSocket>, 2> sockets_;
};

// Four calls' worth: five streams.
inline constexpr Limits kLimits = {50, 100, 8, 8, 4, 64, 32, 0, 4};
inline constexpr uint16_t kFirstPort = 30000;

class Bench : private port::TurnHandler, public CallMediaObserver {
 public:
  explicit Bench(const RelayOptions& options = {}, const Limits& limits = kLimits)
      : server(world.make_host("server",
                               {*port::parse_ip("10.0.0.1"), *port::parse_ip("2001:db8::1")})),
        slots(arena.get().take<LogSlot>(64)),
        ring(slots),
        log(ring, server.clock(), LogLevel::Info),
        slabs(arena, {16, 16, 16, 16, 4}),
        wheel(server.clock().monotonic()),
        driver(server.loop(), wheel),
        relay({server.network(), server.loop(), wheel, slabs, arena, server.entropy(), log}, limits,
              {kFirstPort, 30099}) {
    relay.set_options(options);
    server.loop().set_turn_handler(this);
    caller = leg(Side::Caller, "10.0.0.2");
    callee = leg(Side::Callee, "10.0.0.3");
  }
  virtual ~Bench() { server.loop().set_turn_handler(nullptr); }

  MediaLeg leg(Side side, std::string_view signalling) {
    MediaLeg made;
    made.side = side;
    made.signalling = at(signalling, 5060);
    made.local = server.network().source_for(made.signalling.ip);
    made.origin = relay.new_origin();
    return made;
  }
  MediaLeg& leg(Side side) { return side == Side::Caller ? caller : callee; }

  // The text for the other side, or the fault.
  std::string offer(CallMedia& call, MediaLeg& from, MediaLeg& to, const std::string& text) {
    const auto description = sdp::parse_description(text);
    REQUIRE(description);
    const auto size = call.write_offer(from, *description, to, out_);
    return size ? std::string(out_.data(), *size) : std::string(to_text(size.error()));
  }
  std::string answer(CallMedia& call, MediaLeg& from, MediaLeg& to, const std::string& text) {
    const auto description = sdp::parse_description(text);
    REQUIRE(description);
    const auto size = call.write_answer(from, *description, to, out_);
    on_turn_end(server.loop().now());  // as if a message had brought it
    return size ? std::string(out_.data(), *size) : std::string(to_text(size.error()));
  }
  // Of the one call.
  std::string offer(Side from, const std::string& text) {
    return offer(media, leg(from), leg(other(from)), text);
  }
  std::string answer(Side from, const std::string& text) {
    return answer(media, leg(from), leg(other(from)), text);
  }

  void run_for(int64_t ms) { world.run_for(Millis(ms)); }

  port::SimWorld world{1};
  port::SimHost& server;
  TestArena arena;
  std::span<LogSlot> slots;
  LogRing ring;
  Log log;
  MessageSlabs slabs;
  TimerWheel wheel;
  TimerDriver driver;
  Relay relay;
  MediaLeg caller;
  MediaLeg callee;
  std::vector<Side> silences;
  CallMedia media{relay, *this};

 private:
  void on_turn_end(Millis now) override { driver.on_turn_end(now); }
  void on_silence(CallMedia&, Side side) override { silences.push_back(side); }

  std::array<char, 8192> out_;
};

// A call of Anna (10.0.0.2) and Bob (10.0.0.3) that is relayed, and has been answered.
class RelayedBench final : public Bench {
 public:
  explicit RelayedBench(RelayOptions options = {}) : Bench(relayed(options)) {
    to_callee = offer(Side::Caller, audio("10.0.0.2", 4000));
    to_caller = answer(Side::Callee, audio("10.0.0.3", 5000));
    media.settle();
  }

  // Both speak for so many packets.
  void talk(int packets) {
    for (int i = 0; i < packets; ++i) {
      anna.speak(toward_anna());
      bob.speak(toward_bob());
      run_for(20);
    }
  }

  // Our ports toward each.
  port::SocketAddress toward_anna() const { return told(to_caller); }
  port::SocketAddress toward_bob() const { return told(to_callee); }
  static port::SocketAddress told(const std::string& text) {
    const auto description = sdp::parse_description(text);
    REQUIRE(description);
    const sdp::Media& section = description->sections[0];
    return {section.connection.ip, section.number};
  }
  static port::SocketAddress next(port::SocketAddress address) {
    ++address.port;
    return address;
  }

  port::SimHost& anna_host = world.make_host("anna", {*port::parse_ip("10.0.0.2")});
  port::SimHost& bob_host = world.make_host("bob", {*port::parse_ip("10.0.0.3")});
  Phone anna{anna_host, "10.0.0.2", 4000};
  Phone bob{bob_host, "10.0.0.3", 5000};
  std::string to_callee;
  std::string to_caller;

 private:
  static RelayOptions relayed(RelayOptions options) {
    options.mode = Mode::Relay;
    return options;
  }
};

}  // namespace tipring::media::test

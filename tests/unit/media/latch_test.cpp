#include "media/latch.h"

#include <doctest/doctest.h>

#include <string_view>

namespace tipring::media {
namespace {

port::SocketAddress at(std::string_view ip, uint16_t port) { return {*port::parse_ip(ip), port}; }

const port::SocketAddress kDescribed = at("192.0.2.1", 4000);
const port::SocketAddress kStranger = at("198.51.100.66", 6666);

// A phone with a public address, and one behind a NAT whose description names a private one.
const ExpectedPeer kPublic{kDescribed, at("192.0.2.1", 5060), false};
const ExpectedPeer kBehindNat{at("192.168.1.5", 4000), at("203.0.113.9", 61000), true};
const port::SocketAddress kMapped = at("203.0.113.9", 40123);

// Sends packets 20 ms apart, as a phone does.
struct Bench {
  explicit Bench(const ExpectedPeer& peer) { latch.expect(peer, now); }

  bool packet(const port::SocketAddress& from, uint32_t ssrc, uint16_t number) {
    return latch.admit(from, {ssrc, number, true, true}, now);
  }
  // Whether the last of `count` packets was let through.
  bool run(const port::SocketAddress& from, uint32_t ssrc, int count) {
    bool admitted = false;
    for (int i = 0; i < count; ++i) {
      now += Millis(20);
      admitted = packet(from, ssrc, ++sequence);
    }
    return admitted;
  }

  Latch latch;
  Millis now{1000};
  uint16_t sequence = 0;
};

TEST_CASE("latch: before any packet the description says where to send" *
          doctest::description("RFC 3264 5.1; R18.2")) {
  Bench bench(kPublic);
  CHECK(bench.latch.target() == kDescribed);
  CHECK_FALSE(bench.latch.known());
}

TEST_CASE("latch: nobody's packets pass while there is no peer" * doctest::description("R18.2")) {
  Latch latch;
  CHECK_FALSE(latch.admit(kDescribed, {1, 1, true, true}, Millis(0)));
  latch.expect(kPublic, Millis(0));
  CHECK(latch.admit(kDescribed, {1, 1, true, true}, Millis(0)));
  latch.shut();
  CHECK_FALSE(latch.admit(kDescribed, {1, 2, true, true}, Millis(1)));
  CHECK(latch.target().port == 0);
}

TEST_CASE("latch: the first packet from the peer's host moves the target there" *
          doctest::description("RFC 4961 4; R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kMapped, 1, 1));
  CHECK(bench.latch.target() == kMapped);
  CHECK(bench.latch.is_learning());
}

TEST_CASE("latch: five equal packets close learning" * doctest::description("R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kMapped, 1, 4));
  CHECK(bench.latch.is_learning());
  CHECK(bench.run(kMapped, 1, 1));
  CHECK_FALSE(bench.latch.is_learning());
  // Another port of the same router is another phone now, while this one sends.
  const port::SocketAddress neighbour = at("203.0.113.9", 50000);
  CHECK_FALSE(bench.run(neighbour, 2, 100));
  CHECK(bench.latch.target() == kMapped);
}

TEST_CASE("latch: packets that repeat or go back do not close learning" *
          doctest::description("RFC 3550 A.1; R18.2")) {
  Bench bench(kBehindNat);
  for (const int number : {10, 10, 9, 8, 10, 10})
    CHECK(bench.packet(kMapped, 1, static_cast<uint16_t>(number)));
  CHECK(bench.latch.is_learning());
}

TEST_CASE("latch: the described address goes before another port of the host" *
          doctest::description("R18.2")) {
  Bench bench(kPublic);
  CHECK(bench.run(at("192.0.2.1", 4444), 1, 2));
  CHECK(bench.run(kDescribed, 2, 1));
  CHECK(bench.latch.target() == kDescribed);
  CHECK_FALSE(bench.run(at("192.0.2.1", 4444), 1, 1));
}

TEST_CASE("latch: who sprays packets at the port of a public phone never gets in" *
          doctest::description("RTP bleed; R18.2")) {
  Bench bench(kPublic);
  bench.now += Millis(60'000);
  CHECK_FALSE(bench.run(kStranger, 7, 200));
  CHECK(bench.latch.target() == kDescribed);
  CHECK(bench.run(kDescribed, 1, 5));
  CHECK_FALSE(bench.run(kStranger, 7, 200));
  bench.now += Millis(60'000);  // the phone falls silent
  CHECK_FALSE(bench.run(kStranger, 7, 200));
  CHECK(bench.latch.target() == kDescribed);
}

TEST_CASE("latch: a stranger hears nothing of a phone behind a NAT that sends" *
          doctest::description("RTP bleed; R18.2")) {
  Bench bench(kBehindNat);
  // Ten packets of the stranger for each of the phone, before learning has closed and after it.
  for (uint16_t i = 1; i < 100; ++i) {
    bench.now += Millis(20);
    for (uint16_t j = 0; j < 10; ++j)
      CHECK_FALSE(bench.packet(kStranger, 7, static_cast<uint16_t>(10 * i + j)));
    CHECK(bench.packet(kMapped, 1, i));
    CHECK(bench.latch.target() == kMapped);
  }
}

TEST_CASE("latch: a peer from elsewhere is learnt when nobody better has spoken for a while" *
          doctest::description("R18.2")) {
  Bench bench(kBehindNat);  // its signalling comes through a proxy
  CHECK_FALSE(bench.run(kStranger, 7, 24));
  CHECK(bench.run(kStranger, 7, 1));  // half a second
  CHECK(bench.latch.target() == kStranger);
  // Not two of them.
  CHECK_FALSE(bench.run(at("198.51.100.67", 1), 8, 100));
}

TEST_CASE("latch: who was learnt from elsewhere yields at once to who fits" *
          doctest::description("RTP bleed; R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kStranger, 7, 50));
  CHECK(bench.run(kMapped, 1, 1));
  CHECK(bench.latch.target() == kMapped);
  CHECK_FALSE(bench.run(kStranger, 7, 50));
}

TEST_CASE("latch: five packets in a row that are not equal are no row" *
          doctest::description("R18.2")) {
  Bench bench(kBehindNat);
  bench.now += Millis(1000);
  for (uint32_t i = 0; i < 50; ++i) CHECK_FALSE(bench.run(kStranger, i, 1));
  for (uint16_t i = 0; i < 50; ++i) CHECK_FALSE(bench.run(at("198.51.100.66", i), 7, 1));
  for (int i = 0; i < 50; ++i) CHECK_FALSE(bench.packet(kStranger, 7, 5));
}

TEST_CASE("latch: another SSRC from the same address opens learning, from another it does not" *
          doctest::description("RFC 3550 8.2; R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kMapped, 1, 10));
  CHECK_FALSE(bench.run(at("203.0.113.9", 50000), 2, 10));
  CHECK_FALSE(bench.latch.is_learning());
  CHECK(bench.run(kMapped, 2, 1));
  CHECK(bench.latch.is_learning());
  // Elsewhere is not better for it.
  CHECK_FALSE(bench.run(kStranger, 7, 100));
  CHECK(bench.run(kMapped, 2, 4));
  CHECK_FALSE(bench.latch.is_learning());
}

TEST_CASE("latch: a NAT that gives the stream another port is followed, once the old one is quiet" *
          doctest::description("RFC 4787 4.3; R18.2")) {
  Bench bench(kBehindNat);
  const port::SocketAddress rebound = at("203.0.113.9", 40999);
  CHECK(bench.run(kMapped, 1, 50));
  CHECK_FALSE(bench.run(rebound, 1, 24));
  CHECK(bench.run(rebound, 1, 1));
  CHECK(bench.latch.target() == rebound);
}

TEST_CASE("latch: another stream of the host does not take the place of one that is quiet" *
          doctest::description("R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kMapped, 1, 50));
  CHECK_FALSE(bench.run(at("203.0.113.9", 40999), 2, 500));
  // Nor the same one from another host.
  CHECK_FALSE(bench.run(kStranger, 1, 500));
  CHECK(bench.latch.target() == kMapped);
}

TEST_CASE("latch: a peer that has changed is learnt anew" *
          doctest::description("RFC 3264 8.3.1; R18.2")) {
  Bench bench(kPublic);
  CHECK(bench.run(kDescribed, 1, 10));
  const ExpectedPeer moved{at("192.0.2.77", 5000), at("192.0.2.1", 5060), true};
  bench.latch.expect(moved, bench.now);
  CHECK(bench.latch.target() == moved.described);
  CHECK(bench.run(moved.described, 9, 1));
  CHECK(bench.latch.target() == moved.described);
}

TEST_CASE("latch: the same peer again changes nothing, another port of its signalling opens" *
          doctest::description("RFC 4028 7.4; R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.run(kMapped, 1, 10));
  bench.latch.expect(kBehindNat, bench.now);
  CHECK_FALSE(bench.latch.is_learning());
  ExpectedPeer rebound = kBehindNat;
  rebound.signalling.port = 62000;
  bench.latch.expect(rebound, bench.now);
  CHECK(bench.latch.is_learning());
  CHECK(bench.latch.target() == kMapped);
}

TEST_CASE("latch: a handshake shows the address, and RTP from another port a better one" *
          doctest::description("RFC 5764 5.1.2; R18.2")) {
  Bench bench(kBehindNat);
  CHECK(bench.latch.admit(kMapped, {}, bench.now));
  CHECK(bench.latch.target() == kMapped);
  CHECK_FALSE(bench.latch.admit(kStranger, {}, bench.now));
  const port::SocketAddress other = at("203.0.113.9", 40999);
  CHECK(bench.run(other, 1, 1));
  CHECK(bench.latch.target() == other);
}

TEST_CASE("latch: RTCP is of the host that RTP comes from" *
          doctest::description("RFC 3550 11; R18.2")) {
  Latch latch;
  latch.expect({at("192.168.1.5", 4001), at("203.0.113.9", 61000), false}, Millis(0));
  const PacketMark mark{1, 0, true, false};
  CHECK_FALSE(latch.admit(kStranger, mark, Millis(1)));
  CHECK_FALSE(latch.admit(at("203.0.113.9", 4001), mark, Millis(1), &kStranger.ip));
  CHECK(latch.admit(at("203.0.113.9", 4001), mark, Millis(1), &kMapped.ip));
  CHECK(latch.target() == at("203.0.113.9", 4001));
}

}  // namespace
}  // namespace tipring::media

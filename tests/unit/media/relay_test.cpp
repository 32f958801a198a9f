// What goes through a relayed call, packet by packet.
#include "media/relay.h"

#include <doctest/doctest.h>

#include <set>

#include "bench.h"
#include "port/sim/sim_nat.h"

namespace tipring::media {
namespace {

using test::at;
using test::audio;
using test::Bench;
using test::Phone;
using test::RelayedBench;

TEST_CASE("relay: packets pass both ways as they are, from our ports" *
          doctest::description("RFC 3264 5.1; RFC 4961 4; R18.2")) {
  RelayedBench bench;
  bench.anna.speak(bench.toward_anna());
  bench.bob.speak(bench.toward_bob());
  bench.run_for(10);
  REQUIRE(bench.bob.heard.size() == 1);
  CHECK(bench.bob.heard[0].bytes == test::rtp(bench.anna.rtp));
  CHECK(bench.bob.heard[0].from == bench.toward_bob());
  REQUIRE(bench.anna.heard.size() == 1);
  CHECK(bench.anna.heard[0].bytes == test::rtp(bench.bob.rtp));
  CHECK(bench.anna.heard[0].from == bench.toward_anna());
  CHECK(bench.relay.counters().forwarded == 2);
}

TEST_CASE("relay: events and any payload type pass untouched" *
          doctest::description("RFC 4733; R18.2")) {
  RelayedBench bench;
  const std::string event =
      test::rtp({.payload_type = 101, .marker = true}, std::string("\x05\x0a\x00\xa0", 4));
  bench.anna.send(bench.toward_anna(), event);
  bench.anna.send(bench.toward_anna(), test::rtp({.sequence = 9, .payload_type = 127}, ""));
  bench.run_for(10);
  REQUIRE(bench.bob.heard.size() == 2);
  CHECK(bench.bob.heard[0].bytes == event);
}

TEST_CASE("relay: many packets that wait together keep their order" *
          doctest::description("R18.2")) {
  RelayedBench bench;
  for (int i = 0; i < 50; ++i) bench.anna.speak(bench.toward_anna());
  bench.run_for(50);
  REQUIRE(bench.bob.heard.size() == 50);
  for (size_t i = 0; i < 50; ++i)
    CHECK(rtp::read_header(bench.bob.heard[i].bytes)->sequence == static_cast<uint16_t>(i + 2));
}

// The call goes over to T.38 in the same m= line, and its datagrams look like anything.
TEST_CASE("relay: UDPTL passes byte for byte, from the host that signals alone" *
          doctest::description("RFC 3362; R18.2")) {
  RelayedBench bench;
  bench.talk(10);
  const auto fax = [](const char* host, int port) {
    return test::session(host, "m=image " + std::to_string(port) + " udptl t38\r\n");
  };
  const auto change = [&](const char* bobs_host) {
    bench.to_callee = bench.offer(Side::Caller, fax("10.0.0.2", 4000));
    bench.to_caller = bench.answer(Side::Callee, fax(bobs_host, 5000));
    bench.media.settle();
    bench.anna.heard.clear();
    bench.bob.heard.clear();
  };
  change("10.0.0.3");
  const std::string packets[] = {std::string("\x00\x01\x03\x06\x60\x00\x00", 7), "\x80",
                                 std::string("\x80\xc9\x00\x01junk", 8), "GET / HTTP/1.0"};
  for (const std::string& packet : packets) {
    bench.anna.send(bench.toward_anna(), packet);
    bench.bob.send(bench.toward_bob(), packet);
    bench.run_for(20);
    CHECK(bench.bob.heard.back().bytes == packet);
    CHECK(bench.bob.heard.back().from == bench.toward_bob());
    CHECK(bench.anna.heard.back().bytes == packet);
  }
  CHECK(bench.bob.heard.size() == std::size(packets));
  CHECK(bench.relay.counters().garbage == 0);

  port::SimHost& host = bench.world.make_host("mallory", {*port::parse_ip("10.0.0.66")});
  Phone mallory(host, "10.0.0.66", 6000);
  for (int i = 0; i < 40; ++i) {
    mallory.send(bench.toward_anna(), packets[0]);
    bench.run_for(50);
  }
  CHECK(bench.bob.heard.size() == std::size(packets));
  // The port beside has nothing to carry.
  bench.anna.send(RelayedBench::next(bench.toward_anna()), packets[0], true);
  bench.run_for(20);
  CHECK(bench.relay.counters().garbage == 1);

  // A third host gets none of it, unless the operator allows that.
  change("10.0.0.66");
  bench.anna.send(bench.toward_anna(), packets[0]);
  bench.run_for(20);
  CHECK(mallory.heard.empty());
  RelayOptions options;
  options.mode = Mode::Relay;
  options.elsewhere = Elsewhere::Any;
  bench.relay.set_options(options);
  Phone gateway(host, "10.0.0.66", 5000);
  change("10.0.0.66");
  bench.anna.send(bench.toward_anna(), packets[0]);
  bench.run_for(20);
  CHECK(gateway.heard.size() == 1);

  // And back to sound.
  bench.to_callee = bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.to_caller = bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  bench.anna.heard.clear();
  bench.talk(3);
  CHECK(bench.anna.heard.size() == 3);
  bench.anna.send(bench.toward_anna(), packets[3]);
  bench.run_for(20);
  CHECK(bench.relay.counters().garbage == 2);
}

TEST_CASE("relay: RTCP goes by the port beside" * doctest::description("RFC 3550 11; R18.2")) {
  RelayedBench bench;
  bench.anna.send(RelayedBench::next(bench.toward_anna()), test::rtcp(1), true);
  bench.run_for(10);
  REQUIRE(bench.bob.heard.size() == 1);
  CHECK(bench.bob.heard[0].control);
  CHECK(bench.bob.heard[0].bytes == test::rtcp(1));
  CHECK(bench.bob.heard[0].from == RelayedBench::next(bench.toward_bob()));
}

TEST_CASE("relay: a=rtcp says where RTCP goes" * doctest::description("RFC 3605 2.1; R18.2")) {
  RelayedBench bench;
  Phone elsewhere(bench.bob_host, "10.0.0.3", 7000);
  bench.offer(Side::Callee, audio("10.0.0.3", 5000, "a=rtcp:7001\r\n"));
  bench.answer(Side::Caller, audio("10.0.0.2", 4000));
  bench.media.settle();
  bench.anna.send(RelayedBench::next(bench.toward_anna()), test::rtcp(1), true);
  bench.run_for(10);
  CHECK(bench.bob.heard.empty());
  CHECK(elsewhere.heard.size() == 1);
}

TEST_CASE("relay: RTCP is of the host that speaks" * doctest::description("RTP bleed; R18.2")) {
  RelayedBench bench;
  port::SimHost& proxy_host = bench.world.make_host("proxy", {*port::parse_ip("10.0.0.9")});
  Phone proxy(proxy_host, "10.0.0.9", 5000);
  bench.callee.signalling = at("10.0.0.9", 5060);
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  bench.bob.speak(bench.toward_bob());
  bench.run_for(10);
  proxy.send(RelayedBench::next(bench.toward_bob()), test::rtcp(7), true);
  bench.bob.send(RelayedBench::next(bench.toward_bob()), test::rtcp(1), true);
  bench.run_for(10);
  CHECK(bench.anna.heard.size() == 2);
  CHECK(bench.relay.counters().strangers == 1);
}

TEST_CASE("relay: with rtcp-mux agreed RTCP goes by the port of RTP" *
          doctest::description("RFC 5761 5.1.1; R18.2")) {
  RelayedBench bench;
  const std::string offered = bench.offer(Side::Caller, audio("10.0.0.2", 4000, "a=rtcp-mux\r\n"));
  CHECK(offered.find("a=rtcp-mux") != std::string::npos);
  bench.answer(Side::Callee, audio("10.0.0.3", 5000, "a=rtcp-mux\r\n"));
  bench.media.settle();
  bench.anna.send(bench.toward_anna(), test::rtcp(1));
  // A phone that has agreed, and does not do it.
  bench.anna.send(RelayedBench::next(bench.toward_anna()), test::rtcp(2), true);
  bench.run_for(10);
  REQUIRE(bench.bob.heard.size() == 2);
  for (const Phone::Packet& packet : bench.bob.heard) {
    CHECK_FALSE(packet.control);
    CHECK(packet.from == bench.toward_bob());
  }
}

TEST_CASE("relay: keepalives and handshakes pass, all else is dropped and counted" *
          doctest::description("RFC 7983 7; R18.2")) {
  RelayedBench bench;
  for (const std::string& bytes : {test::stun(), test::dtls(), test::zrtp()})
    bench.anna.send(bench.toward_anna(), bytes);
  for (const std::string& bytes :
       {std::string("x"), std::string("OPTIONS sip:x SIP/2.0\r\n\r\n"), std::string(200, '\0'),
        test::rtp({}).substr(0, 11), test::rtp({}, std::string(3000, 'x'))})
    bench.anna.send(bench.toward_anna(), bytes);
  bench.run_for(10);
  CHECK(bench.bob.heard.size() == 3);
  CHECK(bench.relay.counters().garbage == 5);
}

TEST_CASE("relay: losses, repetitions and another order pass through as they come" *
          doctest::description("RFC 3550 A.3; R18.2")) {
  RelayedBench bench;
  port::SimLink& link = bench.world.link(bench.anna_host, bench.server);
  link.loss_per_mille = 100;
  link.duplicate_per_mille = 50;
  link.delay_max = Millis(60);
  for (int i = 0; i < 500; ++i) {
    bench.anna.speak(bench.toward_anna());
    bench.run_for(20);
  }
  bench.run_for(100);
  const Reception& figures = *bench.media.reception(0, Side::Caller);
  CHECK(bench.bob.heard.size() == figures.packets);
  CHECK(figures.packets > 400);
  std::set<uint16_t> distinct;
  for (const Phone::Packet& packet : bench.bob.heard)
    distinct.insert(rtp::read_header(packet.bytes)->sequence);
  const auto first = rtp::read_header(bench.bob.heard.front().bytes)->sequence;
  const auto span = *distinct.rbegin() - first + 1;
  CHECK(figures.lost == span - static_cast<int64_t>(figures.packets));
  CHECK(figures.jitter_us > 5000);
  CHECK(bench.media.reception(0, Side::Callee)->packets == 0);
}

TEST_CASE("relay: a phone behind a NAT is heard where its packets come from" *
          doctest::description("RFC 4961 4; R18.2")) {
  Bench bench;
  port::SimNat& nat = bench.world.make_nat(*port::parse_ip("203.0.113.9"));
  port::SimHost& home = bench.world.make_host_behind(nat, "anna", {*port::parse_ip("192.168.1.5")});
  port::SimHost& office = bench.world.make_host("bob", {*port::parse_ip("10.0.0.3")});
  Phone anna(home, "192.168.1.5", 4000);
  Phone bob(office, "10.0.0.3", 5000);
  bench.caller = bench.leg(Side::Caller, "203.0.113.9");
  const auto toward_bob = RelayedBench::told(bench.offer(Side::Caller, audio("192.168.1.5", 4000)));
  CHECK(bench.media.relayed());  // by itself: the addresses differ
  const auto toward_anna = RelayedBench::told(bench.answer(Side::Callee, audio("10.0.0.3", 5000)));
  bench.media.settle();
  bob.speak(toward_bob);  // nobody knows yet where Anna is
  bench.run_for(10);
  CHECK(anna.heard.empty());
  anna.speak(toward_anna);
  bench.run_for(10);
  bob.speak(toward_bob);
  bench.run_for(10);
  CHECK(anna.heard.size() == 1);
  CHECK(bob.heard.size() == 1);

  // The router forgets, and gives her another port.
  for (int i = 0; i < 10; ++i) {
    anna.speak(toward_anna);
    bench.run_for(20);
  }
  nat.reboot();
  const size_t heard = anna.heard.size();
  for (int i = 0; i < 50; ++i) {
    anna.speak(toward_anna);
    bob.speak(toward_bob);
    bench.run_for(20);
  }
  CHECK(anna.heard.size() > heard + 20);
  CHECK(bob.heard.size() > 11 + 20);
}

TEST_CASE("relay: who sprays packets at our ports neither hears nor is heard" *
          doctest::description("RTP bleed; R18.2")) {
  RelayedBench bench;
  port::SimHost& lair = bench.world.make_host("mallory", {*port::parse_ip("10.0.0.66")});
  Phone mallory(lair, "10.0.0.66", 6000);
  mallory.rtp.ssrc = 0x66666666;
  for (int i = 0; i < 100; ++i) {
    for (uint16_t port = 0; port < 8; ++port)
      mallory.speak(at("10.0.0.1", static_cast<uint16_t>(test::kFirstPort + port)));
    if (i >= 50) bench.talk(1);
    bench.run_for(20);
  }
  CHECK(mallory.heard.empty());
  CHECK(bench.anna.heard.size() == 50);
  CHECK(bench.bob.heard.size() == 50);
  CHECK(bench.relay.counters().strangers >= 200);
}

TEST_CASE("relay: media from elsewhere, as media.elsewhere lets them" *
          doctest::description("RFC 4961 4; RTP bleed; R18.2")) {
  struct Case {
    Elsewhere elsewhere;
    const char* named;  // in Anna's description, who signals from 10.0.0.2
    bool is_told;       // the named host gets what Bob says
    bool named_is_heard;
    bool third_is_heard;
  };
  const Case cases[] = {
      {Elsewhere::No, "192.0.2.7", false, false, false},
      {Elsewhere::Named, "192.0.2.7", true, true, false},
      {Elsewhere::Any, "192.0.2.7", true, true, true},
      {Elsewhere::No, "192.168.1.5", false, false, false},
      {Elsewhere::Named, "192.168.1.5", true, true, true},
      {Elsewhere::Any, "192.168.1.5", true, true, true},
      {Elsewhere::No, "10.0.0.2", true, true, false},
      {Elsewhere::Any, "10.0.0.2", true, true, false},
  };
  for (const Case& one : cases) {
    for (const bool third : {false, true}) {
      CAPTURE(one.named);
      CAPTURE(static_cast<int>(one.elsewhere));
      RelayOptions options;
      options.mode = Mode::Relay;
      options.elsewhere = one.elsewhere;
      Bench bench(options);
      port::SimHost& named_host = bench.world.make_host("anna", {*port::parse_ip(one.named)});
      port::SimHost& third_host = bench.world.make_host("third", {*port::parse_ip("198.51.100.8")});
      port::SimHost& bob_host = bench.world.make_host("bob", {*port::parse_ip("10.0.0.3")});
      Phone named(named_host, one.named, 4000);
      Phone other(third_host, "198.51.100.8", 4000);
      Phone bob(bob_host, "10.0.0.3", 5000);
      const auto toward_bob = RelayedBench::told(bench.offer(Side::Caller, audio(one.named, 4000)));
      const auto toward_anna =
          RelayedBench::told(bench.answer(Side::Callee, audio("10.0.0.3", 5000)));
      bench.media.settle();
      bob.speak(toward_bob);
      bench.run_for(10);
      CHECK(named.heard.size() == (one.is_told ? 1 : 0));
      bench.run_for(600);
      for (int i = 0; i < 10; ++i) {
        (third ? other : named).speak(toward_anna);
        bench.run_for(20);
      }
      CHECK(!bob.heard.empty() == (third ? one.third_is_heard : one.named_is_heard));
    }
  }
}

TEST_CASE("relay: who names our own ports as his has nothing sent round in a circle" *
          doctest::description("RFC 3264 5; R18.2")) {
  RelayedBench bench;
  const auto toward_anna = bench.toward_anna();
  const auto toward_bob = bench.toward_bob();
  // From 10.0.0.1 as both offers say, and each port is the other's peer.
  bench.offer(Side::Caller, test::audio("10.0.0.1", toward_bob.port));
  bench.answer(Side::Callee, test::audio("10.0.0.1", toward_anna.port));
  bench.media.settle();
  bench.anna.speak(toward_anna);
  bench.run_for(1000);
  CHECK(bench.relay.counters().forwarded == 0);
  CHECK(bench.relay.counters().no_target == 1);
}

TEST_CASE("relay: a phone that has a new SSRC goes on" *
          doctest::description("RFC 3550 8.2; R18.2")) {
  RelayedBench bench;
  bench.talk(20);
  bench.anna.rtp.ssrc = 99;
  bench.anna.rtp.sequence = 40000;
  bench.talk(20);
  CHECK(bench.bob.heard.size() == 40);
  CHECK(bench.media.reception(0, Side::Caller)->ssrc == 99);
  CHECK(bench.media.reception(0, Side::Caller)->lost == 0);
}

TEST_CASE("relay: packets of the call before do not reach the next one on the same ports" *
          doctest::description("R18.2")) {
  RelayedBench bench;
  bench.talk(10);
  const auto toward_anna = bench.toward_anna();
  auto next = std::make_unique<CallMedia>(bench.relay, bench);
  // The ports that have rested longest come first, so it takes many calls until these come again.
  int calls = 0;
  bench.media.~CallMedia();
  new (&bench.media) CallMedia(bench.relay, bench);
  for (; calls < 20; ++calls) {
    next = std::make_unique<CallMedia>(bench.relay, bench);
    MediaLeg caller = bench.leg(Side::Caller, "10.0.0.2");
    MediaLeg callee = bench.leg(Side::Callee, "10.0.0.3");
    bench.offer(*next, caller, callee, audio("10.0.0.2", 4000));
    const std::string answer = bench.answer(*next, callee, caller, audio("10.0.0.3", 5000));
    next->settle();
    if (RelayedBench::told(answer) == toward_anna) break;
  }
  CHECK(calls == 5);
  // Anna's phone has not noticed that the first call has ended.
  bench.bob.heard.clear();
  bench.anna.speak(toward_anna);
  bench.run_for(10);
  CHECK(bench.bob.heard.empty());
  CHECK(bench.relay.counters().late == 1);
  bench.anna.rtp.ssrc = 2;
  bench.anna.speak(toward_anna);
  bench.run_for(10);
  CHECK(bench.bob.heard.size() == 1);
}

TEST_CASE("relay: what comes before the answer goes nowhere" * doctest::description("R18.2")) {
  RelayOptions options;
  options.mode = Mode::Relay;
  Bench bench(options);
  port::SimHost& office = bench.world.make_host("bob", {*port::parse_ip("10.0.0.3")});
  Phone bob(office, "10.0.0.3", 5000);
  bob.speak(RelayedBench::told(bench.offer(Side::Caller, audio("10.0.0.2", 4000))));
  bench.run_for(10);
  CHECK(bench.relay.counters().forwarded == 0);
  CHECK(bench.relay.counters().strangers == 1);
}

// Port of ours toward a side, as a phone may come to know it.
port::SocketAddress own_port(uint16_t offset) {
  return at("10.0.0.1", static_cast<uint16_t>(test::kFirstPort + offset));
}

TEST_CASE("relay: descriptions that lead back to our own ports make no packet go round" *
          doctest::description("R18.2, R5.5")) {
  for (uint16_t offset = 0; offset < 4; ++offset) {
    RelayedBench bench;
    const auto names_us = [&](uint16_t port) {
      return audio("10.0.0.1", port, "a=rtcp:" + std::to_string(port + 1) + "\r\n");
    };
    bench.talk(10);
    bench.caller.signalling = bench.callee.signalling = at("10.0.0.1", 5060);
    bench.offer(Side::Caller, names_us(own_port(offset).port));
    bench.answer(Side::Callee, names_us(own_port(static_cast<uint16_t>((offset + 2) % 4)).port));
    bench.media.settle();
    const uint64_t before = bench.relay.counters().forwarded;
    for (int i = 0; i < 10; ++i) {
      for (uint16_t port = 0; port < 4; ++port) {
        bench.anna.speak(own_port(port));
        bench.anna.send(own_port(port), test::rtcp(1));
      }
    }
    bench.run_for(1000);
    CHECK(bench.relay.counters().forwarded - before < 200);
  }
}

TEST_CASE("relay: nor does RTCP that a description leads to the port of RTP" *
          doctest::description("R18.2, R5.5")) {
  RelayedBench bench;
  bench.offer(Side::Caller, audio("10.0.0.1", own_port(3).port));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000, "a=rtcp:30000 IN IP4 10.0.0.1\r\n"));
  bench.media.settle();
  bench.anna.send(own_port(0), test::rtcp(1));
  bench.run_for(1000);
  CHECK(bench.relay.counters().forwarded <= 1);
}

TEST_CASE("relay: a port of ours is no phone's because its host is the same" *
          doctest::description("R18.2, R5.5")) {
  RelayedBench bench;
  bench.caller.signalling = at("10.0.0.1", 5060);  // a phone on the server's host
  bench.offer(Side::Caller, audio("10.0.0.1", 9999));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  CallMedia second(bench.relay, bench);
  MediaLeg caller = bench.leg(Side::Caller, "10.0.0.2");
  MediaLeg callee = bench.leg(Side::Callee, "10.0.0.1");
  bench.offer(second, caller, callee, audio("10.0.0.2", 4000));
  bench.answer(second, callee, caller, audio("10.0.0.1", own_port(0).port));
  second.settle();
  bench.anna.speak(own_port(4));
  bench.run_for(10);
  CHECK(bench.bob.heard.empty());
  CHECK(bench.relay.counters().strangers == 1);
}

TEST_CASE("relay: a phone elsewhere may have a port with the number of one of ours" *
          doctest::description("R18.2")) {
  RelayedBench bench;
  Phone same(bench.bob_host, "10.0.0.3", own_port(0).port);
  bench.offer(Side::Callee, audio("10.0.0.3", own_port(0).port));
  bench.answer(Side::Caller, audio("10.0.0.2", 4000));
  bench.media.settle();
  bench.anna.speak(bench.toward_anna());
  same.speak(bench.toward_bob());
  bench.run_for(10);
  CHECK(same.heard.size() == 1);
  CHECK(bench.anna.heard.size() == 1);
}

TEST_CASE("relay: a call may lead through the server twice, but not in a circle" *
          doctest::description("R18.2, R5.5")) {
  for (const bool circle : {false, true}) {
    RelayedBench bench;  // ports 0 toward Anna and 2 toward Bob
    CallMedia second(bench.relay, bench);
    MediaLeg caller = bench.leg(Side::Caller, "10.0.0.1");
    MediaLeg callee = bench.leg(Side::Callee, "10.0.0.3");
    // What the first call's callee is: the caller of the second, whose ports are 4 and 6.
    bench.offer(second, caller, callee, audio("10.0.0.1", own_port(2).port));
    bench.answer(second, callee, caller,
                 circle ? audio("10.0.0.1", own_port(0).port) : audio("10.0.0.3", 5000));
    second.settle();
    bench.callee = bench.leg(Side::Callee, "10.0.0.1");
    bench.offer(Side::Caller,
                circle ? audio("10.0.0.1", own_port(6).port) : audio("10.0.0.2", 4000));
    bench.answer(Side::Callee, audio("10.0.0.1", own_port(4).port));
    bench.media.settle();
    for (int i = 0; i < 10; ++i) {
      bench.anna.speak(own_port(0));
      bench.bob.speak(own_port(6));
      bench.run_for(20);
    }
    bench.run_for(1000);
    CHECK(bench.bob.heard.size() == (circle ? 0 : 10));
    CHECK(bench.anna.heard.size() == (circle ? 0 : 10));
    CHECK(bench.relay.counters().forwarded <= 40);
  }
}

TEST_CASE("relay: IPv4 on one side and IPv6 on the other" *
          doctest::description("RFC 6157 3.1; R18.2")) {
  Bench bench;
  port::SimHost& anna_host = bench.world.make_host("anna", {*port::parse_ip("10.0.0.2")});
  port::SimHost& bob_host = bench.world.make_host("bob", {*port::parse_ip("2001:db8::3")});
  Phone anna(anna_host, "10.0.0.2", 4000);
  Phone bob(bob_host, "2001:db8::3", 5000);
  bench.callee = bench.leg(Side::Callee, "2001:db8::3");
  const auto toward_bob = RelayedBench::told(bench.offer(Side::Caller, audio("10.0.0.2", 4000)));
  CHECK(bench.media.relayed());
  CHECK(toward_bob.ip == *port::parse_ip("2001:db8::1"));
  const auto toward_anna =
      RelayedBench::told(bench.answer(Side::Callee, audio("2001:db8::3", 5000)));
  CHECK(toward_anna.ip == *port::parse_ip("10.0.0.1"));
  bench.media.settle();
  anna.speak(toward_anna);
  bob.speak(toward_bob);
  bench.run_for(10);
  CHECK(anna.heard.size() == 1);
  REQUIRE(bob.heard.size() == 1);
  CHECK(bob.heard[0].from == toward_bob);
}

TEST_CASE("relay: a phone may signal by one family and speak by the other" *
          doctest::description("RFC 6157 3.1; R18.2")) {
  RelayOptions options;
  options.mode = Mode::Relay;
  Bench bench(options);
  port::SimHost& anna_host =
      bench.world.make_host("anna", {*port::parse_ip("10.0.0.2"), *port::parse_ip("2001:db8::2")});
  port::SimHost& bob_host = bench.world.make_host("bob", {*port::parse_ip("10.0.0.3")});
  Phone anna(anna_host, "2001:db8::2", 4000);
  Phone bob(bob_host, "10.0.0.3", 5000);
  const auto toward_bob = RelayedBench::told(bench.offer(Side::Caller, audio("2001:db8::2", 4000)));
  const auto toward_anna = RelayedBench::told(bench.answer(Side::Callee, audio("10.0.0.3", 5000)));
  CHECK(toward_anna.ip == *port::parse_ip("2001:db8::1"));
  bench.media.settle();
  anna.speak(toward_anna);
  bob.speak(toward_bob);
  bench.run_for(10);
  CHECK(anna.heard.size() == 1);
  CHECK(bob.heard.size() == 1);
}

TEST_CASE("relay: on hold by 0.0.0.0 nothing is sent there, and it is still heard" *
          doctest::description("RFC 3264 8.4; R18.2")) {
  RelayedBench bench;
  bench.talk(10);
  const std::string told = bench.offer(Side::Caller, audio("0.0.0.0", 4000));
  CHECK(told.find("a=sendonly") != std::string::npos);
  CHECK(told.find("0.0.0.0") == std::string::npos);
  bench.answer(Side::Callee, audio("10.0.0.3", 5000, "a=recvonly\r\n"));
  bench.media.settle();
  bench.talk(10);
  CHECK(bench.anna.heard.size() == 10);
  CHECK(bench.bob.heard.size() == 20);
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  bench.talk(10);
  CHECK(bench.anna.heard.size() == 20);
}

TEST_CASE("relay: on hold by 0.0.0.0 a phone behind a proxy is still known" *
          doctest::description("RFC 3264 8.4; R18.2")) {
  RelayedBench bench;
  bench.caller.signalling = at("10.0.0.9", 5060);
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  bench.talk(10);
  bench.offer(Side::Caller, audio("0.0.0.0", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000, "a=recvonly\r\n"));
  bench.media.settle();
  bench.talk(10);
  CHECK(bench.bob.heard.size() == 20);
}

struct Recorder final : PacketSink {
  void on_packet(const StreamPacket& packet) override {
    ++(packet.kind == PacketKind::Rtp ? rtp : rtcp);
    last_from = packet.from;
  }
  int rtp = 0;
  int rtcp = 0;
  Side last_from = Side::Caller;
};

TEST_CASE("relay: sinks hear what passes, until they are removed" * doctest::description("R18.2")) {
  RelayedBench bench;
  Recorder recorder;
  REQUIRE(bench.media.add_sink(0, recorder));
  CHECK(bench.media.add_sink(1, recorder).error() == Error::NotFound);
  bench.talk(3);
  bench.bob.send(RelayedBench::next(bench.toward_bob()), test::rtcp(1), true);
  bench.bob.send(bench.toward_bob(), "garbage");
  bench.run_for(10);
  CHECK(recorder.rtp == 6);
  CHECK(recorder.rtcp == 1);
  CHECK(recorder.last_from == Side::Callee);
  std::array<Recorder, 4> more;
  for (size_t i = 0; i < 3; ++i) CHECK(bench.media.add_sink(0, more[i]));
  CHECK(bench.media.add_sink(0, more[3]).error() == Error::PoolExhausted);
  bench.media.remove_sink(0, recorder);
  bench.talk(1);
  CHECK(recorder.rtp == 6);
  CHECK(more[2].rtp == 2);
}

RelayOptions with_timeout(int64_t ms) {
  RelayOptions options;
  options.timeout = Millis(ms);
  return options;
}

TEST_CASE("relay: a side that has fallen silent is told of, once" * doctest::description("R18.2")) {
  RelayedBench bench(with_timeout(5000));
  bench.talk(500);
  CHECK(bench.silences.empty());
  for (int i = 0; i < 200; ++i) {
    bench.anna.speak(bench.toward_anna());
    bench.run_for(20);
  }
  CHECK(bench.silences.empty());
  bench.run_for(1100);
  CHECK(bench.silences == std::vector<Side>{Side::Callee});
  bench.run_for(60'000);
  CHECK(bench.silences.size() == 1);
  CHECK(bench.relay.counters().silent_calls == 1);
}

TEST_CASE("relay: reports of a phone that says nothing show that it lives" *
          doctest::description("RFC 3550 6.2; R18.2")) {
  RelayedBench bench(with_timeout(5000));
  for (int i = 0; i < 20; ++i) {
    bench.anna.send(RelayedBench::next(bench.toward_anna()), test::rtcp(1), true);
    bench.bob.send(RelayedBench::next(bench.toward_bob()), test::rtcp(2), true);
    bench.run_for(4000);
  }
  CHECK(bench.silences.empty());
}

TEST_CASE("relay: on hold nobody has to speak" * doctest::description("RFC 3264 8.4; R18.2")) {
  for (const char* direction : {"a=sendonly\r\n", "a=inactive\r\n"}) {
    RelayedBench bench(with_timeout(5000));
    bench.talk(10);
    bench.offer(Side::Caller, audio("10.0.0.2", 4000, direction));
    bench.answer(Side::Callee, audio("10.0.0.3", 5000, "a=recvonly\r\n"));
    bench.media.settle();
    bench.run_for(60'000);
    // Phones are seen that answer to a hold as if there were none.
    bench.offer(Side::Caller, audio("10.0.0.2", 4000, direction));
    bench.answer(Side::Callee, audio("10.0.0.3", 5000));
    bench.media.settle();
    bench.run_for(60'000);
    CHECK(bench.silences.empty());
    bench.offer(Side::Caller, audio("10.0.0.2", 4000));
    bench.answer(Side::Callee, audio("10.0.0.3", 5000));
    bench.media.settle();
    bench.run_for(4900);
    CHECK(bench.silences.empty());
    bench.run_for(200);
    CHECK(bench.silences.size() == 1);
  }
}

}  // namespace
}  // namespace tipring::media

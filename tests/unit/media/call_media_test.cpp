// What each side of an anchored call is told of the other's media.
#include "media/call_media.h"

#include <doctest/doctest.h>

#include <optional>

#include "bench.h"

namespace tipring::media {
namespace {

using test::audio;
using test::Bench;
using test::Phone;
using test::RelayedBench;
using test::session;

RelayOptions in_mode(Mode mode) {
  RelayOptions options;
  options.mode = mode;
  return options;
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}
std::string origin_of(const std::string& text) {
  const size_t at = text.find("o=");
  return text.substr(at, text.find("\r\n", at) - at);
}
uint64_t version_of(const std::string& text) {
  return sdp::parse_description(text)->origin.version;
}
uint32_t in_use(const Relay& relay, std::string_view name) {
  PoolRegistry pools;
  relay.register_pools(pools);
  for (const PoolStats* pool : pools.pools()) {
    if (pool->name == name) return pool->in_use;
  }
  FAIL("no such pool");
  return 0;
}

TEST_CASE("call media: direct, nothing but o= is ours" *
          doctest::description("RFC 3264 8; R18.2, C24")) {
  Bench bench(in_mode(Mode::Direct));
  const std::string sent = session(
      "10.0.0.2",
      "m=audio 4000 RTP/AVP 0\r\na=candidate:1 1 UDP 1 10.0.0.2 4000 typ host\r\na=x-own:1\r\n"
      "m=image 4010 udptl t38\r\n");
  const std::string told = bench.offer(Side::Caller, sent);
  CHECK_FALSE(bench.media.relayed());
  CHECK(origin_of(told) ==
        "o=- " + std::to_string(bench.callee.origin.session_id()) + " 1 IN IP4 10.0.0.1");
  CHECK(told.substr(told.find("s=")) == sent.substr(sent.find("s=")));
  const std::string answered = bench.answer(
      Side::Callee, session("10.0.0.3", "m=audio 5000 RTP/AVP 0\r\nm=image 0 udptl t38\r\n"));
  CHECK(has(answered, "c=IN IP4 10.0.0.3\r\n"));
  CHECK(origin_of(answered) != origin_of(told));
  bench.media.settle();
  CHECK(in_use(bench.relay, "media_ports") == 0);
}

TEST_CASE("call media: relayed, addresses and ports are ours, and the rest is the peer's" *
          doctest::description("RFC 3264 5, 6; R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  const std::string told = bench.offer(
      Side::Caller, audio("10.0.0.2", 4000,
                          "a=fmtp:101 0-15\r\na=ptime:30\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                          "inline:x\r\na=fingerprint:sha-256 AB\r\na=setup:actpass\r\n"));
  CHECK(has(told, "c=IN IP4 10.0.0.1\r\n"));
  CHECK(has(told, "m=audio 30002 RTP/AVP 0 101\r\n"));
  for (const char* line : {"a=fmtp:101 0-15", "a=ptime:30", "a=crypto:1 ", "a=fingerprint:sha-256",
                           "a=setup:actpass", "a=rtpmap:101 telephone-event/8000"})
    CHECK(has(told, line));
  CHECK_FALSE(has(told, "10.0.0.2"));
  const std::string answered = bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  CHECK(has(answered, "m=audio 30000 RTP/AVP 0 101\r\n"));
  CHECK_FALSE(has(answered, "10.0.0.3"));
}

TEST_CASE("call media: relayed, what would lead around us goes" *
          doctest::description("RFC 8839 5.4; RFC 8843 7.3; R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  const std::string told = bench.offer(
      Side::Caller,
      session("10.0.0.2",
              "a=group:BUNDLE a v\r\na=ice-ufrag:u\r\nm=audio 4000 RTP/AVP 0\r\na=mid:a\r\n"
              "a=candidate:1 1 UDP 1 10.0.0.2 4000 typ host\r\na=end-of-candidates\r\n"
              "a=ice-pwd:p\r\na=rtcp:4001\r\nm=video 4002 RTP/AVP 96\r\na=mid:v\r\n"
              "a=rtpmap:96 VP8/90000\r\n"));
  for (const char* piece : {"candidate", "ice-", "BUNDLE", "a=rtcp:", "10.0.0.2"})
    CHECK_FALSE(has(told, piece));
  CHECK(has(told, "a=mid:a\r\n"));
  CHECK(has(told, "m=video 30006 RTP/AVP 96\r\n"));
  CHECK(in_use(bench.relay, "relayed_streams") == 2);
}

TEST_CASE("call media: peers are told the address that the configuration names" *
          doctest::description("R11.5, R18.2")) {
  RelayOptions options = in_mode(Mode::Relay);
  options.advertised_v4 = *port::parse_ip("203.0.113.5");
  Bench bench(options);
  const std::string told = bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  CHECK(has(told, "c=IN IP4 203.0.113.5\r\n"));
  CHECK(has(told, "IN IP4 203.0.113.5\r\ns="));
}

TEST_CASE("call media: by itself a call is relayed when a side is behind a NAT" *
          doctest::description("RFC 4961 4; R18.2")) {
  const auto relays = [](const std::string& text, bool caller_nat = false,
                         bool callee_nat = false) {
    Bench bench;
    bench.caller.behind_nat = caller_nat;
    bench.callee.behind_nat = callee_nat;
    bench.offer(Side::Caller, text);
    return bench.media.relayed();
  };
  CHECK_FALSE(relays(audio("10.0.0.2", 4000)));
  CHECK(relays(audio("192.168.1.5", 4000)));
  CHECK(relays(audio("10.0.0.2", 4000), true));
  CHECK(relays(audio("10.0.0.2", 4000), false, true));
  // Of the other family than the callee's signalling.
  CHECK(relays(audio("2001:db8::2", 4000)));
  // On hold, or with nothing but a name, it says nothing of where it is.
  CHECK_FALSE(relays(audio("0.0.0.0", 4000)));
  CHECK_FALSE(relays(audio("10.0.0.2", 4000, "c=IN IP4 host.example\r\n")));
  // There is nothing to relay.
  CHECK_FALSE(relays(session("192.168.1.5", "m=message 4000 TCP/MSRP *\r\n")));
  CHECK_FALSE(relays(session("192.168.1.5", "m=audio 0 RTP/AVP 0\r\n")));
}

TEST_CASE("call media: a direct call becomes a relayed one when a new offer asks for it" *
          doctest::description("RFC 3264 8.3.1; R18.2")) {
  Bench bench;
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.settle();
  CHECK_FALSE(bench.media.relayed());
  bench.offer(Side::Callee, audio("192.168.9.9", 5000));
  CHECK(bench.media.relayed());
  // Refused: it is direct again.
  bench.media.abandon();
  CHECK_FALSE(bench.media.relayed());
  CHECK(in_use(bench.relay, "relayed_calls") == 0);
  bench.offer(Side::Callee, audio("192.168.9.9", 5000));
  bench.answer(Side::Caller, audio("10.0.0.2", 4000));
  bench.media.settle();
  // And stays so.
  bench.offer(Side::Callee, audio("10.0.0.3", 5000));
  bench.answer(Side::Caller, audio("10.0.0.2", 4000));
  bench.media.settle();
  CHECK(bench.media.relayed());
}

TEST_CASE("call media: the version goes up by one when something else changes, and only then" *
          doctest::description("RFC 3264 8; C24")) {
  RelayedBench bench;
  const std::string first = bench.to_callee;
  CHECK(version_of(first) == 1);
  // A refresh of the session: the same again.
  const auto exchange = [&](const std::string& text) {
    const std::string told = bench.offer(Side::Caller, text);
    bench.answer(Side::Callee, audio("10.0.0.3", 5000));
    bench.media.settle();
    return told;
  };
  CHECK(exchange(audio("10.0.0.2", 4000)) == first);
  const std::string held = exchange(audio("10.0.0.2", 4000, "a=sendonly\r\n"));
  CHECK(version_of(held) == 2);
  CHECK(sdp::parse_description(held)->origin.session_id ==
        sdp::parse_description(first)->origin.session_id);
  // The phone has moved, of which the other side sees nothing.
  CHECK(exchange(audio("10.0.0.2", 4444, "a=sendonly\r\n")) == held);
  CHECK(version_of(exchange(audio("10.0.0.2", 4444))) == 3);
}

TEST_CASE("call media: over a new offer the ports stay, and packets go where the phone is now" *
          doctest::description("RFC 3264 8.3.1; R18.2")) {
  RelayedBench bench;
  bench.talk(10);
  Phone moved(bench.anna_host, "10.0.0.2", 4444);
  moved.rtp.ssrc = 4444;
  const auto toward_bob = RelayedBench::told(bench.offer(Side::Caller, audio("10.0.0.2", 4444)));
  CHECK(toward_bob == bench.toward_bob());
  // Until the answer all is as before.
  bench.bob.speak(toward_bob);
  bench.run_for(10);
  CHECK(bench.anna.heard.size() == 11);
  const auto toward_anna = RelayedBench::told(bench.answer(Side::Callee, audio("10.0.0.3", 5000)));
  CHECK(toward_anna == bench.toward_anna());
  bench.media.settle();
  bench.bob.speak(toward_bob);
  moved.speak(toward_anna);
  bench.run_for(10);
  CHECK(bench.anna.heard.size() == 11);
  CHECK(moved.heard.size() == 1);
  CHECK(bench.bob.heard.size() == 11);
}

TEST_CASE("call media: a new offer that is refused changes nothing" *
          doctest::description("RFC 3261 14.1; RFC 6141 3.4; R18.5")) {
  RelayedBench bench;
  bench.talk(10);
  const uint32_t ports = in_use(bench.relay, "media_ports");
  bench.offer(Side::Caller, session("10.0.0.2",
                                    "m=audio 4444 RTP/AVP 0\r\nm=video 4446 RTP/AVP 96\r\n"
                                    "a=rtpmap:96 VP8/90000\r\n"));
  CHECK(in_use(bench.relay, "media_ports") == ports + 2);
  bench.media.abandon();
  CHECK(in_use(bench.relay, "media_ports") == ports);
  CHECK_FALSE(bench.media.offer_open());
  bench.talk(10);
  CHECK(bench.anna.heard.size() == 20);
  CHECK(bench.bob.heard.size() == 20);
}

TEST_CASE("call media: what has been answered stands, though its request is refused" *
          doctest::description("RFC 6141 3.4; R18.5")) {
  Bench bench(in_mode(Mode::Relay));
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bench.media.abandon();
  CHECK_FALSE(bench.media.offer_open());
  CHECK(bench.media.reception(0, Side::Caller) != nullptr);
}

TEST_CASE("call media: streams are added, rejected and taken away" *
          doctest::description("RFC 3264 6, 8.1, 8.2; R18.2")) {
  RelayedBench bench;
  const std::string video = "m=video 4446 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";
  const std::string both = session("10.0.0.2", "m=audio 4000 RTP/AVP 0\r\n" + video);
  // Added, and rejected by the other side.
  bench.offer(Side::Caller, both);
  std::string answered = bench.answer(
      Side::Callee, session("10.0.0.3", "m=audio 5000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n"));
  CHECK(has(answered, "m=video 0 RTP/AVP 96\r\n"));
  CHECK(in_use(bench.relay, "relayed_streams") == 2);
  bench.media.settle();
  CHECK(in_use(bench.relay, "relayed_streams") == 1);
  // Asked for again, and taken.
  bench.offer(Side::Caller, both);
  answered =
      bench.answer(Side::Callee, session("10.0.0.3",
                                         "m=audio 5000 RTP/AVP 0\r\nm=video 5002 RTP/AVP 96\r\n"
                                         "a=rtpmap:96 VP8/90000\r\n"));
  CHECK_FALSE(has(answered, "m=video 0"));
  bench.media.settle();
  CHECK(in_use(bench.relay, "relayed_streams") == 2);
  CHECK(bench.media.sections() == 2);
  CHECK(bench.media.reception(1, Side::Callee) != nullptr);
  // Taken away.
  const std::string without = bench.offer(
      Side::Callee, session("10.0.0.3", "m=audio 5000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n"));
  CHECK(has(without, "m=video 0 RTP/AVP 96\r\n"));
  bench.answer(Side::Caller,
               session("10.0.0.2", "m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n"));
  bench.media.settle();
  CHECK(in_use(bench.relay, "relayed_streams") == 1);
  CHECK(bench.media.reception(1, Side::Callee) == nullptr);
  bench.talk(5);
  CHECK(bench.anna.heard.size() == 5);
}

TEST_CASE("call media: fewer streams than before are no offer" *
          doctest::description("RFC 3264 8; R18.5")) {
  Bench bench;
  bench.offer(Side::Caller,
              session("10.0.0.2", "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n"));
  bench.answer(Side::Callee,
               session("10.0.0.3", "m=audio 5000 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n"));
  bench.media.settle();
  CHECK(bench.offer(Side::Callee, audio("10.0.0.3", 5000)) == to_text(MediaFault::SectionsGone));
  CHECK(status_for(MediaFault::SectionsGone) == 488);
}

TEST_CASE("call media: an answer that does not fit is told, and another one may still come" *
          doctest::description("RFC 6337 2.3; R18.5")) {
  Bench bench(in_mode(Mode::Relay));
  CHECK(bench.answer(Side::Callee, audio("10.0.0.3", 5000)) == to_text(MediaFault::NoOffer));
  bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  CHECK(bench.answer(Side::Callee, session("10.0.0.3", "m=video 5000 RTP/AVP 0\r\n")) ==
        to_text(MediaFault::NotAnAnswer));
  // The one who has offered has nothing to answer.
  CHECK(bench.answer(Side::Caller, audio("10.0.0.2", 4000)) == to_text(MediaFault::NoOffer));
  CHECK(has(bench.answer(Side::Callee, audio("10.0.0.3", 5000)), "m=audio 30000"));
}

TEST_CASE("call media: one offer for many members, and the last answer counts" *
          doctest::description("RFC 3261 13.2.1; C24, R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  port::SimHost& anna_host = bench.world.make_host("anna", {*port::parse_ip("10.0.0.2")});
  port::SimHost& bob_host = bench.world.make_host("bob", {*port::parse_ip("10.0.0.3")});
  port::SimHost& carol_host = bench.world.make_host("carol", {*port::parse_ip("2001:db8::4")});
  Phone anna(anna_host, "10.0.0.2", 4000);
  Phone bob(bob_host, "10.0.0.3", 5000);
  Phone carol(carol_host, "2001:db8::4", 6000);
  MediaLeg carol_leg = bench.leg(Side::Callee, "2001:db8::4");
  const std::string text = audio("10.0.0.2", 4000);
  const std::string to_bob = bench.offer(Side::Caller, text);
  const std::string to_carol = bench.offer(bench.media, bench.caller, carol_leg, text);
  CHECK(RelayedBench::told(to_bob).port == RelayedBench::told(to_carol).port);
  CHECK(has(to_carol, "c=IN IP6 2001:db8::1\r\n"));
  CHECK(in_use(bench.relay, "media_ports") == 2);
  CHECK(in_use(bench.relay, "relayed_calls") == 1);

  // Bob's phone plays something while it rings; Carol answers with the same codecs.
  const std::string early = bench.answer(Side::Callee, audio("10.0.0.3", 5000));
  bob.speak(RelayedBench::told(to_bob));
  bench.run_for(10);
  CHECK(anna.heard.size() == 1);
  const std::string final =
      bench.answer(bench.media, carol_leg, bench.caller, audio("2001:db8::4", 6000));
  CHECK(final == early);  // the one answer that Anna has had stands
  bench.media.settle();
  bob.speak(RelayedBench::told(to_bob));
  carol.speak(RelayedBench::told(to_carol));
  anna.speak(RelayedBench::told(final));
  bench.run_for(10);
  CHECK(anna.heard.size() == 2);
  CHECK(bob.heard.empty());
  CHECK(carol.heard.size() == 1);
  CHECK(bench.relay.counters().strangers == 0);  // the ports toward Bob's family are closed
}

TEST_CASE("call media: of many members each is told to send to us or not, and who answers decides" *
          doctest::description("R18.2")) {
  for (const bool relayed_one_answers : {false, true}) {
    Bench bench;
    MediaLeg home = bench.leg(Side::Callee, "10.0.0.4");
    home.behind_nat = true;
    const std::string text = audio("10.0.0.2", 4000);
    CHECK(has(bench.offer(Side::Caller, text), "m=audio 4000"));
    CHECK(has(bench.offer(bench.media, bench.caller, home, text), "m=audio 30002"));
    MediaLeg last = bench.leg(Side::Callee, "10.0.0.5");
    CHECK(has(bench.offer(bench.media, bench.caller, last, text), "m=audio 4000"));
    MediaLeg& winner = relayed_one_answers ? home : last;
    const std::string answered =
        bench.answer(bench.media, winner, bench.caller, audio("10.0.0.6", 5000));
    CHECK(has(answered, relayed_one_answers ? "m=audio 30000" : "m=audio 5000"));
    bench.media.settle();
    CHECK(bench.media.relayed() == relayed_one_answers);
    CHECK(in_use(bench.relay, "media_ports") == (relayed_one_answers ? 2 : 0));
    // The next offer of the one who has won.
    const char* const host = relayed_one_answers ? "10.0.0.4" : "10.0.0.5";
    const std::string next = bench.offer(bench.media, winner, bench.caller, audio(host, 5000));
    CHECK(has(next, relayed_one_answers ? "m=audio 30000" : "m=audio 5000"));
  }
}

TEST_CASE("call media: a delayed offer goes from the callee to the caller" *
          doctest::description("RFC 3261 13.2.1; C24, R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  const std::string to_caller = bench.offer(Side::Callee, audio("10.0.0.3", 5000));
  CHECK(has(to_caller, "m=audio 30000 RTP/AVP"));
  const std::string to_callee = bench.answer(Side::Caller, audio("10.0.0.2", 4000));
  CHECK(has(to_callee, "m=audio 30002 RTP/AVP"));
  bench.media.settle();
  CHECK(bench.media.reception(0, Side::Caller) != nullptr);
}

TEST_CASE("call media: hold is told as the phone says it, the old way as the new" *
          doctest::description("RFC 3264 8.4; R18.2")) {
  RelayedBench bench;
  for (const char* direction : {"sendonly", "inactive", "recvonly"})
    CHECK(has(
        bench.offer(Side::Caller, audio("10.0.0.2", 4000, std::string("a=") + direction + "\r\n")),
        std::string("a=") + direction + "\r\n"));
  CHECK(has(bench.offer(Side::Caller, audio("0.0.0.0", 4000)), "a=sendonly\r\n"));
}

TEST_CASE("call media: what is neither RTP nor UDPTL keeps its address beside what is relayed" *
          doctest::description("RFC 3264 5.1; R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  const std::string told =
      bench.offer(Side::Caller, session("10.0.0.2",
                                        "m=audio 4000 RTP/AVP 0\r\nm=image 4010 udptl t38\r\n"
                                        "m=message 4020 TCP/MSRP *\r\nc=IN IP4 10.0.0.9\r\n"));
  const auto description = sdp::parse_description(told);
  REQUIRE(description);
  CHECK(description->sections[0].connection.ip == *port::parse_ip("10.0.0.1"));
  CHECK(description->sections[1].connection.ip == *port::parse_ip("10.0.0.1"));
  CHECK(description->sections[1].number == 30006);
  CHECK_FALSE(has(told, "a=rtcp"));
  CHECK(description->sections[2].connection.ip == *port::parse_ip("10.0.0.9"));
  CHECK(in_use(bench.relay, "relayed_streams") == 2);
}

TEST_CASE("call media: full pools are told by name, and give back what was taken" *
          doctest::description("R10.3, R18.5")) {
  Bench bench(in_mode(Mode::Relay));  // four calls, five streams, and one of each for help
  const std::string one = audio("10.0.0.2", 4000);
  const std::string two =
      session("10.0.0.2", "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n");
  std::array<std::optional<CallMedia>, 5> calls;
  const auto begin = [&](size_t index, const std::string& text) {
    calls[index].emplace(bench.relay, bench);
    return bench.offer(*calls[index], bench.caller, bench.callee, text);
  };
  for (size_t i = 0; i < 3; ++i) CHECK(has(begin(i, one), "m=audio"));
  CHECK(has(begin(3, two), "m=audio"));
  CHECK(begin(4, one) == to_text(MediaFault::CallsFull));
  CHECK(status_for(MediaFault::CallsFull) == 503);
  // A call that stands wants one more.
  calls[0].reset();
  CHECK(begin(0, two) == to_text(MediaFault::StreamsFull));
  CHECK(in_use(bench.relay, "relayed_calls") == 3);
  CHECK(in_use(bench.relay, "relayed_streams") == 4);
  CHECK(in_use(bench.relay, "media_ports") == 8);
  CHECK(has(begin(0, one), "m=audio"));
  // One place more is kept for calls for help.
  CHECK(begin(4, one) == to_text(MediaFault::CallsFull));
  calls[4].emplace(bench.relay, bench);
  calls[4]->open_reserve();
  CHECK(has(bench.offer(*calls[4], bench.caller, bench.callee, one), "m=audio"));
  for (auto& call : calls) call.reset();
  CHECK(in_use(bench.relay, "relayed_calls") == 0);
  CHECK(in_use(bench.relay, "media_ports") == 0);
}

TEST_CASE("call media: no more streams than a call may have, and only of families that we speak" *
          doctest::description("R10.3, R18.5")) {
  Bench bench(in_mode(Mode::Relay));
  std::string media;
  for (int i = 0; i < 5; ++i) media += "m=audio 4000 RTP/AVP 0\r\n";
  CHECK(bench.offer(Side::Caller, session("10.0.0.2", media)) ==
        to_text(MediaFault::TooManyStreams));
  bench.callee.local = {};
  CHECK(bench.offer(Side::Caller, audio("10.0.0.2", 4000)) == to_text(MediaFault::NoAddress));
  CHECK(in_use(bench.relay, "relayed_calls") == 0);
}

TEST_CASE("call media: ports that another program has are passed over" *
          doctest::description("RFC 3550 11; R18.2")) {
  Bench bench(in_mode(Mode::Relay));
  Phone squatter(bench.server, "10.0.0.1", test::kFirstPort + 1);  // and the one behind it
  const std::string told = bench.offer(Side::Caller, audio("10.0.0.2", 4000));
  CHECK(RelayedBench::told(told).port == test::kFirstPort + 6);
  CHECK(bench.relay.counters().ports_taken == 2);
}

TEST_CASE("call media: a second answer after the call has changed its mind moves the stream" *
          doctest::description("RFC 3264 8.3.2; R18.2")) {
  RelayedBench bench;
  // Another codec, another SSRC, the same ports.
  bench.offer(Side::Callee, session("10.0.0.3", "m=audio 5000 RTP/AVP 8\r\n"));
  const std::string told =
      bench.answer(Side::Caller, session("10.0.0.2", "m=audio 4000 RTP/AVP 8\r\n"));
  CHECK(has(told, "m=audio 30002 RTP/AVP 8\r\n"));
  bench.media.settle();
  bench.anna.rtp.payload_type = bench.bob.rtp.payload_type = 8;
  bench.talk(5);
  CHECK(bench.bob.heard.size() == 5);
}

TEST_CASE("call media: every fault has a status and a phrase") {
  for (int i = 0; i <= static_cast<int>(MediaFault::NoOffer); ++i) {
    const auto fault = static_cast<MediaFault>(i);
    CHECK(to_text(fault) != "unknown");
    CHECK((status_for(fault) == 488 || status_for(fault) >= 500));
  }
}

}  // namespace
}  // namespace tipring::media

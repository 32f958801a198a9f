#include "sdp/local.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "samples.h"
#include "sdp/origin.h"
#include "sdp/rules.h"
#include "support/guard_page.h"
#include "written.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::endpoint;
using test::session_with;
using test::wire;

constexpr std::array kCodecs = {kPcmu, kPcma, kTelephoneEvent};

// A phone of ours: one stream of sound, unless a test changes it.
struct Phone {
  std::vector<LocalMedia> media;
  LocalSession session;

  Phone() {
    LocalMedia audio;
    audio.codecs = kCodecs;
    audio.rtp = endpoint("203.0.113.5", 6000);
    media.push_back(audio);
    session.origin = {"-", 5, 1, endpoint("203.0.113.5", 0).ip};
    session.media = media;
  }
  LocalMedia& audio() { return media[0]; }

  std::string offer() const {
    std::array<char, 2048> out;
    const auto size = write_offer(session, out);
    REQUIRE(size);
    return {out.data(), *size};
  }
  struct Answered {
    std::string text;
    Answer answer;
  };
  Answered answer(std::string_view offer) const {
    const auto description = parse_description(offer);
    REQUIRE(description);
    std::array<char, 2048> out;
    const auto answer = write_answer(*description, session, out);
    REQUIRE(answer);
    return {{out.data(), answer->size}, *answer};
  }
  // The media part of an answer to one audio section with these lines.
  std::string answered(std::string_view lines) const {
    const std::string text = answer(session_with(lines)).text;
    return text.substr(text.find("m="));
  }
};

const std::string kAnswerHead =
    wire("v=0\no=- 5 1 IN IP4 203.0.113.5\ns=-\nc=IN IP4 203.0.113.5\nt=0 0\n");

TEST_CASE("offer: all codecs in our order, with our numbers" *
          doctest::description("RFC 3264 5, 5.1; F7")) {
  Phone phone;
  phone.audio().packet_time_ms = 20;
  CHECK(phone.offer() == kAnswerHead + wire(R"(
m=audio 6000 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
)"));
}

TEST_CASE("offer: other addresses, RTCP elsewhere, channels, and a stream that has ended" *
          doctest::description("RFC 3264 5.1, 8.2")) {
  constexpr std::array kOpus = {Codec{"opus", 48000, 2, 96, "useinbandfec=1", false}};
  Phone phone;
  phone.audio().codecs = kOpus;
  phone.audio().rtp = endpoint("2001:db8::5", 7000);
  phone.audio().rtcp_number = 7100;
  phone.audio().rtcp_mux = true;
  phone.audio().direction = Direction::SendOnly;
  phone.media.emplace_back();
  phone.media[1].type = "video";
  phone.session.media = phone.media;
  phone.session.name = "";
  CHECK(phone.offer() == kAnswerHead + wire(R"(
m=audio 7000 RTP/AVP 96
c=IN IP6 2001:db8::5
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtcp:7100
a=rtcp-mux
a=sendonly
m=video 0 RTP/AVP 0
)"));
}

TEST_CASE("offer: a recorded stream has its label" *
          doctest::description("RFC 4574; RFC 7866 7.1.1; E12")) {
  Phone phone;
  phone.audio().direction = Direction::SendOnly;
  phone.audio().lines = "a=label:1\r\n";
  CHECK(phone.offer().ends_with("a=sendonly\r\na=label:1\r\n"));
  phone.audio().direction = Direction::RecvOnly;
  CHECK(phone.answered("m=audio 4000 RTP/AVP 0\na=sendonly\na=label:1\n")
            .ends_with("a=recvonly\r\na=label:1\r\n"));
}

TEST_CASE("answer: formats in common, in the order and with the numbers of the offer" *
          doctest::description("RFC 3264 6.1; F7")) {
  const Phone phone;
  const auto [text, answer] = phone.answer(wire(test::kPjsua));
  CHECK(text == kAnswerHead + wire(R"(
m=audio 6000 RTP/AVP 0 8 96
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
a=sendrecv
)"));
  CHECK(answer.accepted == 1);
  const Agreed& agreed = answer.media[0];
  CHECK(agreed.local == &phone.media[0]);
  REQUIRE(agreed.codec != nullptr);
  CHECK(agreed.codec->name == "PCMU");
  CHECK(agreed.payload_type == 0);
  CHECK(agreed.event_payload_type == 96);
  CHECK(agreed.direction == Direction::SendRecv);
}

TEST_CASE("answer: one codec where we cannot change" * doctest::description("RFC 3264 10.2; F7")) {
  Phone phone;
  phone.audio().single_codec = true;
  CHECK(phone.answered("m=audio 4000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\n") ==
        wire("m=audio 6000 RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\n"
             "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=sendrecv\n"));
}

TEST_CASE("answer: a dynamic number is what its rtpmap says" *
          doctest::description("RFC 3264 5.1; RFC 3551 6; F7")) {
  const Phone phone;
  CHECK(phone.answered("m=audio 4000 RTP/AVP 97 98\na=rtpmap:98 pcma/8000/1\n") ==
        wire("m=audio 6000 RTP/AVP 98\na=rtpmap:98 PCMA/8000\na=sendrecv\n"));
  // A number of the table that the offer gives another meaning, and another clock or channels.
  for (const char* other :
       {"a=rtpmap:0 opus/48000/2\n", "a=rtpmap:0 PCMU/16000\n", "a=rtpmap:0 PCMU/8000/2\n"}) {
    CAPTURE(other);
    CHECK(phone.answered(std::string("m=audio 4000 RTP/AVP 0\n") + other) ==
          "m=audio 0 RTP/AVP 0\r\n");
  }
}

TEST_CASE("answer: what nothing fits is rejected" * doctest::description("RFC 3264 6; F7")) {
  const Phone phone;
  for (const char* offered :
       {"m=audio 4000 RTP/AVP 18", "m=audio 4000 RTP/SAVP 0", "m=video 4000 RTP/AVP 0",
        "m=audio 4000/2 RTP/AVP 0", "m=audio 0 RTP/AVP 0", "m=audio 4000 udp x",
        "m=audio 4000 RTP/AVP 13"}) {
    CAPTURE(offered);
    const auto [text, answer] = phone.answer(session_with(std::string(offered) + "\n"));
    CHECK(answer.accepted == 0);
    CHECK(answer.media[0].local == nullptr);
    const auto description = parse_description(text);
    REQUIRE(description);
    REQUIRE(description->media().size() == 1);
    CHECK_FALSE(description->media()[0].is_active());
  }
  // Events are nothing to speak with.
  CHECK(phone.answer(audio_with("m=audio 1 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n"))
            .answer.accepted == 1);
  CHECK(phone.answer(audio_with("c=IN IP4 233.252.0.1/127\n")).answer.accepted == 0);
  CHECK(phone.answered("m=video 0 RTP/AVP\n") == "m=video 0 RTP/AVP 0\r\n");
  CHECK(phone.answer(session_with("")).text == kAnswerHead);
}

TEST_CASE("answer: each section has its place, each stream of ours one section" *
          doctest::description("RFC 3264 6, 8; F7")) {
  const Phone phone;
  const auto [text, answer] = phone.answer(
      session_with("m=video 4000 RTP/AVP 31 32\nm=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\n"));
  CHECK(text == kAnswerHead + wire("m=video 0 RTP/AVP 31\nm=audio 6000 RTP/AVP 8\n"
                                   "a=rtpmap:8 PCMA/8000\na=sendrecv\nm=audio 0 RTP/AVP 0\n"));
  CHECK(answer.accepted == 1);
  CHECK(answer.media[1].local == &phone.media[0]);
  CHECK(answer.media[2].local == nullptr);
}

TEST_CASE("answer: a second stream of ours takes a second section" *
          doctest::description("RFC 3264 5.1")) {
  Phone phone;
  phone.media.push_back(phone.media[0]);
  phone.media[1].rtp.port = 6010;
  phone.session.media = phone.media;
  const auto [text, answer] =
      phone.answer(session_with("m=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\n"));
  CHECK(answer.accepted == 2);
  CHECK(answer.media[1].local == &phone.media[1]);
  CHECK(text.find("m=audio 6010 RTP/AVP 0\r\n") != std::string::npos);
}

TEST_CASE("answer: direction by offer and by what we want" *
          doctest::description("RFC 3264 6.1; RFC 6337 5.3; R18.2")) {
  using enum Direction;
  for (const Direction offered : {SendRecv, SendOnly, RecvOnly, Inactive}) {
    for (const Direction wanted : {SendRecv, SendOnly, RecvOnly, Inactive}) {
      Phone phone;
      phone.audio().direction = wanted;
      const std::string lines = "m=audio 4000 RTP/AVP 0\na=" + std::string(to_text(offered)) + "\n";
      const std::string expected =
          "a=" + std::string(to_text(answer_direction(offered, wanted))) + "\r\n";
      CHECK(phone.answered(lines).ends_with(expected));
    }
  }
}

TEST_CASE("answer: time is the offer's" * doctest::description("RFC 3264 6; F7")) {
  const Phone phone;
  const std::string text =
      phone.answer(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=3724394400 0\n")).text;
  CHECK(text.ends_with("t=3724394400 0\r\n"));
}

TEST_CASE("answer: rtcp-mux when both want it" * doctest::description("RFC 5761 5.1.1; R18.2")) {
  for (const bool offered : {false, true}) {
    for (const bool wanted : {false, true}) {
      Phone phone;
      phone.audio().rtcp_mux = wanted;
      const auto [text, answer] = phone.answer(audio_with(offered ? "a=rtcp-mux\n" : ""));
      CHECK((text.find("a=rtcp-mux\r\n") != std::string::npos) == (offered && wanted));
      CHECK(answer.media[0].rtcp_mux == (offered && wanted));
    }
  }
}

TEST_CASE("answer: parameters that make the codec, and those that do not" *
          doctest::description("RFC 3264 6.1; F7")) {
  constexpr std::array kIlbc = {Codec{"iLBC", 8000, 1, 97, "mode=30", true}};
  Phone phone;
  phone.audio().codecs = kIlbc;
  CHECK(phone.answered("m=audio 1 RTP/AVP 98\na=rtpmap:98 iLBC/8000\na=fmtp:98 mode=20\n") ==
        "m=audio 0 RTP/AVP 98\r\n");
  CHECK(phone.answered("m=audio 1 RTP/AVP 98\na=rtpmap:98 iLBC/8000\na=fmtp:98 mode=30\n") ==
        wire("m=audio 6000 RTP/AVP 98\na=rtpmap:98 iLBC/8000\na=fmtp:98 mode=30\na=sendrecv\n"));
}

TEST_CASE("agree: events have the clock of the codec" * doctest::description("RFC 4733 2.1")) {
  constexpr std::array kBoth = {Codec{"opus", 48000, 2, 96, {}, false}, kPcmu,
                                Codec{"telephone-event", 48000, 1, 102, {}, false},
                                kTelephoneEvent};
  Phone phone;
  phone.audio().codecs = kBoth;
  const std::string text = session_with(
      "m=audio 1 RTP/AVP 101 100 0\na=rtpmap:101 telephone-event/48000\n"
      "a=rtpmap:100 telephone-event/8000\n");
  const Agreed agreed = phone.answer(text).answer.media[0];
  CHECK(agreed.payload_type == 0);
  CHECK(agreed.event_payload_type == 100);
}

TEST_CASE("agree: the offerer sends with the numbers of the answer" *
          doctest::description("RFC 3264 5.1, 7; F7")) {
  const Phone phone;
  const std::string answer =
      session_with("m=audio 4000 RTP/AVP 110 8\na=rtpmap:110 telephone-event/8000\na=recvonly\n");
  const auto description = parse_description(answer);
  REQUIRE(description);
  const Agreed agreed = agree(description->media()[0], phone.media[0]);
  REQUIRE(agreed.local != nullptr);
  CHECK(agreed.codec->name == "PCMA");
  CHECK(agreed.payload_type == 8);
  CHECK(agreed.event_payload_type == 110);
  CHECK(agreed.direction == Direction::SendOnly);
}

TEST_CASE("codec: formats are bounded, numbers are looked at once" *
          doctest::description("RFC 8866 5.14; F7")) {
  CHECK(sizeof(Format) <= 40);
  CHECK(sizeof(Formats) <= 1300);
  std::string line = "m=audio 1 RTP/AVP 0 x 0 128";
  for (int i = 1; i < 100; ++i) line += " " + std::to_string(i);
  const std::string text = session_with(line + "\na=rtpmap:99 a/1\na=rtpmap:1 b/1\na=fmtp:x y\n");
  const auto description = parse_description(text);
  REQUIRE(description);
  const Formats formats = read_formats(description->media()[0]);
  REQUIRE(formats.all().size() == kFormatsMax);
  CHECK(formats.all()[0].encoding == "PCMU");
  CHECK(formats.all()[1].encoding == "b");
  CHECK(formats.find(2)->encoding.empty());
  CHECK(formats.find(18)->encoding == "G729");
  CHECK(formats.find(99) == nullptr);
  CHECK_FALSE(formats.find(2)->same_codec(*formats.find(2)));
}

TEST_CASE("origin: the version goes up by one when something has changed" *
          doctest::description("RFC 3264 8; RFC 6337 5.2.5; C24")) {
  Phone phone;
  LocalOrigin origin(5, 41);
  std::array<char, 2048> out;
  const auto write = [&](uint64_t version) {
    phone.session.origin.version = version;
    return write_offer(phone.session, out);
  };
  const auto sent = [&] {
    const auto size = origin.write(out, write);
    REQUIRE(size);
    return parse_description({out.data(), *size})->origin.version;
  };
  CHECK(sent() == 41);
  CHECK(sent() == 41);
  phone.audio().direction = Direction::SendOnly;
  CHECK(sent() == 42);
  CHECK(sent() == 42);
  phone.audio().direction = Direction::SendRecv;
  CHECK(sent() == 43);
  CHECK(origin.version() == 43);
  CHECK(sizeof(LocalOrigin) <= 32);
  // What could not be written was not sent.
  phone.audio().rtp.port = 6002;
  std::array<char, 10> small;
  CHECK_FALSE(origin.write(small, [&](uint64_t) { return write_offer(phone.session, small); }));
  CHECK(origin.version() == 43);
  CHECK(sent() == 44);
}

TEST_CASE("origin: our last answer with another direction is our next offer" *
          doctest::description("RFC 3264 8, 8.4; C24")) {
  Phone phone;
  LocalOrigin origin(5, 1);
  const std::string offer = session_with("m=video 4000 RTP/AVP 31\nm=audio 4002 RTP/AVP 8 0\n");
  const auto offered = parse_description(offer);
  REQUIRE(offered);
  std::array<char, 2048> first;
  const auto size = origin.write(first, [&](uint64_t version) -> Result<size_t> {
    phone.session.origin.version = version;
    const auto answer = write_answer(*offered, phone.session, first);
    if (!answer) return answer.error();
    return answer->size;
  });
  REQUIRE(size);
  const auto last = parse_description({first.data(), *size});
  REQUIRE(last);
  std::array<char, 2048> next;
  const auto held = origin.write(next, [&](uint64_t version) {
    Edit edit;
    const OriginValues values{"-", 5, version, endpoint("203.0.113.5", 0).ip};
    edit.origin = &values;
    edit.media[1].direction = Direction::SendOnly;
    return write_edited(*last, edit, next);
  });
  REQUIRE(held);
  const auto again = parse_description({next.data(), *held});
  REQUIRE(again);
  CHECK(again->origin.version == 2);
  CHECK_FALSE(again->media()[0].is_active());
  CHECK(again->media()[1].direction == Direction::SendOnly);
  const Review review = review_offer(*last, *again);
  CHECK(review.breaches.none());
  CHECK(changes(*last, *again, 1).has(Change::Held));
}

TEST_CASE("local: what does not fit is not written" * doctest::description("guard page")) {
  const Phone phone;
  const std::string text = wire(test::kBaresip);
  const auto offer = parse_description(text);
  REQUIRE(offer);
  const std::string whole = phone.answer(text).text;
  for (size_t size = 0; size <= whole.size(); ++size) {
    test::GuardedText out(std::string(size, 'x'));
    CHECK(write_answer(*offer, phone.session, out.span()).has_value() == (size == whole.size()));
  }
}

TEST_CASE("local: our offer answered by ourselves" * doctest::description("RFC 3264 6; F7")) {
  const Phone alice;
  const Phone bob;
  const auto [text, answer] = bob.answer(alice.offer());
  CHECK(answer.accepted == 1);
  const auto description = parse_description(text);
  REQUIRE(description);
  CHECK(description->laxities.none());
  CHECK(agree(description->media()[0], alice.media[0]).local != nullptr);
}

}  // namespace
}  // namespace tipring::sdp

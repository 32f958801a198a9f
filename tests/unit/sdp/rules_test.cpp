#include "sdp/rules.h"

#include <doctest/doctest.h>

#include <string>

#include "samples.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::session_with;
using test::wire;

// A description with its text.
class Text {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {
    const auto description = parse_description(text_);
    REQUIRE(description);
    description_ = *description;
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  const Description& operator*() const { return description_; }

 private:
  std::string text_;
  Description description_;
};

Review answer_review(const std::string& offer, const std::string& answer) {
  return review_answer(*Text(offer), *Text(answer));
}
Review offer_review(const std::string& previous, const std::string& offer) {
  return review_offer(*Text(previous), *Text(offer));
}
// Media lines with an o= of another side.
std::string answered(std::string_view lines) {
  return wire("v=0\no=bob 9 9 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\n") + wire(lines);
}
std::string versioned(const char* version, std::string_view lines) {
  return wire(std::string("v=0\no=bob 9 ") + version +
              " IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\n") +
         wire(lines);
}

const std::string kAudio = session_with("m=audio 4000 RTP/AVP 0 8\n");

TEST_CASE("answer review: one that fits" * doctest::description("RFC 3264 6; F7")) {
  CHECK(answer_review(kAudio, answered("m=audio 5000 RTP/AVP 8\n")).breaches.none());
  CHECK(answer_review(kAudio, answered("m=audio 0 RTP/AVP 99\n")).breaches.none());
  CHECK(answer_review(session_with(""), answered("")).breaches.none());
  const std::string fax = session_with("m=image 4000 udptl t38\n");
  CHECK(answer_review(fax, answered("m=image 5000 udptl t38\n")).breaches.none());
}

TEST_CASE("an answer stands for another one with the same streams and formats" *
          doctest::description("RFC 3264 6, RFC 3261 13.2.1; C24")) {
  const auto stands = [](const std::string& told, const std::string& meant) {
    return can_stand_for(*Text(answered(told)), *Text(answered(meant)));
  };
  const std::string sound = "m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n";
  CHECK(stands(sound, sound));
  CHECK(stands(sound,
               "m=audio 5000 RTP/AVP 101 0\na=ptime:30\na=rtpmap:101 telephone-event/8000\n"
               "a=fmtp:101 0-15\n"));
  CHECK(stands("m=audio 0 RTP/AVP 0\n", "m=audio 0 RTP/AVP 8\n"));
  for (const char* meant :
       {"m=audio 5000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n",
        "m=audio 5000 RTP/AVP 0\n", "m=audio 0 RTP/AVP 0\n",
        "m=audio 5000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\n",
        "m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 iLBC/8000\n",
        "m=audio 5002 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n",
        "m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=sendonly\n",
        "m=audio 5000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=rtcp-mux\n",
        "m=audio 5000 RTP/SAVP 0 101\na=rtpmap:101 telephone-event/8000\n"}) {
    CAPTURE(meant);
    CHECK_FALSE(stands(sound, meant));
  }
  const std::string keys = "m=audio 5000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n";
  CHECK_FALSE(stands(keys, keys));
  const std::string picture = "m=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 ";
  CHECK(stands(picture + "packetization-mode=1\n", picture + "packetization-mode=1\n"));
  CHECK_FALSE(stands(picture + "packetization-mode=1\n", picture + "packetization-mode=0\n"));
}

TEST_CASE("two who offer meet where both have a format of one kind of stream" *
          doctest::description("RFC 3264 6, RFC 3891 3")) {
  const auto meet = [](const std::string& one, const std::string& other) {
    const bool there = can_meet(*Text(answered(one)), *Text(answered(other)));
    CHECK(there == can_meet(*Text(answered(other)), *Text(answered(one))));
    return there;
  };
  const std::string sound = "m=audio 5000 RTP/AVP 0 8\n";
  CHECK(meet(sound, "m=video 5002 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 5000 RTP/AVP 8\n"));
  CHECK(meet("m=image 5000 udptl t38\n", "m=image 5000 udptl t38\n"));
  CHECK_FALSE(meet(sound, "m=audio 5000 RTP/AVP 9\n"));
  CHECK_FALSE(meet(sound, "m=audio 0 RTP/AVP 0\n"));
  CHECK_FALSE(meet(sound, "m=audio 5000 RTP/SAVP 0\n"));
  CHECK_FALSE(meet(sound, "m=image 5000 udptl t38\n"));
}

TEST_CASE("answer review: as many m= lines as in the offer" *
          doctest::description("RFC 3264 6; F7")) {
  const Review fewer = answer_review(kAudio, answered(""));
  CHECK(fewer.breaches.has(Breach::MediaCount));
  CHECK(fewer.breaches.fatal());
  CHECK(fewer.media == 0);
  const Review more =
      answer_review(kAudio, answered("m=audio 5000 RTP/AVP 8\nm=video 0 RTP/AVP 31\n"));
  CHECK(more.breaches.has(Breach::MediaCount));
  CHECK(more.media == 1);
}

// One section offered, one answered, and what is wrong with it.
struct Row {
  const char* offered;
  const char* answered;
  Breach breach;
  bool fatal;
};

TEST_CASE("answer review: what is wrong with a section" *
          doctest::description("RFC 3264 6, 6.1, 6.2, 8.2; F7")) {
  constexpr Row kRows[] = {
      {"m=audio 1 RTP/AVP 0\n", "m=video 1 RTP/AVP 0\n", Breach::MediaTypeChanged, true},
      {"m=audio 1 RTP/AVP 0\n", "m=video 0 RTP/AVP 0\n", Breach::MediaTypeChanged, true},
      {"m=audio 1 RTP/AVP 0\n", "m=audio 1 RTP/SAVP 0\n", Breach::ProtocolChanged, true},
      {"m=audio 0 RTP/AVP 0\n", "m=audio 1 RTP/AVP 0\n", Breach::Revived, true},
      {"m=audio 1 RTP/AVP 0\n", "m=audio 1 RTP/AVP 8\n", Breach::NoCommonFormat, true},
      {"m=audio 1 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n",
       "m=audio 1 RTP/AVP 96\na=rtpmap:96 iLBC/8000\n", Breach::NoCommonFormat, true},
      {"m=audio 1 RTP/AVP 0\n", "m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\n", Breach::Multicast,
       true},
      {"m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\n", "m=audio 1 RTP/AVP 0\n", Breach::Multicast,
       true},
      {"m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\n",
       "m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.2/1\n", Breach::Multicast, true},
      {"m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\n",
       "m=audio 3 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\n", Breach::Multicast, true},
      {"m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\na=recvonly\n",
       "m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\na=sendonly\n", Breach::Multicast, true},
      {"m=audio 1 RTP/AVP 0\na=sendonly\n", "m=audio 1 RTP/AVP 0\n", Breach::Direction, false},
      {"m=audio 1 RTP/AVP 0\na=inactive\n", "m=audio 1 RTP/AVP 0\na=recvonly\n", Breach::Direction,
       false},
      {"m=audio 1 RTP/AVP 0 96\na=rtpmap:96 opus/48000/2\n",
       "m=audio 1 RTP/AVP 0 96\na=rtpmap:96 iLBC/8000\n", Breach::Remapped, false},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.offered);
    CAPTURE(row.answered);
    // Behind a good one, so that the place is known.
    const Review review =
        answer_review(session_with(std::string("m=audio 9 RTP/AVP 0\n") + row.offered),
                      answered(std::string("m=audio 7 RTP/AVP 0\n") + row.answered));
    CHECK(review.breaches.has(row.breach));
    CHECK(review.breaches.fatal() == row.fatal);
    if (row.fatal) CHECK(review.media == 1);
    CHECK_FALSE(first_phrase(review.breaches).empty());
  }
}

TEST_CASE("answer review: of several bad sections the first is named" *
          doctest::description("RFC 3264 6; F7")) {
  const Review review =
      answer_review(session_with("m=audio 1 RTP/AVP 0\nm=audio 0 RTP/AVP 0\nm=audio 2 RTP/AVP 0\n"),
                    answered("m=audio 1 RTP/AVP 0\nm=audio 1 RTP/AVP 0\nm=audio 2 RTP/AVP 8\n"));
  CHECK(review.media == 1);
  CHECK(first_phrase(review.breaches) == "removed media answered");
}

TEST_CASE("answer review: formats are common by codec, or by number where nothing says more" *
          doctest::description("RFC 3264 5.1, 6.1; F7")) {
  const std::string opus = session_with("m=audio 1 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n");
  CHECK(answer_review(opus, answered("m=audio 1 RTP/AVP 111\na=rtpmap:111 OPUS/48000/2\n"))
            .breaches.none());
  CHECK(answer_review(opus, answered("m=audio 1 RTP/AVP 96\n")).breaches.none());
  CHECK(
      answer_review(opus, answered("m=audio 1 RTP/AVP 97\n")).breaches.has(Breach::NoCommonFormat));
}

TEST_CASE("answer review: a group is answered by itself" * doctest::description("RFC 3264 6.2")) {
  const std::string lines = "m=audio 1 RTP/AVP 0\nc=IN IP4 233.252.0.1/1\na=recvonly\n";
  CHECK(answer_review(session_with(lines), answered(lines)).breaches.none());
}

TEST_CASE("offer review: the same again is no change" *
          doctest::description("RFC 3264 8; RFC 3261 14.2; C24")) {
  const std::string text = versioned("5", "m=audio 1 RTP/AVP 0\n");
  const Review same = offer_review(text, text);
  CHECK(same.unchanged);
  CHECK(same.breaches.none());
  const Review next = offer_review(text, versioned("6", "m=audio 1 RTP/AVP 0\n"));
  CHECK_FALSE(next.unchanged);
  CHECK(next.breaches.none());
}

TEST_CASE("offer review: the version of o=" *
          doctest::description("RFC 3264 8; RFC 6337 5.2.5; C24")) {
  const std::string before = versioned("5", "m=audio 1 RTP/AVP 0\n");
  const std::string_view changed = "m=audio 2 RTP/AVP 0\n";
  CHECK(offer_review(before, versioned("6", changed)).breaches.none());
  const Review kept = offer_review(before, versioned("5", changed));
  CHECK(kept.breaches.has(Breach::VersionKept));
  CHECK_FALSE(kept.unchanged);
  for (const char* version : {"7", "4", "3840951120", "x"}) {
    CAPTURE(version);
    const Review review = offer_review(before, versioned(version, changed));
    CHECK(review.breaches.has(Breach::VersionJumped));
    CHECK_FALSE(review.breaches.has(Breach::VersionKept));
    CHECK_FALSE(review.breaches.fatal());
  }
  CHECK(offer_review(versioned("x", changed), versioned("x", changed)).unchanged);
}

TEST_CASE("offer review: another session in o=" *
          doctest::description("RFC 3264 8; RFC 6337 5.2.5; C24")) {
  const std::string before = versioned("5", "m=audio 1 RTP/AVP 0\n");
  for (const char* origin : {"o=bob 10 6 IN IP4 192.0.2.2", "o=eve 9 6 IN IP4 192.0.2.2",
                             "o=bob 9 6 IN IP4 192.0.2.3"}) {
    CAPTURE(origin);
    const std::string text = wire(std::string("v=0\n") + origin +
                                  "\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 1 RTP/AVP 0\n");
    const Review review = offer_review(before, text);
    CHECK(review.breaches.has(Breach::SessionChanged));
    CHECK_FALSE(review.breaches.fatal());
    CHECK_FALSE(review.unchanged);
  }
}

TEST_CASE("offer review: no place is taken away, more may come" *
          doctest::description("RFC 3264 8, 8.1; F7")) {
  const std::string two = versioned("5", "m=audio 1 RTP/AVP 0\nm=video 2 RTP/AVP 31\n");
  const Review fewer = offer_review(two, versioned("6", "m=audio 1 RTP/AVP 0\n"));
  CHECK(fewer.breaches.has(Breach::MediaCount));
  CHECK(fewer.breaches.fatal());
  CHECK(fewer.media == 1);
  CHECK(offer_review(two, versioned("6",
                                    "m=audio 1 RTP/AVP 0\nm=video 0 RTP/AVP 31\n"
                                    "m=audio 3 RTP/AVP 0\n"))
            .breaches.none());
  // The media type of a place may change in an offer (8.3.3).
  CHECK(offer_review(two, versioned("6", "m=image 1 udptl t38\nm=video 2 RTP/AVP 31\n"))
            .breaches.none());
}

TEST_CASE("offer review: a dynamic number keeps its codec for as long as its stream lives" *
          doctest::description("RFC 3264 8.1, 8.3.2; F7")) {
  const std::string before = versioned("5", "m=audio 1 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n");
  const std::string_view remapped = "m=audio 1 RTP/AVP 96\na=rtpmap:96 iLBC/8000\n";
  const Review review = offer_review(before, versioned("6", remapped));
  CHECK(review.breaches.has(Breach::Remapped));
  CHECK_FALSE(review.breaches.fatal());
  // A number of the table means what its rtpmap says.
  CHECK(offer_review(versioned("5", "m=audio 1 RTP/AVP 0\n"),
                     versioned("6", "m=audio 1 RTP/AVP 0\na=rtpmap:0 opus/48000/2\n"))
            .breaches.has(Breach::Remapped));
  const std::string ended = versioned("5", "m=audio 0 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n");
  CHECK(offer_review(ended, versioned("6", remapped)).breaches.none());
  CHECK(offer_review(before, versioned("6",
                                       "m=audio 1 RTP/AVP 97 96\na=rtpmap:97 iLBC/8000\n"
                                       "a=rtpmap:96 OPUS/48000/2\n"))
            .breaches.none());
}

TEST_CASE("hold: sendonly, inactive and 0.0.0.0 of an active stream" *
          doctest::description("RFC 3264 8.4; RFC 6337 5.3, 5.4; R18.2")) {
  const auto held = [](const std::string& text) { return is_held(*Text(text)); };
  CHECK_FALSE(held(audio_with("")));
  CHECK_FALSE(held(audio_with("a=recvonly\n")));
  CHECK(held(audio_with("a=sendonly\n")));
  CHECK(held(audio_with("a=inactive\n")));
  CHECK(held(audio_with("c=IN IP4 0.0.0.0\n")));
  CHECK(held(wire(test::kOldHold)));
  CHECK_FALSE(held(session_with("")));
  CHECK_FALSE(held(session_with("m=audio 0 RTP/AVP 0\na=sendonly\n")));
  CHECK(held(audio_with("a=sendonly\nm=video 0 RTP/AVP 31\n")));
  CHECK_FALSE(held(audio_with("a=sendonly\nm=video 2 RTP/AVP 31\n")));
}

TEST_CASE("changes: of one stream" * doctest::description("RFC 3264 8.1 to 8.4; R18.2")) {
  const Text before(session_with("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\n"));
  const auto change = [&](const std::string& lines, size_t index = 0) {
    const Text after(session_with(lines));
    return changes(*before, *after, index);
  };
  CHECK(change("m=audio 4000 RTP/AVP 0\n").none());
  CHECK(change("m=audio 4002 RTP/AVP 0\n").has(Change::Moved));
  CHECK(change("m=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.77\n").has(Change::Moved));
  CHECK(change("m=audio 4000 RTP/AVP 0\na=rtcp:4009\n").has(Change::Moved));
  CHECK(change("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n").has(Change::Moved));
  CHECK(change("m=audio 4000 RTP/AVP 0 8\n").has(Change::Formats));
  CHECK(change("m=audio 4000 RTP/AVPF 0\n").has(Change::Formats));
  CHECK(change("m=audio 0 RTP/AVP 0\n").has(Change::Removed));
  const ChangeSet hold = change("m=audio 4000 RTP/AVP 0\na=sendonly\n");
  CHECK(hold.has(Change::Held));
  CHECK(hold.has(Change::Direction));
  CHECK_FALSE(hold.has(Change::Moved));
  const ChangeSet receiving = change("m=audio 4000 RTP/AVP 0\na=recvonly\n");
  CHECK(receiving.has(Change::Direction));
  CHECK_FALSE(receiving.has(Change::Held));
  const ChangeSet old_hold = change("m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n");
  CHECK(old_hold.has(Change::Held));
  CHECK_FALSE(old_hold.has(Change::Direction));
  // Places that were free, and places that were not there.
  CHECK(change("m=audio 4000 RTP/AVP 0\nm=video 9 RTP/AVP 31\n", 1).has(Change::Added));
  CHECK(change("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\n", 1).none());
  CHECK(change("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\nm=text 8 RTP/AVP 98\n", 2)
            .has(Change::Added));
  const Text held(session_with("m=audio 4000 RTP/AVP 0\na=inactive\n"));
  CHECK(changes(*held, *before, 0).has(Change::Resumed));
  CHECK_FALSE(changes(*held, *before, 0).has(Change::Held));
}

}  // namespace
}  // namespace tipring::sdp

// The exchanges of RFC 3264 section 10, read, checked, and made again by a user agent of ours.
#include <doctest/doctest.h>

#include <string>

#include "samples.h"
#include "sdp/codec.h"
#include "sdp/local.h"
#include "sdp/rules.h"
#include "written.h"

namespace tipring::sdp {
namespace {

using test::endpoint;
using test::wire;

class Text {
 public:
  explicit Text(std::string_view lines) : text_(wire(lines)) {
    const auto description = parse_description(text_);
    REQUIRE(description);
    description_ = *description;
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  const Description& operator*() const { return description_; }
  const Description* operator->() const { return &description_; }

 private:
  std::string text_;
  Description description_;
};

// 10.1, in the order of the exchange.
constexpr std::string_view kBasicOffer = R"(
v=0
o=alice 2890844526 2890844526 IN IP4 host.anywhere.com
s=
c=IN IP4 host.anywhere.com
t=0 0
m=audio 49170 RTP/AVP 0
a=rtpmap:0 PCMU/8000
m=video 51372 RTP/AVP 31
a=rtpmap:31 H261/90000
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
)";
constexpr std::string_view kBasicAnswer = R"(
v=0
o=bob 2890844730 2890844730 IN IP4 host.example.com
s=
c=IN IP4 host.example.com
t=0 0
m=audio 49920 RTP/AVP 0
a=rtpmap:0 PCMU/8000
m=video 0 RTP/AVP 31
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
)";
constexpr std::string_view kSecondOffer = R"(
v=0
o=bob 2890844730 2890844731 IN IP4 host.example.com
s=
c=IN IP4 host.example.com
t=0 0
m=audio 65422 RTP/AVP 0
a=rtpmap:0 PCMU/8000
m=video 0 RTP/AVP 31
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
m=audio 51434 RTP/AVP 110
a=rtpmap:110 telephone-events/8000
a=recvonly
)";
constexpr std::string_view kSecondAnswer = R"(
v=0
o=alice 2890844526 2890844527 IN IP4 host.anywhere.com
s=
c=IN IP4 host.anywhere.com
t=0 0
m=audio 49170 RTP/AVP 0
a=rtpmap:0 PCMU/8000
m=video 0 RTP/AVP 31
a=rtpmap:31 H261/90000
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
m=audio 53122 RTP/AVP 110
a=rtpmap:110 telephone-events/8000
a=sendonly
)";

TEST_CASE("RFC 3264 10.1: the basic exchange keeps all rules" *
          doctest::description("RFC 3264 10.1; F7")) {
  const Text offer(kBasicOffer);
  const Text answer(kBasicAnswer);
  CHECK(offer->laxities == LaxitySet(Laxity::NoSessionName));
  CHECK(offer->connection.kind == AddressKind::Name);
  CHECK(review_answer(*offer, *answer).breaches.none());
  const Text second(kSecondOffer);
  const Review review = review_offer(*answer, *second);
  CHECK(review.breaches.none());
  CHECK_FALSE(review.unchanged);
  CHECK(changes(*answer, *second, 0).has(Change::Moved));
  CHECK(changes(*answer, *second, 1).none());
  CHECK(changes(*answer, *second, 2).none());
  CHECK(changes(*answer, *second, 3).has(Change::Added));
  const Text last(kSecondAnswer);
  CHECK(review_answer(*second, *last).breaches.none());
  CHECK(review_offer(*offer, *last).breaches.none());
  CHECK(changes(*offer, *last, 1).has(Change::Removed));
}

TEST_CASE("RFC 3264 10.1: Bob's answer is made by us" *
          doctest::description("RFC 3264 6, 10.1; F7")) {
  constexpr std::array kMpv = {Codec{"MPV", 90000, 1, 32, {}, false}};
  constexpr std::array kSound = {kPcmu};
  std::array<LocalMedia, 2> media;
  media[0].codecs = kSound;
  media[0].rtp = endpoint("192.0.2.2", 49920);
  media[1].type = "video";
  media[1].codecs = kMpv;
  media[1].rtp = endpoint("192.0.2.2", 53000);
  LocalSession session;
  session.origin = {"bob", 2890844730, 2890844730, endpoint("192.0.2.2", 0).ip};
  session.media = media;
  const Text offer(kBasicOffer);
  std::array<char, 1024> out;
  const auto answer = write_answer(*offer, session, out);
  REQUIRE(answer);
  CHECK(answer->accepted == 2);
  CHECK(std::string_view(out.data(), answer->size) == wire(R"(
v=0
o=bob 2890844730 2890844730 IN IP4 192.0.2.2
s=-
c=IN IP4 192.0.2.2
t=0 0
m=audio 49920 RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=sendrecv
m=video 0 RTP/AVP 31
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
a=sendrecv
)"));
}

constexpr std::string_view kOneOfNOffer = R"(
v=0
o=alice 2890844526 2890844526 IN IP4 host.anywhere.com
s=
c=IN IP4 host.anywhere.com
t=0 0
m=audio 62986 RTP/AVP 0 4 18
a=rtpmap:0 PCMU/8000
a=rtpmap:4 G723/8000
a=rtpmap:18 G729/8000
a=inactive
)";
constexpr std::string_view kOneOfNAnswer = R"(
v=0
o=bob 2890844730 2890844731 IN IP4 host.example.com
s=
c=IN IP4 host.example.com
t=0 0
m=audio 54344 RTP/AVP 0 4
a=rtpmap:0 PCMU/8000
a=rtpmap:4 G723/8000
a=inactive
)";
constexpr std::string_view kOneOfNSecondOffer = R"(
v=0
o=alice 2890844526 2890844527 IN IP4 host.anywhere.com
s=
c=IN IP4 host.anywhere.com
t=0 0
m=audio 62986 RTP/AVP 4
a=rtpmap:4 G723/8000
a=sendrecv
)";
constexpr std::string_view kOneOfNSecondAnswer = R"(
v=0
o=bob 2890844730 2890844732 IN IP4 host.example.com
s=
c=IN IP4 host.example.com
t=0 0
m=audio 54344 RTP/AVP 4
a=rtpmap:4 G723/8000
a=sendrecv
)";

TEST_CASE("RFC 3264 10.2: one of several codecs, and the stream begins to flow" *
          doctest::description("RFC 3264 10.2; F7")) {
  const Text offer(kOneOfNOffer);
  const Text answer(kOneOfNAnswer);
  const Text second(kOneOfNSecondOffer);
  const Text last(kOneOfNSecondAnswer);
  CHECK(is_held(*offer));
  CHECK(review_answer(*offer, *answer).breaches.none());
  CHECK(review_offer(*offer, *second).breaches.none());
  CHECK(review_answer(*second, *last).breaches.none());
  CHECK(review_offer(*answer, *last).breaches.none());
  const ChangeSet change = changes(*offer, *second, 0);
  CHECK(change.has(Change::Formats));
  CHECK(change.has(Change::Resumed));
  CHECK_FALSE(change.has(Change::Moved));
  // The answers crossed over: inactive may not be answered by sendrecv, nor G723 alone by PCMU.
  CHECK(review_answer(*offer, *last).breaches.has(Breach::Direction));
}

TEST_CASE("RFC 3264 9: capabilities are no offer that anybody could send to" *
          doctest::description("RFC 3264 9")) {
  const Text text(R"(
v=0
o=carol 28908764872 28908764872 IN IP4 100.3.6.6
s=-
t=0 0
c=IN IP4 192.0.2.4
m=audio 0 RTP/AVP 0 1 3
a=rtpmap:0 PCMU/8000
a=rtpmap:1 1016/8000
a=rtpmap:3 GSM/8000
m=video 0 RTP/AVP 31 34
a=rtpmap:31 H261/90000
a=rtpmap:34 H263/90000
)");
  CHECK(text->laxities == LaxitySet(Laxity::OutOfOrder));
  for (const Media& media : text->media()) CHECK_FALSE(media.is_active());
  CHECK(read_formats(text->media()[0]).find(1)->encoding == "1016");
}

}  // namespace
}  // namespace tipring::sdp

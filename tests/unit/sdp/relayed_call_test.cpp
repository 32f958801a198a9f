// A whole call through a B2BUA with a relay, as src/sdp/README.md shows it: two legs, each with the
// machine, the origin and the last descriptions that a real one would keep.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "samples.h"
#include "sdp/edit.h"
#include "sdp/local.h"
#include "sdp/offer_answer.h"
#include "sdp/relay.h"
#include "sdp/rules.h"
#include "written.h"

namespace tipring::sdp {
namespace {

using enum Side;
using test::endpoint;
using test::wire;

// One leg: the phone at its other end is Remote, we are Local.
struct Leg {
  OfferAnswer machine;
  LocalOrigin origin;
  std::string from_phone;     // the last description that came
  port::SocketAddress relay;  // where the phone shall send

  Leg(uint64_t session_id, uint16_t number)
      : origin(session_id, 1), relay(endpoint("203.0.113.1", number)) {}

  void receive(Carrier carrier, const std::string& text, Body expected) {
    const auto body = machine.pass(Remote, carrier, true);
    REQUIRE(body);
    CHECK(*body == expected);
    from_phone = text;
  }

  // The other phone's description as this leg's phone is to see it.
  std::string send(Carrier carrier, const std::string& text, Body expected) {
    const auto body = machine.pass(Local, carrier, true);
    REQUIRE(body);
    CHECK(*body == expected);
    const auto description = parse_description(text);
    REQUIRE(description);
    Edit edit = relay_edit(relay.ip);
    for (size_t i = 0; i < description->media().size(); ++i)
      edit.media[i] = relayed(description->sections[i], relay, 0);
    std::array<char, 2048> out;
    const auto size = origin.write(out, [&](uint64_t version) {
      const OriginValues values{"-", origin.session_id(), version, relay.ip};
      edit.origin = &values;
      return write_edited(*description, edit, out);
    });
    REQUIRE(size);
    return {out.data(), *size};
  }
};

std::string phone_text(const char* name, const char* version, const char* ip, const char* lines) {
  return wire(std::string("v=0\no=") + name + " 1 " + version + " IN IP4 " + ip +
              "\ns=call\nc=IN IP4 " + ip + "\nt=0 0\n" + lines);
}

struct Call {
  Leg anna{100, 20000};
  Leg bert{200, 30000};

  void stand() {
    const std::string offer = phone_text("anna", "1", "192.0.2.1", "m=audio 4000 RTP/AVP 0 8\n");
    anna.receive(Carrier::Invite, offer, Body::Offer);
    to_bert = bert.send(Carrier::Invite, offer, Body::Offer);
    const std::string answer = phone_text("bert", "1", "192.0.2.2", "m=audio 5000 RTP/AVP 8\n");
    bert.receive(Carrier::Success, answer, Body::Answer);
    REQUIRE(bert.machine.pass(Local, Carrier::Ack, false));
    to_anna = anna.send(Carrier::Success, answer, Body::Answer);
    REQUIRE(anna.machine.pass(Remote, Carrier::Ack, false));
  }
  // A re-INVITE of anna, answered by bert.
  void change(const std::string& offer, const std::string& answer) {
    anna.receive(Carrier::Invite, offer, Body::Offer);
    to_bert = bert.send(Carrier::Invite, offer, Body::Offer);
    bert.receive(Carrier::Success, answer, Body::Answer);
    REQUIRE(bert.machine.pass(Local, Carrier::Ack, false));
    to_anna = anna.send(Carrier::Success, answer, Body::Answer);
    REQUIRE(anna.machine.pass(Remote, Carrier::Ack, false));
  }

  std::string to_anna;  // what the phones have got last
  std::string to_bert;
};

TEST_CASE("relayed call: each phone sees our address, our session and the other's codecs" *
          doctest::description("RFC 3264 6; R18.2")) {
  Call call;
  call.stand();
  CHECK(call.to_bert == wire(R"(
v=0
o=- 200 1 IN IP4 203.0.113.1
s=call
c=IN IP4 203.0.113.1
t=0 0
m=audio 30000 RTP/AVP 0 8
)"));
  CHECK(call.to_anna == wire(R"(
v=0
o=- 100 1 IN IP4 203.0.113.1
s=call
c=IN IP4 203.0.113.1
t=0 0
m=audio 20000 RTP/AVP 8
)"));
  CHECK(call.anna.machine.state() == OfferAnswer::State::Established);
  CHECK(call.bert.machine.state() == OfferAnswer::State::Established);
  const auto description = parse_description(call.anna.from_phone);
  REQUIRE(description);
  const auto target = media_target(description->media()[0]);
  REQUIRE(target);
  CHECK(target->rtp == endpoint("192.0.2.1", 4000));
}

TEST_CASE("relayed call: a session refresh changes no version" *
          doctest::description("RFC 4028 7.4; RFC 3264 8; C24")) {
  Call call;
  call.stand();
  const std::string to_anna = call.to_anna;
  const std::string to_bert = call.to_bert;
  call.change(call.anna.from_phone, call.bert.from_phone);
  CHECK(call.to_anna == to_anna);
  CHECK(call.to_bert == to_bert);
}

TEST_CASE("relayed call: the versions of the legs go their own ways" *
          doctest::description("RFC 3264 8; C24")) {
  Call call;
  call.stand();
  // A phone that counts in its own manner, and moves: bert sees nothing of it, the relay does.
  const std::string moved = phone_text("anna", "77", "192.0.2.9", "m=audio 4100 RTP/AVP 0 8\n");
  const auto before = parse_description(call.anna.from_phone);
  const auto after = parse_description(moved);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(review_offer(*before, *after).breaches.has(Breach::SessionChanged));
  CHECK_FALSE(review_offer(*before, *after).breaches.fatal());
  CHECK(changes(*before, *after, 0).has(Change::Moved));
  call.change(moved, call.bert.from_phone);
  CHECK(call.bert.origin.version() == 1);
  // Another codec is told to bert alone, since his answer stays.
  call.change(phone_text("anna", "78", "192.0.2.9", "m=audio 4100 RTP/AVP 8\n"),
              call.bert.from_phone);
  CHECK(call.bert.origin.version() == 2);
  CHECK(call.anna.origin.version() == 1);
}

TEST_CASE("relayed call: hold in the old way reaches the other phone in the new one" *
          doctest::description("RFC 3264 8.4; RFC 6337 5.3, 5.4; R18.2")) {
  Call call;
  call.stand();
  const std::string hold = phone_text("anna", "2", "0.0.0.0", "m=audio 4000 RTP/AVP 0 8\n");
  const auto description = parse_description(hold);
  REQUIRE(description);
  CHECK(is_held(*description));
  CHECK(media_target(description->media()[0]).error() == NoTarget::Silent);
  call.change(hold, phone_text("bert", "2", "192.0.2.2", "m=audio 5000 RTP/AVP 8\na=recvonly\n"));
  CHECK(call.to_bert.ends_with("m=audio 30000 RTP/AVP 0 8\r\na=sendonly\r\n"));
  CHECK(call.to_anna.ends_with("m=audio 20000 RTP/AVP 8\r\na=recvonly\r\n"));
  const auto offered = parse_description(call.to_bert);
  const auto answered = parse_description(call.bert.from_phone);
  REQUIRE(offered);
  REQUIRE(answered);
  CHECK(review_answer(*offered, *answered).breaches.none());
  call.change(phone_text("anna", "3", "192.0.2.1", "m=audio 4000 RTP/AVP 0 8\n"),
              phone_text("bert", "3", "192.0.2.2", "m=audio 5000 RTP/AVP 8\n"));
  CHECK(call.to_bert.ends_with("m=audio 30000 RTP/AVP 0 8\r\n"));
  CHECK(call.bert.origin.version() == 3);
}

TEST_CASE("relayed call: video is added, refused, and its place used again" *
          doctest::description("RFC 3264 8.1, 8.2; R18.2")) {
  Call call;
  call.stand();
  call.change(
      phone_text("anna", "2", "192.0.2.1", "m=audio 4000 RTP/AVP 0\nm=video 4002 RTP/AVP 31\n"),
      phone_text("bert", "2", "192.0.2.2", "m=audio 5000 RTP/AVP 0\nm=video 0 RTP/AVP 31\n"));
  CHECK(call.to_anna.ends_with("m=audio 20000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"));
  call.change(
      phone_text("anna", "3", "192.0.2.1", "m=audio 4000 RTP/AVP 0\nm=text 4002 RTP/AVP 98\n"),
      phone_text("bert", "3", "192.0.2.2", "m=audio 5000 RTP/AVP 0\nm=text 5002 RTP/AVP 98\n"));
  CHECK(call.to_bert.ends_with("m=text 30000 RTP/AVP 98\r\n"));
}

TEST_CASE("relayed call: a delayed offer goes the other way round" *
          doctest::description("RFC 3261 13.2.1; RFC 6337 2.2; R18.2")) {
  Call call;
  REQUIRE(call.anna.machine.pass(Remote, Carrier::Invite, false));
  REQUIRE(call.bert.machine.pass(Local, Carrier::Invite, false));
  const std::string offer = phone_text("bert", "1", "192.0.2.2", "m=audio 5000 RTP/AVP 8 0\n");
  call.bert.receive(Carrier::Success, offer, Body::Offer);
  call.to_anna = call.anna.send(Carrier::Success, offer, Body::Offer);
  const std::string answer = phone_text("anna", "1", "192.0.2.1", "m=audio 4000 RTP/AVP 0\n");
  call.anna.receive(Carrier::Ack, answer, Body::Answer);
  call.to_bert = call.bert.send(Carrier::Ack, answer, Body::Answer);
  CHECK(call.to_anna.ends_with("m=audio 20000 RTP/AVP 8 0\r\n"));
  CHECK(call.to_bert.ends_with("m=audio 30000 RTP/AVP 0\r\n"));
  CHECK(call.anna.machine.state() == OfferAnswer::State::Established);
  CHECK(call.bert.machine.state() == OfferAnswer::State::Established);
}

TEST_CASE("relayed call: a losing 2xx to a delayed offer is answered with no media at all" *
          doctest::description("RFC 6337 5.2.4; C24")) {
  Leg leg(300, 40000);
  REQUIRE(leg.machine.pass(Local, Carrier::Invite, false));
  const std::string offer =
      phone_text("bert", "1", "192.0.2.2", "m=audio 5000 RTP/AVP 8 0\nm=video 5002 RTP/AVP 31\n");
  leg.receive(Carrier::Success, offer, Body::Offer);
  const auto description = parse_description(offer);
  REQUIRE(description);
  LocalSession nothing;
  nothing.origin = {"-", 300, 1, leg.relay.ip};
  std::array<char, 512> out;
  const auto answer = write_answer(*description, nothing, out);
  REQUIRE(answer);
  CHECK(answer->accepted == 0);
  CHECK(std::string_view(out.data(), answer->size)
            .ends_with("m=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 31\r\n"));
  CHECK(leg.machine.pass(Local, Carrier::Ack, true).value_or(Body::None) == Body::Answer);
}

}  // namespace
}  // namespace tipring::sdp

#include "sdp/offer_answer.h"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <type_traits>
#include <vector>

namespace tipring::sdp {
namespace {

using enum Side;
using State = OfferAnswer::State;

struct Message {
  Side side;
  Carrier carrier;
  bool description = false;
};

// A message with a description in it.
constexpr Message with(Side side, Carrier carrier) { return {side, carrier, true}; }
constexpr Message without(Side side, Carrier carrier) { return {side, carrier, false}; }

constexpr Side mirrored(Side side) { return other(side); }

class Dialog {
 public:
  Dialog() = default;
  explicit Dialog(const std::vector<Message>& messages) {
    for (const Message& message : messages) REQUIRE(pass(message));
  }
  Result<Body, Refusal> pass(const Message& message) {
    return machine_.pass(message.side, message.carrier, message.description);
  }
  // The body of a message that is no fault.
  Body body(const Message& message) {
    const auto result = pass(message);
    REQUIRE(result);
    return *result;
  }
  // The refusal of one that is.
  Refusal refused(const Message& message) {
    const auto result = pass(message);
    REQUIRE_FALSE(result);
    return result.error();
  }
  State state() const { return machine_.state(); }
  const OfferAnswer& machine() const { return machine_; }

 private:
  OfferAnswer machine_;
};

// A call that stands, begun by us.
std::vector<Message> standing() {
  return {with(Local, Carrier::Invite), with(Remote, Carrier::Success),
          without(Local, Carrier::Ack)};
}
std::vector<Message> operator+(std::vector<Message> a, const std::vector<Message>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The status of a request with a description after these messages; 0 when it is taken.
uint16_t status_after(const std::vector<Message>& before, const Message& message) {
  Dialog dialog(before);
  const auto result = dialog.pass(message);
  return result ? uint16_t{0} : result.error().status;
}

TEST_CASE("offer/answer: pattern 1, INVITE and 2xx" *
          doctest::description("RFC 6337 2.2 table 1; RFC 3261 13.2.1; F7")) {
  for (const Side caller : {Local, Remote}) {
    Dialog dialog;
    CHECK(dialog.state() == State::Idle);
    CHECK(dialog.body(with(caller, Carrier::Invite)) == Body::Offer);
    CHECK(dialog.state() == (caller == Local ? State::OfferSent : State::OfferReceived));
    CHECK(dialog.body(without(mirrored(caller), Carrier::Provisional)) == Body::None);
    CHECK(dialog.body(with(mirrored(caller), Carrier::Success)) == Body::Answer);
    CHECK(dialog.state() == State::Established);
    CHECK(dialog.body(without(caller, Carrier::Ack)) == Body::None);
    CHECK_FALSE(dialog.machine().invite_open());
  }
}

TEST_CASE("offer/answer: pattern 2, 2xx and ACK" *
          doctest::description("RFC 6337 2.2 table 1; RFC 3261 13.2.1; F7")) {
  for (const Side caller : {Local, Remote}) {
    Dialog dialog;
    CHECK(dialog.body(without(caller, Carrier::Invite)) == Body::None);
    CHECK(dialog.state() == State::Idle);
    CHECK(dialog.body(with(mirrored(caller), Carrier::Success)) == Body::Offer);
    CHECK(dialog.state() == (caller == Local ? State::OfferReceived : State::OfferSent));
    CHECK(dialog.machine().invite_open());
    CHECK(dialog.body(with(caller, Carrier::Ack)) == Body::Answer);
    CHECK(dialog.state() == State::Established);
  }
}

TEST_CASE("offer/answer: pattern 3, INVITE and reliable 1xx" *
          doctest::description("RFC 6337 2.2, 3.1.1 figure 1; RFC 3262 5; F7")) {
  for (const Side caller : {Local, Remote}) {
    const Side callee = mirrored(caller);
    Dialog dialog({with(caller, Carrier::Invite)});
    CHECK(dialog.body(with(callee, Carrier::Provisional)) == Body::Preview);
    CHECK(dialog.body(with(callee, Carrier::Provisional)) == Body::Ignored);
    CHECK(dialog.body(without(callee, Carrier::ReliableProvisional)) == Body::None);
    CHECK(dialog.body(without(caller, Carrier::Prack)) == Body::None);
    CHECK(dialog.body(without(callee, Carrier::PrackSuccess)) == Body::None);
    CHECK(dialog.body(with(callee, Carrier::ReliableProvisional)) == Body::Answer);
    CHECK(dialog.state() == State::Established);
    CHECK(dialog.body(without(caller, Carrier::Prack)) == Body::None);
    CHECK(dialog.body(without(callee, Carrier::PrackSuccess)) == Body::None);
    CHECK(dialog.body(with(callee, Carrier::ReliableProvisional)) == Body::Ignored);
    CHECK(dialog.body(with(callee, Carrier::Success)) == Body::Ignored);
    CHECK(dialog.body(with(caller, Carrier::Ack)) == Body::Ignored);
    CHECK(dialog.state() == State::Established);
  }
}

TEST_CASE("offer/answer: pattern 4, reliable 1xx and PRACK" *
          doctest::description("RFC 6337 2.2, 3.1.2 figure 2; F7")) {
  for (const Side caller : {Local, Remote}) {
    const Side callee = mirrored(caller);
    Dialog dialog({without(caller, Carrier::Invite)});
    CHECK(dialog.body(with(callee, Carrier::Provisional)) == Body::Ignored);
    CHECK(dialog.body(with(callee, Carrier::ReliableProvisional)) == Body::Offer);
    CHECK(dialog.body(with(caller, Carrier::Prack)) == Body::Answer);
    CHECK(dialog.state() == State::Established);
    CHECK(dialog.body(without(callee, Carrier::PrackSuccess)) == Body::None);
    CHECK(dialog.body(with(callee, Carrier::Success)) == Body::Ignored);
    CHECK(dialog.body(without(caller, Carrier::Ack)) == Body::None);
  }
}

TEST_CASE("offer/answer: pattern 5, PRACK and its 2xx" *
          doctest::description("RFC 6337 2.2, 3.2; F7")) {
  for (const Side caller : {Local, Remote}) {
    const Side callee = mirrored(caller);
    Dialog dialog({with(caller, Carrier::Invite), with(callee, Carrier::ReliableProvisional)});
    CHECK(dialog.body(with(caller, Carrier::Prack)) == Body::Offer);
    CHECK(dialog.state() == (caller == Local ? State::OfferSent : State::OfferReceived));
    CHECK(dialog.body(with(callee, Carrier::PrackSuccess)) == Body::Answer);
    CHECK(dialog.state() == State::Established);
  }
}

TEST_CASE("offer/answer: pattern 6, UPDATE and its 2xx, early and later, from both sides" *
          doctest::description("RFC 6337 2.2; RFC 3311 5.1; F7")) {
  const std::vector<Message> early = {with(Local, Carrier::Invite),
                                      with(Remote, Carrier::ReliableProvisional),
                                      without(Local, Carrier::Prack)};
  for (const auto& before : {early, standing()}) {
    for (const Side side : {Local, Remote}) {
      Dialog dialog(before);
      CHECK(dialog.body(with(side, Carrier::Update)) == Body::Offer);
      CHECK(dialog.state() == (side == Local ? State::OfferSent : State::OfferReceived));
      CHECK(dialog.body(with(mirrored(side), Carrier::UpdateSuccess)) == Body::Answer);
      CHECK(dialog.state() == State::Established);
    }
  }
}

TEST_CASE("offer/answer: a re-INVITE from either side, with and without an offer" *
          doctest::description("RFC 3261 14; F7")) {
  for (const Side side : {Local, Remote}) {
    Dialog dialog(standing());
    CHECK(dialog.body(with(side, Carrier::Invite)) == Body::Offer);
    CHECK(dialog.body(with(mirrored(side), Carrier::Success)) == Body::Answer);
    CHECK(dialog.body(without(side, Carrier::Ack)) == Body::None);
    CHECK(dialog.body(without(side, Carrier::Invite)) == Body::None);
    CHECK(dialog.state() == State::Established);
    CHECK(dialog.body(with(mirrored(side), Carrier::Success)) == Body::Offer);
    CHECK(dialog.body(with(side, Carrier::Ack)) == Body::Answer);
  }
}

TEST_CASE("offer/answer: a 2xx that comes again says nothing new" *
          doctest::description("RFC 3261 13.2.2.4, 13.3.1.4")) {
  Dialog dialog(standing());
  CHECK(dialog.body(with(Remote, Carrier::Success)) == Body::Ignored);
  CHECK(dialog.body(without(Remote, Carrier::Success)) == Body::None);
  CHECK(dialog.body(without(Local, Carrier::Ack)) == Body::None);
  CHECK(dialog.state() == State::Established);
  Dialog offered({without(Local, Carrier::Invite), with(Remote, Carrier::Success)});
  CHECK(offered.body(with(Remote, Carrier::Success)) == Body::Ignored);
  CHECK(offered.machine().invite_open());
  CHECK(offered.body(with(Local, Carrier::Ack)) == Body::Answer);
  CHECK(offered.body(with(Remote, Carrier::Success)) == Body::Ignored);
  CHECK(offered.body(with(Local, Carrier::Ack)) == Body::Ignored);
}

// What is in the way, what comes, and the status (RFC 6337 4.3, tables 3 and 4).
struct Crossing {
  const char* rule;
  std::vector<Message> before;
  Message message;
  uint16_t status;
};

TEST_CASE("offer/answer: an offer while another is pending" *
          doctest::description("RFC 6337 4.3; RFC 3261 14.2; RFC 3311 5.2; F7")) {
  const auto re_invite = [](Side side) {
    return standing() + std::vector{with(side, Carrier::Invite)};
  };
  const auto bare_invite = [](Side side) {
    return standing() + std::vector{without(side, Carrier::Invite)};
  };
  const auto update = [](Side side) {
    return standing() + std::vector{with(side, Carrier::Update)};
  };
  const std::vector<Crossing> crossings = {
      {"IcI", re_invite(Local), with(Remote, Carrier::Invite), 491},
      {"IcI, none with an offer", bare_invite(Local), without(Remote, Carrier::Invite), 491},
      {"IcI, ACK", bare_invite(Local) + std::vector{with(Remote, Carrier::Success)},
       with(Remote, Carrier::Invite), 491},
      {"IcI, an UPDATE besides",
       re_invite(Local) + std::vector{with(Remote, Carrier::ReliableProvisional),
                                      without(Local, Carrier::Prack),
                                      with(Remote, Carrier::Update)},
       with(Remote, Carrier::Invite), 491},
      {"IsI", re_invite(Remote), with(Remote, Carrier::Invite), 500},
      {"IsI, ACK", bare_invite(Remote) + std::vector{with(Local, Carrier::Success)},
       with(Remote, Carrier::Invite), 500},
      {"UcU", update(Local), with(Remote, Carrier::Update), 491},
      {"UsU", update(Remote), with(Remote, Carrier::Update), 500},
      {"UcI", update(Local), with(Remote, Carrier::Invite), 491},
      {"UcI, no offer", update(Local), without(Remote, Carrier::Invite), 491},
      {"UsI", update(Remote), without(Remote, Carrier::Invite), 500},
      {"IcU", re_invite(Local), with(Remote, Carrier::Update), 491},
      {"IcU, no offer yet", bare_invite(Local), with(Remote, Carrier::Update), 491},
      {"IcU, ACK", bare_invite(Local) + std::vector{with(Remote, Carrier::Success)},
       with(Remote, Carrier::Update), 491},
      {"IcU, PRACK", re_invite(Local) + std::vector{with(Remote, Carrier::ReliableProvisional)},
       with(Remote, Carrier::Update), 491},
      {"IsU", re_invite(Remote), with(Remote, Carrier::Update), 500},
      {"IsU, no offer yet", bare_invite(Remote), with(Remote, Carrier::Update), 500},
      {"IsU, figure 6",
       bare_invite(Remote) + std::vector{with(Local, Carrier::ReliableProvisional)},
       with(Remote, Carrier::Update), 500},
      {"IsU, 2xx with an offer", bare_invite(Remote) + std::vector{with(Local, Carrier::Success)},
       with(Remote, Carrier::Update), 500},
      {"IsU, PRACK with an offer",
       re_invite(Remote) +
           std::vector{with(Local, Carrier::ReliableProvisional), with(Remote, Carrier::Prack)},
       with(Remote, Carrier::Update), 500},
      {"PRACK in the middle of the INVITE's own offer",
       re_invite(Remote) + std::vector{without(Local, Carrier::ReliableProvisional)},
       with(Remote, Carrier::Prack), 500},
      {"PRACK for a 1xx that carried nothing",
       re_invite(Remote) + std::vector{with(Local, Carrier::ReliableProvisional),
                                       without(Remote, Carrier::Prack),
                                       without(Local, Carrier::ReliableProvisional)},
       with(Remote, Carrier::Prack), 488},
      {"UPDATE before any session", {}, with(Remote, Carrier::Update), 488},
      {"UPDATE without an offer", update(Local), without(Remote, Carrier::Update), 0},
      {"after the exchange", re_invite(Local) + std::vector{with(Remote, Carrier::Success)},
       with(Remote, Carrier::Update), 0},
      {"after the exchange, INVITE", re_invite(Local) + std::vector{with(Remote, Carrier::Success)},
       with(Remote, Carrier::Invite), 0},
  };
  for (const Crossing& crossing : crossings) {
    CAPTURE(crossing.rule);
    CHECK(status_after(crossing.before, crossing.message) == crossing.status);
    Dialog dialog(crossing.before);
    const State state = dialog.state();
    const auto result = dialog.pass(crossing.message);
    if (result) continue;
    // What was refused has changed nothing.
    CHECK(result.error().retry_after == (crossing.status == 500));
    CHECK(dialog.state() == state);
    CHECK(status_after(crossing.before, crossing.message) == crossing.status);
  }
}

TEST_CASE("offer/answer: an offer of our own is not sent while another is pending" *
          doctest::description("RFC 3264 4; RFC 6337 4; F7")) {
  for (const Side side : {Local, Remote}) {
    for (const Carrier pending : {Carrier::Invite, Carrier::Update}) {
      for (const Carrier next : {Carrier::Invite, Carrier::Update}) {
        Dialog dialog(standing() + std::vector{with(side, pending)});
        CHECK(dialog.machine().place(Local, next) == Place::Refused);
        const Refusal refusal = dialog.refused(with(Local, next));
        CHECK(refusal.problem == (side == Local ? Problem::OwnExchange : Problem::PeerExchange));
        CHECK(refusal.status == 0);
      }
    }
  }
}

TEST_CASE("offer/answer: no UPDATE is sent before the PRACK that could cross it" *
          doctest::description("RFC 6337 4.2 figure 11, 4.3 UAC-IU")) {
  for (const Side caller : {Local, Remote}) {
    Dialog dialog(standing() + std::vector{with(caller, Carrier::Invite),
                                           with(mirrored(caller), Carrier::ReliableProvisional)});
    CHECK(dialog.machine().place(Local, Carrier::Update) == Place::Refused);
    CHECK(dialog.body(with(caller, Carrier::Prack)) == Body::Offer);
    CHECK(dialog.body(with(mirrored(caller), Carrier::PrackSuccess)) == Body::Answer);
    CHECK(dialog.machine().place(Local, Carrier::Update) == Place::MayOffer);
  }
}

TEST_CASE("offer/answer: a refused offer is as if it had not been made" *
          doctest::description("RFC 3261 14.1; RFC 3311 5.3; RFC 6337 3.4; F7")) {
  for (const Side side : {Local, Remote}) {
    Dialog initial({with(side, Carrier::Invite)});
    CHECK(initial.body(without(mirrored(side), Carrier::Failure)) == Body::None);
    CHECK(initial.state() == State::Idle);
    Dialog again(standing() + std::vector{with(side, Carrier::Invite)});
    CHECK(again.body(without(mirrored(side), Carrier::Failure)) == Body::None);
    CHECK(again.state() == State::Established);
    CHECK(again.machine().place(Local, Carrier::Invite) == Place::MayOffer);
    Dialog update(standing() + std::vector{with(side, Carrier::Update)});
    // A description in a 488 tells capabilities (RFC 6337 2.4).
    CHECK(update.body(with(mirrored(side), Carrier::UpdateFailure)) == Body::Ignored);
    CHECK(update.state() == State::Established);
    Dialog prack({with(side, Carrier::Invite), with(mirrored(side), Carrier::ReliableProvisional),
                  with(side, Carrier::Prack)});
    CHECK(prack.body(without(mirrored(side), Carrier::PrackFailure)) == Body::None);
    CHECK(prack.state() == State::Established);
    // An early session ends with its INVITE.
    CHECK(prack.body(without(mirrored(side), Carrier::Failure)) == Body::None);
    CHECK(prack.state() == State::Idle);
  }
}

TEST_CASE("offer/answer: a response of the wrong side says nothing" *
          doctest::description("RFC 3261 13.2.1")) {
  for (const Side side : {Local, Remote}) {
    Dialog dialog({with(side, Carrier::Invite)});
    const State state = dialog.state();
    CHECK(dialog.body(without(side, Carrier::Failure)) == Body::None);
    for (const Carrier response :
         {Carrier::Provisional, Carrier::ReliableProvisional, Carrier::Success})
      CHECK(dialog.refused(with(side, response)).problem == Problem::NotHere);
    CHECK(dialog.refused(with(mirrored(side), Carrier::Ack)).problem == Problem::NotHere);
    CHECK(dialog.state() == state);
    CHECK(dialog.machine().invite_open());
  }
}

TEST_CASE("offer/answer: an UPDATE outlives the INVITE that is refused meanwhile" *
          doctest::description("RFC 3311 5.3")) {
  Dialog dialog(standing() + std::vector{with(Local, Carrier::Invite),
                                         with(Remote, Carrier::ReliableProvisional),
                                         without(Local, Carrier::Prack),
                                         with(Local, Carrier::Update)});
  CHECK(dialog.body(without(Remote, Carrier::Failure)) == Body::None);
  CHECK(dialog.state() == State::OfferSent);
  CHECK(dialog.body(with(Remote, Carrier::UpdateSuccess)) == Body::Answer);
}

TEST_CASE("offer/answer: missing answers and offers of the peer" *
          doctest::description("RFC 3261 13.2.1; RFC 3262 5; F7")) {
  Dialog success({with(Local, Carrier::Invite)});
  CHECK(success.refused(without(Remote, Carrier::Success)).problem == Problem::AnswerMissing);
  CHECK(success.state() == State::Idle);
  Dialog offerless({without(Local, Carrier::Invite)});
  CHECK(offerless.body(without(Remote, Carrier::ReliableProvisional)) == Body::None);
  CHECK(offerless.body(without(Local, Carrier::Prack)) == Body::None);
  CHECK(offerless.refused(without(Remote, Carrier::Success)).problem == Problem::OfferMissing);
  Dialog ack({without(Remote, Carrier::Invite), with(Local, Carrier::Success)});
  CHECK(ack.refused(without(Remote, Carrier::Ack)).problem == Problem::AnswerMissing);
  CHECK(ack.state() == State::Idle);
  CHECK_FALSE(ack.machine().invite_open());
  Dialog update(standing() + std::vector{with(Local, Carrier::Update)});
  CHECK(update.refused(without(Remote, Carrier::UpdateSuccess)).problem == Problem::AnswerMissing);
  CHECK(update.state() == State::Established);
  // A PRACK can be refused, and the offer still waits.
  Dialog prack({without(Remote, Carrier::Invite), with(Local, Carrier::ReliableProvisional)});
  CHECK(prack.refused(without(Remote, Carrier::Prack)).status == 400);
  CHECK(prack.state() == State::OfferSent);
  CHECK(prack.body(with(Remote, Carrier::Prack)) == Body::Answer);
}

TEST_CASE("offer/answer: a preview is the answer of a 2xx that has none" *
          doctest::description("RFC 3261 13.2.1; RFC 6337 3.1.1")) {
  Dialog dialog({with(Local, Carrier::Invite), with(Remote, Carrier::Provisional)});
  CHECK(dialog.machine().has_preview());
  CHECK(dialog.state() == State::OfferSent);
  CHECK(dialog.body(without(Remote, Carrier::Success)) == Body::PreviewHolds);
  CHECK(dialog.state() == State::Established);
  CHECK_FALSE(dialog.machine().invite_open());
  // We give the answer ourselves.
  Dialog own({with(Remote, Carrier::Invite), with(Local, Carrier::Provisional)});
  CHECK(own.refused(without(Local, Carrier::Success)).problem == Problem::AnswerMissing);
  CHECK(own.body(with(Local, Carrier::Success)) == Body::Answer);
}

TEST_CASE("offer/answer: what we must not forget to send" *
          doctest::description("RFC 3261 13.2.1; RFC 3262 5; F7")) {
  Dialog invited({with(Remote, Carrier::Invite)});
  CHECK(invited.machine().place(Local, Carrier::Provisional) == Place::MayPreview);
  CHECK(invited.machine().place(Local, Carrier::ReliableProvisional) == Place::MayAnswer);
  CHECK(invited.machine().place(Local, Carrier::Success) == Place::MustAnswer);
  CHECK(invited.refused(without(Local, Carrier::Success)).problem == Problem::AnswerMissing);
  CHECK(invited.state() == State::OfferReceived);
  Dialog bare({without(Remote, Carrier::Invite)});
  CHECK(bare.machine().place(Local, Carrier::Provisional) == Place::Nothing);
  CHECK(bare.machine().place(Local, Carrier::ReliableProvisional) == Place::MustOffer);
  CHECK(bare.refused(without(Local, Carrier::ReliableProvisional)).problem ==
        Problem::OfferMissing);
  CHECK(bare.machine().place(Local, Carrier::Success) == Place::MustOffer);
  Dialog answered({with(Remote, Carrier::Invite), with(Local, Carrier::ReliableProvisional)});
  CHECK(answered.refused(without(Local, Carrier::Success)).problem == Problem::PrackPending);
  CHECK(answered.body(without(Remote, Carrier::Prack)) == Body::None);
  CHECK(answered.body(without(Local, Carrier::Success)) == Body::None);
}

TEST_CASE("offer/answer: the places of all messages in all states" *
          doctest::description("RFC 6337 2.2, 4.3; F7")) {
  using enum Place;
  struct Row {
    const char* state;
    std::vector<Message> before;
    // In the order of Carrier: of what we send, and of what the peer sends.
    std::array<Place, kCarrierCount> local;
    std::array<Place, kCarrierCount> remote;
  };
  // INVITE 1xx rel 2xx fail ACK | PRACK ok fail | UPDATE ok fail
  const std::vector<Row> rows = {
      {"nothing yet",
       {},
       {MayOffer, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {MayOffer, Nothing, Nothing, Nothing, Nothing, Refused, Refused, Nothing, Nothing, Refused,
        Nothing, Nothing}},
      {"our INVITE with an offer",
       {with(Local, Carrier::Invite)},
       {Refused, Refused, Refused, Refused, Nothing, Nothing, Nothing, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {Refused, MayPreview, MayAnswer, MustAnswer, Nothing, Refused, Refused, Nothing, Nothing,
        Refused, Nothing, Nothing}},
      {"our INVITE without",
       {without(Local, Carrier::Invite)},
       {Refused, Refused, Refused, Refused, Nothing, Nothing, Nothing, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {Refused, Nothing, MustOffer, MustOffer, Nothing, Refused, Refused, Nothing, Nothing,
        Refused, Nothing, Nothing}},
      {"their offer in a 2xx",
       {without(Local, Carrier::Invite), with(Remote, Carrier::Success)},
       {Refused, Refused, Refused, Refused, Nothing, MustAnswer, Nothing, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {Refused, Nothing, Nothing, Nothing, Nothing, Refused, Refused, Nothing, Nothing, Refused,
        Nothing, Nothing}},
      {"their answer in a 1xx",
       {with(Local, Carrier::Invite), with(Remote, Carrier::ReliableProvisional)},
       {Refused, Refused, Refused, Refused, Nothing, Nothing, MayOffer, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {Refused, Nothing, Nothing, Nothing, Nothing, Refused, Refused, Nothing, Nothing, Refused,
        Nothing, Nothing}},
      {"a call that stands",
       standing(),
       {MayOffer, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, MayOffer,
        Nothing, Nothing},
       {MayOffer, Nothing, Nothing, Nothing, Nothing, Refused, Refused, Nothing, Nothing, MayOffer,
        Nothing, Nothing}},
      {"our UPDATE",
       standing() + std::vector{with(Local, Carrier::Update)},
       {Refused, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Refused,
        Nothing, Nothing},
       {Refused, Nothing, Nothing, Nothing, Nothing, Refused, Refused, Nothing, Nothing, Refused,
        MustAnswer, Nothing}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.state);
    const Dialog dialog(row.before);
    for (uint8_t i = 0; i < kCarrierCount; ++i) {
      CAPTURE(int{i});
      CHECK(dialog.machine().place(Local, static_cast<Carrier>(i)) == row.local[i]);
      CHECK(dialog.machine().place(Remote, static_cast<Carrier>(i)) == row.remote[i]);
    }
  }
}

TEST_CASE("offer/answer: a fork takes a copy of the machine" *
          doctest::description("RFC 3261 13.2.1; RFC 6337 2.2")) {
  static_assert(std::is_trivially_copyable_v<OfferAnswer>);
  CHECK(sizeof(OfferAnswer) <= 4);
  const Dialog sent({with(Local, Carrier::Invite)});
  Dialog first = sent;
  Dialog second = sent;
  CHECK(first.body(with(Remote, Carrier::ReliableProvisional)) == Body::Answer);
  CHECK(second.state() == State::OfferSent);
  CHECK(second.body(with(Remote, Carrier::Success)) == Body::Answer);
}

TEST_CASE("offer/answer: no sequence of messages leaves it stuck" *
          doctest::description("RFC 3264 4")) {
  // All sequences of four messages with either body: in the end, failures free it again.
  const size_t kinds = size_t{kCarrierCount} * 4;
  for (size_t code = 0; code < kinds * kinds * kinds * kinds; code += 7) {
    OfferAnswer machine;
    for (size_t rest = code, i = 0; i < 4; ++i, rest /= kinds) {
      const size_t kind = rest % kinds;
      (void)machine.pass(kind % 2 == 0 ? Local : Remote, static_cast<Carrier>(kind / 4),
                         kind / 2 % 2 == 0);
    }
    for (const Side side : {Local, Remote}) {
      for (const Carrier end :
           {Carrier::UpdateFailure, Carrier::PrackFailure, Carrier::Failure, Carrier::Ack})
        (void)machine.pass(side, end, false);
    }
    const bool free = machine.state() == State::Idle || machine.state() == State::Established;
    // An offer in a 1xx that never was acknowledged ends with its INVITE; a 2xx ended that.
    if (!free) {
      (void)machine.pass(Local, Carrier::Prack, true);
      (void)machine.pass(Remote, Carrier::Prack, true);
    }
    REQUIRE(machine.state() != State::OfferSent);
    REQUIRE(machine.state() != State::OfferReceived);
    REQUIRE_FALSE(machine.invite_open());
  }
}

TEST_CASE("offer/answer: problems have phrases" * doctest::description("RFC 3261 20.43")) {
  for (int i = 0; i <= static_cast<int>(Problem::NotHere); ++i)
    CHECK(to_text(static_cast<Problem>(i)) != "unknown");
}

}  // namespace
}  // namespace tipring::sdp

#include "sdp/offer_answer.h"

namespace tipring::sdp {

namespace {

bool is_request(Carrier carrier) {
  return carrier == Carrier::Invite || carrier == Carrier::Prack || carrier == Carrier::Update;
}

}  // namespace

std::string_view to_text(Problem problem) {
  switch (problem) {
    case Problem::OwnExchange: return "an exchange of our own is open";
    case Problem::PeerExchange: return "an exchange of the peer is open";
    case Problem::OfferMissing: return "offer missing";
    case Problem::AnswerMissing: return "answer missing";
    case Problem::PrackPending: return "PRACK is pending";
    case Problem::NotHere: return "no offer may be here";
  }
  return "unknown";
}

OfferAnswer::State OfferAnswer::state() const {
  if (pending_) return pending_by_ == Side::Local ? State::OfferSent : State::OfferReceived;
  return session_ ? State::Established : State::Idle;
}

Place OfferAnswer::place(Side side, Carrier carrier) const {
  switch (carrier) {
    case Carrier::Invite:
    case Carrier::Update:
    case Carrier::Prack:
    case Carrier::Ack: return request_place(side, carrier);
    case Carrier::Provisional:
    case Carrier::ReliableProvisional:
    case Carrier::Success: return response_place(side, carrier);
    case Carrier::PrackSuccess:
    case Carrier::UpdateSuccess: {
      const Carrier request = carrier == Carrier::PrackSuccess ? Carrier::Prack : Carrier::Update;
      return pending(other(side), request) ? Place::MustAnswer : Place::Nothing;
    }
    case Carrier::Failure:
    case Carrier::PrackFailure:
    case Carrier::UpdateFailure: return Place::Nothing;
  }
  return Place::Nothing;
}

Place OfferAnswer::request_place(Side side, Carrier carrier) const {
  if (carrier == Carrier::Invite)
    return pending_ || invite_open_ ? Place::Refused : Place::MayOffer;
  if (carrier == Carrier::Update) {
    // Not inside the exchange of an INVITE, and not before a first one (RFC 3311 5.1).
    const bool in_exchange = (invite_open_ && !invite_done_) || prack_due_;
    return pending_ || in_exchange || !session_ ? Place::Refused : Place::MayOffer;
  }
  if (side != invite_by_) return Place::Refused;
  if (carrier == Carrier::Prack) return prack_place();
  return pending(other(side), Carrier::Success) ? Place::MustAnswer : Place::Nothing;
}

// A second offer may come with the PRACK for the answer to the first (RFC 3262 5). Nothing can be
// pending then: no UPDATE is taken or sent before that PRACK.
Place OfferAnswer::prack_place() const {
  if (pending(other(invite_by_), Carrier::ReliableProvisional)) return Place::MustAnswer;
  return prack_due_ ? Place::MayOffer : Place::Nothing;
}

Place OfferAnswer::response_place(Side side, Carrier carrier) const {
  if (!invite_open_) return Place::Nothing;  // again, or of another fork
  if (side == invite_by_) return Place::Refused;
  const bool offered = pending(other(side), Carrier::Invite);
  const bool offerless = !invite_done_ && !pending_;
  if (carrier == Carrier::Provisional) return offered ? Place::MayPreview : Place::Nothing;
  if (carrier == Carrier::ReliableProvisional) {
    if (offered) return Place::MayAnswer;
    return offerless ? Place::MustOffer : Place::Nothing;
  }
  // RFC 3262 5: what is in an unacknowledged 1xx comes first.
  if (prack_due_ && side == Side::Local) return Place::Refused;
  if (offered) return Place::MustAnswer;
  return offerless ? Place::MustOffer : Place::Nothing;
}

Refusal OfferAnswer::refusal(Side side, Carrier carrier, Problem problem) const {
  Refusal refusal{problem, 0, false};
  if (side == Side::Local || !is_request(carrier)) return refusal;
  switch (problem) {
    case Problem::OwnExchange: refusal.status = 491; break;
    case Problem::PeerExchange:
      refusal.status = 500;
      refusal.retry_after = true;
      break;
    case Problem::OfferMissing:
    case Problem::AnswerMissing: refusal.status = 400; break;
    case Problem::PrackPending:
    case Problem::NotHere: refusal.status = 488; break;
  }
  return refusal;
}

// Whose exchange is in the way: that of an UPDATE, else that of the INVITE, in which the offer may
// have come from either side (RFC 6337 4.3, IcI to UsI; figure 6).
Refusal OfferAnswer::busy(Side side, Carrier carrier) const {
  if (!pending_ && !invite_open_ && !prack_due_) return refusal(side, carrier, Problem::NotHere);
  const bool second_invite = carrier == Carrier::Invite && invite_open_;
  const bool by_update = pending_ && pending_in_ == Carrier::Update && !second_invite;
  const Side by = by_update ? pending_by_ : invite_by_;
  return refusal(side, carrier, by == Side::Local ? Problem::OwnExchange : Problem::PeerExchange);
}

Result<Body, Refusal> OfferAnswer::pass(Side side, Carrier carrier, bool has_description) {
  const Place at = place(side, carrier);
  Body body = has_description ? Body::Ignored : Body::None;
  switch (at) {
    case Place::Refused:
      // An UPDATE without an offer disturbs nothing.
      if (carrier == Carrier::Update && !has_description) break;
      if (carrier == Carrier::Invite || carrier == Carrier::Update) return busy(side, carrier);
      return refusal(side, carrier,
                     prack_due_ && side != invite_by_ ? Problem::PrackPending : Problem::NotHere);
    case Place::Nothing:
      // A PRACK cannot be overlooked: its sender waits for an answer.
      if (carrier == Carrier::Prack && has_description)
        return pending_ ? busy(side, carrier) : refusal(side, carrier, Problem::NotHere);
      break;
    case Place::MayOffer:
      if (has_description) body = Body::Offer;
      break;
    case Place::MayPreview:
      if (has_description) body = preview_ ? Body::Ignored : Body::Preview;
      break;
    case Place::MayAnswer:
      if (has_description) body = Body::Answer;
      break;
    case Place::MustOffer:
    case Place::MustAnswer:
      if (!has_description) return missing(side, carrier, at);
      body = at == Place::MustOffer ? Body::Offer : Body::Answer;
      break;
  }
  note_message(side, carrier, body);
  return body;
}

Result<Body, Refusal> OfferAnswer::missing(Side side, Carrier carrier, Place place) {
  const Problem problem =
      place == Place::MustOffer ? Problem::OfferMissing : Problem::AnswerMissing;
  if (side == Side::Remote) {
    // A 1xx without the offer that it should have: the 2xx may still have it.
    if (carrier == Carrier::ReliableProvisional) return Body::None;
    if (carrier == Carrier::Success && preview_) {
      note_answer();
      note_message(side, carrier, Body::PreviewHolds);
      return Body::PreviewHolds;
    }
    if (!is_request(carrier)) {
      pending_ = false;
      if (carrier == Carrier::Ack) invite_open_ = false;
      note_message(side, carrier, Body::None);
    }
  }
  return refusal(side, carrier, problem);
}

void OfferAnswer::note_offer(Side side, Carrier carrier) {
  pending_ = true;
  pending_by_ = side;
  pending_in_ = carrier;
}

void OfferAnswer::note_answer() {
  invite_done_ = true;  // no other can be answered before its own
  pending_ = false;
  session_ = true;
}

void OfferAnswer::note_message(Side side, Carrier carrier, Body body) {
  if (body == Body::Answer) note_answer();
  if (body == Body::Preview) preview_ = true;
  switch (carrier) {
    case Carrier::Invite:
      invite_by_ = side;
      invite_open_ = true;
      invite_done_ = preview_ = prack_due_ = false;
      session_before_ = session_;
      break;
    case Carrier::ReliableProvisional:
      if (body == Body::Offer || body == Body::Answer) prack_due_ = true;
      break;
    case Carrier::Prack: prack_due_ = false; break;
    case Carrier::Success:
      // One that comes again does not end the exchange that its offer began.
      if (body != Body::Offer && !pending(side, carrier)) invite_open_ = prack_due_ = false;
      break;
    case Carrier::Ack:
      if (body == Body::Answer) invite_open_ = false;
      break;
    case Carrier::Failure:
    case Carrier::PrackFailure:
    case Carrier::UpdateFailure: note_failure(side, carrier); break;
    case Carrier::Provisional:
    case Carrier::PrackSuccess:
    case Carrier::Update:
    case Carrier::UpdateSuccess: break;
  }
  if (body == Body::Offer) note_offer(side, carrier);
}

// The offer of a refused request is as if it had not been made; with an INVITE, nor was any other
// since (RFC 3261 14.1, RFC 6337 3.4).
void OfferAnswer::note_failure(Side side, Carrier carrier) {
  if (carrier == Carrier::PrackFailure || carrier == Carrier::UpdateFailure) {
    const Carrier request = carrier == Carrier::PrackFailure ? Carrier::Prack : Carrier::Update;
    if (pending(other(side), request)) pending_ = false;
    return;
  }
  if (!invite_open_ || side == invite_by_) return;
  if (pending_in_ != Carrier::Update) pending_ = false;
  invite_open_ = invite_done_ = preview_ = prack_due_ = false;
  session_ = session_before_;
}

}  // namespace tipring::sdp

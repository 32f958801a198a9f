#!/usr/bin/env python3
"""A call that rings is picked up by another phone, with an INVITE whose Replaces names the phone that rings (RFC 3891 7.1).

Usage: groups_pickup.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import PASSWORDS, SDP_LINE, GroupCall, GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import contact_of, response, tag_of, take_request, uri_of  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from sound import Ear, place_of, talk  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {"600": group_of("bob", "carol")}
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def body(message):
    return message.body.decode()


class PickingUp(Office):
    """bob and carol ring; dave sits beside them."""

    def __init__(self, server):
        super().__init__(server, "bob", "carol")
        self.dave = SipSocket(server.port)
        self.dave.server_host = self.alice.server_host
        self.phones.append(self.dave)
        self.alice_ear, self.dave_ear = Ear(1), Ear(2)

    def ring(self, offered=True, **media):
        return super().ring(offer=sdp(self.alice_ear.port, **media) if offered else None)

    def pick_up(self, member, offer, more="", status=None):
        """dave's INVITE for the phone of this member; its answer is still to come, or this status."""
        invite = member.invite
        named = f"{invite.one('call-id')};to-tag={tag_of(invite.one('from'))};from-tag={member.tag}{more}"
        call = GroupCall(self.dave, self.server, caller="dave", offer=offer, headers=[f"Replaces: {named}"],
                         uri=uri_of(invite.one("contact")))
        if status is None:
            return call.start()
        call.send_invite()
        challenge = call.phone.receive_final()
        call.ack_refusal(challenge)
        proof = credentials(challenge_params(challenge), "dave", PASSWORDS["dave"], "INVITE", call.uri)
        call.send_invite([f"Authorization: {proof}"])
        answer = call.phone.receive_final()
        assert answer.status == status, answer.raw
        call.ack_refusal(answer)
        return None

    def cancelled(self):
        for member in (self.bob, self.carol):
            assert member.take_cancel().one("reason") == ELSEWHERE

    def end(self, call, other):
        """The caller hangs up; the other one is a member, or who has picked up."""
        call.inside_with("BYE", "")
        other.phone.send(response(take_request(other.phone, "BYE"), "200 OK"))
        call.expect(200)

    def take_reinvite(self, phone, user, answer):
        """A re-INVITE, which is answered; its description."""
        invite = take_request(phone, "INVITE")
        phone.send(response(invite, "200 OK", None, [f"Contact: {contact_of(phone, user)}", SDP_LINE], answer))
        return body(invite)


def both_offer(office):
    """alice and dave have both made an offer: both wait on hold for a moment, and then talk."""
    call, taken = both_on_hold(office)
    call.ack()
    taken.ack()
    dave_is_asked(office, call, taken)


def both_on_hold(office):
    """Their calls; neither of them has acknowledged the answer."""
    call = office.ring()
    taken = office.pick_up(office.carol, sdp(office.dave_ear.port))
    assert "a=inactive" in body(taken.expect(200))
    office.cancelled()
    assert "a=inactive" in body(call.expect(200))
    return call, taken


def refuse_to_offer(phone):
    asked = take_request(phone, "INVITE")
    assert body(asked) == "", asked.raw
    phone.send(response(asked, "488 Not Acceptable Here"))
    take_request(phone, "ACK")


def asked_refuses(office):
    """dave makes no offer, so alice is asked for one."""
    call, taken = both_on_hold(office)
    taken.ack()
    call.ack()
    refuse_to_offer(office.dave)
    alice_is_asked(office, call, taken)


def alice_is_asked(office, call, taken):
    """Her offer goes to dave, and they talk."""
    assert office.take_reinvite(office.alice, "alice", sdp(office.alice_ear.port, version=2)) == ""
    offered = office.take_reinvite(office.dave, "dave", sdp(office.dave_ear.port, version=2))
    dave_place = place_of_text(offered)
    take_request(office.dave, "ACK")
    talk(office.alice_ear, place_of(take_request(office.alice, "ACK")), office.dave_ear, dave_place)
    office.end(call, taken)


def both_refuse(office):
    """Nobody would ever hear anything: the call ends."""
    call, taken = both_on_hold(office)
    taken.ack()
    call.ack()
    for phone in (office.dave, office.alice) * 2:
        refuse_to_offer(phone)
    for phone in (office.dave, office.alice):
        bye = take_request(phone, "BYE")
        assert bye.one("reason") == 'SIP;cause=488;text="Unusable answer"', bye.raw
        phone.send(response(bye, "200 OK"))


def change_that_fails(office):
    """alice asks for an offer of dave's while he makes one, and he refuses hers: they are brought together after that."""
    call, taken = both_on_hold(office)
    taken.ack()
    call.ack()
    asked = take_request(office.dave, "INVITE")
    call.inside_with("INVITE", "")
    call.expect(100)
    lines = [f"Contact: {contact_of(office.dave, 'dave')}", SDP_LINE]
    office.dave.send(response(asked, "200 OK", None, lines, sdp(office.dave_ear.port, version=2)))
    assert "m=audio 0 " in body(take_request(office.dave, "ACK"))
    refuse_to_offer(office.dave)
    call.expect(488)
    call.ack_last_invite()
    dave_is_asked(office, call, taken)


def dave_is_asked(office, call, taken):
    """His offer goes to alice, and they talk."""
    assert office.take_reinvite(office.dave, "dave", sdp(office.dave_ear.port, version=3)) == ""
    alice_place = place_of_text(office.take_reinvite(office.alice, "alice", sdp(office.alice_ear.port, version=3)))
    take_request(office.alice, "ACK")
    talk(office.alice_ear, alice_place, office.dave_ear, place_of(take_request(office.dave, "ACK")))
    rows = office.server.ctl_json("calls")
    assert rows[0]["answered_by"] == "dave", rows
    office.end(call, taken)


def change_before_ack(office):
    """alice's ACK is lost, and dave refuses the change that she asks for: they are brought together after that."""
    call, taken = both_on_hold(office)
    taken.ack()
    call.inside_with("INVITE", sdp(office.alice_ear.port, version=2))
    call.expect(100)
    change = take_request(office.dave, "INVITE")
    office.dave.send(response(change, "488 Not Acceptable Here"))
    take_request(office.dave, "ACK")
    call.expect(488)
    call.ack_last_invite()
    dave_is_asked(office, call, taken)


def no_offer_in_answer(office):
    """dave answers, and makes no offer: it counts as a refusal."""
    call, taken = both_on_hold(office)
    taken.ack()
    call.ack()
    asked = take_request(office.dave, "INVITE")
    office.dave.send(response(asked, "200 OK", None, [f"Contact: {contact_of(office.dave, 'dave')}"]))
    assert body(take_request(office.dave, "ACK")) == ""
    alice_is_asked(office, call, taken)


def place_of_text(text):
    return "127.0.0.1", int(re.search(r"m=audio (\d+)", text).group(1))


def more_streams_on_one_side(office):
    """alice has offered a picture too: the offer that brings them together is hers (RFC 3264 8)."""
    call = office.ring(video=4002)
    taken = office.pick_up(office.bob, sdp(office.dave_ear.port))
    taken.expect(200)
    office.cancelled()
    call.expect(200)
    taken.ack()
    call.ack()
    assert office.take_reinvite(office.alice, "alice", sdp(office.alice_ear.port, version=2, video=4002)) == ""
    offered = office.take_reinvite(office.dave, "dave", sdp(office.dave_ear.port, version=2, video=0))
    assert "m=video" in offered, offered
    take_request(office.dave, "ACK")
    assert "m=video 0" in body(take_request(office.alice, "ACK"))
    office.end(call, taken)


def taker_without_offer(office):
    """alice's offer goes to dave, and his answer to her."""
    call = office.ring()
    taken = office.pick_up(office.bob, None)
    ok = taken.expect(200)
    office.cancelled()
    silent(office.alice, 0.1)
    taken.ack_with(sdp(office.dave_ear.port))
    final = call.expect(200)
    call.ack()
    talk(office.alice_ear, place_of(final), office.dave_ear, place_of(ok))
    office.end(call, taken)


def caller_without_offer(office):
    """dave's offer goes to alice, and her answer to him."""
    call = office.ring(offered=False)
    taken = office.pick_up(office.bob, sdp(office.dave_ear.port))
    ok = call.expect(200)
    office.cancelled()
    silent(office.dave, 0.1)
    call.ack_with(sdp(office.alice_ear.port))
    final = taken.expect(200)
    taken.ack()
    talk(office.alice_ear, place_of(ok), office.dave_ear, place_of(final))
    office.end(call, taken)


def rings_on(office):
    """Who cannot take it leaves the call as it is: nothing in common, or nobody offers anything."""
    call = office.ring()
    office.pick_up(office.bob, sdp(7000, codecs="9"), status=488)
    office.answer(call, office.bob, others=[office.carol])
    office.end(call, office.bob)
    call = office.ring(offered=False)
    office.pick_up(office.bob, None, status=488)
    call.cancel()
    call.expect(200)
    call.expect_refusal(487)
    office.bob.take_cancel()
    office.carol.take_cancel()


def early_only(office):
    call = office.ring()
    taken = office.pick_up(office.bob, None, ";early-only")
    taken.expect(200)
    office.cancelled()
    taken.ack_with(sdp(office.dave_ear.port))
    call.expect(200)
    call.ack()
    office.end(call, taken)


def too_late(office):
    """bob has answered: 486 for who wanted an early dialog, and 603 for who wants carol's, which is over."""
    call = office.ring()
    office.bob.answer(body=sdp(office.dave_ear.port))
    cancel = take_request(office.carol.phone, "CANCEL")
    take_request(office.bob.phone, "ACK")
    call.expect(200)
    call.ack()
    office.pick_up(office.bob, sdp(7000), ";early-only", status=486)
    office.pick_up(office.carol, sdp(7000), status=603)
    office.carol.phone.send(response(cancel, "200 OK", office.carol.tag))
    office.carol.answer("487 Request Terminated")
    take_request(office.carol.phone, "ACK")
    office.end(call, office.bob)


def caller_gives_up(office):
    """While dave's answer is awaited: he gets a BYE, and alice her 487."""
    call = office.ring()
    taken = office.pick_up(office.bob, None)
    taken.expect(200)
    office.cancelled()
    call.cancel()
    call.expect(200)
    call.expect_refusal(487)
    taken.ack_with(sdp(office.dave_ear.port))
    office.dave.send(response(take_request(office.dave, "BYE"), "200 OK"))


def counted(office):
    """The group has answered, and no member."""
    before = office.server.ctl_json("group", "show", "600")
    early_only(office)
    after = office.server.ctl_json("group", "show", "600")
    assert after["answered"] == before["answered"] + 1, after
    assert after["talking"] == 0 and after["ringing"] == 0, after
    for then, now in zip(before["members"], after["members"]):
        assert (now["answered"], now["elsewhere"]) == (then["answered"], then["elsewhere"] + 1), now


CASES = [
    ("both have offered: on hold, and then together (RFC 3891 7.1, R18.2)", both_offer),
    ("who is asked for an offer refuses (RFC 3261 14.1)", asked_refuses),
    ("both refuse to make an offer", both_refuse),
    ("who is asked for an offer answers without one", no_offer_in_answer),
    ("a change that is refused follows an answer whose ACK was lost (RFC 5407 3.1.4)", change_before_ack),
    ("a change that comes to nothing while they are brought together", change_that_fails),
    ("who has more streams is asked for the offer", more_streams_on_one_side),
    ("who picks up offers nothing", taker_without_offer),
    ("who has called offers nothing", caller_without_offer),
    ("who cannot take the call leaves it as it is (RFC 3891 3)", rings_on),
    ("early-only (RFC 3891 3)", early_only),
    ("the call has been answered meanwhile (RFC 3891 3, 7.1)", too_late),
    ("the caller gives up between two answers", caller_gives_up),
    ("how it is counted (R17.4)", counted),
]


def main():
    report = Report()
    for mode in ("relay", "direct"):
        with GroupServer(sys.argv[1], GROUPS, settings=[f"media.mode={mode}"]) as server:
            run_cases(report, lambda server=server: PickingUp(server), [(f"{name}: {mode}", case) for name, case in CASES])
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

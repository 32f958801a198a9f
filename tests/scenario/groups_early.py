#!/usr/bin/env python3
"""What the caller of a hunt group hears before anybody has answered (C24).

Usage: groups_early.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import PASSWORDS, SDP_LINE, GroupServer, Member, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import contact_of, register, response, take_request  # noqa: E402
from sound import Ear, place_of, talk  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {
    "600": group_of("bob", "carol"),
    "601": group_of("bob", "carol", strategy="sequential", member_ring=1),
    "602": group_of("bob"),
}
PROGRESS = "183 Session Progress"
RELIABLE = ("Require: 100rel", "RSeq: 7")


class HeardOffice(Office):
    """Each of the three has an ear."""

    def __init__(self, server):
        super().__init__(server, "bob", "carol")
        self.alice_ear, self.bob_ear, self.carol_ear = Ear(1), Ear(2), Ear(3)

    def call(self, group="600", **options):
        return super().call(group, sdp(self.alice_ear.port), **options)

    def both_ring(self):
        call = self.call()
        self.bob.take_invite()
        self.carol.take_invite()
        return call

    def carol_answers(self, codecs="0 8", before=()):
        """After bob was heard; the 200 that alice gets."""
        self.carol.answer(body=sdp(self.carol_ear.port, codecs=codecs))
        if "bob rings" in before:
            self.bob.take_cancel()
        take_request(self.carol.phone, "ACK")


def another_answers(office):
    """bob is heard, carol answers with the same codecs: the caller keeps his answer, the relay moves the sound."""
    call = office.both_ring()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    early = call.expect(183)
    assert place_of(early)[1] not in (office.alice_ear.port, office.bob_ear.port), early.raw
    talk(office.alice_ear, place_of(early), office.bob_ear, place_of(office.bob.invite))
    office.carol.ring(PROGRESS, body=sdp(office.carol_ear.port))
    office.carol.ring()
    silent(office.alice, 0.1)
    office.carol_answers(before=["bob rings"])
    final = call.expect(200)
    assert final.body == early.body, final.raw
    call.ack()
    talk(office.alice_ear, place_of(final), office.carol_ear, place_of(office.carol.invite))
    silent(office.alice, 0.1)
    silent(office.carol.phone, 0.1)
    office.end(call, office.carol)


def another_codec(office):
    """carol answers with a codec that bob has not had: both are asked anew after the ACK."""
    call = office.both_ring()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port, codecs="0"))
    early = call.expect(183)
    office.carol_answers(codecs="8", before=["bob rings"])
    assert call.expect(200).body == early.body
    call.ack()
    asked = office.carol.take("INVITE", body=sdp(office.carol_ear.port, codecs="8 0", version=2))
    assert asked.body == b"", asked.raw
    offered = take_request(office.alice, "INVITE")
    assert re.search(r"AVP 8 0\b", offered.body.decode()) and place_of(offered) == place_of(early), offered.raw
    lines = [f"Contact: {contact_of(office.alice, 'alice')}", SDP_LINE]
    office.alice.send(response(offered, "200 OK", None, lines, sdp(office.alice_ear.port, codecs="8", version=2)))
    take_request(office.alice, "ACK")
    ack = take_request(office.carol.phone, "ACK")
    assert re.search(r"AVP 8\b", ack.body.decode()), ack.raw
    talk(office.alice_ear, place_of(early), office.carol_ear, place_of(ack))
    office.end(call, office.carol)


def one_after_the_other(office):
    """bob has been heard and rings no more: the caller's phone rings again, and then hears carol."""
    call = office.call("601")
    office.bob.take_invite()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    early = call.expect(183)
    office.bob.take_cancel()
    office.carol.take_invite()
    office.carol.ring()
    call.expect(180)
    office.carol.ring(PROGRESS, body=sdp(office.carol_ear.port))
    assert call.expect(183).body == early.body
    talk(office.alice_ear, place_of(early), office.carol_ear, place_of(office.carol.invite))
    office.carol_answers()
    assert call.expect(200).body == early.body
    call.ack()
    office.end(call, office.carol)


def heard_one_refuses(office):
    """Of two who ring the one who was heard refuses: the other one rings on, and so does the caller's phone."""
    call = office.both_ring()
    office.carol.ring()
    call.expect(180)
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    early = call.expect(183)
    office.bob.refuse("486 Busy Here")
    call.expect(180)
    office.carol_answers()
    assert call.expect(200).body == early.body
    call.ack()
    talk(office.alice_ear, place_of(early), office.carol_ear, place_of(office.carol.invite))
    office.end(call, office.carol)


def heard_one_of_his_refuses(office):
    """The same where both phones are bob's: his other one rings on."""
    second = Member(office.server, "bob")
    register(office.bob.phone, office.server, "bob", PASSWORDS["bob"])
    call = office.call("602")
    office.bob.take_invite()
    second.take_invite()
    second.ring()
    call.expect(180)
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    early = call.expect(183)
    office.bob.refuse("486 Busy Here")
    call.expect(180)
    second.answer(body=sdp(office.carol_ear.port))
    take_request(second.phone, "ACK")
    assert call.expect(200).body == early.body
    call.ack()
    office.end(call, second)
    register(second.phone, office.server, "bob", PASSWORDS["bob"], contacts=["*"], headers=["Expires: 0"])
    register(office.bob.phone, office.server, "bob", PASSWORDS["bob"])


def answer_in_the_provisional(office):
    """A reliable 183 has brought the answer, and the 200 need not repeat it (RFC 3261 13.2.1)."""
    call = office.both_ring()
    office.bob.ring(PROGRESS, RELIABLE, body=sdp(office.bob_ear.port))
    office.bob.take("PRACK")
    call.phone.receive()
    office.bob.answer()
    office.carol.phone.receive(0.05)
    take_request(office.bob.phone, "ACK")
    final = call.expect(200)
    assert b"m=audio" in final.body, final.raw
    call.ack()
    office.carol.answer("487 Request Terminated")
    take_request(office.carol.phone, "ACK")
    talk(office.alice_ear, place_of(final), office.bob_ear, place_of(office.bob.invite))
    office.end(call, office.bob)


def not_while_direct(office):
    """Another answer could not be hidden: 180 without a description, whatever they say."""
    call = office.both_ring()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    assert call.expect(180).body == b""
    office.carol.ring(PROGRESS, body=sdp(office.carol_ear.port))
    silent(office.alice, 0.1)
    office.carol_answers(before=["bob rings"])
    final = call.expect(200)
    assert place_of(final)[1] == office.carol_ear.port, final.raw
    call.ack()
    office.end(call, office.carol)


def rings_after_progress(office):
    """One phone says 183 with a description, and then that it rings: the caller hears both."""
    call = office.call("602")
    office.bob.take_invite()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    assert call.expect(183).body
    office.bob.ring()
    assert call.expect(180).body == b""
    office.bob.ring()
    silent(office.alice, 0.1)
    office.answer(call, office.bob, sdp(office.bob_ear.port))
    office.end(call, office.bob)


def waits_for_prack(office):
    """Who requires reliable responses hears 180, and after his PRACK what was said meanwhile (RFC 3262 3)."""
    call = office.call("602", headers=["Require: 100rel"])
    office.bob.take_invite()
    office.bob.ring()
    office.bob.ring(PROGRESS, body=sdp(office.bob_ear.port))
    number = call.cseq
    for status in (180, 183):
        call.answer = call.expect(status)
        silent(office.alice, 0.05)
        call.inside_plain("PRACK", [f"RAck: {call.answer.one('rseq')} {number} INVITE"], "")
        assert office.alice.receive().one("cseq").endswith("PRACK")
    assert b"m=audio" in call.answer.body, call.answer.raw
    office.answer(call, office.bob, sdp(office.bob_ear.port))
    office.end(call, office.bob)


RELAYED = [
    ("one is heard, and another answers: the caller's answer stands", another_answers),
    ("one is heard, and another answers with another codec: re-INVITEs after the ACK", another_codec),
    ("one after the other is heard", one_after_the_other),
    ("who is heard refuses: the caller's phone rings again", heard_one_refuses),
    ("the heard one of two phones of one user refuses", heard_one_of_his_refuses),
    ("what is said before the caller's PRACK follows it", waits_for_prack),
    ("who is heard rings after that", rings_after_progress),
    ("an answer in a reliable 183, and none in the 200", answer_in_the_provisional),
]
DIRECT = [
    ("where media are direct nobody of several is heard", not_while_direct),
    ("who is heard rings after that: direct", rings_after_progress),
    ("an answer in a reliable 183, and none in the 200: direct", answer_in_the_provisional),
]


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for mode, cases in (("relay", RELAYED), ("direct", DIRECT)):
        with GroupServer(bin_dir, GROUPS, settings=[f"media.mode={mode}"]) as server:
            run_cases(report, lambda server=server: HeardOffice(server), cases)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

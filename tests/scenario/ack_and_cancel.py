#!/usr/bin/env python3
"""ACK and CANCEL in all their positions, byte by byte, against the running server.

Usage: ack_and_cancel.py BIN_DIR
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, establish, hang_up, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


class Pair:
    """alice's phone and bob's, on fresh sockets; alice has sent an INVITE that bob has received."""

    def __init__(self, server, transport="udp"):
        self.bob = registered_phone(server, *USERS[1], transport)
        self.alice = SipSocket(server.port, transport)
        self.call = Call(self.alice, server)
        self.call.invite_with_credentials()
        self.call.expect(100)
        self.invite = take_request(self.bob, "INVITE")

    def reply(self, status_line, *headers):
        self.bob.send(response(self.invite, status_line, "b", headers))

    def answer(self):
        self.reply(OK, f"Contact: <sip:bob@127.0.0.1:{self.bob.port};transport={self.bob.transport}>")
        self.call.expect(200)

    def take_cancel(self):
        cancel = take_request(self.bob, "CANCEL")
        assert cancel.all("via") == self.invite.all("via")[:1], f"{cancel.all('via')} is not the INVITE's Via"
        self.bob.send(response(cancel, OK, "b"))
        self.reply("487 Request Terminated")
        take_request(self.bob, "ACK")

    def close(self):
        self.alice.close()
        self.bob.close()


def ack_of_a_refusal_stays_here(server, transport):
    pair = Pair(server, transport)
    pair.reply("486 Busy Here")
    own_ack = take_request(pair.bob, "ACK")
    assert len(own_ack.all("via")) == 1, own_ack.raw
    pair.call.ack_refusal(pair.call.expect(486))
    assert pair.bob.receive(0.3) is None, "the caller's ACK was forwarded"
    assert pair.alice.receive(0.6) is None, "the 486 comes again after its ACK"
    pair.close()


def refusal_is_repeated_until_the_ack(server):
    pair = Pair(server)
    pair.reply("486 Busy Here")
    take_request(pair.bob, "ACK")
    first, again = pair.call.expect(486), pair.call.expect(486)
    assert first.raw == again.raw, "the repeated response differs"
    pair.call.ack_refusal(again)
    assert pair.alice.receive(1.2) is None, "the 486 comes again after its ACK"
    pair.close()


def ack_of_a_2xx_is_routed(server, transport):
    pair = Pair(server, transport)
    pair.answer()
    pair.call.ack()
    ack = take_request(pair.bob, "ACK")
    assert ack.one("cseq") == f"{pair.call.cseq} ACK" and not ack.all("route"), ack.raw
    hang_up(pair.call, pair.bob)
    pair.close()


def lost_ack_is_made_good(server):
    pair = Pair(server)
    pair.answer()
    pair.answer()
    for _ in range(2):
        pair.call.ack()
        take_request(pair.bob, "ACK")
    hang_up(pair.call, pair.bob)
    pair.close()


def stray_ack_is_silent(server, transport):
    phone = SipSocket(server.port, transport)
    for uri in (f"sip:127.0.0.1:{server.port}", f"sip:nobody@127.0.0.1:{server.port}", "sip:x@example.invalid"):
        phone.send(phone.request("ACK", uri, "sip:alice@127.0.0.1", uri, to_tag="unknown"))
    assert phone.receive(0.3) is None, "an ACK was answered"
    phone.close()


def cancel_waits_for_the_first_1xx(server, transport):
    pair = Pair(server, transport)
    pair.call.cancel()
    assert pair.call.expect(200).one("cseq").endswith("CANCEL"), "the CANCEL is not answered"
    assert pair.bob.receive(0.4 if transport == "tcp" else 0.1) is None, "a CANCEL went out before any 1xx (9.1)"
    pair.reply("180 Ringing")
    pair.take_cancel()
    answer = pair.alice.receive()
    if answer.status == 180:
        answer = pair.alice.receive()
    assert answer.status == 487, answer.start_line
    pair.call.ack_refusal(answer)
    pair.close()


def repeated_cancel_gets_the_same_answer(server):
    pair = Pair(server)
    pair.reply("180 Ringing")
    pair.call.expect(180)
    answers = []
    for _ in range(3):
        pair.call.cancel()
        answers.append(pair.call.expect(200))
    assert len({answer.raw for answer in answers}) == 1, [answer.raw for answer in answers]
    pair.take_cancel()
    pair.call.ack_refusal(pair.call.expect(487))
    assert pair.bob.receive(0.3) is None, "the callee got more than one CANCEL"
    pair.close()


def cancel_outlives_its_invite(server):
    """The answer to a CANCEL is repeated for 64*T1, the INVITE's transaction ends 5 s after its ACK (17.2.1, 17.2.2)."""
    pair = Pair(server)
    pair.reply("180 Ringing")
    pair.call.expect(180)
    pair.call.cancel()
    first = pair.call.expect(200)
    pair.take_cancel()
    pair.call.ack_refusal(pair.call.expect(487))
    time.sleep(5.5)
    pair.call.cancel()
    assert pair.call.expect(200).raw == first.raw, "the repeated CANCEL got another answer"
    pair.close()


def cancel_of_another_method_does_nothing(server, transport):
    """9.2: 200, and the request goes on."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    call = establish(alice, bob, server)
    call.branch = "z9hG4bK" + random_token()
    call.inside("INFO", branch=call.branch)
    info = take_request(bob, "INFO")
    alice.send(alice.request("CANCEL", call.uri, call.from_uri, call.uri, call.call_id, call.cseq, branch=call.branch,
                             from_tag=call.from_tag))
    assert call.expect(200).one("cseq") == f"{call.cseq} CANCEL", "the CANCEL was not answered"
    assert bob.receive(0.2) is None, "a CANCEL of INFO was forwarded"
    bob.send(response(info, OK))
    assert call.expect(200).one("cseq") == f"{call.cseq} INFO", "the INFO was not answered"
    hang_up(call, bob)
    alice.close()
    bob.close()


def cancel_without_invite_is_481(server, transport):
    phone = SipSocket(server.port, transport)
    call = Call(phone, server)
    call.branch, call.cseq = "z9hG4bKnever", 1
    call.cancel()
    call.expect(481)
    phone.close()


def late_cancel_changes_nothing(server):
    pair = Pair(server)
    pair.answer()
    pair.call.cancel()
    answer = pair.alice.receive()
    assert answer.status in (200, 481) and answer.one("cseq").endswith("CANCEL"), answer.raw
    assert pair.bob.receive(0.2) is None, "the CANCEL of an answered call was forwarded"
    pair.call.ack()
    take_request(pair.bob, "ACK")
    hang_up(pair.call, pair.bob)
    pair.close()


def answer_wins_against_cancel(server):
    """The 200 and the CANCEL cross: the call stands, and the caller is told (9.1, 16.10)."""
    pair = Pair(server)
    pair.reply("180 Ringing")
    pair.call.expect(180)
    pair.call.cancel()
    pair.call.expect(200)
    cancel = take_request(pair.bob, "CANCEL")
    pair.answer()
    pair.bob.send(response(cancel, "481 Call/Transaction Does Not Exist", "b"))
    pair.call.ack()
    take_request(pair.bob, "ACK")
    hang_up(pair.call, pair.bob)
    pair.close()


def a_100_of_the_callee_stays_here(server, transport):
    """16.7 step 5: each side has its own 100; all other provisionals go on, in their order."""
    pair = Pair(server, transport)
    pair.reply("100 Trying")
    for status_line in ("183 Session Progress", "180 Ringing", "199 Early Dialog Terminated"):
        pair.reply(status_line)
        assert pair.call.expect(int(status_line[:3])).start_line == f"SIP/2.0 {status_line}"
    pair.answer()
    pair.call.ack()
    take_request(pair.bob, "ACK")
    hang_up(pair.call, pair.bob)
    pair.close()


def stray_bye_goes_to_the_phone(server):
    """A BYE for a dialog that the callee does not know gets the callee's 481."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = establish(alice, bob, server)
    call.inside("BYE")
    bye = take_request(bob, "BYE")
    bob.send(response(bye, "481 Call/Transaction Does Not Exist"))
    call.expect(481)
    alice.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        for transport in ("udp", "tcp"):
            for what, check in [
                    ("the ACK to a refusal is absorbed (R4.2)", ack_of_a_refusal_stays_here),
                    ("the ACK to a 2xx is routed (R4.2)", ack_of_a_2xx_is_routed),
                    ("a stray ACK is silent (R4.2)", stray_ack_is_silent),
                    ("the callee's 100 stays here, other provisionals go on (R2.4)", a_100_of_the_callee_stays_here),
                    ("CANCEL before any 1xx waits for it (R3.4)", cancel_waits_for_the_first_1xx),
                    ("CANCEL of another method is 200 and does nothing (R3.4)", cancel_of_another_method_does_nothing),
                    ("CANCEL without its INVITE is 481 (R3.4)", cancel_without_invite_is_481)]:
                report.run(f"{transport}: {what}", lambda c=check, t=transport: c(server, t))
        for what, check in [
                ("a refusal is repeated until its ACK (R7.2)", refusal_is_repeated_until_the_ack),
                ("a lost ACK is made good by the next 200 (R4.2)", lost_ack_is_made_good),
                ("a repeated CANCEL gets the same answer (R3.4)", repeated_cancel_gets_the_same_answer),
                ("a CANCEL repeated after its INVITE has ended gets the same answer (R3.4)",
                 cancel_outlives_its_invite),
                ("a CANCEL after the answer changes nothing (R3.4)", late_cancel_changes_nothing),
                ("an answer that crosses the CANCEL wins (R3.4)", answer_wins_against_cancel),
                ("a BYE gets the callee's 481 (R3.2)", stray_bye_goes_to_the_phone)]:
            report.run(what, lambda c=check: c(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

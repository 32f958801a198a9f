#!/usr/bin/env python3
"""Peers of RFC 2543: no cookie in the branch, or no branch at all; no tag from the callee; strict routing.

Usage: old_peers.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, contact_of, registered_phone, response, take_request, uri_of  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
BRANCHES = ["", ";branch=1"]


class OldCaller(Call):
    """All its requests have the same Via: with no branch, or with one that has no cookie and says nothing."""

    def __init__(self, phone, server, via_end):
        super().__init__(phone, server)
        self.via_end = via_end

    def old(self, text):
        return re.sub(r"(?m)^(Via: SIP/2.0/\S+ [^;\r]*)[^\r]*",
                      lambda found: found.group(1) + self.via_end, text, count=1)

    def _request(self, *arguments, **options):
        return self.old(super()._request(*arguments, **options))


def ring(server, transport, via_end):
    """bob's phone has got the INVITE and rings."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    call = OldCaller(alice, server, via_end)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "180 Ringing", "b"))
    call.expect(100)
    call.expect(180)
    return bob, alice, call, invite


def repeated_invite_is_one(server, transport, via_end):
    """17.2.3: by Request-URI, tags, Call-ID, CSeq and the topmost Via."""
    bob, alice, call, invite = ring(server, transport, via_end)
    alice.send(call.invite)
    call.expect(180)
    assert bob.receive(0.2) is None, "the repeated INVITE was forwarded"
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    answer = call.expect(486)
    call.ack_refusal(answer)
    assert alice.receive(0.7) is None and bob.receive(0.1) is None, "the ACK did not find its INVITE"
    alice.close()
    bob.close()


def cancel_finds_its_invite(server, transport, via_end):
    bob, alice, call, invite = ring(server, transport, via_end)
    call.cancel()
    assert call.expect(200).one("cseq") == "1 CANCEL"
    bob.send(response(take_request(bob, "CANCEL"), OK, "b"))
    bob.send(response(invite, "487 Request Terminated", "b"))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(487))
    assert alice.receive(0.7) is None, "the ACK did not find its INVITE"
    alice.close()
    bob.close()


def cancel_of_another_call_is_481(server, transport, via_end):
    """What differs in one part of the key is another transaction."""
    bob, alice, call, invite = ring(server, transport, via_end)
    good = call._request("CANCEL", call.uri, call.cseq)
    for bad in (good.replace(call.call_id, "another"), good.replace(call.from_tag, "another"),
                good.replace("CSeq: 1 ", "CSeq: 2 "), good.replace("CANCEL sip:bob@", "CANCEL sip:carol@", 1)):
        assert bad != good, "nothing was changed"
        alice.send(bad)
        call.expect(481)
    assert bob.receive(0.1) is None, "a foreign CANCEL ended the call"
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(486))
    alice.close()
    bob.close()


def second_request_on_the_same_via_is_new(server, transport, via_end):
    """A branch without the cookie identifies nothing: the next CSeq is another request."""
    bob, alice, call, invite = ring(server, transport, via_end)
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(486))
    call.send_invite()
    again = take_request(bob, "INVITE")
    assert again.one("cseq") == "2 INVITE", again.raw
    assert again.all("via")[0] != invite.all("via")[0], "two requests under one branch of ours"
    bob.send(response(again, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    alice.close()
    bob.close()


def callee_without_tag(server, transport, via_end):
    """12.1.2: its 2xx and its refusal pass without a tag, and the dialog's requests find it."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    call = OldCaller(alice, server, via_end)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, None, [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    answer = call.expect(200)
    assert answer.one("to") == f"<{call.uri}>", answer.one("to")
    call.ack()
    ack = take_request(bob, "ACK")
    assert ack.one("to") == f"<{call.uri}>", ack.raw
    call.inside("BYE")
    bye = take_request(bob, "BYE")
    bob.send(response(bye, OK))
    call.expect(200)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "486 Busy Here"))
    take_request(bob, "ACK")
    call.expect(100)
    answer = call.expect(486)
    call.ack_refusal(answer)
    assert alice.receive(0.7) is None, "the ACK without a tag did not find its INVITE"
    alice.close()
    bob.close()


def strict_caller(server, transport, via_end):
    """16.4: its first route stands in the Request-URI, and the callee's contact as the last Route."""
    bob, alice, call, invite = ring(server, transport, via_end)
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    answer = call.expect(200)
    routes = list(reversed(answer.all("record-route"))) + [answer.one("contact")]
    for method, cseq in (("ACK", 1), ("BYE", 2)):
        lines = [f"Route: {value}" for value in routes[1:]]
        alice.send(call._request(method, uri_of(routes[0]), cseq, lines, to_tag="b"))
        got = take_request(bob, method)
        assert got.start_line == f"{method} {uri_of(answer.one('contact'))} SIP/2.0", got.start_line
        assert not got.all("route"), got.raw
    bob.send(response(got, OK))
    call.expect(200)
    alice.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=["auth.invite=off"]) as server:
        for what, check in [
                ("an INVITE that comes again is one, and its ACK is known", repeated_invite_is_one),
                ("a CANCEL finds its INVITE", cancel_finds_its_invite),
                ("a CANCEL that differs is 481", cancel_of_another_call_is_481),
                ("the next request by the same Via is new", second_request_on_the_same_via_is_new),
                ("a callee may give no tag", callee_without_tag),
                ("a strict caller reaches the callee", strict_caller)]:
            for transport in ("udp", "tcp"):
                for via_end in BRANCHES:
                    report.run(f"{transport}, Via that ends in {via_end!r}: {what} (RFC 3261 17.2.3, G1)",
                               lambda c=check, a=(transport, via_end): c(server, *a))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

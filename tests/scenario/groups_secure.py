#!/usr/bin/env python3
"""Hunt groups and sips: nothing of it goes over UDP or TCP, and there is no TLS (RFC 3261 26.2.2, RFC 5630).

Usage: groups_secure.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import PASSWORDS, GroupCall, GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from sip_phone import register, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {
    "600": group_of("bob", "carol"),
    "601": group_of("carol", "bob", strategy="sequential"),
    "602": group_of("carol"),
}


class Secured(Office):
    """carol's phones: one that is registered with a sips Contact, on UDP and on TCP, and no other."""

    def __init__(self, server):
        super().__init__(server, "bob")
        self.carol = [SipSocket(server.port, transport) for transport in ("udp", "tcp")]
        for phone in self.carol:
            contact = f"<sips:carol@127.0.0.1:{phone.port}>"
            register(phone, server, "carol", PASSWORDS["carol"], [contact], scheme="sips")
        self.phones += self.carol


def skipped(office):
    """By the server's own count."""
    return read_metrics(office.server).value("tipring_group_phones_skipped_total")


def told(office, call):
    ladder = Api(office.server).get(f"/api/v1/trace/calls/{call.call_id}")
    return [(one["decision"], *one["values"]) for one in ladder["decisions"] if "decision" in one]


def others_ring(office):
    """carol's phones are passed over, and bob has the call."""
    for group in ("600", "601"):
        before = skipped(office)
        call = office.call(group)
        office.bob.take_invite()
        for phone in office.carol:
            silent(phone, 0.05)
        office.talk(call, office.bob)
        assert skipped(office) == before + 2, skipped(office)
        lines = told(office, call)
        assert ("phones_skipped", "carol", "2") in lines and ("member_not_rung", "carol") in lines, lines
        assert not [line for line in lines if line[:2] == ("member_rung", "carol")], lines
        assert "! phones of carol that are passed over" in office.server.ctl("trace", "show", call.call_id)


def nobody_else(office):
    """As for who has no phone at all: 480. And OPTIONS says so."""
    call = office.call("602")
    call.expect_refusal(480)
    assert ("phones_skipped", "carol", "2") in told(office, call), told(office, call)
    row = office.server.ctl_json("group", "show", "602")
    assert row["unanswered"] == row["offered"] == 1 and row["members"][0]["offered"] == 0, row


def one_that_can_be_reached(office):
    """Another phone of hers, on UDP: it rings alone."""
    phone = SipSocket(office.server.port)
    contact = f"<sip:carol@127.0.0.1:{phone.port}>"
    register(phone, office.server, "carol", PASSWORDS["carol"], [contact])
    call = office.call("602")
    invite = take_request(phone, "INVITE")
    phone.send(response(invite, "486 Busy Here", "x", []))
    take_request(phone, "ACK")
    call.expect_refusal(486)
    register(phone, office.server, "carol", PASSWORDS["carol"], [f"{contact};expires=0"])


def redirected(office):
    """bob's phone names sips addresses, of ours and of others: nobody rings by them."""
    far = SipSocket(office.server.port)
    for target in (f"sips:bob@127.0.0.1:{office.server.port}", f"sips:600@127.0.0.1:{office.server.port}",
                   f"sips:far@127.0.0.1:{far.port}"):
        before = skipped(office)
        call = office.call("600")
        office.bob.take_invite()
        office.bob.phone.send(response(office.bob.invite, "302 Moved Temporarily", office.bob.tag, [f"Contact: <{target}>"]))
        take_request(office.bob.phone, "ACK")
        call.expect_refusal(480)
        assert skipped(office) == before + 3, target
        silent(far, 0.05)


def called_by_sips(office):
    """The caller wants TLS on every hop: 480 with the Warning that says why, and nobody rings."""
    for callee in ("600", "602"):
        uri = f"sips:{callee}@127.0.0.1:{office.server.port}"
        call = GroupCall(office.alice, office.server, callee, offer=sdp(4000), uri=uri).start()
        answer = call.expect_refusal(480)
        assert answer.one("warning") == '380 tipring "SIPS Not Allowed"', answer.raw
    silent(office.bob.phone, 0.1)


CASES = [
    ("a member whose phones want TLS is passed over, counted and told of", others_ring),
    ("and is as good as not registered", nobody_else),
    ("another phone of hers rings", one_that_can_be_reached),
    ("a redirection to sips is not followed", redirected),
    ("a group that is called by sips", called_by_sips),
]


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.foreign=true"]) as server:
        run_cases(report, lambda: Secured(server), CASES)
    with GroupServer(sys.argv[1], {}, settings=["routing.anchor=always"]) as server:
        office = Secured(server)
        report.run("a user whose phones want TLS, anchored",
                   lambda: office.call("carol").expect_refusal(480))
        report.run("a user who is called by sips, anchored", lambda: anchored_by_sips(office))
    return report.close()


def anchored_by_sips(office):
    call = GroupCall(office.alice, office.server, "bob", offer=sdp(4000), uri=f"sips:bob@127.0.0.1:{office.server.port}")
    call.start()
    assert "380" in call.expect_refusal(480).one("warning")
    silent(office.bob.phone, 0.1)


if __name__ == "__main__":
    sys.exit(main())

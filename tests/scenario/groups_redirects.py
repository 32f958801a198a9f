#!/usr/bin/env python3
"""Members of a hunt group whose phones redirect the call (RFC 3261 8.1.3.4).

Usage: groups_redirects.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import (PASSWORDS, GroupCall, GroupServer, Member, group_of, run_cases, sdp, silent)  # noqa: E402
from sip_phone import registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {
    "600": group_of("bob", "carol"),
    "601": group_of("bob"),
    "602": group_of("bob", ring_timeout=1),
}


class Office:
    """alice calls; bob and carol are members, dave is none."""

    def __init__(self, server):
        self.server = server
        self.alice = registered_phone(server, "alice", PASSWORDS["alice"])
        self.bob = Member(server, "bob")
        self.carol = Member(server, "carol")
        self.dave = Member(server, "dave")

    def call(self, group, headers=()):
        return GroupCall(self.alice, self.server, group, offer=sdp(4000), headers=headers).start()

    def redirect(self, member, *targets, status="302 Moved Temporarily"):
        """To these users, or URIs."""
        uris = [target if ":" in target else f"sip:{target}@127.0.0.1:{self.server.port}" for target in targets]
        lines = [f"Contact: <{uri}>" for uri in uris]
        member.phone.send(response(member.invite, status, member.tag, lines))
        take_request(member.phone, "ACK")

    def quiet(self):
        for phone in (self.alice, self.bob.phone, self.carol.phone, self.dave.phone):
            silent(phone, 0.02)


def redirected(office):
    """bob's phone names dave, who is no member: he rings in bob's place."""
    for target, status in (("dave", "302 Moved Temporarily"), ("dave", "300 Multiple Choices")):
        call = office.call("600")
        office.bob.take_invite()
        office.carol.take_invite()
        office.carol.ring()
        call.expect(180)
        office.redirect(office.bob, target, status=status)
        office.dave.take_invite()
        office.dave.answer(body=sdp(5004))
        office.carol.take_cancel()
        take_request(office.dave.phone, "ACK")
        call.expect(200)
        call.ack()
        call.inside_with("BYE", "")
        office.dave.take("BYE")
        call.expect(200)


def rings_for_his_time(office):
    call = office.call("602")
    office.bob.take_invite()
    office.redirect(office.bob, "dave")
    office.dave.take_invite()
    office.dave.ring()
    call.expect(180)
    office.dave.take_cancel()
    call.expect_refusal(408)


def in_a_circle(office):
    """To who rings already, to the caller, to nobody, and back: each rings once, and then it is over."""
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.redirect(office.bob, "carol", "alice", "nobody", "600")
    silent(office.carol.phone, 0.1)
    silent(office.alice, 0.1)
    office.redirect(office.carol, "dave")
    office.dave.take_invite()
    office.redirect(office.dave, "bob", "carol")
    call.expect_refusal(480)


def not_wanted(office):
    """The caller does not want it (RFC 3841 9.1), or what is named is no place of the callee's (21.3.4)."""
    call = office.call("601", headers=["Request-Disposition: no-recurse"])
    office.bob.take_invite()
    office.redirect(office.bob, "dave")
    call.expect_refusal(480)
    call = office.call("601")
    office.bob.take_invite()
    office.redirect(office.bob, "dave", status="305 Use Proxy")
    call.expect_refusal(480)


def abroad_is_not_followed(office):
    far = SipSocket(office.server.port)
    call = office.call("601")
    office.bob.take_invite()
    office.redirect(office.bob, f"sip:far@localhost:{far.port}")
    call.expect_refusal(480)
    silent(far, 0.2)


def abroad_without_end(office):
    """Who sends it on and on is followed as long as there is room to remember where it was."""
    far = SipSocket(office.server.port)
    place = f"sip:far@127.0.0.1:{far.port}"
    call = office.call("601")
    office.bob.take_invite()
    office.redirect(office.bob, f"{place};n=0")
    count = 0
    while (request := far.receive(0.2)) is not None:
        if not request.start_line.startswith("INVITE"):
            continue
        count += 1
        far.send(response(request, "302 Moved Temporarily", f"far{count}", [f"Contact: <{place};n={count}>"]))
    assert 10 < count <= 32, count
    call.expect_refusal(480)


HERE = [
    ("another one rings in his place, and takes the call", redirected),
    ("no longer than the group rings", rings_for_his_time),
    ("a circle is gone round once", in_a_circle),
    ("where the caller or the status forbid it", not_wanted),
    ("abroad only where the caller might go there", abroad_is_not_followed),
]


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS) as server:
        run_cases(report, lambda: Office(server), HERE)
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.foreign=true"]) as server:
        run_cases(report, lambda: Office(server), [("abroad, and no more often than is remembered", abroad_without_end)])
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.recurse=false"]) as server:
        run_cases(report, lambda: Office(server), [("not with routing.recurse off", off)])
    return report.close()


def off(office):
    call = office.call("601")
    office.bob.take_invite()
    office.redirect(office.bob, "dave")
    call.expect_refusal(480)


if __name__ == "__main__":
    sys.exit(main())

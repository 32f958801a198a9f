#!/usr/bin/env python3
"""Members of a hunt group whose phones redirect the call (RFC 3261 8.1.3.4).

Usage: groups_redirects.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {
    "600": group_of("bob", "carol"),
    "601": group_of("bob"),
    "602": group_of("bob", ring_timeout=1),
    "610": group_of("carol", "611", strategy="sequential"),
    "611": group_of("dave", "bob", "alice"),
    "612": group_of("carol", enabled=0),
    "613": group_of("erin"),
}


def redirect(office, member, *targets, status="302 Moved Temporarily"):
    """To these users, or URIs."""
    uris = [target if ":" in target else f"sip:{target}@127.0.0.1:{office.server.port}" for target in targets]
    lines = [f"Contact: <{uri}>" for uri in uris]
    member.phone.send(response(member.invite, status, member.tag, lines))
    take_request(member.phone, "ACK")


def redirected(office):
    """bob's phone names dave, who is no member: he rings in bob's place."""
    for target, status in (("dave", "302 Moved Temporarily"), ("dave", "300 Multiple Choices")):
        call = office.call("600")
        office.bob.take_invite()
        office.carol.take_invite()
        office.carol.ring()
        call.expect(180)
        redirect(office, office.bob, target, status=status)
        office.dave.take_invite()
        office.answer(call, office.dave, others=[office.carol])
        row = office.server.ctl_json("calls")[0]
        assert row["answered_by"] == "dave", row
        office.server.log_lines("call_answered", "by=dave")
        office.end(call, office.dave)


def rings_for_his_time(office):
    call = office.call("602")
    office.bob.take_invite()
    redirect(office, office.bob, "dave")
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
    redirect(office, office.bob, "carol", "alice", "nobody", "600")
    silent(office.carol.phone, 0.1)
    silent(office.alice, 0.1)
    redirect(office, office.carol, "dave")
    office.dave.take_invite()
    redirect(office, office.dave, "bob", "carol")
    call.expect_refusal(480)


def to_a_group(office):
    """bob's phone names a group, by its extension or its number: all of it ring at once in his place, groups within it too."""
    for target in ("610", f"tel:610;phone-context=127.0.0.1"):
        call = office.call("601")
        office.bob.take_invite()
        redirect(office, office.bob, target)
        for member in (office.carol, office.dave):
            member.take_invite()
            member.ring()
        call.expect(180)
        silent(office.bob.phone, 0.1)
        office.answer(call, office.dave, others=[office.carol])
        office.end(call, office.dave)


def groups_in_a_circle(office):
    """Each names a group that names them all again: everybody rings once."""
    call = office.call("601")
    office.bob.take_invite()
    redirect(office, office.bob, "610", "601")
    office.carol.take_invite()
    office.dave.take_invite()
    redirect(office, office.carol, "600", "611")
    redirect(office, office.dave, "610", "601")
    call.expect_refusal(480)


def no_longer_than_the_member(office):
    call = office.call("602")
    office.bob.take_invite()
    redirect(office, office.bob, "610")
    for member in (office.carol, office.dave):
        member.take_invite()
        member.ring()
    call.expect(180)
    office.carol.take_cancel()
    office.dave.take_cancel()
    call.expect_refusal(408)


def to_a_group_of_nobody(office):
    """Disabled, or without a phone: it is as if bob's phone had refused, and carol rings on."""
    for group in ("612", "613"):
        call = office.call("600")
        office.bob.take_invite()
        office.carol.take_invite()
        office.carol.ring()
        call.expect(180)
        redirect(office, office.bob, group)
        office.talk(call, office.carol)


def counted_for_who_redirects(office):
    """It is bob's call that the others take: the group that he names has been offered nothing."""
    rows = [office.server.ctl_json("group", "show", group) for group in ("601", "610")]
    assert rows[0]["members"][0]["answered"] >= 2 and rows[0]["answered"] >= 2, rows[0]
    assert rows[1]["offered"] == 0 and all(row["offered"] == 0 for row in rows[1]["members"]), rows[1]


def not_wanted(office):
    """The caller does not want it (RFC 3841 9.1), or what is named is no place of the callee's (21.3.4)."""
    call = office.call("601", headers=["Request-Disposition: no-recurse"])
    office.bob.take_invite()
    redirect(office, office.bob, "dave")
    call.expect_refusal(480)
    call = office.call("601")
    office.bob.take_invite()
    redirect(office, office.bob, "dave", status="305 Use Proxy")
    call.expect_refusal(480)


def abroad_is_not_followed(office):
    far = SipSocket(office.server.port)
    call = office.call("601")
    office.bob.take_invite()
    redirect(office, office.bob, f"sip:far@localhost:{far.port}")
    call.expect_refusal(480)
    silent(far, 0.2)


def abroad_without_end(office):
    """Who sends it on and on is followed as long as there is room to remember where it was."""
    far = SipSocket(office.server.port)
    place = f"sip:far@127.0.0.1:{far.port}"
    call = office.call("601")
    office.bob.take_invite()
    redirect(office, office.bob, f"{place};n=0")
    count = 0
    while (request := far.receive(0.2)) is not None:
        if not request.start_line.startswith("INVITE"):
            continue
        count += 1
        far.send(response(request, "302 Moved Temporarily", f"far{count}", [f"Contact: <{place};n={count}>"]))
    assert 10 < count <= 32, count
    call.expect_refusal(480)


CASES = [
    ("another one rings in his place, and takes the call", redirected),
    ("no longer than the group rings", rings_for_his_time),
    ("a circle is gone round once", in_a_circle),
    ("to a group: all of it ring in his place", to_a_group),
    ("to groups that name each other: everybody rings once", groups_in_a_circle),
    ("a group rings no longer than who has named it", no_longer_than_the_member),
    ("to a group in which nobody can ring", to_a_group_of_nobody),
    ("counted for who has redirected (R17.4)", counted_for_who_redirects),
    ("where the caller or the status forbid it", not_wanted),
    ("abroad only where the caller might go there", abroad_is_not_followed),
]


def office_of(server):
    return Office(server, "bob", "carol", "dave")


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS) as server:
        run_cases(report, lambda: office_of(server), CASES)
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.foreign=true"]) as server:
        run_cases(report, lambda: office_of(server), [("abroad, and no more often than is remembered", abroad_without_end)])
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.recurse=false"]) as server:
        run_cases(report, lambda: office_of(server), [("not with routing.recurse off", off)])
    return report.close()


def off(office):
    call = office.call("601")
    office.bob.take_invite()
    redirect(office, office.bob, "dave")
    call.expect_refusal(480)


if __name__ == "__main__":
    sys.exit(main())

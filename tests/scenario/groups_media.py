#!/usr/bin/env python3
"""Sound through the server: calls to groups and anchored calls, with media relayed and direct.

Usage: groups_media.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import PASSWORDS, GroupCall, GroupServer, Member, group_of, sdp, silent  # noqa: E402
from sip_phone import registered_phone, take_request  # noqa: E402
from sound import Ear, place_of, talk  # noqa: E402
from tipring_server import Report, free_port  # noqa: E402

GROUPS = {"600": group_of("bob", "carol", "dave", "erin")}


def connect(server, group, members, relayed):
    """A call that the first of the members answers, with sound."""
    alice = registered_phone(server, "alice", PASSWORDS["alice"])
    phones = [Member(server, name) for name in members]
    alice_ear, bob_ear = Ear(1), Ear(2)
    call = GroupCall(alice, server, group, offer=sdp(alice_ear.port)).start()
    for phone in phones:
        phone.take_invite()
        phone.ring()
    call.expect(180)
    for phone in phones[1:]:
        assert place_of(phone.invite) == place_of(phones[0].invite), "ports toward one side are the same for all"
    phones[0].answer(body=sdp(bob_ear.port))
    for phone in phones[1:]:
        phone.take_cancel()
    take_request(phones[0].phone, "ACK")
    answer = call.expect(200)
    call.ack()
    ours = (("127.0.0.1", bob_ear.port), ("127.0.0.1", alice_ear.port))
    given = (place_of(answer), place_of(phones[0].invite))
    assert (given != ours) == relayed and (given[0] != ours[0]) == relayed, given
    talk(alice_ear, given[0], bob_ear, given[1])
    rows = server.ctl_json("calls")
    assert [row["media"] for row in rows] == ["relayed" if relayed else "direct"], rows
    call.inside_with("BYE", "")
    phones[0].take("BYE")
    call.expect(200)
    silent(alice, 0.05)
    pools = {row["name"]: row["in_use"] for row in server.ctl_json("pools")}
    assert pools["b2bua_calls"] == 0 and pools["b2bua_legs"] == 0, pools
    for socket_of in (alice_ear, bob_ear):
        socket_of.close()


def between_families(bin_dir, caller_host, member_host):
    """One side has IPv4, the other IPv6: each is told an address of its own family, and hears the other."""
    port = free_port()
    listen = ", ".join(f'"{transport}:{host}:{port}"' for transport in ("udp", "tcp") for host in ("127.0.0.1", "[::1]"))
    with GroupServer(bin_dir, {"600": group_of("bob")}, port=port, settings=[f"sip.listen=[{listen}]"]) as server:
        alice = registered_phone(server, "alice", PASSWORDS["alice"], host=caller_host)
        bob = Member(server, "bob", host=member_host)
        alice_ear, bob_ear = Ear(1, caller_host), Ear(2, member_host)
        call = GroupCall(alice, server, "600", offer=sdp(alice_ear.port, caller_host)).start()
        offered = place_of(bob.take_invite())
        bob.answer(body=sdp(bob_ear.port, member_host))
        take_request(bob.phone, "ACK")
        answered = place_of(call.expect(200))
        call.ack()
        assert (answered[0], offered[0]) == (caller_host, member_host), (answered, offered)
        talk(alice_ear, answered, bob_ear, offered)
        # Held and taken back, the families stay apart.
        call.inside_with("INVITE", sdp(alice_ear.port, caller_host, direction="sendonly", version=2))
        again = bob.take("INVITE", body=sdp(bob_ear.port, member_host, direction="recvonly", version=2))
        assert place_of(again) == offered and b"a=sendonly" in again.body, again.raw
        take_request(bob.phone, "ACK")
        final = call.phone.receive_final()
        assert final.status == 200 and place_of(final) == answered, final.raw
        call.ack_again()
        call.inside_with("BYE", "")
        bob.take("BYE")
        call.expect(200)
        for ear in (alice_ear, bob_ear):
            ear.close()


def user_to_user(server):
    """Anchored: the same with one member, whose refusal is the caller's."""
    connect(server, "bob", ["bob"], True)
    alice = registered_phone(server, "alice", PASSWORDS["alice"])
    bob = Member(server, "bob")
    for status in ("488 Not Acceptable Here", "603 Decline", "404 Not Found"):
        call = GroupCall(alice, server, "bob", offer=sdp(4000)).start()
        bob.take_invite()
        bob.refuse(status)
        call.expect_refusal(int(status[:3]))
    GroupCall(alice, server, "carol", offer=sdp(4000)).start().expect_refusal(480)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for mode, relayed in (("relay", True), ("direct", False), ("auto", False)):
        with GroupServer(bin_dir, GROUPS, settings=[f"media.mode={mode}"]) as server:
            report.run(f"four phones ring, and there is sound both ways: {mode} (R16.3, R18.2)",
                       lambda server=server, relayed=relayed: connect(server, "600", ["bob", "carol", "dave", "erin"],
                                                                      relayed))
    for name, hosts in (("IPv4 calls IPv6", ("127.0.0.1", "::1")), ("IPv6 calls IPv4", ("::1", "127.0.0.1"))):
        report.run(f"{name}: relayed by itself, with sound both ways (R18.2)",
                   lambda hosts=hosts: between_families(bin_dir, *hosts))
    with GroupServer(bin_dir, GROUPS, settings=["media.mode=relay", "routing.anchor=always"]) as server:
        report.run("a call from user to user, anchored", lambda: user_to_user(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Five baresip phones and a hunt group: four ring, the first to answer has the call, and the tone that one plays is what
the other hears, with media relayed and direct. They know no session timers (RFC 4028): the server asks for none that
they would have to keep.

Usage: baresip_groups.py BIN_DIR
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from baresip_phone import Phone  # noqa: E402
from group_calls import MEMBERS, PASSWORDS, GroupServer, group_of  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {"600": group_of(*MEMBERS), "601": group_of("bob", "carol", strategy="sequential", member_ring=2)}
TONES = {"alice": 400, "bob": 500, "carol": 800, "dave": 1000, "erin": 1600}


def start(server, users, transport):
    phones = {user: Phone(user, PASSWORDS[user], server.port, transport, tone=TONES[user]) for user in users}
    for phone in phones.values():
        phone.wait_for_output("200 OK")
    return phones


def expect_tone(phone, tone):
    found = phone.heard()
    assert abs(found - tone) < tone * 0.05, f"{phone.user} heard {found:.0f} Hz, {tone} was played"


def talk(phones, group, first, others):
    """`first` answers while the others ring; then both hear each other."""
    alice = phones["alice"]
    alice.command("dial", f"sip:{group}@127.0.0.1:{alice.server_port}")
    for user in (first, *others):
        phones[user].wait_for("CALL_INCOMING")
    alice.wait_for("CALL_RINGING")
    phones[first].command("accept")
    alice.wait_for("CALL_ESTABLISHED")
    phones[first].wait_for("CALL_ESTABLISHED")
    for user in others:
        phones[user].wait_for("CALL_CLOSED")
        assert not phones[user].saw("CALL_ESTABLISHED"), phones[user].events
    time.sleep(2)
    alice.command("hangup")
    phones[first].wait_for("CALL_CLOSED")
    alice.wait_for("CALL_CLOSED")
    expect_tone(alice, TONES[first])
    expect_tone(phones[first], TONES["alice"])


def four_ring(server, transport):
    phones = start(server, TONES, transport)
    try:
        talk(phones, "600", "carol", ["bob", "dave", "erin"])
    finally:
        for phone in phones.values():
            phone.close()


def one_after_the_other(server):
    """bob lets it ring, and carol, whose turn is next, answers."""
    phones = start(server, ("alice", "bob", "carol"), "udp")
    try:
        phones["alice"].command("dial", f"sip:601@127.0.0.1:{server.port}")
        phones["bob"].wait_for("CALL_INCOMING")
        assert not phones["carol"].saw("CALL_INCOMING")
        phones["carol"].wait_for("CALL_INCOMING")
        assert phones["bob"].saw("CALL_CLOSED") or phones["bob"].wait_for("CALL_CLOSED") is None
        phones["carol"].command("accept")
        phones["alice"].wait_for("CALL_ESTABLISHED")
        phones["carol"].command("hangup")
        phones["alice"].wait_for("CALL_CLOSED")
    finally:
        for phone in phones.values():
            phone.close()


def main():
    report = Report()
    for mode, transport in (("relay", "udp"), ("direct", "tcp")):
        settings = [f"media.mode={mode}", "session_timer.mode=insert"]
        with GroupServer(sys.argv[1], GROUPS, settings=settings) as server:
            report.run(f"four phones ring, and the tones arrive: {mode}, over {transport} (R16.1, R16.3)",
                       lambda server=server, transport=transport: four_ring(server, transport))
            if mode == "relay":
                report.run("one phone after the other", lambda server=server: one_after_the_other(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Two baresip phones register at a running server and call each other, over UDP and over TCP. They know no session
timers (RFC 4028), so the server refuses their calls until their users are excepted.

Usage: baresip_call.py BIN_DIR
"""

import os
import re
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from baresip_phone import Phone  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "correct horse"), ("bob", "battery staple")]


def talk(server, transport, caller_transport=None):
    """alice calls bob; both must be in an established call, and both must see it end."""
    phones = []
    try:
        bob = Phone("bob", USERS[1][1].replace(" ", "%20"), server.port, transport, answer=True)
        phones.append(bob)
        alice = Phone("alice", USERS[0][1].replace(" ", "%20"), server.port, caller_transport or transport)
        phones.append(alice)
        bob.wait_for_output("200 OK")
        alice.wait_for_output("200 OK")
        alice.command("dial", f"sip:bob@127.0.0.1:{server.port}")
        alice.wait_for("CALL_ESTABLISHED")
        bob.wait_for("CALL_ESTABLISHED")
        time.sleep(0.5)
        alice.command("hangup")
        bob.wait_for("CALL_CLOSED")
        alice.wait_for("CALL_CLOSED")
        assert server.log_lines("call_answered from=sip:alice@") and server.log_lines("call_ended from=sip:alice@")
    finally:
        for phone in phones:
            phone.close()


def is_refused_until_excepted(server):
    """What the log says helps, as it stands there."""
    phone = Phone("alice", USERS[0][1].replace(" ", "%20"), server.port, "udp")
    try:
        phone.wait_for_output("200 OK")
        phone.command("dial", f"sip:bob@127.0.0.1:{server.port}")
        phone.wait_for("CALL_CLOSED")
        assert ("CALL_CLOSED", "421 Extension Required") in phone.events, phone.events
    finally:
        phone.close()
    server.log_lines("session_timer_missing user=alice ")
    command = re.search(r'session_timer_missing user=alice .*except="(tipringctl [^"]*)"', server.read_log())
    assert command, server.read_log()[-800:]
    words = shlex.split(command.group(1))
    subprocess.run([os.path.join(sys.argv[1], words[0]), *words[1:]], check=True, timeout=30, capture_output=True)


def wrong_password(server):
    phone = Phone("alice", "wrong", server.port, "udp")
    try:
        phone.wait_for_output("401 Unauthorized")
        assert "200 OK" not in phone.read_output(), "registered with a wrong password"
    finally:
        phone.close()


def main():
    report = Report()
    users = [(name, password.replace(" ", "%20")) for name, password in USERS]
    with TipringServer(sys.argv[1], users=users) as server:
        report.run("a phone without session timers is refused until its user is excepted (C1)",
                   lambda: is_refused_until_excepted(server))
        report.run("two phones call each other over UDP (R1.2, R2.2, R2.5)", lambda: talk(server, "udp"))
        report.run("two phones call each other over TCP (R7.3, R13.2)", lambda: talk(server, "tcp"))
        report.run("a TCP phone calls a UDP phone (double Record-Route)", lambda: talk(server, "udp", "tcp"))
        report.run("a phone with a wrong password is not registered (R1.5)", lambda: wrong_password(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

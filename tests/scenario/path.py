#!/usr/bin/env python3
"""A phone behind another proxy: its REGISTER comes with a Path, and calls go to it that way (RFC 3327).

Usage: path.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, register, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
CONTACT = "<sip:bob@192.0.2.7>"  # RFC 5737: nobody's


def calls_take_the_path(server):
    edge = SipSocket(server.port)
    path = f"<sip:127.0.0.1:{edge.port};lr;id=7>"
    answer = register(edge, server, *USERS[1], contacts=[CONTACT], headers=["Supported: path", f"Path: {path}"])
    assert answer.one("path") == path, answer.raw
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.invite_with_credentials()
    call.expect(100)
    invite = take_request(edge, "INVITE")
    assert invite.start_line == "INVITE sip:bob@192.0.2.7 SIP/2.0", invite.start_line
    assert invite.all("route") == [path], invite.raw
    edge.send(response(invite, OK, "b", [f"Contact: {CONTACT}"]))
    call.expect(200)
    alice.close()
    edge.close()


def path_that_the_phone_knows_nothing_of(server):
    edge = SipSocket(server.port)
    answer = register(edge, server, *USERS[1], contacts=[CONTACT], headers=["Path: <sip:127.0.0.1:9;lr>"], expect=420)
    assert answer.one("unsupported") == "path", answer.raw
    edge.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        report.run("a call to a phone behind a proxy takes its path (C23)", lambda: calls_take_the_path(server))
        report.run("a path without Supported: path is 420 (C23)", lambda: path_that_the_phone_knows_nothing_of(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

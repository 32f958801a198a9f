#!/usr/bin/env python3
"""Session intervals on the wire, as session_timer.* sets them: RFC 4028 8.1 and 8.2.

Usage: session_timer.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, contact_of, hang_up, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# What the caller writes, what the callee gets of Session-Expires and Min-SE, and what the 2xx of a callee without
# session timers comes back with.
FORWARDED = {
    "insert 900": (["session_timer.mode=insert", "session_timer.default=900", "session_timer.min_se=120"], [
        ([], "900", None, None),
        (["Supported: timer"], "900", None, "900;refresher=uac"),
        (["k: timer"], "900", None, "900;refresher=uac"),
        (["Supported: timer", "Session-Expires: 300;refresher=uas"], "300;refresher=uas", None, "300;refresher=uac"),
        (["Supported: timer", "x: 300"], "300", None, "300;refresher=uac"),
        (["Supported: timer", "Min-SE: 1200"], "1200", "1200", "1200;refresher=uac"),
        (["Session-Expires: 100;refresher=uac"], "120;refresher=uac", "120", None),
        (["Session-Expires: 120"], "120", None, None),
    ]),
    "mandatory": (["session_timer.mode=mandatory"], [
        (["Supported: timer"], "1800", None, "1800;refresher=uac"),
    ]),
    "off": (["session_timer.mode=off"], [
        ([], None, None, None),
        (["Supported: timer", "Session-Expires: 60"], "60", None, None),
    ]),
}


def first_of(message, *names):
    return next((message.one(name) for name in names if message.one(name) is not None), None)


def is_forwarded_with(server, lines, interval, min_se, answered):
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server, headers=lines)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    assert first_of(invite, "session-expires", "x") == interval, invite.raw
    assert len(invite.all("session-expires") + invite.all("x")) == (interval is not None), invite.raw
    assert invite.one("min-se") == min_se, invite.raw
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    answer = call.expect(200)
    assert answer.one("session-expires") == answered, answer.raw
    assert answer.one("require") == ("timer" if answered else None), answer.raw
    call.ack()
    take_request(bob, "ACK")
    hang_up(call, bob)
    alice.close()
    bob.close()


def callee_decides(server):
    """A callee that knows session timers says in its 2xx who refreshes, and how often: nothing of it is changed."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server, headers=["Supported: timer"])
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}", "Require: timer",
                                        "Session-Expires: 200;refresher=uas"]))
    call.expect(100)
    answer = call.expect(200)
    assert answer.all("session-expires") == ["200;refresher=uas"], answer.raw
    assert answer.all("require") == ["timer"], answer.raw
    call.ack()
    take_request(bob, "ACK")
    # Inside the dialog the interval stays the phones' affair, but a re-INVITE without one gets ours.
    call.inside("UPDATE", headers=["Supported: timer", "Session-Expires: 400;refresher=uac"])
    update = take_request(bob, "UPDATE")
    assert update.all("session-expires") == ["400;refresher=uac"], update.raw
    bob.send(response(update, OK, headers=["Session-Expires: 400;refresher=uac", "Require: timer"]))
    assert call.expect(200).one("session-expires") == "400;refresher=uac"
    hang_up(call, bob)
    alice.close()
    bob.close()


def too_small_is_422(server, transport):
    """Who knows session timers can ask again with our Min-SE; nobody is challenged or called before."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port, transport)
    call = Call(alice, server, headers=["Supported: timer"])
    call.send_invite(["Session-Expires: 119"])
    answer = call.expect(422)
    assert answer.one("min-se") == "120", answer.raw
    call.ack_refusal(answer)
    assert bob.receive(0.1) is None, "the callee heard of it"
    call.headers += ["Session-Expires: 120", "Min-SE: 120"]
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert invite.one("session-expires") == "120" and invite.one("min-se") == "120", invite.raw
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    alice.close()
    bob.close()


def main():
    report = Report()
    for name, (settings, table) in FORWARDED.items():
        with TipringServer(sys.argv[1], users=USERS, settings=[*settings, "auth.invite=off"]) as server:
            for lines, interval, min_se, answered in table:
                report.run(f"{name}: {lines} is forwarded as {interval} (R11.4, C1)",
                           lambda a=(lines, interval, min_se, answered): is_forwarded_with(server, *a))
            if name.startswith("insert"):
                report.run("the callee's own Session-Expires stays (R11.4)", lambda: callee_decides(server))
    with TipringServer(sys.argv[1], users=USERS, settings=["session_timer.min_se=120"]) as server:
        for transport in ("udp", "tcp"):
            report.run(f"{transport}: below min_se is 422 with Min-SE, before the challenge (R11.4, R12.2)",
                       lambda t=transport: too_small_is_422(server, t))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

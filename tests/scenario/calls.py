#!/usr/bin/env python3
"""The calls that pass through the server, as `tipringctl calls` shows and ends them.

Usage: calls.py BIN_DIR
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, contact_of, establish, hang_up, register, registered_phone,  # noqa: E402
                       response, take_request)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
BY_OPERATOR = 'Q.850;cause=16;text="Ended by the operator"'


def calls(server):
    return server.ctl_json("calls")


def only_call(server):
    rows = calls(server)
    assert len(rows) == 1, rows
    return rows[0]


def until_none(server):
    wait_until(lambda: calls(server) == [], 3, lambda: f"still there: {calls(server)}")


def refuses_to_end(server, call_id, expected):
    done = subprocess.run([os.path.join(server.bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock",
                           "calls", "end", call_id], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and expected in done.stderr, done


def answer(phone, invite, headers=()):
    phone.send(response(invite, OK, "b", [f"Contact: {contact_of(phone, 'bob')}", *headers]))


def counters(server):
    status = server.ctl_json("status")
    return [status[f"calls_{name}"] for name in ("begun", "answered", "expired", "untracked")]


def every_state_is_shown(server, transport):
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    before = counters(server)
    call = Call(alice, server)
    call.invite_with_credentials()
    call.expect(100)
    invite = take_request(bob, "INVITE")
    row = only_call(server)
    assert row["state"] == "calling" and row["supervised"] is False, row
    assert abs(row["begun_ms"] - time.time() * 1000) < 3000 and "answered_ms" not in row, row
    assert row["caller"] == call.from_uri and row["callee"] == call.uri and row["call_id"] == call.call_id, row
    assert "interval_s" not in row and "left_s" not in row, row
    name = row["id"]
    bob.send(response(invite, "180 Ringing", "b"))
    call.expect(180)
    row = only_call(server)
    assert row["state"] == "early" and row["id"] == name, row
    refuses_to_end(server, name, f"call {name}: it only rings")
    answer(bob, invite, ["Require: timer", "Session-Expires: 600;refresher=uas"])
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    row = only_call(server)
    assert row["state"] == "confirmed" and row["id"] == name, row
    assert 0 <= row["answered_ms"] - row["begun_ms"] < 5000, row
    assert (row["interval_s"], row["refresher"], row["supervised"]) == (600, "callee", True), row
    assert 590 <= row["left_s"] <= 600 and 290 <= row["refresh_s"] <= 300, row
    call.inside("UPDATE", headers=["Supported: timer", "Session-Expires: 400;refresher=uac"])
    bob.send(response(take_request(bob, "UPDATE"), OK, headers=["Session-Expires: 400;refresher=uac",
                                                                "Require: timer"]))
    call.expect(200)
    row = only_call(server)
    assert (row["interval_s"], row["refresher"]) == (400, "caller") and row["left_s"] <= 400, row
    shown = server.ctl("calls")
    assert re.search(rf"^{name} +confirmed +\d\d-\d\d [\d:]{{8}} +[\d:]{{8}} +alice@127\S* +bob@127\S* +400 +caller "
                     r"+(1\d\d|200) +(3\d\d|400) +yes$", shown, re.M), shown
    call.inside("BYE")
    bye = take_request(bob, "BYE")
    assert only_call(server)["state"] == "ending", calls(server)
    bob.send(response(bye, OK))
    call.expect(200)
    assert calls(server) == [] and server.ctl("calls") == "no calls\n"
    assert [after - was for after, was in zip(counters(server), before)] == [1, 1, 0, 0], counters(server)
    alice.close()
    bob.close()


def a_challenged_bye_takes_no_end_back(server):
    """A phone's BYE that is challenged while the operator's are under way."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = establish(alice, bob, server)
    server.ctl("calls", "end", only_call(server)["id"])
    own = [take_request(phone, "BYE") for phone in (alice, bob)]
    call.inside("BYE")
    of_alice = take_request(bob, "BYE")
    bob.send(response(of_alice, "401 Unauthorized"))
    call.expect(401)
    assert only_call(server)["state"] == "ending", calls(server)
    for phone, bye in zip((alice, bob), own):
        phone.send(response(bye, OK))
    until_none(server)
    alice.close()
    bob.close()


def who_has_refused_is_no_dialog(server):
    """One of two phones that ring says no: one dialog is left."""
    alice, bob, second = SipSocket(server.port), registered_phone(server, *USERS[1]), SipSocket(server.port)
    register(second, server, *USERS[1], contacts=[contact_of(second, "bob")])
    call = Call(alice, server)
    call.invite_with_credentials()
    invites = [take_request(phone, "INVITE") for phone in (bob, second)]
    for phone, invite, tag in zip((bob, second), invites, "bc"):
        phone.send(response(invite, "180 Ringing", tag))
    wait_until(lambda: len(calls(server)) == 2, 3, lambda: str(calls(server)))
    bob.send(response(invites[0], "486 Busy Here", "b"))
    take_request(bob, "ACK")
    only_call(server)
    second.send(response(invites[1], "486 Busy Here", "c"))
    take_request(second, "ACK")
    until_none(server)
    register(second, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    for phone in (alice, bob, second):
        phone.close()


def refused_calls_are_gone(server):
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server)
    call.invite_with_credentials()
    call.expect(100)
    bob.send(response(take_request(bob, "INVITE"), "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(486))
    until_none(server)
    alice.close()
    bob.close()


def a_challenged_bye_keeps_the_call(server):
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = establish(alice, bob, server)
    name = only_call(server)["id"]
    call.inside("BYE")
    bob.send(response(take_request(bob, "BYE"), "401 Unauthorized", headers=['WWW-Authenticate: Digest realm="b", nonce="1"']))
    call.expect(401)
    row = only_call(server)
    assert row["state"] == "confirmed" and row["id"] == name and row["left_s"] > 0, row
    hang_up(call, bob)
    assert calls(server) == []
    alice.close()
    bob.close()


def each_phone_that_rings_is_a_row(server):
    phones = [SipSocket(server.port) for _ in range(3)]
    register(phones[0], server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    for phone in phones:
        register(phone, server, *USERS[1])
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.invite_with_credentials()
    call.expect(100)
    invites = [take_request(phone, "INVITE") for phone in phones]
    assert only_call(server)["state"] == "calling"
    for count, phone in enumerate(phones, 1):
        phone.send(response(invites[count - 1], "180 Ringing", f"tag{count}"))
        call.expect(180)
        rows = calls(server)
        assert [row["state"] for row in rows] == ["early"] * count, rows
        assert len({row["id"] for row in rows}) == count and {row["call_id"] for row in rows} == {call.call_id}, rows
    phones[1].send(response(invites[1], OK, "tag2", [f"Contact: {contact_of(phones[1], 'bob')}"]))
    call.expect(200)
    call.ack()
    take_request(phones[1], "ACK")
    for place in (0, 2):
        phones[place].send(response(take_request(phones[place], "CANCEL"), OK))
        phones[place].send(response(invites[place], "487 Request Terminated", f"tag{place + 1}"))
        take_request(phones[place], "ACK")
    assert only_call(server)["state"] == "confirmed"
    hang_up(call, phones[1])
    until_none(server)
    register(phones[0], server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    for phone in (alice, *phones):
        phone.close()


def an_operator_ends_a_call(server, transport):
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    calls_of_both = [establish(alice, bob, server) for _ in range(2)]
    rows = calls(server)
    assert [row["call_id"] for row in rows] == [call.call_id for call in calls_of_both], rows
    name = rows[0]["id"]
    assert server.ctl("calls", "end", name) == f"call {name} ended\n"
    byes = [take_request(phone, "BYE") for phone in (alice, bob)]
    for bye in byes:
        assert bye.all("reason") == [BY_OPERATOR] and bye.one("call-id") == calls_of_both[0].call_id, bye.raw
    assert [row["state"] for row in calls(server)] == ["ending", "confirmed"], calls(server)
    assert server.ctl("calls", "end", name) == f"call {name} ended\n"  # it is on its way
    for phone, bye in zip((alice, bob), byes):
        phone.send(response(bye, OK))
    wait_until(lambda: len(calls(server)) == 1, 3, lambda: f"{calls(server)}")
    refuses_to_end(server, name, f"call {name}: there is no such call")
    refuses_to_end(server, "x", "an id is as the list of calls shows it")
    for phone in (alice, bob):
        assert phone.receive(0.1) is None, "a second BYE, or one to the other call"
    lines = server.log_lines(" call_ended_by_operator ")
    assert len(lines) == 1 and f"from={calls_of_both[0].from_uri}" in lines[0], lines
    hang_up(calls_of_both[1], bob)
    until_none(server)
    alice.close()
    bob.close()


def nobody_watches_without_timers(server):
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    alice.timers = False
    call = establish(alice, bob, server)
    row = only_call(server)
    assert row["state"] == "confirmed" and row["supervised"] is False, row
    assert not {"interval_s", "refresher", "refresh_s", "left_s"} & set(row), row
    assert server.ctl("calls").splitlines()[1].endswith("  no"), server.ctl("calls")
    name = row["id"]
    server.ctl("calls", "end", name)
    for phone in (alice, bob):
        phone.send(response(take_request(phone, "BYE"), OK))
    until_none(server)
    alice.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        for transport in ("udp", "tcp"):
            report.run(f"{transport}: a call from its INVITE to its BYE", lambda t=transport: every_state_is_shown(server, t))
        report.run("a refused call is gone", lambda: refused_calls_are_gone(server))
        report.run("a phone that has refused is no dialog any more (12.3)", lambda: who_has_refused_is_no_dialog(server))
        report.run("a BYE that is challenged takes no operator's end back", lambda: a_challenged_bye_takes_no_end_back(server))
        report.run("a BYE that is challenged keeps the call", lambda: a_challenged_bye_keeps_the_call(server))
        report.run("a row for each phone that rings", lambda: each_phone_that_rings_is_a_row(server))
    for transport in ("udp", "tcp"):
        with TipringServer(sys.argv[1], users=USERS) as server:
            report.run(f"{transport}: an operator ends one of two calls", lambda t=transport: an_operator_ends_a_call(server, t))
    with TipringServer(sys.argv[1], users=USERS, settings=["session_timer.mode=off"]) as server:
        report.run("without session timers nothing is watched", lambda: nobody_watches_without_timers(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""A server that forwards requests and follows no calls: routing.proxy = "transaction".

Usage: transaction_proxy.py BIN_DIR
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (contact_of, establish, hang_up, registered_phone, response, route_set, tag_of,  # noqa: E402
                       take_request, uri_of)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
MODE = 'routing.proxy="transaction"'


def calls_are_not_counted(server):
    """More than capacity.calls, each with what comes within it, and nothing is left of them."""
    bob = registered_phone(server, *USERS[1])
    alice = registered_phone(server, *USERS[0])
    calls = [establish(alice, bob, server) for _ in range(3)]
    assert server.ctl_json("calls") == []
    for call in calls:
        call.inside("INFO")
        bob.send(response(take_request(bob, "INFO"), "200 OK"))
        call.expect(200)
        established = call.answer
        call.inside("INVITE", headers=call.headers)
        invite = take_request(bob, "INVITE")
        assert invite.one("session-expires"), "session_timer.mode is not obeyed"
        bob.send(response(invite, "200 OK", headers=[f"Contact: {contact_of(bob, 'callee')}"]))
        call.expect(100)
        call.expect(200)
        call.answer = established
        call.inside("ACK", cseq=call.cseq)
        take_request(bob, "ACK")
        hang_up(call, bob)
    for phone in (alice, bob):
        phone.close()


def a_route_leads_to_its_two_sides(server):
    """Who was in a call reaches its other side by its Route, and nobody else."""
    bob, alice, victim = registered_phone(server, *USERS[1]), registered_phone(server, *USERS[0]), SipSocket(server.port)
    call = establish(alice, bob, server)
    routes = [f"Route: {value}" for value in route_set(call.answer)]
    stranger = SipSocket(server.port)
    made_up = [re.sub(r"(tc=\w+)\w{8}", r"\g<1>00000000", route) for route in routes]
    assert made_up != routes
    for headers, status in ((routes, None), ([], 403), (made_up, 403)):
        call.cseq += 1
        stranger.send(stranger.request("INFO", f"sip:x@127.0.0.1:{victim.port}", "sip:eve@elsewhere.example", call.uri,
                                       call.call_id, call.cseq, headers, from_tag=call.from_tag, to_tag="made-up"))
        if status is None:
            bob.send(response(take_request(bob, "INFO"), "481 Call/Transaction Does Not Exist"))
            status = 481
        answer = stranger.receive_final()
        assert answer.status == status, answer.start_line
    assert victim.receive(0.2) is None
    # The callee hangs up.
    bye_routes = [f"Route: {value}" for value in call.answer.all("record-route")]
    bob.send(bob.request("BYE", uri_of(call.headers[0]), f"sip:bob@127.0.0.1:{server.port}", "sip:alice@127.0.0.1", call.call_id, 9,
                         bye_routes, from_tag=tag_of(call.answer.one("to")), to_tag=call.from_tag))
    alice.send(response(take_request(alice, "BYE"), "200 OK"))
    assert bob.receive_final().status == 200
    for phone in (alice, bob, victim, stranger):
        phone.close()


def contradictions_are_refused(bin_dir):
    for settings, key in (([], "session_timer.mode"),
                          (['session_timer.mode="insert"', "capacity.calls_per_user=2"], "capacity.calls_per_user")):
        arguments = [word for setting in [MODE, *settings] for word in ("--set", setting)]
        done = subprocess.run([f"{bin_dir}/tipringd", "--check", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and key in done.stderr + done.stdout, (done.returncode, done.stdout, done.stderr)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("what needs calls to be followed is refused (F10, R11.5)", lambda: contradictions_are_refused(bin_dir))
    with TipringServer(bin_dir, users=USERS,
                       settings=[MODE, 'session_timer.mode="insert"', "capacity.calls=1"]) as server:
        report.run("calls pass without being counted (F10, F12)", lambda: calls_are_not_counted(server))
        report.run("a Route leads to the two sides of its call (F10, C21)", lambda: a_route_leads_to_its_two_sides(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What a server whose transactions are all taken still does, message by message. (tests/limits fills every pool.)

Usage: overload.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, establish, hang_up, register, registered_phone, response,  # noqa: E402
                       take_request)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]
TRANSACTIONS = 16


def expect_503(answer, key):
    assert answer is not None and answer.status == 503, answer and answer.start_line
    assert key in answer.reason, answer.start_line
    assert 1 <= int(answer.one("retry-after")) <= 5, answer.raw


def options(phone, server):
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, uri, uri))
    return phone.receive_final()


def in_use(server, *names):
    return {row["name"]: row["in_use"] for row in server.ctl_json("pools") if row["name"] in names and row["in_use"]}


class Ringing:
    """Calls from alice to bob that ring, as many as the server takes."""

    def __init__(self, server, alice, bob):
        self.calls = []
        while True:
            call = Call(alice, server)
            call.send_invite()
            answer = alice.receive()
            if answer.status != 100:
                break
            invite = take_request(bob, "INVITE")
            bob.send(response(invite, "180 Ringing", f"b{len(self.calls)}"))
            call.expect(180)
            self.calls.append((call, invite, f"b{len(self.calls)}"))
        self.refusal = answer
        call.ack_refusal(answer)

    def end(self, bob):
        for call, invite, tag in self.calls:
            bob.send(response(invite, "486 Busy Here", tag))
            take_request(bob, "ACK")
            call.ack_refusal(call.expect(486))


def full_transactions(server, transport):
    """Calls that ring hold all transactions. Over TCP nothing is remembered once they have ended."""
    bob = registered_phone(server, *USERS[1], transport)
    carol = registered_phone(server, *USERS[2], transport)
    alice = SipSocket(server.port, transport)
    standing = establish(alice, carol, server, asked=False, callee="carol")
    ringing = Ringing(server, alice, bob)
    assert TRANSACTIONS - 4 <= len(ringing.calls) <= TRANSACTIONS, len(ringing.calls)
    expect_503(ringing.refusal, "capacity.transactions")
    repeated = ringing.calls[0][0]
    alice.send(repeated.invite)
    repeated.expect(180)
    assert options(alice, server).status == 200, "OPTIONS is refused"
    standing.inside("INFO")
    carol.send(response(take_request(carol, "INFO"), OK))
    standing.expect(200)
    hang_up(standing, carol)
    call, invite, tag = ringing.calls.pop()
    call.cancel()
    call.expect(200)
    bob.send(response(take_request(bob, "CANCEL"), OK, tag))
    bob.send(response(invite, "487 Request Terminated", tag))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(487))
    ringing.end(bob)
    if transport == "tcp":
        hang_up(establish(alice, bob, server, asked=False), bob)
        # An answered INVITE is remembered for 32 s over any transport (RFC 6026, Timers L and M).
        names = ("server_transactions", "client_transactions", "proxy_contexts")
        wait_until(lambda: in_use(server, *names) == dict.fromkeys(names, 2), 3,
                   lambda: f"left: {in_use(server, *names)}")
    for phone in (alice, bob, carol):
        phone.close()


def full_transactions_for_register(server):
    """A REGISTER is told to come again, and nothing of it is done."""
    bob = registered_phone(server, *USERS[1], "tcp")
    alice, desk = SipSocket(server.port, "tcp"), SipSocket(server.port)
    register(desk, server)
    ringing = Ringing(server, alice, bob)
    expect_503(register(desk, server, contacts=["*"], headers=["Expires: 0"], expect=503), "capacity.transactions")
    ringing.end(bob)
    assert register(desk, server, contacts=[]).all("contact"), "the refused REGISTER has removed the binding"
    for phone in (alice, bob, desk):
        phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    small = [f"capacity.transactions={TRANSACTIONS}", f"capacity.calls={TRANSACTIONS}",
             f"capacity.calls_per_user={TRANSACTIONS}", 'auth.invite="off"']
    for transport in ("tcp", "udp"):
        with TipringServer(bin_dir, users=USERS, settings=small) as server:
            report.run(f"{transport}: full transactions are 503, and standing calls go on (R5.5, C7)",
                       lambda t=transport: full_transactions(server, t))
    with TipringServer(bin_dir, users=USERS, settings=small) as server:
        report.run("full transactions are 503 to a REGISTER (R5.5)", lambda: full_transactions_for_register(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

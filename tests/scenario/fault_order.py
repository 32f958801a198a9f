#!/usr/bin/env python3
"""Requests with several faults get the answer to the one that is looked at first, and requests in a circle end.

Usage: fault_order.py BIN_DIR
"""

import itertools
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, register, registered_phone, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


class Circle:
    """An INVITE that bob's phone has received, whose Via of ours makes a loop of it; bob is not registered any more."""

    def __init__(self, server, transport):
        self.server, self.transport = server, transport
        bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
        self.call = Call(alice, server)
        self.call.invite_with_credentials()
        self.via = take_request(bob, "INVITE").all("via")[0]
        self.call.expect(100)
        register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
        alice.close()
        bob.close()

    def proof(self, phone, user, password):
        """Credentials for the INVITE, by a challenge that another one got."""
        call = self.call
        phone.send(phone.request("INVITE", call.uri, call.from_uri, call.uri))
        asked = challenge_params(phone.receive_final(), "proxy-authenticate")
        return f"Proxy-Authorization: {credentials(asked, user, password, 'INVITE', call.uri)}\r\n"

    def text(self, phone, faults):
        """The same INVITE from another socket, with these faults."""
        call = self.call
        text = phone.request("INVITE", call.uri, call.from_uri, call.uri, call.call_id, call.cseq, call.headers,
                             from_tag=call.from_tag)
        if faults & {403, 407} == {403, 407}:
            text = add(text, self.proof(phone, "bob", "wrong"))
        elif 403 in faults:
            text = add(text, self.proof(phone, *USERS[1]))
        elif 407 not in faults:
            text = add(text, self.proof(phone, *USERS[0]))
        if 482 in faults:
            text = add(text, f"Via: {self.via}\r\n")
        for fault in faults & CHANGES.keys():
            pattern, new = CHANGES[fault]
            text, count = re.subn(pattern, new, text, count=1)
            assert count == 1, f"{fault} was not put in"
        return text


def add(text, line):
    return text.replace("Max-Forwards:", line + "Max-Forwards:", 1)


# In the order in which they are looked at: RFC 3261 16.3, RFC 4028 8.1. Nobody is registered, so that 404 is always there.
ORDER = [505, 400, 416, 483, 482, 420, 421, 422, 407, 403, 404]
# 422 is for callers who know session timers, 421 for the others: no request has both faults.
APART = {421, 422}
CHANGES = {
    505: (r"(?<= )SIP/2\.0\r\n", "SIP/3.0\r\n"),
    400: (r"Contact: [^\r]*", "Contact: <sip:a@b>junk"),
    416: (r"(?<=INVITE )sip:\S+", "nonsense:bob"),
    483: (r"Max-Forwards: 70", "Max-Forwards: 0"),
    420: (r"Max-Forwards:", "Proxy-Require: foo\r\nMax-Forwards:"),
    421: (r"Supported: timer\r\n", ""),
    422: (r"Max-Forwards:", "Supported: timer\r\nSession-Expires: 119\r\nMax-Forwards:"),
}


def first_fault_is_answered(circle, faults):
    phone = SipSocket(circle.server.port, circle.transport)
    phone.send(circle.text(phone, set(faults)))
    answer = phone.receive_final()
    assert answer is not None and answer.status == faults[0], answer and answer.start_line
    phone.close()


def same_request_comes_back(server, transport):
    """Bob's phone sends on what it gets to where it was sent first, as a proxy whose user leads back here."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    uri = f"sip:bob@127.0.0.1:{server.port}"
    alice.send(alice.request("MESSAGE", uri, "sip:alice@127.0.0.1", uri))
    got = take_request(bob, "MESSAGE").raw.decode()
    own = f"Via: SIP/2.0/{transport.upper()} 127.0.0.1:{bob.port};branch=z9hG4bK{random_token()}\r\n"
    bob.send(re.sub(r"^MESSAGE \S+ SIP/2.0\r\n", f"MESSAGE {uri} SIP/2.0\r\n{own}", got))
    answer = bob.receive_final()
    assert answer is not None and answer.status == 482, answer and answer.start_line
    assert [via.partition(";rport")[0] for via in answer.all("via")[1:2]] == \
        [re.search(r"Via: ([^;]*;branch=[^;]*)", got).group(1)], answer.raw
    alice.close()
    bob.close()


def mirror_ends(server, transport):
    """Bob's phone sends every byte back as it came: once for its own URI, and then it is a loop."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    uri = f"sip:bob@127.0.0.1:{server.port}"
    alice.send(alice.request("MESSAGE", uri, "sip:alice@127.0.0.1", uri))
    seen = []
    while len(seen) < 10:
        got = bob.receive(3)
        assert got is not None, f"nothing more after {seen}"
        seen.append(got.start_line)
        if got.status:
            break
        bob.send(got.raw)
    assert len(seen) <= 3 and got.status == 482, seen
    alice.close()
    bob.close()


def main():
    report = Report()
    for transport in ("udp", "tcp"):
        with TipringServer(sys.argv[1], users=USERS, settings=["session_timer.min_se=120"]) as server:
            circle = Circle(server, transport)
            pairs = [pair for pair in itertools.combinations(ORDER[1:], 2) if set(pair) != APART]
            most = [tuple(fault for fault in ORDER[1:] if fault != other) for other in APART]
            cases = [(fault,) for fault in ORDER] + pairs + [(505, 416), (505, 483), (505, 407)] + most
            for faults in cases:
                what = " before ".join(map(str, faults))
                report.run(f"{transport}: {what} (R12.2, R12.3, R19.2, R19.3)", lambda f=faults: first_fault_is_answered(circle, f))
        with TipringServer(sys.argv[1], users=USERS, settings=["auth.invite=off", "routing.foreign=true"]) as server:
            report.run(f"{transport}: a request that comes back is 482 (RFC 3261 16.3)",
                       lambda t=transport: same_request_comes_back(server, t))
            report.run(f"{transport}: a phone that sends all back ends in 482 (RFC 5393 4.2)",
                       lambda t=transport: mirror_ends(server, t))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

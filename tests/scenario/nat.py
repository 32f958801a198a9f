#!/usr/bin/env python3
"""Calls between phones whose Contact leads nowhere, as behind a NAT: only the way that they came by
reaches them.

Usage: nat.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, register, response, take_request, uri_of  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def private_contact(name, transport):
    return f"<sip:{name}@192.0.2.7:5060;transport={transport}>"  # RFC 5737: nobody's


def route_set(request):
    return [f"Route: {value}" for value in request.all("record-route")]


def call_both_ways(server, caller_transport, callee_transport):
    """INVITE, ACK, a request of the callee and the caller's BYE all find their way."""
    bob_contact = private_contact("bob", callee_transport)
    bob = SipSocket(server.port, callee_transport)
    register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(bob, server, *USERS[1], contacts=[bob_contact])
    alice = SipSocket(server.port, caller_transport)
    call = Call(alice, server)
    call.headers = [f"Contact: {private_contact('alice', caller_transport)}"]
    call.invite_with_credentials()
    call.expect(100)
    invite = take_request(bob, "INVITE")
    assert uri_of(bob_contact) in invite.start_line, invite.start_line
    assert len(invite.all("record-route")) == 2, invite.raw
    bob.send(response(invite, OK, "b", [f"Contact: {bob_contact}"]))
    call.expect(200)
    call.ack()
    assert uri_of(bob_contact) in take_request(bob, "ACK").start_line
    info = bob.request("INFO", uri_of(invite.one("contact")), call.uri, call.from_uri, call.call_id, 1,
                       route_set(invite), from_tag="b", to_tag=call.from_tag)
    bob.send(info)
    got = take_request(alice, "INFO")
    alice.send(response(got, OK))
    assert bob.receive_final().status == 200
    call.inside("BYE")
    bob.send(response(take_request(bob, "BYE"), OK))
    call.expect(200)
    alice.close()
    bob.close()


def flow_is_of_its_call_alone(server):
    """The Route of one call takes no request of another to the phone behind it."""
    bob = SipSocket(server.port)
    register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(bob, server, *USERS[1], contacts=[private_contact("bob", "udp")])
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.invite_with_credentials()
    call.expect(100)
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, "b", [f"Contact: {private_contact('bob', 'udp')}"]))
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    call.call_id = random_token()
    call.inside("INFO")
    assert bob.receive(0.5) is None, "a request of no call reached the phone"
    alice.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        for caller, callee in (("udp", "udp"), ("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp")):
            report.run(f"a call from {caller} to {callee} behind NAT goes both ways (R7.5, C22)",
                       lambda a=caller, b=callee: call_both_ways(server, a, b))
        report.run("the way to a phone is of use in its call alone (C21)",
                   lambda: flow_is_of_its_call_alone(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

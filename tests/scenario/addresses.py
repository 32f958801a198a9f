#!/usr/bin/env python3
"""Calls over IPv6, between address families, between transports, and to a server that listens on all addresses.

Usage: addresses.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, contact_of, hang_up, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
DOMAIN = "example.com"
V4, V6 = "127.0.0.1", "::1"


def listening_on(bin_dir, *addresses, settings=()):
    """A server on one port of these addresses, over UDP and TCP; [] stands around IPv6."""
    port = free_port()
    listen = ", ".join(f'"{transport}:{address}:{port}"' for transport in ("udp", "tcp") for address in addresses)
    return TipringServer(bin_dir, users=USERS, port=port,
                         settings=[f"sip.listen=[{listen}]", f'sip.domains=["{DOMAIN}"]', *settings])


def parameters(record_route):
    """Host, port and transport of one of our Record-Route values."""
    found = re.match(r"<sip:(\[[^\]]*\]|[^:;>]*):(\d+)([^>]*)>", record_route)
    assert found, record_route
    assert ";lr" in found.group(3), record_route
    transport = re.search(r";transport=(\w+)", found.group(3))
    return found.group(1), int(found.group(2)), transport.group(1).lower() if transport else "udp"


def record_routes(server, caller, callee):
    """What must be written: the callee's side first, and the caller's where it differs (RFC 5658), or where either
    is reached by a connection, which has a name of its own in the value."""
    sides = [(phone.server_host, server.port, phone.transport) for phone in (callee, caller)]
    return sides[:1] if sides[0] == sides[1] and callee.transport == "udp" else sides


def call_between(server, caller, callee):
    """`caller`, `callee`: transport and host. A whole call, with a request of each side and the callee's BYE."""
    bob = registered_phone(server, *USERS[1], callee[0], host=callee[1], domain=DOMAIN)
    alice = SipSocket(server.port, caller[0], host=caller[1])
    call = Call(alice, server, domain=DOMAIN)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert [parameters(value) for value in flat(invite, "record-route")] == record_routes(server, alice, bob), invite.raw
    top = invite.all("via")[0]
    assert top.startswith(f"SIP/2.0/{bob.transport.upper()} {bob.server_host}:{server.port};"), top
    bob.send(response(invite, "180 Ringing", "b"))
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    call.expect(180)
    answer = call.expect(200)
    assert flat(answer, "record-route") == flat(invite, "record-route"), answer.raw
    call.ack()
    take_request(bob, "ACK")
    call.inside("INFO")
    bob.send(response(take_request(bob, "INFO"), OK))
    call.expect(200)
    routes = [f"Route: {value}" for value in flat(invite, "record-route")]
    for cseq, method in enumerate(("INFO", "BYE"), 1):
        bob.send(bob.request(method, contact_of(alice, "alice")[1:-1], call.uri, call.from_uri, call.call_id, cseq,
                             routes, from_tag="b", to_tag=call.from_tag))
        request = take_request(alice, method)
        assert not request.all("route"), request.raw
        alice.send(response(request, OK))
        assert bob.receive_final().status == 200, f"the callee's {method} is not answered"
    alice.close()
    bob.close()


def flat(message, name):
    """All values of a header whose lines may hold lists."""
    return [value.strip() for line in message.all(name) for value in re.split(r",(?=\s*<)", line)]


def cancelled_between(server, caller, callee):
    bob = registered_phone(server, *USERS[1], callee[0], host=callee[1], domain=DOMAIN)
    alice = SipSocket(server.port, caller[0], host=caller[1])
    call = Call(alice, server, domain=DOMAIN)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "180 Ringing", "b"))
    call.expect(100)
    call.expect(180)
    call.cancel()
    call.expect(200)
    bob.send(response(take_request(bob, "CANCEL"), OK, "b"))
    bob.send(response(invite, "487 Request Terminated", "b"))
    take_request(bob, "ACK")
    call.ack_refusal(call.expect(487))
    alice.close()
    bob.close()


def via_over_ipv6(server):
    """RFC 5118 4.5: `received` has no brackets; an answer comes to the port of the source."""
    phone = SipSocket(server.port, host=V6)
    uri = f"sip:[::1]:{server.port}"
    text = phone.request("OPTIONS", uri, uri, uri)
    phone.send(text)
    via = phone.receive_final().one("via")
    assert "received=::1" in via and f"rport={phone.port}" in via, via
    other = SipSocket(server.port, host=V6)
    phone.send(text.replace(f"[::1]:{phone.port};", f"[::1]:{other.port};").replace(";rport", "")
               .replace("branch=", "branch=z9hG4bKother"))
    assert other.receive_final() is not None, "the answer did not go to the port in the Via"
    phone.close()
    other.close()


def answers_leave_from_where_it_came(server, hosts):
    """RFC 3581 4: a phone behind NAT takes answers from the address that it sent to, and from no other."""
    for host in hosts:
        phone = SipSocket(server.port, host=host, source=host)
        phone.socket.connect((host, server.port))
        uri = f"sip:{phone.server_host}:{server.port}"
        phone.socket.send(phone.request("OPTIONS", uri, uri, uri).encode())
        answer = phone.receive_final()
        assert answer is not None and answer.status == 200, f"no answer from {host}"
        phone.close()


def wildcard_writes_routed_addresses(server):
    """Via and Record-Route carry the address by which the peer is reached, never 0.0.0.0."""
    for caller, callee in ((("udp", "127.0.0.2"), ("udp", "127.0.0.3")), (("tcp", "127.0.0.2"), ("udp", V6))):
        bob = SipSocket(server.port, callee[0], host=callee[1])
        register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"], domain=DOMAIN)
        register(bob, server, *USERS[1], domain=DOMAIN)
        alice = SipSocket(server.port, caller[0], host=caller[1])
        call = Call(alice, server, domain=DOMAIN)
        call.invite_with_credentials()
        invite = take_request(bob, "INVITE")
        written = [parameters(value)[0] for value in flat(invite, "record-route")] + [invite.all("via")[0]]
        assert not [value for value in written if "0.0.0.0" in value or "[::]" in value], invite.raw
        bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
        call.expect(100)
        call.expect(200)
        call.ack()
        take_request(bob, "ACK")
        hang_up(call, bob)
        alice.close()
        bob.close()


def names_are_looked_up(server):
    """A foreign host by name: reached, or 502 when there is none; nobody waits for the other's answer meanwhile."""
    alice, far, other = SipSocket(server.port), SipSocket(server.port), SipSocket(server.port)
    unknown = Call(alice, server, uri=f"sip:x@nohost.invalid:{far.port}", from_uri=f"sip:alice@{DOMAIN}")
    unknown.send_invite()
    uri = f"sip:127.0.0.1:{server.port}"
    other.send(other.request("OPTIONS", uri, uri, uri))
    assert other.receive_final(1).status == 200, "OPTIONS waits for a name"
    unknown.expect(100)
    unknown.ack_refusal(unknown.expect(502, timeout=8))
    call = Call(alice, server, uri=f"sip:x@localhost:{far.port}", from_uri=f"sip:alice@{DOMAIN}")
    call.send_invite()
    invite = take_request(far, "INVITE")
    assert invite.start_line == f"INVITE {call.uri} SIP/2.0", invite.start_line
    far.send(response(invite, "486 Busy Here", "f"))
    take_request(far, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    for phone in (alice, far, other):
        phone.close()


def nobody_listens(server):
    """The system tells that a port is closed: the caller hears of it at once, not after 32 seconds."""
    bob, alice = SipSocket(server.port), SipSocket(server.port)
    for transport in ("udp", "tcp"):
        register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"], domain=DOMAIN)
        register(bob, server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{free_port()};transport={transport}>"],
                 domain=DOMAIN)
        call = Call(alice, server, domain=DOMAIN)
        call.send_invite()
        answer = alice.receive_final(3)
        assert answer is not None and answer.status in (480, 500, 502), answer and answer.start_line
        call.ack_refusal(answer)
    bob.close()
    alice.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    sides = [(transport, host) for transport in ("udp", "tcp") for host in (V4, V6)]
    with listening_on(bin_dir, V4, f"[{V6}]") as server:
        for caller in sides:
            for callee in sides:
                report.run(f"a call from {' '.join(caller)} to {' '.join(callee)} (R2.2, R2.5, R3.2, R7.1)",
                           lambda a=caller, b=callee: call_between(server, a, b))
        for caller, callee in ((sides[0], sides[3]), (sides[3], sides[0]), (sides[1], sides[1])):
            report.run(f"a cancelled call from {' '.join(caller)} to {' '.join(callee)} (R3.4)",
                       lambda a=caller, b=callee: cancelled_between(server, a, b))
        report.run("received and rport over IPv6 (R7.2)", lambda: via_over_ipv6(server))
    with listening_on(bin_dir, V4, settings=["routing.foreign=true", "auth.invite=off"]) as server:
        report.run("names are looked up, and nobody waits (R2.2, R5.2)", lambda: names_are_looked_up(server))
        report.run("a closed port is told at once (R2.5)", lambda: nobody_listens(server))
    with listening_on(bin_dir, "0.0.0.0", "[::]") as server:
        report.run("answers leave from the address that was asked (C22)",
                   lambda: answers_leave_from_where_it_came(server, (V4, "127.0.0.2", "127.1.2.3", V6)))
        report.run("Via and Record-Route carry a real address (C22)", lambda: wildcard_writes_routed_addresses(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

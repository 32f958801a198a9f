#!/usr/bin/env python3
"""What happens when a next hop is not reached, with the kernel's own ICMP and RST; and requests too large for a datagram.

Usage: tries.py BIN_DIR
"""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, answer_call, hang_up, register, response,  # noqa: E402
                       take_request)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
AT_ONCE = 0.5  # seconds, on a machine that is busy


class Listener:
    """Who takes TCP connections on a port, and perhaps datagrams on the same one."""

    def __init__(self, server, udp, tcp):
        self.port = free_port()
        self.udp = SipSocket(server.port) if udp else None
        if self.udp:
            self.udp.socket.close()
            self.udp.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.socket.bind(("127.0.0.1", self.port))
            self.udp.port = self.port
        self.tcp = None
        if tcp:
            self.tcp = socket.create_server(("127.0.0.1", self.port))
            self.tcp.settimeout(3.0)

    def accept(self, server):
        """The connection that comes, as a phone's socket."""
        phone = SipSocket(server.port)
        phone.socket.close()
        phone.socket, _ = self.tcp.accept()
        phone.transport, phone.port = "tcp", self.port
        return phone

    def close(self):
        for one in (self.udp, self.tcp):
            if one:
                one.close()


def second_phone(server, transport):
    """bob's two phones; the newer one has gone, and the INVITE must reach the other at once."""
    register(SipSocket(server.port), server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    alive, gone = SipSocket(server.port), SipSocket(server.port, transport)
    register(alive, server, *USERS[1])
    register(gone, server, *USERS[1])
    gone.close()
    if transport == "tcp":
        time.sleep(0.1)  # the server has seen the end of the connection
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.send_invite()
    began = time.monotonic()
    answer_call(alive)
    assert time.monotonic() - began < AT_ONCE, "the second phone was not tried at once"
    for status in (100, 180, 200):
        call.expect(status)
    call.ack()
    take_request(alive, "ACK")
    hang_up(call, alive)
    alice.close()
    alive.close()


def nobody_left(server):
    """All phones have gone: the caller hears of it at once, and once."""
    register(SipSocket(server.port), server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    for _ in range(3):
        phone = SipSocket(server.port)
        register(phone, server, *USERS[1])
        phone.close()
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.send_invite()
    call.expect(100)
    began = time.monotonic()
    answer = alice.receive_final()
    assert answer is not None and answer.status == 500, answer and answer.start_line
    assert time.monotonic() - began < AT_ONCE, "it took too long"
    call.ack_refusal(answer)
    assert alice.receive(0.7) is None, "something else came"
    alice.close()


def large_call(server, udp, tcp):
    """An INVITE of more than 1300 bytes to another server, and what follows in its call."""
    other = Listener(server, udp, tcp)
    alice = SipSocket(server.port)
    call = Call(alice, server, uri=f"sip:carol@127.0.0.1:{other.port}", headers=["X-Long: " + "x" * 1500])
    began = time.monotonic()
    call.send_invite()
    callee = other.accept(server) if tcp else other.udp
    invite = take_request(callee, "INVITE")
    assert time.monotonic() - began < AT_ONCE, "it took too long"
    way = "TCP" if tcp else "UDP"
    assert invite.all("via")[0].startswith(f"SIP/2.0/{way} 127.0.0.1:{server.port};"), invite.all("via")
    routes = invite.all("record-route")
    assert len(routes) == (2 if tcp else 1) and ("transport=tcp" in routes[0]) == tcp, routes
    if udp and tcp:
        assert other.udp.receive(0.2) is None, "it came over UDP too"
    contact = f"Contact: <sip:carol@127.0.0.1:{other.port}{';transport=tcp' if tcp else ''}>"
    callee.send(response(invite, OK, "c", [contact]))
    call.expect(100)
    call.expect(200)
    call.inside("ACK", cseq=1, headers=["X-Long: " + "x" * 1500])
    assert take_request(callee, "ACK").all("via")[0].startswith(f"SIP/2.0/{way} "), "the ACK went another way"
    hang_up(call, callee)
    callee.close()
    alice.close()
    other.close()


def large_to_a_phone(server):
    """SPEC C5: a phone that has registered over UDP gets everything there, though it listens on TCP too."""
    register(SipSocket(server.port), server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    phone = Listener(server, udp=True, tcp=True)
    register(phone.udp, server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{phone.port}>"])
    alice = SipSocket(server.port)
    call = Call(alice, server, headers=["X-Long: " + "x" * 1500])
    call.send_invite()
    invite = take_request(phone.udp, "INVITE")
    assert len(invite.raw) > 1300, len(invite.raw)
    phone.udp.send(response(invite, "486 Busy Here", "b"))
    call.expect(100)
    call.ack_refusal(call.expect(486))
    alice.close()
    phone.close()


def large_without_tcp(bin_dir):
    """A server that listens on UDP alone stays with it."""
    port = free_port()
    settings = ["auth.invite=off", "routing.foreign=true", f'sip.listen=["udp:127.0.0.1:{port}"]']
    with TipringServer(bin_dir, users=USERS, port=port, settings=settings) as server:
        other = Listener(server, udp=True, tcp=True)
        alice = SipSocket(server.port)
        call = Call(alice, server, uri=f"sip:carol@127.0.0.1:{other.port}", headers=["X-Long: " + "x" * 1500])
        call.send_invite()
        invite = take_request(other.udp, "INVITE")
        assert invite.all("via")[0].startswith("SIP/2.0/UDP "), invite.all("via")
        other.udp.send(response(invite, "486 Busy Here", "c"))
        call.expect(100)
        call.ack_refusal(call.expect(486))
        alice.close()
        other.close()


def main():
    report = Report()
    settings = ["auth.invite=off", "routing.foreign=true"]
    with TipringServer(sys.argv[1], users=USERS, settings=settings) as server:
        for name, check in [
                ("a phone's closed UDP port leads to the next phone at once (P1)", lambda: second_phone(server, "udp")),
                ("a phone's lost connection leads to the next phone at once (P1)", lambda: second_phone(server, "tcp")),
                ("when no phone is left the caller hears at once (P1)", lambda: nobody_left(server)),
                ("a large call goes by TCP (F58)", lambda: large_call(server, udp=True, tcp=True)),
                ("a large call goes by UDP where TCP is refused (F58)",
                 lambda: large_call(server, udp=True, tcp=False)),
                ("a phone that has registered over UDP keeps it (C5)", lambda: large_to_a_phone(server))]:
            report.run(name, check)
    report.run("a server without TCP stays with UDP (F58)", lambda: large_without_tcp(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

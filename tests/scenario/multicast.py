#!/usr/bin/env python3
"""Phones that look for their server at 224.0.1.75 (RFC 3261 10.2.6), on loopback.

Usage: multicast.py BIN_DIR
"""

import os
import re
import select
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, contact_of, registered_phone, response, take_request  # noqa: E402
from sip_socket import Answer, SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
GROUP = "224.0.1.75"
LOOPBACK = socket.inet_aton("127.0.0.1")


class Seeker(SipSocket):
    """A phone that speaks to the group, and hears what is said to itself."""

    def __init__(self, server, group_port):
        super().__init__(server.port)
        self.group_port = group_port
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, LOOPBACK)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)

    def call_all(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.socket.sendto(data, (GROUP, self.group_port))
        return len(data)

    def hear(self, timeout=2.0):
        """An answer and where it came from; None for silence."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return None, None
        raw, source = self.socket.recvfrom(65536)
        return Answer(raw), source

    def register(self, user="alice", domain="127.0.0.1", uri="sip:sip.mcast.net", call_id=None, cseq=1, headers=()):
        aor = f"sip:{user}@{domain}"
        text = self.request("REGISTER", uri, aor, aor, call_id, cseq, [f"Contact: {contact_of(self, user)}", *headers])
        return text.replace(";rport", f";maddr={GROUP};ttl=1;rport", 1)


def listener(group_port):
    """Somebody else in the group."""
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind((GROUP, group_port))
    other.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), LOOPBACK))
    return other


def registers(server, group_port):
    """Challenged, registered and called, as if it had known the server's address."""
    seeker, other = Seeker(server, group_port), None
    if server.group_is_free:
        other = listener(group_port)
    for uri in ("sip:sip.mcast.net", f"sip:{GROUP}", f"sip:127.0.0.1:{server.port}"):
        call_id = random_token()
        size = seeker.call_all(seeker.register(uri=uri, call_id=call_id))
        challenge, source = seeker.hear()
        assert challenge is not None and challenge.status == 401, challenge and challenge.raw
        assert source == ("127.0.0.1", server.port), f"the answer comes from {source}"
        assert len(challenge.raw) <= 2 * size
        proof = credentials(challenge_params(challenge), "alice", "secret-a", "REGISTER", uri)
        seeker.call_all(seeker.register(uri=uri, call_id=call_id, cseq=2, headers=[f"Authorization: {proof}"]))
        answer, source = seeker.hear()
        assert answer.status == 200 and source == ("127.0.0.1", server.port), answer.raw
        assert answer.one("contact").startswith(contact_of(seeker, "alice")), answer.raw
    bob = registered_phone(server, *USERS[1])
    call = Call(bob, server, caller="bob", callee="alice", password="secret-b")
    call.invite_with_credentials()
    invite = take_request(seeker, "INVITE")
    seeker.send(response(invite, "486 Busy Here", "callee"))
    call.expect(100)
    call.ack_refusal(call.expect(486))
    take_request(seeker, "ACK")
    if other:
        other.settimeout(0.2)
        heard = set()
        try:
            while True:
                heard.add(other.recv(65536)[:8])
        except socket.timeout:
            pass
        assert heard == {b"REGISTER"}, f"the server speaks to the group: {heard}"
        other.close()
    for phone in (seeker, bob):
        phone.close()


def tells_what_it_can(server, group_port):
    seeker = Seeker(server, group_port)
    size = seeker.call_all(seeker.request("OPTIONS", "sip:sip.mcast.net", "sip:a@elsewhere.example", "sip:sip.mcast.net"))
    answer, source = seeker.hear()
    assert answer.status == 200 and source == ("127.0.0.1", server.port), answer and answer.raw
    assert len(answer.raw) <= 2 * size
    seeker.close()


def all_else_is_silence(server, group_port):
    seeker = Seeker(server, group_port)
    bob = registered_phone(server, *USERS[1])
    good = seeker.register()
    unheard = [seeker.register(domain="elsewhere.example"),
               seeker.request("OPTIONS", f"sip:bob@127.0.0.1:{server.port}", "sip:a@127.0.0.1", "sip:bob@127.0.0.1"),
               seeker.request("OPTIONS", "sip:elsewhere.example", "sip:a@127.0.0.1", "sip:elsewhere.example"),
               good.replace("To:", "Not-To:"), good.replace("SIP/2.0\r\n", "SIP/3.0\r\n", 1),
               good.replace("CSeq: 1", "CSeq: x"), "\r\n\r\n", b"\x00\xff noise", good.replace("REGISTER", "register")]
    for method in ("INVITE", "MESSAGE", "ACK", "BYE", "CANCEL", "SUBSCRIBE", "FOO"):
        for uri in (f"sip:bob@127.0.0.1:{server.port}", "sip:sip.mcast.net"):
            unheard.append(seeker.request(method, uri, "sip:alice@127.0.0.1", uri))
    unheard.append(response(Answer(seeker.request("OPTIONS", "sip:x", "sip:a@b", "sip:x").encode()), "200 OK"))
    for text in unheard:
        seeker.call_all(text)
    heard, _ = seeker.hear(0.4)
    assert heard is None, heard.raw
    assert bob.receive(0.05) is None, "a phone was reached by multicast"
    for phone in (seeker, bob):
        phone.close()




def who_has_not_joined_hears_nothing(bin_dir):
    port = free_port()
    with TipringServer(bin_dir, port=port, settings=[f'sip.listen=["udp:0.0.0.0:{port}"]']) as server:
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # has, on the same host
        other.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                         struct.pack("4s4s", socket.inet_aton(GROUP), LOOPBACK))
        seeker = Seeker(server, port)
        seeker.call_all(seeker.request("OPTIONS", f"sip:127.0.0.1:{port}", "sip:a@b.example", "sip:sip.mcast.net"))
        heard, _ = seeker.hear(0.4)
        assert heard is None, heard.raw
        seeker.close()
        other.close()


def bad_settings(bin_dir):
    for value, fault in (('["eth0"]', "an IPv4 address of this host"), ('["224.0.1.75"]', "an IPv4 address of this host"),
                         ('["::1"]', "an IPv4 address of this host"), ('["127.0.0.1:0"]', "an IPv4 address of this host"),
                         ('["127.0.0.9"]', 'needs a "udp:" entry of sip.listen'),
                         (str([f"127.0.0.1:{port}" for port in range(1, 6)]).replace("'", '"'), "must not name more than 4")):
        done = subprocess.run([f"{bin_dir}/tipringd", "--check", "--set", 'sip.listen=["udp:127.0.0.1:5060"]', "--set",
                               f"sip.multicast={value}"], capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        assert done.returncode == 2 and "sip.multicast" in told and fault in told, (value, told)
    port = free_port()
    server = TipringServer(bin_dir, port=port,
                           settings=[f'sip.listen=["udp:0.0.0.0:{port}"]', f'sip.multicast=["192.0.2.77:{port}"]'])
    try:
        server.start()
        raise AssertionError("it starts with the address of another host")
    except RuntimeError as fault:
        assert re.search("sip.multicast: cannot receive by the interface with the address 192.0.2.77", str(fault)), fault


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("bad settings are told (R11.5)", lambda: bad_settings(bin_dir))
    report.run("who has not joined hears nothing (D14)", lambda: who_has_not_joined_hears_nothing(bin_dir))
    for host, algorithms in (("127.0.0.1", []), ("0.0.0.0", []), ("127.0.0.1", ['auth.algorithms=["SHA-256","MD5"]'])):
        port = free_port()
        group_port = port if host == "0.0.0.0" else free_port()
        settings = [f'sip.listen=["udp:{host}:{port}", "tcp:{host}:{port}"]', f'sip.multicast=["127.0.0.1:{group_port}"]']
        with TipringServer(bin_dir, users=USERS, port=port, settings=settings + algorithms) as server:
            server.group_is_free = host != "0.0.0.0"
            name = f"listening on {host}{' with SHA-256' if algorithms else ''}"
            for what, check in (("REGISTER is answered to its sender (D14, U3)", registers),
                                ("OPTIONS is answered to its sender (U3)", tells_what_it_can),
                                ("all else is silence (D14)", all_else_is_silence)):
                report.run(f"{name}: {what}", lambda c=check, s=server, g=group_port: c(s, g))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What strangers, users and the holders of a dialog's route may not do with the running server.

Usage: who_may.py BIN_DIR
"""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, establish, hang_up, register, registered_phone, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
DOMAIN = "tip.example"


class Victim:
    """A socket somewhere else, to which nothing may be relayed."""

    def __init__(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = free_port()
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.create_server(("127.0.0.1", self.port))

    def must_have_peace(self):
        self.udp.settimeout(0.3)
        self.tcp.settimeout(0.1)
        for what, wait in (("a datagram", lambda: self.udp.recv(65536)), ("a connection", self.tcp.accept)):
            try:
                got = wait()
            except socket.timeout:
                continue
            raise AssertionError(f"{what} came: {got}")

    def close(self):
        self.udp.close()
        self.tcp.close()


def with_credentials(phone, method, uri, from_uri, to_uri, user="alice", password="secret-a", headers=()):
    """The final answer to a request that proves who sends it, and the text that got it."""
    call_id = random_token()
    phone.send(phone.request(method, uri, from_uri, to_uri, call_id, 1, headers))
    answer = phone.receive_final()
    assert answer is not None, f"no answer to {method}"
    if answer.status not in (401, 407):
        return answer, None
    asked, given = (("www-authenticate", "Authorization") if answer.status == 401
                    else ("proxy-authenticate", "Proxy-Authorization"))
    proof = credentials(challenge_params(answer, asked), user, password, method, uri)
    text = phone.request(method, uri, from_uri, to_uri, call_id, 2, [*headers, f"{given}: {proof}"])
    phone.send(text)
    return phone.receive_final(), text


def ack_is_relayed_to_nobody(server):
    phone, victim = SipSocket(server.port), Victim()
    for sender in ("sip:eve@elsewhere.example", f"sip:alice@{DOMAIN}"):
        for parameter in ("", ";transport=tcp"):
            uri = f"sip:x@127.0.0.1:{victim.port}{parameter}"
            phone.send(phone.request("ACK", uri, sender, "sip:x@elsewhere.example", to_tag="t"))
            phone.send(phone.request("ACK", f"sip:bob@{DOMAIN}", sender, f"sip:bob@{DOMAIN}", to_tag="t",
                                     headers=[f"Route: <sip:127.0.0.1:{victim.port};lr>"]))
    victim.must_have_peace()
    victim.close()
    phone.close()


def routes_lead_nowhere_else(server):
    phone, victim = SipSocket(server.port), Victim()
    alice, bob, own = f"sip:alice@{DOMAIN}", f"sip:bob@{DOMAIN}", f"sip:127.0.0.1:{server.port}"
    for method, uri, to, route in [
            ("MESSAGE", bob, bob, f"<sip:127.0.0.1:{victim.port};lr>"),
            ("MESSAGE", bob, bob, f"<{own};lr>, <sip:127.0.0.1:{victim.port};lr>"),
            ("MESSAGE", f"{own};lr;tc=0123456789abcdef", bob, f"<sip:x@127.0.0.1:{victim.port}>"),
            ("REGISTER", f"sip:{DOMAIN}", alice, f"<sip:127.0.0.1:{victim.port};lr>")]:
        answer, _ = with_credentials(phone, method, uri, alice, to, headers=[f"Route: {route}"])
        assert answer.status == 403, f"{method} by {route}: {answer.start_line}"
    answer, _ = with_credentials(phone, "REGISTER", f"sip:127.0.0.1:{victim.port}", alice, alice)
    assert answer.status == 403, f"REGISTER elsewhere: {answer.start_line}"
    victim.must_have_peace()
    victim.close()
    phone.close()


def cookie_begins_nothing(server):
    """Whoever was in a call holds its Record-Route, and must not call others with it unasked."""
    alice, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = establish(alice, bob, server)
    routes = [f"Route: {value}" for value in call.answer.all("record-route")]
    stranger = SipSocket(server.port)
    for method in ("INVITE", "MESSAGE", "SUBSCRIBE"):
        for sender, status in (("sip:eve@elsewhere.example", 403), ("sip:alice@127.0.0.1", 407)):
            stranger.send(stranger.request(method, f"sip:bob@127.0.0.1:{server.port}", sender, "sip:bob@127.0.0.1",
                                           call.call_id, 77, routes, from_tag=call.from_tag, to_tag="made-up"))
            answer = stranger.receive_final()
            assert answer is not None and answer.status == status, f"{method} from {sender}: {answer}"
    hang_up(call, bob)
    for phone in (alice, bob, stranger):
        phone.close()


def register_for_others_is_refused(server):
    phone = SipSocket(server.port)
    contact = [f"Contact: <sip:alice@127.0.0.1:{phone.port}>"]
    for sender, to in [("bob", "alice"), ("alice", "bob"), ("nobody", "alice")]:
        answer, _ = with_credentials(phone, "REGISTER", f"sip:{DOMAIN}", f"sip:{sender}@{DOMAIN}", f"sip:{to}@{DOMAIN}",
                                     headers=contact)
        assert answer.status == 403, f"From {sender}, To {to}: {answer.start_line}"
    phone.close()


def refusal_outlives_its_loss(server):
    """A request that is refused after its credentials were checked gets the same answer again, not a challenge."""
    phone = SipSocket(server.port)
    for method in ("MESSAGE", "INVITE"):
        uri = f"sip:nobody@{DOMAIN}"
        answer, text = with_credentials(phone, method, uri, f"sip:alice@{DOMAIN}", uri)
        assert answer.status == 404, answer.start_line
        phone.send(text)
        again = phone.receive_final()
        assert again is not None and again.raw == answer.raw, again and again.start_line
    phone.close()


def contact_headers_stay_here(server):
    """A Contact may hold headers, a Request-URI may not: RFC 3261 16.6 step 2, 19.1.1."""
    bob, alice = SipSocket(server.port), SipSocket(server.port)
    register(bob, server, "bob", "secret-b", contacts=["*"], headers=["Expires: 0"])
    register(bob, server, "bob", "secret-b", contacts=[f"<sip:bob@127.0.0.1:{bob.port};x=y?Subject=z&Priority=urgent>"])
    Call(alice, server).invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert invite.start_line == f"INVITE sip:bob@127.0.0.1:{bob.port};x=y SIP/2.0", invite.start_line
    alice.close()
    bob.close()


def response_without_a_via_is_not_forwarded(server):
    """RFC 3261 16.7 step 3."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    call.expect(100)
    for status in ("180 Ringing", "486 Busy Here"):
        bob.send(f"SIP/2.0 {status}\r\nVia: {invite.one('via')}\r\nFrom: {invite.one('from')}\r\n"
                 f"To: {invite.one('to')};tag=b\r\nCall-ID: {invite.one('call-id')}\r\nCSeq: {invite.one('cseq')}\r\n"
                 "Content-Length: 0\r\n\r\n")
    call.ack_refusal(call.expect(502))
    alice.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=[f'sip.domains=["{DOMAIN}", "127.0.0.1"]']) as other:
        for what, check in [
                ("an ACK is relayed to nobody (C21)", ack_is_relayed_to_nobody),
                ("a preloaded Route lifts no rule (C21)", routes_lead_nowhere_else),
                ("nobody registers for others (C21)", register_for_others_is_refused),
                ("a refusal outlives its loss (R7.2)", refusal_outlives_its_loss)]:
            report.run(what, lambda c=check: c(other))
    with TipringServer(sys.argv[1], users=USERS) as server:
        for what, check in [
                ("the cookie of a dialog begins nothing (C21)", cookie_begins_nothing),
                ("the headers of a Contact stay here (R2.2)", contact_headers_stay_here),
                ("a response without a Via for others is not forwarded (R2.5)", response_without_a_via_is_not_forwarded)]:
            report.run(what, lambda c=check: c(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

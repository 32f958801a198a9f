#!/usr/bin/env python3
"""What a Request-URI and a Route mean: names and ports of ours, aliases, telephone numbers, maddr, sips, strict routers.

Usage: request_uri.py BIN_DIR
"""

import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, register, response, take_request  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

DOMAIN = "example.com"
DOMAINS = f'sip.domains=["{DOMAIN}", "two.example", "three.example"]'
USERS = [("alice", "a"), ("bob", "b"), ("+4930123", "n"), ("carol@two.example", "c"), ("dave@two.example", "d"),
         ("dave@three.example", "d")]
OPEN = ['auth.invite="off"', "routing.offline_status=480", DOMAINS]


class Server(TipringServer):
    def import_users(self):
        super().import_users()
        with sqlite3.connect(f"{self.data}/tipring.db") as database:
            database.execute("UPDATE users SET aliases = '200' || char(10) || 'the boss' WHERE name = 'bob'")
        database.close()


class Bench:
    """A caller and bob's and the number's phone, by one transport."""

    def __init__(self, server, transport):
        self.server, self.transport = server, transport
        self.caller = SipSocket(server.port, transport)
        self.phone = SipSocket(server.port, transport)
        for user, password in (("bob", "b"), ("+4930123", "n")):
            register(self.phone, server, user, password, domain=DOMAIN,
                     contacts=["*"], headers=["Expires: 0"])
            register(self.phone, server, user, password, domain=DOMAIN,
                     contacts=[f"<sip:phone@127.0.0.1:{self.phone.port};transport={transport};method=BYE?Subject=x>"])

    def send(self, uri, routes=(), method="MESSAGE", headers=(), body="", sender=f"sip:alice@{DOMAIN}", to_tag=None):
        uri = uri.replace("PORT", str(self.server.port))
        lines = [f"Route: {route}".replace("PORT", str(self.server.port)) for route in routes]
        self.caller.send(self.caller.request(method, uri, sender, f"sip:x@{DOMAIN}", headers=[*lines, *headers], body=body,
                                             to_tag=to_tag))

    def refused(self, uri, status, **options):
        self.send(uri, **options)
        answer = self.caller.receive_final()
        assert answer is not None and answer.status == status, f"{uri}: {answer and answer.start_line}, not {status}"
        return answer

    def reaches_phone(self, uri, phone=None, **options):
        """What arrives."""
        self.send(uri, **options)
        phone = phone or self.phone
        request = phone.receive(3)
        assert request is not None, f"{uri} does not arrive"
        phone.send(response(request, OK))
        answer = self.caller.receive_final()
        assert answer is not None and answer.status == 200, f"{uri}: {answer and answer.start_line}"
        return request

    def close(self):
        self.caller.close()
        self.phone.close()


def names_of_ours(bench):
    for uri in (f"sip:bob@{DOMAIN}", "sip:bob@EXAMPLE.com.", f"sip:bob@{DOMAIN}:5060", f"sip:bob@{DOMAIN}:PORT",
                "sip:bob@127.0.0.1:PORT", f"sip:%62ob@{DOMAIN}", f"sip:bob:password@{DOMAIN}",
                f"SIP:bob@{DOMAIN};transport=tcp;x=y;ttl=1"):
        arrived = bench.reaches_phone(uri)
        wanted = f"MESSAGE sip:phone@127.0.0.1:{bench.phone.port};transport={bench.transport} SIP/2.0"
        assert arrived.start_line == wanted, f"method and headers stay with the contact (16.6): {arrived.start_line}"
    for uri, status in ((f"sip:bob;x=y@{DOMAIN}", 404), (f"sip:Bob@{DOMAIN}", 404), (f"sip:bob@{DOMAIN}:5099", 403),
                        ("sip:bob@127.0.0.1:9", 403), ("sip:bob@[::1]:PORT", 403), (f"sip:bob@x.{DOMAIN}", 403)):
        bench.refused(uri, status)


def aliases_are_called(bench):
    for uri in (f"sip:200@{DOMAIN}", f"sip:the%20boss@{DOMAIN}", f"tel:2-00;phone-context={DOMAIN}"):
        bench.reaches_phone(uri)
    bench.refused("sip:200@two.example", 404)
    # By our address everybody is called whose name is one user's only; nobody learns who the others are.
    bench.refused("sip:carol@127.0.0.1:PORT", 480)
    answer = bench.refused("sip:dave@127.0.0.1:PORT", 485)
    assert answer.one("contact") is None, answer.raw
    bench.refused("sip:dave@two.example", 480)


def numbers_are_users(bench):
    for uri in ("tel:+4930123", "TEL:+49-30-(123)", "tel:+49.30.123;x=y", f"sip:+49-30-123@{DOMAIN};user=phone",
                f"sip:+49-30-123@{DOMAIN}"):
        bench.reaches_phone(uri)
    for uri, status in (("tel:+4930124", 404), ("tel:+4930123;phone-context=x", 400), ("tel:", 400), ("tel:x", 400),
                        ("tel:200;phone-context=elsewhere.example", 404), ("tel:200;phone-context=+49", 404),
                        ("tel:200", 484), ("fax:+4930123", 416), ("urn:service:sos", 404), ("urn:isbn:1", 416)):
        bench.refused(uri, status)


def maddr_counts(bench):
    far = SipSocket(bench.server.port, "udp", host="127.0.0.1", source="127.0.0.9")
    bench.reaches_phone(f"sip:bob@{DOMAIN}:PORT;maddr=127.0.0.1")
    bench.reaches_phone(f"sip:bob@{DOMAIN}:PORT;transport={bench.transport};maddr={DOMAIN};ttl=1")
    bench.refused("sip:x@elsewhere.example:PORT;maddr=127.0.0.1", 403)
    bench.refused(f"sip:bob@{DOMAIN}:{far.port};maddr=127.0.0.9", 403)
    bench.refused(f"sip:{'x' * 1500}@{DOMAIN}:PORT;maddr=127.0.0.1", 414)
    assert far.receive(0.2) is None, "a stranger got it"
    far.close()


def maddr_leads_elsewhere(bench):
    """16.5: a maddr that is not ours is the only target, although the host before it is ours."""
    far = SipSocket(bench.server.port, "udp", host="127.0.0.1", source="127.0.0.9")
    uri = f"sip:bob@{DOMAIN}:{far.port};maddr=127.0.0.9;transport=udp"
    arrived = bench.reaches_phone(uri, phone=far)
    assert arrived.start_line == f"MESSAGE {uri} SIP/2.0", arrived.start_line
    arrived = bench.reaches_phone(f"sip:x@127.0.0.9:{far.port};method=BYE;a=b", phone=far)
    assert arrived.start_line == f"MESSAGE sip:x@127.0.0.9:{far.port};a=b SIP/2.0", arrived.start_line
    far.close()


def sips_stays_here(bench):
    for options in ({"uri": f"sips:bob@{DOMAIN}"}, {"uri": f"sips:x@127.0.0.1:{bench.phone.port}"},
                    {"uri": f"sip:x@127.0.0.1:{bench.phone.port}", "routes": [f"<sips:127.0.0.1:{bench.phone.port};lr>"]},
                    {"uri": "sips:x@elsewhere.example", "routes": [f"<sip:127.0.0.1:{bench.phone.port};lr>"]}):
        answer = bench.refused(status=480, **options)
        assert answer.one("warning").startswith("380 "), answer.raw
    bench.refused(f"sips:nobody@{DOMAIN}", 404)
    assert bench.phone.receive(0.2) is None, "a sips request left in the clear"


def routes_of_ours(bench):
    own = "<sip:127.0.0.1:PORT;lr>"
    bob = f"sip:bob@{DOMAIN}"
    for routes in ([own], [f"<sip:{DOMAIN};lr>"], [f"<sip:{DOMAIN}:PORT>"], [own] * 50,
                   [f"{own}, <sip:x.invalid;maddr=127.0.0.1;lr>".replace(".invalid", ".invalid:PORT"), own]):
        arrived = bench.reaches_phone(bob, routes=routes)
        assert not arrived.all("route"), arrived.raw
    far = f"<sip:127.0.0.1:{bench.phone.port};lr;transport={bench.transport}>"
    rest = [f"<sip:hop{i}.example;lr>" for i in range(49)]
    arrived = bench.reaches_phone("sip:x@elsewhere.example", routes=[own, far, *rest])
    assert arrived.all("route") == [far, *rest], arrived.raw
    for route in ("<tel:+1>", "<sip:127.0.0.1:x>", "sip:@", "<sip:a"):
        assert "Route" in bench.refused(bob, 400, routes=[route]).reason, route


def strict_routers(bench):
    """16.12.1: we rewrite for a strict router, and put right what one rewrote for us."""
    hop = f"sip:127.0.0.1:{bench.phone.port};transport={bench.transport};x=y"
    arrived = bench.reaches_phone("sip:x@elsewhere.example", routes=["<sip:127.0.0.1:PORT;lr>", f"<{hop}?a=b>", "<sip:p2;lr>"])
    assert arrived.start_line == f"MESSAGE {hop} SIP/2.0", arrived.start_line
    assert arrived.all("route") == ["<sip:p2;lr>", "<sip:x@elsewhere.example>"], arrived.raw
    # A Record-Route of ours in a Request-URI, as a strict router writes it: the last Route is who is meant.
    target = f"sip:x@127.0.0.1:{bench.phone.port};transport={bench.transport}"
    arrived = bench.reaches_phone("sip:127.0.0.1:PORT;lr;tc=00", routes=[f"<{target}>"])
    assert arrived.start_line == f"MESSAGE {target} SIP/2.0", arrived.start_line
    assert not arrived.all("route"), arrived.raw


def to_the_server_itself(bench):
    own = "sip:127.0.0.1:PORT"
    for method in ("INVITE", "MESSAGE", "FOO", "options"):
        answer = bench.refused(own, 405, method=method)
        assert answer.one("allow") == "OPTIONS, REGISTER", answer.raw
        if method == "INVITE":
            bench.caller.send(f"ACK {own} SIP/2.0\r\n".replace("PORT", str(bench.server.port)) + "".join(
                f"{name}: {answer.one(name)}\r\n" for name in ("Via", "From", "To", "Call-ID")) +
                "CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n")
    for method in ("BYE", "INFO", "UPDATE", "NOTIFY"):  # in a dialog that nobody knows
        assert not bench.refused(own, 481, method=method, to_tag="none").all("allow")
        for nobody, outside in (("nobody", 404), ("alice", 480)):  # who has no phone here
            bench.refused(f"sip:{nobody}@{DOMAIN}", 481, method=method, to_tag="none")
            bench.refused(f"sip:{nobody}@{DOMAIN}", outside, method=method)
    bench.refused(own, 415, method="OPTIONS", body="x", headers=["Content-Type: text/x-odd"])
    bench.refused(own, 200, method="OPTIONS", body="x", headers=["Content-Type: application/sdp"])
    bench.refused(own + ";maddr=127.0.0.9", 403, method="OPTIONS")


def main():
    bin_dir = sys.argv[1]
    report = Report()
    closed = [("our names and ports (16.4, 16.5; C22)", names_of_ours),
              ("aliases are called; 485 for an ambiguous name (21.4.23)", aliases_are_called),
              ("telephone numbers are users (19.1.6, RFC 3966; 416, 484)", numbers_are_users),
              ("a maddr of ours goes, another is foreign (16.4, 16.5; C21)", maddr_counts),
              ("the server itself answers 405, 481 and 415 (8.2.1, 8.2.3, 12.2.2; R4.3, R4.4)", to_the_server_itself)]
    opened = [("a maddr elsewhere is the only target (16.5)", maddr_leads_elsewhere),
              ("sips does not leave without TLS (26.2.2, RFC 5630 5.3)", sips_stays_here),
              ("Routes of ours go, the others stay (16.4, 16.6 step 7)", routes_of_ours),
              ("strict routers before and behind us (16.4, 16.6 step 6)", strict_routers)]
    for settings, checks in ((OPEN, closed), ([*OPEN, "routing.foreign=true"], opened)):
        with Server(bin_dir, users=USERS, settings=settings) as server:
            for transport in ("udp", "tcp"):
                bench = Bench(server, transport)
                for name, check in checks:
                    report.run(f"{transport}: {name}", lambda c=check, b=bench: c(b))
                bench.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The torture messages of RFC 4475 and RFC 5118 against the running server: over UDP, over TCP, and over TCP split at
every byte. messages.py says what must come of each.

Usage: torture.py BIN_DIR
"""

import os
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from answers import ack, check_binding, check_status, with_credentials  # noqa: E402
from forwarding import Message, check_answer, check_forwarded, response_to  # noqa: E402
from links import Reader, Sources, ended, final, receive, with_free_port  # noqa: E402
from messages import CALLED, CASES, DOMAINS, STRANGERS, USERS, answer  # noqa: E402
from sip_phone import establish, hang_up, register, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from streams import byte_by_byte, split_everywhere  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

SILENCE = 0.05     # seconds in which a message that is answered would have been
TIMER_J = 33       # seconds until the last transaction over UDP is forgotten
STRICT_ROUTER = ("127.0.0.1", 5080)  # the Route of mpart01
TIMERS = 'session_timer.mode="insert"'  # the RFC's callers know none
OPEN = ['auth.invite="off"', "routing.accept_foreign=true", "routing.foreign=true", 'session_timer.mode="off"']


def domains_setting(domains):
    return "sip.domains=[" + ", ".join(f'"{name}"' for name in domains) + "]"


class Bench:
    """A server, a phone that is registered for everybody who is called, and what has been sent."""

    def __init__(self, server, transport, sources):
        self.server, self.transport, self.sources = server, transport, sources
        self.used = []
        self.phone = self.open_phone()
        self.router = None

    def host(self):
        """Where a message may come from."""
        return self.sources.next()

    def open_phone(self):
        return SipSocket(self.server.port)

    def register_phone(self):
        for name in CALLED:
            user, _, domain = name.partition("@")
            host = f"[{domain}]" if ":" in domain else domain
            register(self.phone, self.server, user, "secret", aor=f"sip:{user}@{host}",
                     contacts=[f"<sip:{user}@{self.phone.host}:{self.phone.port}>"])

    def open_router(self):
        """Where mpart01 is sent on to. The port is the RFC's, so another run may hold it for a while."""
        self.router = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(300):
            try:
                return self.router.bind(STRICT_ROUTER)
            except OSError:
                time.sleep(0.1)
        raise AssertionError("127.0.0.1:5080 is taken")

    def unique(self, text):
        """The message with a branch and a Call-ID of its own, if another one has used its branch."""
        message = Message(text)
        key = (message.top_branch(), message.sent_by(), message.method)
        if key in self.used and key[0]:
            text = text.replace(b"branch=" + key[0], b"branch=%s.%d" % (key[0], len(self.used)), 1)
            text = text.replace(b"Call-ID: ", b"Call-ID: %d." % len(self.used), 1)
        self.used.append(key)
        return text

    def connect(self, text):
        """A socket from which the message comes: over UDP it is bound to the port that the top Via names."""
        source = self.sources.next()
        kind = socket.SOCK_DGRAM if self.transport == "udp" else socket.SOCK_STREAM
        link = socket.socket(socket.AF_INET, kind)
        link.bind((source, Message(text).via_port() if self.transport == "udp" else 0))
        link.connect(("127.0.0.1", self.server.port))
        if self.transport == "tcp":
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link, source

    def run(self, case, outcome):
        text = self.unique(with_free_port(case.wire(), self.host()))
        link, source = self.connect(text)
        try:
            link.sendall(text)
            getattr(self, "_" + outcome.kind)(case, outcome, text, link, source)
        finally:
            link.close()

    def _nothing(self, case, outcome, text, link, source):
        assert receive(link, self.transport, SILENCE) is None, "it is answered"

    def _closed(self, case, outcome, text, link, source):
        assert ended(link), "it is answered, or the connection stays"

    def _answer(self, case, outcome, text, link, source):
        raw = final(link, self.transport)
        check_status(raw, outcome)
        if outcome.word != "Via":  # of a bad one nobody knows what is the same
            check_answer(Message(text), raw, source)
        if outcome.status == 420:
            wanted = Message(text).values(b"proxy-require")
            assert Message(raw).values(b"unsupported") == wanted, raw
        if outcome.status in (401, 407):
            assert b"Digest realm=" in raw, raw
        if outcome.status == 405:
            assert Message(raw).values(b"allow"), raw
        if outcome.closes:
            assert ended(link), "the connection stays"

    def _registered(self, case, outcome, text, link, source):
        check_status(final(link, self.transport), answer(401))
        link.sendall(with_credentials(text, link, self.transport))
        raw = final(link, self.transport)
        check_status(raw, answer(200))
        check_answer(Message(text), raw, source)
        check_binding(case, raw)

    def _forwarded(self, case, outcome, text, link, source):
        arrived, sender = self._take(case)
        check_forwarded(case, Message(text), Message(arrived), source, self.phone)
        is_invite = Message(text).method == b"INVITE"
        reply = response_to(Message(arrived), b"486 Busy Here" if is_invite else b"200 OK")
        sender(reply)
        raw = final(link, self.transport)
        check_status(raw, answer(486 if is_invite else 200))
        check_answer(Message(text), raw, source)
        if is_invite:
            link.sendall(ack(Message(text), Message(raw)))
            ack_text = self.phone.receive(3)
            assert ack_text is not None and ack_text.raw.startswith(b"ACK "), "no ACK came"

    def _take(self, case):
        """What arrives, and how to answer it."""
        if case.name != "mpart01":
            arrived = self.phone.receive(3)
            assert arrived is not None, "it does not arrive"
            return arrived.raw, self.phone.send
        self.router.settimeout(3)
        raw, source = self.router.recvfrom(65536)
        return raw, lambda reply: self.router.sendto(reply, source)

    def noise_behind_a_body(self):
        """3.1.1.8 over TCP, where the octets behind the REGISTER are a message of their own."""
        case = next(case for case in CASES if case.name == "dblreq")
        text = case.wire()
        link, _ = self.connect(text)
        link.sendall(text)
        reader = Reader(link)
        statuses = [reader.final(3)[:11] for _ in range(2)]
        assert statuses[0] == b"SIP/2.0 401", statuses
        assert statuses[1] == b"SIP/2.0 404", f"joe has no phone: {statuses}"
        assert ended(link), "the Content-Length of the INVITE leaves a piece of its body, which is no message"
        link.close()

    def close(self):
        self.phone.close()
        if self.router:
            self.router.close()


def as_ack(text):
    method = text.split(b" ")[0]
    text = text.replace(method, b"ACK", 1)
    return re.sub(rb"(?i)(\ncseq\s*:\s*\d+\s+)" + re.escape(method), rb"\1ACK", text)


def as_response(text):
    return b"SIP/2.0 200 OK" + text[text.index(b"\r\n"):]


def without_via(text):
    return re.sub(rb"(?im)^(via|v)(?=[ \t]*:)", b"Not-Via", text)


def with_bad_via(text):
    return re.sub(rb"(?im)^(via|v)(?=[ \t]*:)", b"Via: ;", text)


def never_answered(server, sources, change):
    """RFC 3261 8.2.6.1, 17.1.1.3, 18.2.2: nobody answers these, however bad they are."""
    bench, links = Bench(server, "udp", sources), []
    for case in CASES:
        text = with_free_port(case.wire(), bench.host())
        link, _ = bench.connect(text)
        link.sendall(change(text))
        links.append((case, link))
    time.sleep(0.5)
    for case, link in links:
        assert receive(link, "udp", 0.001) is None, f"{case.name} is answered"
        link.close()
    bench.close()


def in_use(server):
    return {pool["name"]: pool["in_use"] for pool in server.ctl_json("pools")}


def pools_are_back(server, before):
    held = {name: (count, before[name]) for name, count in in_use(server).items()
            if count > before[name] and name != "bindings"}
    assert not held, f"in use now, and before: {held}"


def still_serves(server):
    alice = registered_phone(server, "alice", "secret")
    bob = registered_phone(server, "bob", "secret")
    hang_up(establish(alice, bob, server, password="secret"), bob)
    for phone, user in ((alice, "alice"), (bob, "bob")):
        register(phone, server, user, "secret", contacts=["*"], headers=["Expires: 0"])
        phone.close()


def in_order(cases):
    """What changes registrations stands behind what needs them."""
    return sorted(cases, key=lambda case: case.udp.kind == "registered")


def run_open(report, server, transport, sources):
    """Every message on a server that lets all pass; what must be true of its pools later."""
    bench = Bench(server, transport, sources)
    bench.register_phone()
    bench.open_router()
    before = in_use(server)
    for case in in_order(CASES):
        outcome = case.udp if transport == "udp" else case.tcp
        report.run(f"{transport}: {case.name} ({case.section}): {outcome}",
                   lambda c=case, o=outcome, b=bench: b.run(c, o))
    if transport == "tcp":
        report.run("tcp: dblreq (3.1.1.8): two messages", bench.noise_behind_a_body)
    bench.close()
    return before


def run_digest(report, server, sources):
    for transport in ("udp", "tcp"):
        bench = Bench(server, transport, sources)
        for case in CASES:
            outcome = case.digest_udp if transport == "udp" else case.digest_tcp
            report.run(f"{transport}, digest: {case.name} ({case.section}): {outcome}",
                       lambda c=case, o=outcome, b=bench: b.run(c, o))
        bench.close()
    for change in (as_ack, as_response, without_via, with_bad_via):
        report.run(f"every message {change.__name__}: never answered (R14.5)",
                   lambda c=change: never_answered(server, sources, c))
    bench = Bench(server, "tcp", sources)
    report.run("tcp: every message byte by byte (R13.3)", lambda: byte_by_byte(bench))
    report.run("tcp: every message split at every byte (R13.3)", lambda: split_everywhere(bench))
    bench.close()


def main():
    report = Report()
    sources = Sources()
    bin_dir = sys.argv[1]
    let_all = [domains_setting(DOMAINS + STRANGERS), *OPEN]
    with TipringServer(bin_dir, users=USERS, settings=let_all) as over_udp, \
            TipringServer(bin_dir, users=USERS, settings=let_all) as over_tcp, \
            TipringServer(bin_dir, users=USERS, settings=[domains_setting(DOMAINS), TIMERS]) as closed:
        before_udp = run_open(report, over_udp, "udp", sources)
        before_tcp = run_open(report, over_tcp, "tcp", sources)
        opened = time.monotonic()
        still_serves(closed)
        before_closed = in_use(closed)
        run_digest(report, closed, sources)
        time.sleep(max(0.0, opened + TIMER_J - time.monotonic()))
        report.run("all pools are back where they were, over UDP", lambda: pools_are_back(over_udp, before_udp))
        report.run("all pools are back where they were, over TCP", lambda: pools_are_back(over_tcp, before_tcp))
        report.run("nothing is held for who was refused", lambda: pools_are_back(closed, before_closed))
        report.run("phones still register and call", lambda: still_serves(closed))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

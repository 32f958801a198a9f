#!/usr/bin/env python3
"""The torture messages of RFC 4475 and RFC 5118 against the running server: over UDP, over TCP, and over TCP split at
every byte. messages.py says what must come of each.

Usage: torture.py BIN_DIR
"""

import os
import random
import re
import select
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from forwarding import Message, check_answer, check_forwarded, response_to  # noqa: E402
from messages import CALLED, CASES, DOMAINS, NOTHING, STRANGERS, USERS, answer  # noqa: E402
from sip_phone import establish, hang_up, register, registered_phone  # noqa: E402
from sip_socket import Answer, SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

SILENCE = 0.05     # seconds in which a message that is answered would have been
TIMER_J = 33       # seconds until the last transaction over UDP is forgotten
STRICT_ROUTER = ("127.0.0.1", 5080)  # the Route of mpart01
OPEN = ['auth.invite="off"', "routing.accept_foreign=true", "routing.foreign=true", 'session_timer.mode="off"']


def domains_setting(domains):
    return "sip.domains=[" + ", ".join(f'"{name}"' for name in domains) + "]"


class Sources:
    """An address of its own on loopback for each message, so that the port that its Via names is free."""

    def __init__(self):
        self.network = f"127.{random.randrange(16, 250)}"
        self.last = random.randrange(1000, 30000)

    def next(self):
        self.last += 1
        return f"{self.network}.{self.last // 250}.{self.last % 250 + 1}"


class Bench:
    """A server, a phone that is registered for everybody who is called, and what has been sent."""

    def __init__(self, server, transport, sources):
        self.server, self.transport, self.sources = server, transport, sources
        self.used = []
        self.phone = SipSocket(server.port)
        self.router = None

    def register_phone(self):
        for name in CALLED:
            user, _, domain = name.partition("@")
            host = f"[{domain}]" if ":" in domain else domain
            register(self.phone, self.server, user, "secret", aor=f"sip:{user}@{host}",
                     contacts=[f"<sip:{user}@127.0.0.1:{self.phone.port}>"])

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
        text = self.unique(case.wire())
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
        check_forwarded(case, Message(text), Message(arrived), source, self.phone.port)
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


class Reader:
    """Messages out of a stream."""

    def __init__(self, link):
        self.link, self.pending, self.last = link, b"", b""

    def message(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            end = self.pending.find(b"\r\n\r\n")
            if end >= 0:
                size = int(re.search(rb"(?i)\r\nContent-Length: *(\d+)", self.pending[:end]).group(1))
                if len(self.pending) >= end + 4 + size:
                    self.last, self.pending = self.pending[:end + 4 + size], self.pending[end + 4 + size:]
                    return self.last
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.link], [], [], left)[0]:
                return None
            try:
                more = self.link.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.pending += more

    def final(self, timeout):
        while True:
            raw = self.message(timeout)
            if raw is None or not raw.startswith(b"SIP/2.0 1"):
                return raw


def receive(link, transport, timeout):
    if transport == "tcp":
        return Reader(link).message(timeout)
    link.settimeout(timeout)
    try:
        return link.recv(65536)
    except socket.timeout:
        return None


def final(link, transport):
    if transport == "tcp":
        raw = Reader(link).final(3)
    else:
        raw = b"SIP/2.0 1"
        while raw is not None and raw.startswith(b"SIP/2.0 1"):
            raw = receive(link, transport, 3)
    assert raw is not None, "no answer comes"
    return raw


def ended(link):
    """The server has ended the connection, and said nothing more."""
    link.settimeout(3)
    try:
        return link.recv(65536) == b""
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def check_status(raw, outcome):
    start = Answer(raw).start_line
    assert start.startswith(f"SIP/2.0 {outcome.status} "), f"{outcome} was expected, not {start}"
    assert outcome.word in start, f"{outcome.word} is not named in {start}"


def with_credentials(text, link, transport):
    """The REGISTER again, as the user whom its To names."""
    message = Message(text)
    user = re.search(rb"sip:([^@;>]+)@", message.values(b"to")[0]).group(1).decode()
    uri = message.uri.decode()
    link.sendall(text)
    challenge = Answer(final(link, transport))
    line = f"Authorization: {credentials(challenge_params(challenge), user, 'secret', 'REGISTER', uri)}\r\n"
    start, end, rest = text.partition(b"\r\n")
    return start + end + line.encode() + rest


def check_binding(case, raw):
    """What the registrar tells of a contact is what was registered: RFC 4475 3.3.12 to 3.3.14."""
    wanted = {
        "cparam01": rb"<sip:\+19725552222@gw1\.example\.net>;[^,]*unknownparam",
        "cparam02": rb"<sip:\+19725552222@gw1\.example\.net;unknownparam>(;expires=\d+)?$",
        "regescrt": rb"<sip:user@example\.com\?Route=%3Csip:sip\.example\.com%3E>",
        "dblreq": rb"<sip:j\.user@host\.example\.com>",
    }.get(case.name, rb"<sip:caller@\[2001:db8::1\]>")
    contacts = Message(raw).values(b"contact")
    assert any(re.match(wanted, contact) for contact in contacts), f"{wanted} is not among {contacts}"


def ack(invite, response):
    """RFC 3261 17.1.1.3."""
    lines = [b"ACK " + invite.uri + b" SIP/2.0", invite.raw_top_via, b"Max-Forwards: 70",
             b"From: " + invite.values(b"from")[0], b"To: " + response.values(b"to")[0],
             b"Call-ID: " + invite.values(b"call-id")[0],
             b"CSeq: " + invite.values(b"cseq")[0].split()[0] + b" ACK", b"Content-Length: 0", b"", b""]
    return b"\r\n".join(lines)


class Stream:
    """One message on one connection, sent again and again in pieces; each answer must be that to the whole."""

    def __init__(self, case, outcome, bench):
        self.case, self.outcome, self.bench = case, outcome, bench
        self.text = case.wire()
        self.link = None
        self.split = 0
        self.connect()
        self.send(self.text)
        self.finish()

    def connect(self):
        if self.link:
            self.link.close()
        self.link, _ = self.bench.connect(self.text)

    def send(self, piece):
        try:
            self.link.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            assert self.outcome.closes, "the connection has ended"  # it may end before the last of the body was sent

    def start(self, split):
        self.split = split
        self.send(self.text[:split])

    def go_on(self):
        self.send(self.text[self.split:])

    def finish(self):
        if self.outcome.kind == "nothing":
            return
        if self.outcome.kind == "answer":
            raw = Reader(self.link).final(3)
            assert raw is not None, f"no answer after a split at {self.split}"
            check_status(raw, self.outcome)
        if self.outcome.kind == "closed":
            assert ended(self.link), f"the connection stays after a split at {self.split}"
        if self.outcome.closes:
            self.connect()  # the server waits half a second for who was refused to go away by himself

    def still_in_step(self):
        """Responses are not answered: an OPTIONS behind all of them is."""
        self.link.sendall(b"OPTIONS sip:127.0.0.1:%d SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKlast\r\n"
                          b"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: last\r\n"
                          b"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n" % self.bench.server.port)
        raw = Reader(self.link).final(3)
        assert raw is not None and raw.startswith(b"SIP/2.0 200"), "the stream is out of step"


def split_streams(bench):
    """All messages at once, a connection each, as far as each use of them ends the same way."""
    return [Stream(case, case.digest_tcp, bench) for case in CASES if case.name not in ("clerr", "dblreq")]


def split_everywhere(bench):
    streams = split_streams(bench)
    for split in range(1, max(len(stream.text) for stream in streams)):
        live = [stream for stream in streams if split < len(stream.text)]
        for stream in live:
            stream.start(split)
        time.sleep(0.001)  # so that the two pieces are read apart
        for stream in live:
            stream.go_on()
        for stream in live:
            stream.finish()
    finish_streams(streams)


def byte_by_byte(bench):
    streams = split_streams(bench)
    for at in range(max(len(stream.text) for stream in streams)):
        for stream in streams:
            if at < len(stream.text):
                stream.send(stream.text[at:at + 1])
        time.sleep(0.0002)
        for stream in streams:
            if at == len(stream.text) - 1:
                stream.finish()
    finish_streams(streams)


def finish_streams(streams):
    for stream in streams:
        if stream.outcome is NOTHING:
            stream.still_in_step()
        stream.link.close()


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
        link, _ = bench.connect(case.wire())
        link.sendall(change(case.wire()))
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
            TipringServer(bin_dir, users=USERS, settings=[domains_setting(DOMAINS)]) as closed:
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

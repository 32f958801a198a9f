#!/usr/bin/env python3
"""Storms of TCP connections from thousands of strangers, while two phones that know nothing of it call each other.

Usage: tcp_storms.py BIN_DIR

The phones register, refresh and call all the time, over TCP, in a process of their own; a third one asks over UDP how
long an answer takes. None of them may see anything of a storm. After each storm it is counted under the name of the
limit that has ended it, the log tells of it in a line or two, and places, descriptors and memory are as before.
"""

import contextlib
import multiprocessing
import os
import resource
import socket
import struct
import sys
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from phones import Call, Phone, SipSocket, expect  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
PLACES = 4000
SETTINGS = [f"capacity.tcp_connections={PLACES}", "capacity.transactions=4096", "security.safe_sources=[]",
            "tcp.silence_timeout=3", "tcp.message_timeout=1", "tcp.write_timeout=1"]
MIB = 1 << 20
PATIENCE = 1.0  # seconds that a phone may wait for any answer, on a machine that others use too
NINETY_NINE = 0.1  # of a hundred answers over UDP, all but one come sooner


class Witness:
    """The phones that must not notice."""

    def __init__(self, server):
        self.server = server
        self.ours, theirs = multiprocessing.Pipe()
        self.calls = multiprocessing.Value("i", 0)
        self.ending = multiprocessing.Event()
        self.process = multiprocessing.Process(target=self._run, args=(theirs,), daemon=True)
        self.process.start()
        wait_until(lambda: self.calls.value > 0 or not self.process.is_alive(), 10, lambda: "the phones do not call")

    def _run(self, pipe):
        waits = []
        try:
            alice, bob = (Phone(self.server, *user, "tcp") for user in USERS)
            prober = SipSocket(self.server.port)
            for phone in (alice, bob):
                phone.wire.socket.settimeout(PATIENCE)
                phone.register()
            while not self.ending.is_set():
                Call(alice, bob.aor).invite().ring(bob).answer(bob).hang_up(bob)
                (alice, bob)[self.calls.value % 2].refresh()
                waits += [self._probe(prober) for _ in range(3)]
                self.calls.value += 1
                time.sleep(0.005)
            for phone in (alice, bob):
                phone.unregister()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the storm has been noticed
            pipe.send((f"{type(fault).__name__}: {fault}", waits))
            return
        pipe.send((None, waits))

    def _probe(self, prober):
        uri = f"sip:127.0.0.1:{self.server.port}"
        began = time.monotonic()
        prober.send(prober.request("OPTIONS", uri, uri, uri))
        expect(prober.receive_final(PATIENCE), 200)
        return time.monotonic() - began

    def check(self):
        """They are well, and go on calling."""
        before = self.calls.value
        wait_until(lambda: self.calls.value > before or self.ours.poll(), 5, lambda: "the phones do not call any more")
        assert not self.ours.poll(), f"the phones have noticed: {self.ours.recv()[0]}"

    def end(self):
        self.ending.set()
        fault, waits = self.ours.recv()
        self.process.join(10)
        assert fault is None, f"the phones have noticed: {fault}"
        return waits


class Target:
    """The server, and what of it must be as before after each storm."""

    def __init__(self, server):
        self.server = server
        self.pid = server.process.pid
        self.places = self.in_use()
        self.descriptors = self.open_files()
        self.resident = self.memory()

    def in_use(self):
        return next(row["in_use"] for row in self.server.ctl_json("pools") if row["name"] == "tcp_connections")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    def status(self):
        return self.server.ctl_json("status")

    def expect_as_before(self):
        wait_until(lambda: self.in_use() == self.places, 6, lambda: f"{self.in_use()} connections, not {self.places}")
        # One more or less may be tipringctl's own.
        wait_until(lambda: abs(self.open_files() - self.descriptors) <= 1, 3,
                   lambda: f"{self.open_files()} descriptors, not {self.descriptors}")
        grown = self.memory() - self.resident
        assert grown < MIB, f"the server has grown by {grown / MIB:.1f} MiB"


def address(index, per_address=16):
    """One of the addresses of loopback; so many strangers share one."""
    number = index // per_address
    return f"127.{8 + number // 65536}.{number // 256 % 256}.{number % 256}"


def stranger(server, index=0, receive_buffer=None, source=None):
    link = socket.socket()
    link.settimeout(3)
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.bind((source or address(index), 0))
    try:
        link.connect(("127.0.0.1", server.port))
    except ConnectionResetError:
        pass  # refused as soon as it stood: has_ended() says so
    return link


def reset(link):
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def has_ended(link):
    """Whether the server has closed it; what it sent before is read."""
    link.setblocking(False)
    try:
        while link.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return True


def options(server, branch="z9hG4bK1", length="0", body="", more=""):
    uri = f"sip:127.0.0.1:{server.port}"
    length = f"Content-Length: {length}\r\n" if length is not None else ""
    return (f"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch={branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:x@example.net>;tag=1\r\nTo: <{uri}>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n{more}{length}\r\n"
            f"{body}").encode()


def send_some(link, data):
    """As much as goes; whether the connection lives."""
    with contextlib.suppress(BlockingIOError):
        try:
            link.send(data, socket.MSG_DONTWAIT)
        except (ConnectionResetError, BrokenPipeError):
            return False
    return True


def close_all(links):
    for link in links:
        link.close()


# --- the storms: each gives the counters that must have risen, and by how much at least ------------


def connects_of_strangers(server):
    """More than there are places, from hundreds of addresses, who say nothing."""
    accepted = lambda: server.ctl_json("status")["connections_accepted"]  # noqa: E731
    wanted = accepted() + PLACES + 1000
    links = []
    for i in range(PLACES + 1000):
        links.append(stranger(server, i))
    # Those that it has not come to yet would be closed by their peers.
    wait_until(lambda: accepted() >= wanted, 10, lambda: f"{accepted()} connections were taken of {wanted}")
    close_all(links)
    return {"connections_accepted": PLACES + 1000, "closed_displaced": 500}


def silent_strangers(server):
    """Fewer than there are places: their time ends."""
    links = [stranger(server, i) for i in range(500)]
    wait_until(lambda: all(has_ended(link) for link in links), 5, lambda: "one who says nothing keeps his place")
    close_all(links)
    return {"closed_silent": 500}


def connects_of_one_source(server):
    links = []
    for _ in range(PLACES // 2 + 300):
        links.append(stranger(server, source="127.0.77.7"))
    wait_until(lambda: sum(has_ended(link) for link in links) >= 300, 3, lambda: "one source takes more than its share")
    close_all(links)
    return {"connections_refused_source": 300}


def connects_and_resets(server):
    text = options(server)
    for i in range(2000):
        link = stranger(server, i)
        link.send(text[:i % len(text)])
        reset(link)
    return {"closed_reset": 500}


def slow_senders(server):
    """A byte now and then, in the headers and in the body."""
    head, body = options(server), options(server, length="5000")
    links = [stranger(server, i) for i in range(200)]
    for i, link in enumerate(links):
        link.send(body if i % 2 else head[:50])
    alive = links
    deadline = time.monotonic() + 5
    while alive:
        assert time.monotonic() < deadline, f"{len(alive)} slow senders keep their places"
        time.sleep(0.1)
        alive = [link for link in alive if send_some(link, b"x") and not has_ended(link)]
    close_all(links)
    return {"closed_message_timeout": 200}


def halves(server):
    """More unfinished messages than there may be, and none of them goes on."""
    links = [stranger(server, i) for i in range(1500)]
    for link in links:
        send_some(link, options(server)[:80])
    wait_until(lambda: all(has_ended(link) for link in links), 5, lambda: "a half message keeps its place")
    close_all(links)
    return {"closed_too_many_unfinished": 400, "closed_message_timeout": 900}


def half_open_peers(server):
    """They have ended their side and wait for an answer that nobody gives."""
    unanswerable = options(server).replace(b"SIP/2.0/TCP 127.0.0.1:9", b"nonsense")
    links = [stranger(server, i) for i in range(1500)]
    for link in links:
        send_some(link, unanswerable)
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_WR)
    wait_until(lambda: all(has_ended(link) for link in links), 5, lambda: "a half-open peer keeps its place")
    close_all(links)
    return {"closed_too_many_half_open": 400, "closed_by_peer": 900}


def pings(server):
    """Nothing but line ends, as fast as they go."""
    links = [stranger(server, i, receive_buffer=4096 if i % 2 else None) for i in range(40)]
    ends = b"\r\n" * 4096
    alive = links
    deadline = time.monotonic() + 6
    while alive:
        assert time.monotonic() < deadline, f"{len(alive)} connections of pings keep their places"
        alive = [link for link in alive if send_some(link, ends) and not has_ended(link)]
    close_all(links)
    return {"keepalives": 10000, "closed_silent": 30}


def deaf_peers(server):
    """They ask and ask, and read nothing."""
    links = [stranger(server, i, receive_buffer=4096) for i in range(40)]
    text = options(server) * 50
    alive = links
    deadline = time.monotonic() + 12
    while alive:
        assert time.monotonic() < deadline, f"{len(alive)} deaf peers keep their places"
        alive = [link for link in alive if send_some(link, text)]
        time.sleep(0.005)
    close_all(links)
    return {"closed_write_timeout": 40}


def other_protocols(server):
    """TLS, HTTP and others are closed at once."""
    hello = bytes.fromhex("1603010200010001fc0303") + os.urandom(200)
    for i, text in enumerate([hello, b"GET / HTTP/1.1\r\nHost: x\r\n", b"EHLO x\r\n", b"\x00\x00\x00\x01"] * 50):
        link = stranger(server, i)
        link.send(text)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert link.recv(100) == b"", "an answer came"
        assert time.monotonic() - began < PATIENCE, "what is not SIP is waited for"
        link.close()
    return {"not_sip": 200, "closed_not_sip": 200}


def lengths(server):
    """Lengths that nobody can believe: an answer, and the end."""
    cases = [(513, "70000", ""), (513, "65530", ""), (400, "-1", ""), (400, "4294967299", ""),
             (400, "99999999999999999999999", ""), (400, None, ""), (400, "0x10", ""), (400, "5", "Content-Length: 6\r\n"),
             (400, "", "")]
    links = []
    for i, (_, length, more) in enumerate(cases * 10):
        links.append(stranger(server, i))
        links[-1].sendall(options(server, length=length, more=more))
    for link, (status, length, more) in zip(links, cases * 10):
        answer = b""
        while piece := link.recv(65536):
            answer += piece
        assert answer.startswith(f"SIP/2.0 {status} ".encode()), (length, more, answer)
        assert status == 513 or b"Content-Length" in answer.split(b"\r\n")[0], answer
        link.close()
    return {"malformed": 90, "closed_malformed": 90}


def pipeline(server):
    """Ten thousand requests in one write: each is answered, and the others hardly wait."""
    count = 10000
    link = stranger(server)
    text = b"".join(options(server, f"z9hG4bK{i}") for i in range(count))
    answered = b""
    link.setblocking(False)
    deadline = time.monotonic() + 15
    found = 0
    while found < count:
        assert time.monotonic() < deadline, f"{found} of {count} are answered"
        if text:
            with contextlib.suppress(BlockingIOError):
                text = text[link.send(text):]
        with contextlib.suppress(BlockingIOError):
            piece = link.recv(1 << 20)
            assert piece, f"closed after {found} of {count}"
            answered += piece
            whole = answered.rfind(b"\r\n\r\n")
            found += answered[:whole + 4].count(b"SIP/2.0 200 ")
            answered = answered[whole + 4:]
    link.close()
    return {"messages_received": count}


def floods(server):
    """Many peers who send requests without pause, and read what comes."""
    links = [stranger(server, i) for i in range(30)]
    text = options(server) * 20
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        for link in links:
            assert send_some(link, text) and not has_ended(link), "a peer who reads his answers is cut off"
    close_all(links)
    return {"messages_received": 3000}


STORMS = [connects_of_strangers, silent_strangers, connects_of_one_source, connects_and_resets, slow_senders, halves,
          half_open_peers, pings, deaf_peers, other_protocols, lengths, pipeline, floods]


def withstand(storm, target, witness):
    before = target.status()
    witness.check()
    risen = storm(target.server)
    witness.check()
    target.expect_as_before()
    after = target.status()
    for name, least in risen.items():
        assert after[name] - before[name] >= least, f"{name} rose by {after[name] - before[name]}, not {least}"


def few_lines(server):
    """A line for each kind of event in ten seconds, however many there were."""
    lines = server.log_lines(" events=")
    kinds = Counter(tuple(word for word in line.split() if word.startswith(("connection_", "why="))) for line in lines)
    assert kinds, "no storm was told of"
    most = 2 + server.ctl_json("status")["uptime_s"] // 10
    assert max(kinds.values()) <= most, f"more than {most} lines of one kind: {kinds.most_common(3)}"


def quick_answers(witness):
    waits = sorted(witness.end())
    assert len(waits) > 100, f"only {len(waits)} answers were measured"
    late = waits[len(waits) * 99 // 100]
    print(f"{len(waits)} answers over UDP: median {waits[len(waits) // 2] * 1000:.1f} ms, p99 {late * 1000:.1f} ms, "
          f"longest {waits[-1] * 1000:.1f} ms", flush=True)
    assert late < NINETY_NINE, f"one of a hundred took {late * 1000:.0f} ms"


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=SETTINGS) as server:
        witness = Witness(server)
        target = Target(server)
        for storm in STORMS:
            if len(sys.argv) < 3 or sys.argv[2] in storm.__name__:
                began = time.monotonic()
                report.run(f"{storm.__name__.replace('_', ' ')} harm nobody (R13.4, R13.5, R5.5)",
                           lambda: withstand(storm, target, witness))
                print(f"  {time.monotonic() - began:.1f} s")
        report.run("phones and others were served all the time (R13.1, D1)", lambda: quick_answers(witness))
        report.run("the log tells of each kind of storm once in a while (R6.2)", lambda: few_lines(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

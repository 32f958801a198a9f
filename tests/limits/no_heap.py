#!/usr/bin/env python3
"""After start-up the loop thread makes no heap call, whatever passes: a preloaded counter says so.

Usage: no_heap.py BIN_DIR HEAP_COUNTER_LIBRARY
"""

import contextlib
import os
import random
import signal
import socket
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "torture")]

from heap_count import HeapCount
from messages import CASES
from metrics_text import read_metrics
from phones import Call, Phone, SipSocket, busy_call, cancelled_call, unknown_user, whole_call, wrong_password
from tipring_server import Report, TipringServer, wait_until

USERS = [(f"u{i}", f"p{i}") for i in range(100)]
ROUNDS = 400  # of each load
PAIRS = [("udp", "udp"), ("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp")]  # caller and callee

SETTINGS = ["auth.nonce_lifetime=600", "capacity.transactions=65536", "capacity.bindings=4000",
            "capacity.calls=512", "registrar.max_bindings_per_aor=32", "store.commit_window=1", "log.level=debug",
            'security.safe_sources=["127.0.0.1"]', "tcp.connections_per_source=40"]

REQUEST_FORMAT = ('%h %{uri:From}i %{To}i %u %t %{%a %F %T}t %T %v %p %P %b "%r" %s %400,404{User-Agent}i %{Authorization}i '
                  '%{WWW-Authenticate}o')


def options(server, transport, rounds):
    phone = SipSocket(server.port, transport)
    uri = f"sip:127.0.0.1:{server.port}"
    for _ in range(rounds):
        phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
        answer = phone.receive_final()
        assert answer is not None and answer.status == 200, answer and answer.start_line
    phone.close()


def registrations(server, transport, rounds):
    """Each from a phone of its own or one of the last rounds: new bindings and refreshed ones."""
    phones = [Phone(server, *USERS[i], transport) for i in range(min(rounds, 50))]
    for i in range(rounds // 2):
        phones[i % len(phones)].register()
    for phone in phones:
        phone.unregister()
        phone.close()


def garbage(server, transport, rounds):
    """Bytes that are no SIP."""
    if transport == "tcp":
        for _ in range(rounds // 20):
            phone = SipSocket(server.port, "tcp")
            phone.send(os.urandom(200))
            phone.close()
        return
    phone = SipSocket(server.port, transport)
    for i in range(rounds):
        phone.send(os.urandom(100))
        if i % 50 == 0:
            time.sleep(0.001)
    phone.close()


def malformed(server, transport, rounds):
    """Requests that are nearly right: one line is missing, or is not what it should be."""
    faults = [b"", b"Via: nonsense", b"To: <sip:", b"From: \"open <sip:a@b>;tag=1", b"CSeq: 1 BYE",
              b"CSeq: 99999999999 INVITE", b"Max-Forwards: x", b"Contact: <sip:@@@", b"Content-Length: -1",
              b"Route: <sip:;lr", b"Call-ID:",
              b"Authorization: Digest x", b"Proxy-Authorization: Digest username=\"u0\", nonce=\"\xff\"",
              b"Expires: 1e9", b"Require: nothing-known", b"Proxy-Require: nothing-known", b"\xff\xfe: \x00"]
    for i in range(rounds // 2):
        if transport == "tcp" or i % 100 == 0:
            phone = SipSocket(server.port, transport)
        fault = faults[i % len(faults)]
        name = fault.partition(b":")[0].lower()
        method = ("INVITE", "REGISTER", "BYE", "SUBSCRIBE")[i % 4]
        text = phone.request(method, "sip:u1@127.0.0.1", "sip:u0@127.0.0.1", "sip:u1@127.0.0.1")
        lines = [line for line in text.encode().split(b"\r\n") if not name or line.partition(b":")[0].lower() != name]
        lines.insert(2, fault or b"X: y\r\n folded")
        phone.send(b"\r\n".join(lines))
        if transport == "tcp":
            phone.receive(0.002 if i % 20 else 0.02)
            phone.close()
        elif i % 20 == 0:
            time.sleep(0.002)
    phone.close()


def torture(server, transport, rounds):
    """The messages of RFC 4475 and RFC 5118, and what chance makes of them."""
    texts = [case.wire() for case in CASES]
    chance = random.Random(4475)
    for i in range(rounds // 2):
        text = bytearray(texts[i % len(texts)])
        for _ in range(i // len(texts) % 4):
            text[chance.randrange(len(text))] = chance.randrange(256)
        if transport == "tcp" or i % 100 == 0:
            phone = SipSocket(server.port, transport)
        phone.send(bytes(text))
        if transport == "tcp":
            phone.receive(0.002)
            phone.close()
        elif i % 20 == 0:
            time.sleep(0.002)
    phone.close()


def torn_connections(server, _, rounds):
    """Connections that end within a message, before their answer, while their phone rings or before it is called."""
    other = Phone(server, *USERS[40], "udp")
    for i in range(rounds // 20):
        caller = Phone(server, *USERS[0], "udp")
        phone = Phone(server, *USERS[40], "tcp")
        text = phone.wire.request("OPTIONS", f"sip:127.0.0.1:{server.port}", phone.aor, phone.aor)
        (torn_within, torn_unanswered, torn_ringing, torn_before)[i % 4](caller, phone, text)
        caller.close()
        other.unregister()
    other.close()


def crowds_of_strangers(server, _, rounds):
    """More connections than places, from one source and from many: silent, half a message, pings, TLS, deaf, torn."""
    text = SipSocket(server.port).request("OPTIONS", f"sip:127.0.0.1:{server.port}", "sip:x@h", "sip:y@h").encode()
    says = [b"", text[:90], b"\r\n\r\n" * 500, bytes.fromhex("160301020001"), text * 200, text]
    for i in range(max(rounds // 400, 2)):
        links = [connected(server, f"127.0.{9 if j % 4 else 10 + j % 100}.9") for j in range(400)]
        for j, link in enumerate(links):
            with contextlib.suppress(OSError):
                link.send(says[j % len(says)])
            if (i + j) % 3 == 0:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                link.close()
        for link in links:
            link.close()


def connected(server, source):
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.bind((source, 0))
    link.connect(("127.0.0.1", server.port))
    link.setblocking(False)
    return link


def torn_within(_, phone, text):
    phone.wire.send(text[:len(text) // 2])
    phone.tear()


def torn_unanswered(_, phone, text):
    phone.wire.send(text * 20)
    phone.tear()


def torn_ringing(caller, phone, _):
    phone.register()
    call = Call(caller, phone.aor).invite().ring(phone)
    phone.tear()
    call.cancel_alone()


def torn_before(caller, phone, _):
    phone.register()
    phone.tear()
    Call(caller, phone.aor).invite().expect_failure()


def calls(one_call, rounds_of_all):
    """A load of calls between phones on the two given transports; its share of a load's rounds."""
    def load(server, transports, rounds):
        callers = [Phone(server, *USERS[i], transports[0]) for i in range(10)]
        callees = [Phone(server, *USERS[50 + i], transports[1]) for i in range(10)]
        for phone in callees:
            phone.register()
        for i in range(max(rounds * rounds_of_all // ROUNDS, 1)):
            one_call(callers[i % 10], callees[i * 7 % 10])
        for phone in callees:
            phone.unregister()
        for phone in callers + callees:
            phone.close()
    return load


def without_session_timers(caller, callee):
    """421 for users and for nobody; the table of the refused and the log have their share of it."""
    caller.wire.timers = False
    for called in (callee.aor, "sip:nobody@127.0.0.1"):
        caller.wire.send(caller.wire.request("INVITE", called, caller.aor, called))
        caller.expect_final(421)
    caller.wire.timers = True


def unanswered_call(caller, callee):
    """The callee is silent until the INVITE has been sent again (Timer A), then the call goes on."""
    call = Call(caller, callee.aor).invite()
    for _ in range(2):
        callee.expect("INVITE")
        callee.wire.forget("INVITE")
    call.ring(callee).refuse(callee)


def call_past_a_lost_phone(caller, callee):
    """The user's newest phone has gone: the call goes on to the other one (RFC 3261 16.6 step 7)."""
    gone = Phone(caller.server, callee.user, callee.password, callee.transport)
    gone.register()
    gone.close()
    whole_call(caller, callee)
    callee.unregister()
    callee.register()


def forked_call(caller, callee):
    """Three phones ring: one redirects, one is cancelled since the third has answered; then two refuse."""
    others = [Phone(caller.server, callee.user, callee.password, callee.transport) for _ in range(2)]
    for phone in others:
        phone.register()
    others[0].contact = f"Contact: <sip:nobody@127.0.0.1>, <{others[1].aor}>, <sip:x@abroad.example>"
    call = Call(caller, callee.aor).invite()
    others[0].respond(others[0].expect("INVITE"), 302, "Moved", "c2")
    others[0].expect("ACK")
    ringing = others[1].expect("INVITE")
    others[1].respond(ringing, 183, "Progress", "c3")
    caller.expect(100)
    caller.expect(183)
    call.received = callee.expect("INVITE")
    call.answer(callee)
    others[1].respond(others[1].expect("CANCEL"), 200, "OK", "c3")
    others[1].respond(ringing, 487, "Request Terminated", "c3")
    others[1].expect("ACK")
    call.hang_up(callee)
    call = Call(caller, callee.aor).invite()
    for phone, status in ((callee, 486), (others[0], 302), (others[1], 407)):
        phone.respond(phone.expect("INVITE"), status, "No", "c4")
        phone.expect("ACK")
    call.caller.expect(100)
    call.expect_refusal(302)
    callee.unregister()
    callee.register()
    for phone in others:
        phone.close()


def large_requests_in_a_call(caller, callee):
    """Too large for a datagram: over TCP, or over UDP when that is refused (RFC 3261 18.1.1)."""
    call = Call(caller, callee.aor).invite().ring(callee).answer(callee)
    call.hang_up(callee, headers=["X-Long: " + "x" * 1500])


CALLS = {"whole calls": calls(whole_call, 2000), "cancelled calls": calls(cancelled_call, 500),
         "refused calls": calls(busy_call, 500), "calls to nobody": calls(unknown_user, 500),
         "calls without session timers": calls(without_session_timers, 500),
         "calls with a wrong password": calls(wrong_password, 500),
         "calls past a lost phone": calls(call_past_a_lost_phone, 100),
         "forked calls": calls(forked_call, 100),
         "large requests in calls": calls(large_requests_in_a_call, 200)}


def administration(server, _, rounds):
    for i in range(max(rounds // 400, 1)):
        server.ctl("user", "add", f"new{i}", text_in="secret\n")
        for command in (["status"], ["pools"], ["registrations"], ["calls"], ["refused"], ["user", "list"]):
            server.ctl(*command)
        server.ctl("group", "add", f"60{i}", f"members=new{i},bob,ghost", "strategy=random")
        server.ctl("group", "member", "set", f"60{i}", "ghost", "order=1")
        for command in (["list"], ["show", f"60{i}"], ["member", "remove", f"60{i}", "bob"]):
            server.ctl("group", *command)
        server.ctl("group", "member", "add", f"60{i}", f"60{i}", check=False)  # a loop, which is named
        server.ctl("group", "remove", f"60{i}")
        server.ctl("user", "delete", f"new{i}")
        read_metrics(server)


def write_listeners(server, more):
    entries = [f"udp:127.0.0.1:{server.port}", f"tcp:127.0.0.1:{server.port}"]
    if more:
        entries += [f"udp:127.0.0.2:{server.port}", f"tcp:127.0.0.2:{server.port}"]
    with open(server.config, "w", encoding="utf-8") as file:
        file.write("[sip]\nlisten = [" + ", ".join(f'"{entry}"' for entry in entries) + "]\n")


def listeners(server, _, rounds):
    """Opened and closed while the server runs."""
    for i in range(max(rounds // 200, 2)):
        write_listeners(server, more=i % 2 == 0)
        before = server.read_log().count(" reloaded ")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda seen=before: server.read_log().count(" reloaded ") > seen, 5, lambda: "no reload")


def traced(load):
    """The same while every message is traced."""
    def traced_load(server, kind, rounds):
        server.ctl("-q", "trace", "on", "127.0.0.1")
        load(server, kind, rounds)
        server.ctl("trace", "off")
    return traced_load


def expect_none(server, heap, load, kind):
    load(server, kind, 10)  # what is made on first use is made now
    before = heap.calls()
    heap.arm()
    load(server, kind, ROUNDS)
    calls = heap.calls() - before
    assert calls == 0, f"{calls} heap calls on the loop thread, by\n{heap.callers()}"


def all_loads():
    """Name, load, and over what."""
    for transport in ("udp", "tcp"):
        for load in (options, registrations, garbage, malformed, torture):
            yield f"{load.__name__} over {transport}", load, transport
    for pair in PAIRS:
        for name, load in CALLS.items():
            yield f"{name} from {pair[0]} to {pair[1]}", load, pair
    yield "calls answered late", calls(unanswered_call, 3), ("udp", "udp")
    yield "traced calls", traced(CALLS["whole calls"]), ("udp", "tcp")
    yield "traced garbage", traced(malformed), "udp"
    yield "torn connections", torn_connections, "tcp"
    yield "crowds of strangers", crowds_of_strangers, "tcp"
    yield "administration", administration, None
    yield "changes of listeners", listeners, None


def run(server, heap, report):
    with server:
        heap.open(server)
        for name, load, kind in all_loads():
            report.run(f"no heap call during {name}", lambda: expect_none(server, heap, load, kind))
        report.run("the server is alive", lambda: options(server, "udp", 1))


def main():
    bin_dir, library = sys.argv[1:3]
    report = Report()
    heap = HeapCount(library)
    try:
        with tempfile.TemporaryDirectory(prefix="tipring-test-") as folder:
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.bind(f"{folder}/notify")
            watched = {"NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "20000"}
            settings = [*SETTINGS, f"log.request_file={folder}/requests.log", f"log.request_format={REQUEST_FORMAT}"]
            server = TipringServer(bin_dir, users=USERS, preload={**heap.preload, **watched}, settings=settings,
                                   config=os.path.join(folder, "tipring.toml"))
            server.settings = server.settings[1:]  # where it listens is in the file
            write_listeners(server, more=False)
            run(server, heap, report)
    finally:
        heap.remove()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""After start-up the loop thread makes no heap call, whatever passes: a preloaded counter says so.

Usage: no_heap.py BIN_DIR HEAP_COUNTER_LIBRARY
"""

import mmap
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [(f"u{i}", f"p{i}") for i in range(100)]
ROUNDS = 2000


class Counter:
    def __init__(self, path):
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)

    def read(self):
        return struct.unpack("<Q", self.map[:8])[0]


def expect_none(counter, name, load):
    load(10)  # what is made on first use is made now
    before = counter.read()
    load(ROUNDS)
    calls = counter.read() - before
    assert calls == 0, f"{calls} heap calls on the loop thread during {ROUNDS} × {name}"


def options(server, transport, rounds):
    phone = SipSocket(server.port, transport)
    for _ in range(rounds):
        uri = f"sip:127.0.0.1:{server.port}"
        phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
        answer = phone.receive_final()
        assert answer is not None and answer.status == 200, answer and answer.start_line
    phone.close()


def registrations(server, transport, rounds):
    phone = SipSocket(server.port, transport)
    uri = f"sip:127.0.0.1:{server.port}"
    for i in range(rounds // 2):
        user, password = USERS[i % len(USERS)]
        aor, call_id = f"sip:{user}@127.0.0.1", random_token()
        contact = f"Contact: <sip:{user}@127.0.0.1:{phone.port}>"
        phone.send(phone.request("REGISTER", uri, aor, aor, call_id, 1, [contact]))
        challenge = challenge_params(phone.receive_final())
        proof = credentials(challenge, user, password, "REGISTER", uri)
        phone.send(phone.request("REGISTER", uri, aor, aor, call_id, 2, [contact, f"Authorization: {proof}"]))
        answer = phone.receive_final()
        assert answer is not None and answer.status == 200, answer and answer.start_line
    phone.close()


def garbage(server, transport, rounds):
    """Hostile input: bytes that are no SIP, requests without what they must have."""
    if transport == "tcp":
        for _ in range(rounds // 20):
            phone = SipSocket(server.port, "tcp")
            phone.send(os.urandom(200))
            phone.close()
        return
    phone = SipSocket(server.port, transport, timeout=0.05)
    for i in range(rounds):
        phone.send(os.urandom(100) if i % 2 else b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n")
    while phone.receive(0.05) is not None:
        pass
    phone.close()


def main():
    bin_dir, library = sys.argv[1:3]
    report = Report()
    count_file = f"/tmp/tipring-heap-{os.getpid()}"
    preload = {"LD_PRELOAD": library, "TIPRING_HEAP_COUNT_FILE": count_file}
    settings = ["auth.nonce_lifetime=600", "capacity.transactions=8192", "capacity.bindings=4000"]
    try:
        with TipringServer(bin_dir, users=USERS, preload=preload, settings=settings) as server:
            counter = Counter(count_file)
            assert counter.read() > 0, "the counter does not count: nothing was allocated at start-up"
            for transport in ("udp", "tcp"):
                for load in (options, registrations, garbage):
                    report.run(f"no heap call during {load.__name__} over {transport}",
                               lambda t=transport, f=load: expect_none(counter, f.__name__,
                                                                       lambda n: f(server, t, n)))
            time.sleep(0.2)
    finally:
        if os.path.exists(count_file):
            os.remove(count_file)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

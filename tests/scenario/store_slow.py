#!/usr/bin/env python3
"""A disk that takes two seconds for each sync: calls and refreshes do not wait for it, new registrations do, and each
is answered once it is safe.

Usage: store_slow.py BIN_DIR FAULTY_SYSTEM_LIBRARY
"""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faulty_system import FaultySystem  # noqa: E402
from sip_phone import Call, contact_of, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [(f"user{i}", "secret") for i in range(60)]
DELAY_S = 2.0
QUICK_S = 0.7


class SlowDisk:
    """A server, two registered phones, and then a slow disk."""

    def __init__(self, bin_dir, library, settings=()):
        self.folder = tempfile.TemporaryDirectory(prefix="tipring-slow-", dir="/tmp")
        self.faults = FaultySystem(library, self.folder.name)
        self.server = TipringServer(bin_dir, users=USERS, preload=self.faults.preload, settings=settings)

    def __enter__(self):
        self.server.__enter__()
        self.phones = [registered_phone(self.server, *USERS[i]) for i in range(2)]
        self.faults.set(sync_delay_ms=int(DELAY_S * 1000))
        return self

    def __exit__(self, *reason):
        self.faults.clear()
        self.server.__exit__(*reason)
        for phone in self.phones:
            phone.close()
        self.folder.cleanup()

    def requests(self, phone, users):
        """A REGISTER of a new contact for each user, with good credentials; by the user's name."""
        uri = f"sip:127.0.0.1:{self.server.port}"
        phone.send(phone.request("REGISTER", uri, uri, uri))
        challenge = challenge_params(phone.receive_final())
        texts = {}
        for count, (name, password) in enumerate(users, 1):
            proof = credentials(challenge, name, password, "REGISTER", uri, nc=count)
            aor = f"sip:{name}@127.0.0.1"
            texts[name] = phone.request("REGISTER", uri, aor, aor, f"call-{name}", 1,
                                        [f"Contact: {contact_of(phone, name)}", f"Authorization: {proof}"])
        return texts

    def held(self):
        return {row["name"] for row in self.server.ctl_json("registrations")}


def calls_do_not_wait(bin_dir, library):
    with SlowDisk(bin_dir, library) as it:
        caller, callee = it.phones
        third = SipSocket(it.server.port, timeout=8)
        for text in it.requests(third, USERS[2:4]).values():
            third.send(text)  # these keep the disk busy
        for _ in range(3):
            started = time.monotonic()
            call = Call(caller, it.server, caller=USERS[0][0], callee=USERS[1][0], password="secret")
            call.invite_with_credentials()
            invite = take_request(callee, "INVITE")
            callee.send(response(invite, "486 Busy Here", "b"))
            take_request(callee, "ACK")
            call.expect(100)
            call.ack_refusal(call.expect(486))
            assert time.monotonic() - started < QUICK_S, "a call waits for the disk"
        third.close()


def refreshes_do_not_wait(bin_dir, library):
    with SlowDisk(bin_dir, library) as it:
        it.faults.set(sync_delay_ms=0)
        phone = it.phones[0]
        contacts = [contact_of(phone, "a-phone")]
        register(phone, it.server, *USERS[0], contacts=contacts, call_id="same", cseq=1)
        it.faults.set(sync_delay_ms=int(DELAY_S * 1000))
        started = time.monotonic()
        register(phone, it.server, *USERS[0], contacts=contacts, call_id="same", cseq=10)
        assert time.monotonic() - started < QUICK_S, "a refresh waits for the disk"


def new_ones_are_answered_when_safe(bin_dir, library):
    """Repeated as a phone does by timer E, a REGISTER is answered once, late, and is one binding; kill -9 proves it."""
    with SlowDisk(bin_dir, library) as it:
        phone = SipSocket(it.server.port, timeout=0.5)
        (name, text), = it.requests(phone, USERS[5:6]).items()
        started = time.monotonic()
        answers = []
        phone.send(text)
        while not answers and time.monotonic() - started < 10:
            answer = phone.receive()
            # Near its end the sync may be done between this look and the answer.
            if answer is None and time.monotonic() - started < DELAY_S - 0.3:
                assert name not in it.held(), "it is shown before it is safe"
            if answer is None:
                phone.send(text)
            else:
                answers.append(answer)
        waited = time.monotonic() - started
        assert answers and answers[0].status == 200, answers and answers[0].start_line
        assert waited > DELAY_S * 0.9, f"answered after {waited:.1f} s, before the sync"
        it.server.kill()
        it.faults.clear()
        it.server.users = []
        it.server.start()
        rows = [row for row in it.server.ctl_json("registrations") if row["name"] == name]
        assert len(rows) == 1, rows
        phone.close()


def killed_before_the_sync(bin_dir, library):
    """Nothing was promised, and nothing need be there; the phone's next try is answered."""
    with SlowDisk(bin_dir, library) as it:
        phone = SipSocket(it.server.port, timeout=0.3)
        for text in it.requests(phone, USERS[5:10]).values():
            phone.send(text)
        assert phone.receive() is None, "answered before the sync"
        it.server.kill()
        it.faults.clear()
        it.server.users = []
        it.server.start()
        register(phone, it.server, *USERS[5], call_id="anew")
        assert {USERS[0][0], USERS[1][0], USERS[5][0]} <= it.held()
        phone.close()


def more_than_can_wait(bin_dir, library):
    """What finds the queue full is 503 with Retry-After at once; what was taken is answered with 200."""
    settings = ["capacity.users=60", "capacity.bindings=60", "capacity.transactions=40"]
    with SlowDisk(bin_dir, library, settings) as it:
        phone = SipSocket(it.server.port, timeout=3 * DELAY_S)
        texts = it.requests(phone, USERS[2:])
        for text in texts.values():
            phone.send(text)
        granted, refused = set(), set()
        started = time.monotonic()
        while len(granted) + len(refused) < len(texts):
            answer = phone.receive()
            assert answer is not None, f"{len(texts) - len(granted) - len(refused)} are not answered"
            name = answer.one("call-id")[len("call-"):]
            if answer.status == 200:
                granted.add(name)
            elif answer.status == 503:
                assert int(answer.one("retry-after")) > 0, answer.raw
                assert time.monotonic() - started < QUICK_S, "a refusal waits for the disk"
                refused.add(name)
            else:
                assert answer.status == 100, answer.start_line
        assert granted and refused, f"{len(granted)} granted, {len(refused)} refused"
        assert it.held() == granted | {USERS[0][0], USERS[1][0]}
        phone.close()


def main():
    report = Report()
    for name, check in [
            ("calls do not wait for the disk (R9.5)", calls_do_not_wait),
            ("refreshes do not wait for the disk (R9.5)", refreshes_do_not_wait),
            ("a new registration is answered once it is safe (R9.2)", new_ones_are_answered_when_safe),
            ("a kill before the sync promises nothing (R9.3)", killed_before_the_sync),
            ("more than can wait is refused at once (R9.5)", more_than_can_wait)]:
        report.run(name, lambda c=check: c(*sys.argv[1:3]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

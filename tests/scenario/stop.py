#!/usr/bin/env python3
"""A server that is told to end: what rings may still be answered, who waits gets an answer, nobody new comes in.

Usage: stop.py BIN_DIR
"""

import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


class Ringing:
    """A server with a call that rings at bob's phone."""

    def __init__(self, bin_dir, transport, limit):
        self.server = TipringServer(bin_dir, users=USERS, settings=[f"sip.stop_limit={limit}"])
        self.transport = transport

    def __enter__(self):
        self.server.__enter__()
        self.bob = registered_phone(self.server, *USERS[1], self.transport)
        self.alice = SipSocket(self.server.port, self.transport)
        self.call = Call(self.alice, self.server)
        self.call.invite_with_credentials()
        self.call.expect(100)
        self.invite = take_request(self.bob, "INVITE")
        self.bob.send(response(self.invite, "180 Ringing", "b"))
        self.call.expect(180)
        return self

    def __exit__(self, *reason):
        self.alice.close()
        self.bob.close()
        self.server.__exit__(*reason)

    def terminate(self):
        self.server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while " stopping " not in self.server.read_log():
            assert time.monotonic() < deadline, "the signal is not told"
            time.sleep(0.01)

    def wait(self, seconds):
        """The seconds that the server took to end."""
        start = time.monotonic()
        assert self.server.process.wait(seconds) == 0
        return time.monotonic() - start

    def last_line(self):
        """After what time, by the log's last line, and with how many requests cut off."""
        last = self.server.read_log().splitlines()[-1]
        found = re.search(r" INFO stopped after_ms=(\d+) cut_off=(\d+)$", last)
        assert found, f"the last line is {last}"
        return int(found[1]) / 1000, int(found[2])


def ringing_call_is_still_answered(bin_dir, transport):
    with Ringing(bin_dir, transport, limit=20) as it:
        it.terminate()
        late = Call(it.alice, it.server)
        late.send_invite()
        refused = it.alice.receive_final()
        assert refused.status == 503 and refused.one("retry-after"), refused.raw
        assert it.server.process.poll() is None, "the server did not wait for the call"
        it.bob.send(response(it.invite, OK, "b", [f"Contact: <sip:bob@127.0.0.1:{it.bob.port}>"]))
        answer = it.alice.receive_final()
        assert answer.status == 200, answer.raw
        assert it.wait(3) < 2
        after, cut_off = it.last_line()
        assert 0 < after < 3 and cut_off == 0, (after, cut_off)


def limit_ends_what_still_rings(bin_dir, transport):
    with Ringing(bin_dir, transport, limit=1) as it:
        it.terminate()
        answer = it.alice.receive_final()
        assert answer.status == 503 and "Stopping" in answer.start_line, answer.raw
        take_request(it.bob, "CANCEL")
        assert it.wait(3) < 2
        assert " calls_ended open_requests=1 " in it.server.read_log()
        after, cut_off = it.last_line()
        assert 1 <= after < 3 and cut_off == 1, (after, cut_off)


def second_signal_ends_at_once(bin_dir):
    with Ringing(bin_dir, "udp", limit=60) as it:
        it.terminate()
        it.server.process.send_signal(signal.SIGTERM)
        assert it.alice.receive_final().status == 503
        assert it.wait(3) < 2
        after, cut_off = it.last_line()
        assert after < 1 and cut_off == 1, (after, cut_off)


def phones_register_until_the_end(bin_dir):
    with Ringing(bin_dir, "udp", limit=20) as it:
        it.terminate()
        register(it.alice, it.server, *USERS[0])
        it.bob.send(response(it.invite, "486 Busy Here", "b"))
        assert it.wait(3) < 2
        again = TipringServer(bin_dir, data=it.server.data)
        with again:
            assert str(it.alice.port) in again.ctl("registrations")


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for transport in ("udp", "tcp"):
        report.run(f"{transport}: a call that rings is still answered, a new one is 503",
                   lambda t=transport: ringing_call_is_still_answered(bin_dir, t))
        report.run(f"{transport}: what rings beyond the limit is 503 there and CANCEL here",
                   lambda t=transport: limit_ends_what_still_rings(bin_dir, t))
    report.run("a second signal ends the server at once", lambda: second_signal_ends_at_once(bin_dir))
    report.run("a phone that registers meanwhile is registered afterwards",
               lambda: phones_register_until_the_end(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

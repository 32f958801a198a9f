#!/usr/bin/env python3
"""tipring-load against peers that misbehave: it sends again, gives up, counts and reports as its help says.

Usage: load_rules.py BIN_DIR
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from harness import Cores, Echo  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

BIN = sys.argv[1]


class Peer:
    """A UDP server whose answers a function chooses: called with each request's text and how often it has come before."""

    def __init__(self, answers):
        self.answers, self.seen = answers, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(20)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *fault):
        self.socket.sendto(b"end", ("127.0.0.1", self.port))
        self.thread.join(20)
        self.socket.close()

    def serve(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if data == b"end":
                return
            before = self.seen.get(data, 0)
            self.seen[data] = before + 1
            for answer in self.answers(data.decode(), before):
                self.socket.sendto(answer.encode(), sender)


def response(request, status, headers=""):
    lines = request.split("\r\n")
    copied = [line for line in lines if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))]
    return f"SIP/2.0 {status}\r\n" + "\r\n".join(copied) + f"\r\n{headers}Content-Length: 0\r\n\r\n"


def load(port, *words):
    """Exit code and report."""
    done = subprocess.run([os.path.join(BIN, "tipring-load"), *words, "--server", f"127.0.0.1:{port}", "--json"],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def expect(report, **wanted):
    for name, value in wanted.items():
        assert report[name] == value, f"{name} is {report[name]}, not {value}: {report}"


# A peer that does not get the processor for half a second is asked again: `requests_again` and what follows from it have
# a least value, and the rest is counted from it.


def lost_requests_are_sent_again():
    with Peer(lambda request, before: [response(request, "200 OK")] if before == 1 else []) as peer:
        code, report = load(peer.port, "options", "--count", "20", "--outstanding", "10")
    assert code == 0 and report["requests_again"] >= 20, report
    expect(report, done=20, failed=0, sent=20 + report["requests_again"], received=20)
    # The loop's clock counts whole milliseconds, from the start of the turn in which a request is sent.
    assert report["latency_us"]["p50"] >= 480_000, report


def refusals_are_counted_by_status():
    def answers(request, _):
        return [response(request, "503 Busy" if "u1@" in request else "200 OK")]

    with Peer(answers) as peer:
        code, report = load(peer.port, "options", "--count", "40", "--users", "4")
    assert code == 1, report
    expect(report, started=40, done=30, failed=10, refusals={"503": 10})


def a_closed_port_is_told_at_once():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    code, report = load(port, "options", "--count", "5", "--outstanding", "1")
    assert code == 1 and report["failures"]["unreachable"] >= 4, report


def answers_that_come_twice_are_strays():
    with Peer(lambda request, before: 2 * [response(request, "200 OK")]) as peer:
        code, report = load(peer.port, "options", "--count", "50", "--outstanding", "5")
    assert code == 0, report
    expect(report, done=50)
    assert 45 <= report["strays"] <= 50 + 2 * report["requests_again"], report


def a_rate_is_kept_whatever_the_answers_take():
    with Peer(lambda request, before: [response(request, "200 OK")] if before == 1 else []) as peer:
        code, report = load(peer.port, "options", "--rate", "200", "--duration", "1")
    assert code == 0, report
    # Who waited for answers would start 64 in that second. A busy machine ends it late, or starts the last ones too late.
    assert 130 <= report["started"] <= 2 + report["elapsed_us"] * 200 / 1e6, report
    expect(report, done=report["started"])


def what_is_no_answer_is_counted():
    with Peer(lambda request, _: ["nonsense", response(request, "200 OK")]) as peer:
        code, report = load(peer.port, "options", "--count", "30", "--outstanding", "3")
    assert code == 0, report
    expect(report, done=30)
    assert 30 <= report["unreadable"] <= 30 + report["requests_again"], report


def challenger(request, _):
    """Knows the password, and takes the first nonce that it gave for too old."""
    found = re.search(r'nonce="(\w+)"', request)
    if request.startswith("ACK "):
        return []
    if found and found[1] == "second":
        return [response(request, "486 Busy" if request.startswith("INVITE ") else "200 OK")]
    nonce = 'nonce="second", stale=TRUE' if found else 'nonce="first"'
    return [response(request, "401 Who", f'WWW-Authenticate: Digest realm="r", {nonce}\r\n')]


def a_stale_nonce_is_answered_once_more():
    with Peer(challenger) as peer:
        code, report = load(peer.port, "register", "--count", "20", "--outstanding", "5")
        assert code == 0, report
        expect(report, done=20, stale=20, sent=60 + report["requests_again"])
        _, report = load(peer.port, "call", "--no-prepare", "--count", "20", "--outstanding", "5")
        expect(report, refusals={"486": 20}, stale=20)


def a_nonce_that_is_stale_again_is_a_refusal():
    def answers(request, _):
        stale = ", stale=true" if "Authorization:" in request else ""
        return [response(request, "401 Who", f'WWW-Authenticate: Digest realm="r", nonce="n"{stale}\r\n')]

    with Peer(answers) as peer:
        code, report = load(peer.port, "register", "--count", "20", "--outstanding", "5")
    assert code == 1, report
    expect(report, refusals={"401": 20}, stale=20, sent=60 + report["requests_again"])


def calls_are_whole_with_digest_and_loss_free_over_both_transports():
    users = [(f"u{i}", "secret") for i in range(20)]
    with TipringServer(BIN, users=users, settings=["capacity.transactions=4096"]) as server:
        for transport in ("udp", "tcp"):
            code, report = load(server.port, "call", "--transport", transport, "--count", "60", "--users", "20",
                                "--outstanding", "8", "--sockets", "3", "--ring-ms", "20", "--hold-ms", "20")
            assert code == 0, report
            # INVITE, ACK, INVITE, ACK, BYE of the caller; 180, 200, 200 of the callee.
            expect(report, done=60, failed=0)
            if report["requests_again"] + report["responses_again"] + report["received_again"] == 0:
                expect(report, strays=0, sent=8 * 60)
            assert report["latency_us"]["p50"] >= 36_000, report


def the_echo_sends_what_it_is_asked_for_on_both_sides_over_both_transports():
    # A call's: the callee's side has five packets, and two that are sent together are answered together.
    packets = "+663,-285,-874b,+512b,+700b,-406,-600,+300,+310,-320b,-330b,+200b,-210"
    for transport in ("udp", "tcp"):
        with Echo(BIN, Cores(), transport) as echo:
            code, report = load(echo.port, "echo", "--transport", transport, "--packets", packets, "--count", "200",
                                "--outstanding", "8", "--sockets", "3")
        assert code == 0, report
        expect(report, done=200, sent=6 * 200, received=7 * 200, sent_bytes=2685 * 200, received_bytes=3025 * 200)
        assert sorted(report["packets"].split(",")) == sorted(packets.split(",")), report


def users_without_a_password_keep_the_load_from_beginning():
    with TipringServer(BIN, users=[("u0", "other")]) as server:
        done = subprocess.run([os.path.join(BIN, "tipring-load"), "refresh", "--users", "1", "--outstanding", "1",
                               "--server", f"127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    assert re.search(r"the users cannot register: 1 of 1 failed: refused with 40[13] \(1\)$", done.stderr.strip()), done.stderr


def main():
    report = Report()
    for check in (lost_requests_are_sent_again, refusals_are_counted_by_status, a_closed_port_is_told_at_once,
                  answers_that_come_twice_are_strays, a_rate_is_kept_whatever_the_answers_take,
                  what_is_no_answer_is_counted, a_stale_nonce_is_answered_once_more,
                  a_nonce_that_is_stale_again_is_a_refusal,
                  calls_are_whole_with_digest_and_loss_free_over_both_transports,
                  the_echo_sends_what_it_is_asked_for_on_both_sides_over_both_transports,
                  users_without_a_password_keep_the_load_from_beginning):
        report.run(check.__name__.replace("_", " "), check)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

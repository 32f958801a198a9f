#!/usr/bin/env python3
"""`tipringctl trace` shows the SIP messages of a number or peer, with nothing secret in them.

Usage: trace.py BIN_DIR
"""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import establish, hang_up, register, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]


class Tracing:
    """A running `tipringctl trace …`, whose output is read at its end."""

    def __init__(self, server, *words):
        self.process = subprocess.Popen(
            [os.path.join(server.bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def output(self, timeout=10):
        out, self.told = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, f"exit {self.process.returncode}: {self.told}"
        return out


def trace_is(server, what):
    return server.ctl_json("status")["trace"] == what


def one_call(server):
    alice = registered_phone(server, *USERS[0])
    bob = registered_phone(server, *USERS[1])
    hang_up(establish(alice, bob, server), bob)
    alice.close()
    bob.close()


def call_of_a_number_is_shown(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["trace.mode=subject"]) as server:
        one_call(server)  # from before: not shown
        tracing = Tracing(server, "--json", "trace", "on", "bob", "--for", "60")
        wait_until(lambda: trace_is(server, "bob"), 5, lambda: "the trace is not on")
        carol = registered_phone(server, *USERS[2])
        one_call(server)
        server.ctl("trace", "off")
        messages = [json.loads(line) for line in tracing.output().splitlines()]
        numbers = [message["number"] for message in messages]
        assert numbers == list(range(1, len(messages) + 1)), numbers
        starts = [(message["direction"], message["text"].split("\r\n")[0]) for message in messages]
        for direction, start in (("in", "REGISTER "), ("out", "SIP/2.0 401"), ("in", "INVITE "), ("out", "SIP/2.0 407"),
                                 ("out", "INVITE "), ("in", "SIP/2.0 180"), ("out", "SIP/2.0 200"), ("in", "ACK "),
                                 ("in", "BYE "), ("out", "BYE ")):
            assert any(d == direction and s.startswith(start) for d, s in starts), (direction, start, starts)
        everything = "".join(message["text"] for message in messages)
        assert "carol" not in everything, "another number's messages are shown"
        assert 'username="bob"' in everything and 'response="***' in everything and 'nonce="***' in everything
        assert f"127.0.0.1:{server.port}" in {message["local"] for message in messages}
        carol.close()


def the_subject_alone_is_shown(bin_dir):
    """Also where everything is kept."""
    with TipringServer(bin_dir, users=USERS) as server:
        one_call(server)
        tracing = Tracing(server, "--json", "trace", "on", "carol", "--for", "60")
        wait_until(lambda: trace_is(server, "carol"), 5, lambda: "the trace is not on")
        one_call(server)
        carol = registered_phone(server, *USERS[2])
        server.ctl("trace", "off")
        texts = [json.loads(line)["text"] for line in tracing.output().splitlines()]
        assert texts and all("carol" in text for text in texts), texts
        carol.close()


def no_secret_is_shown(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        server.ctl("--quiet", "trace", "on", "127.0.0.1")
        phone = SipSocket(server.port)
        secrets = set()
        send = phone.send

        def note(text):
            for word in text.replace('"', ",").split(","):
                if len(word) >= 32 and all(letter in "0123456789abcdef" for letter in word):
                    secrets.add(word)
            send(text)

        phone.send = note
        register(phone, server, *USERS[0])
        send(phone.request("MESSAGE", "sip:bob:hunter2@127.0.0.1", "sip:alice@127.0.0.1", "sip:bob@127.0.0.1",
                           headers=["Authorization: Basic aHVudGVyOg=="],
                           body="v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkg|2^20\r\nk=clear:pw\r\n"))
        phone.receive_final()
        server.ctl("trace", "off")
        shown = server.ctl("trace")
        assert secrets and not any(secret in shown for secret in secrets), "a response or nonce is shown"
        for secret in ("hunter2", "aHVudGVyOg", "WVNfX19z", "clear:pw", "c0ffee"):
            assert secret not in shown, f"{secret} is shown"
        assert "AES_CM_128" in shown and "Basic ****" in shown, shown
        phone.close()


def it_ends_by_itself(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        began = time.monotonic()
        tracing = Tracing(server, "trace", "on", "nobody", "--for", "1")
        assert tracing.output() == "" and 0.8 < time.monotonic() - began < 4
        assert trace_is(server, "off")
        assert server.log_lines("trace_on subject=nobody") and server.log_lines("trace_off subject=nobody")


def slow_reader_is_told(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["capacity.trace=8"]) as server:
        server.ctl("-q", "trace", "on", "127.0.0.1")
        phone = SipSocket(server.port)
        uri = f"sip:127.0.0.1:{server.port}"
        phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
        phone.receive_final()
        tracing = Tracing(server, "--json", "trace")
        time.sleep(0.6)
        tracing.process.send_signal(19)  # SIGSTOP: a terminal that is held
        for _ in range(100):
            phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
            phone.receive_final()
        tracing.process.send_signal(18)  # SIGCONT
        server.ctl("trace", "off")
        messages = [json.loads(line) for line in tracing.output().splitlines()]
        lost = sum(message["lost_before"] for message in messages)
        assert lost > 100 and lost + len(messages) == 202, (lost, len(messages))
        phone.close()


def wrong_use_is_told(bin_dir):
    def refusal(server, *words):
        done = subprocess.run([os.path.join(bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock", *words],
                              capture_output=True, text=True, timeout=10)
        assert done.returncode != 0, done
        return done.stderr

    with TipringServer(bin_dir, settings=["capacity.trace=0"]) as server:
        assert "capacity.trace is 0" in refusal(server, "trace", "on", "bob")
        assert "from 1 to 86400" in refusal(server, "trace", "on", "bob", "--for", "soon")
        assert "needs NUMBER|ADDRESS" in refusal(server, "trace", "on")
        assert "--for goes with trace on only" in refusal(server, "status", "--for", "1")


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for name, check in (
            ("a call of a number is shown, both directions and nobody else's", call_of_a_number_is_shown),
            ("a subject alone, where everything is kept", the_subject_alone_is_shown),
            ("no secret is shown", no_secret_is_shown),
            ("a trace ends by itself", it_ends_by_itself),
            ("a slow reader is told what it has lost", slow_reader_is_told),
            ("wrong use is told", wrong_use_is_told)):
        report.run(name, lambda c=check: c(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

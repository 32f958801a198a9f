#!/usr/bin/env python3
"""Programs that embed the library, against a running server and against phones: each sees include/ alone.

Usage: embedding.py BIN_DIR PROGRAMS_DIR
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from tipring_phone import TipringPhone, read_wav, tone_share  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402

USERS = [("anna", "correct horse"), ("bert", "battery staple")]


class Program:
    """One of the programs; what it prints is read line by line."""

    def __init__(self, name, *words, password=None):
        environment = dict(os.environ)
        if password is not None:
            environment["TIPRING_PASSWORD"] = password
        self.process = subprocess.Popen([os.path.join(sys.argv[2], name), *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)

    def expect(self, beginning):
        line = self.process.stdout.readline()
        assert line.startswith(beginning), f"{line!r} is not {beginning!r}"
        return line.strip()

    def end_input(self):
        self.process.stdin.close()

    def wait(self):
        return self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def contacts_of(server, user):
    return [row for row in server.ctl_json("registrations") if row["name"] == user]


def registering_phone(server):
    aor = f"sip:anna@127.0.0.1:{server.port}"
    with Program("registering_phone", aor, password=USERS[0][1]) as phone:
        phone.expect(f"registered {aor} for 120 s")
        assert len(contacts_of(server, "anna")) == 1, server.ctl_json("registrations")
        phone.end_input()
        phone.expect("unregistered")
        assert phone.wait() == 0
    wait_until(lambda: not contacts_of(server, "anna"), 5, lambda: "still registered")
    with Program("registering_phone", aor, password="wrong") as phone:
        phone.expect("failed 401")
        assert phone.wait() == 1


def answering_machine(server, folder):
    aor = f"sip:bert@127.0.0.1:{server.port}"
    caller = f"sip:anna@127.0.0.1:{server.port}"
    with Program("answering_machine", aor, folder, "2", password=USERS[1][1]) as machine:
        machine.expect("ready")
        with TipringPhone(sys.argv[1], caller, "--play", "tone:700", password=USERS[0][1]) as anna:
            anna.wait_for("registered")
            anna.command("call bert")
            anna.wait_for("ringing")
            machine.expect("call from")
            anna.wait_for("answered")
            machine.expect("recording")
            assert anna.hears_soon(440, 0.8), anna.events[-3:]
            anna.command("keys 5")
            machine.expect("key 5")
            anna.wait_for("ended", cause="hung-up-by-peer")
        machine.expect("ended hung-up")
        assert machine.wait() == 0
    samples = read_wav(os.path.join(folder, "message.wav"))
    assert 8000 < len(samples) < 20000, len(samples)
    assert tone_share(samples[6000:12000], 700) > 0.95, tone_share(samples[6000:12000], 700)


def stateful_proxy():
    port, a_port, b_port = free_port(), free_port(), free_port()
    points = f"udp:127.0.0.1:{port},tcp:127.0.0.1:{port}"
    with Program("stateful_proxy", points, f"bert=sip:bert@127.0.0.1:{b_port}",
                 f"bert=sip:bert@127.0.0.1:{free_port()};transport=tcp") as proxy:
        proxy.expect("ready")
        route = ("--no-register", "--registrar", f"sip:127.0.0.1:{port}")
        with TipringPhone(sys.argv[1], f"sip:bert@127.0.0.1:{port}", *route, "--answer",
                          "--listen", f"udp:127.0.0.1:{b_port},tcp:127.0.0.1:{b_port}") as bert, \
                TipringPhone(sys.argv[1], f"sip:anna@127.0.0.1:{port}", *route,
                             "--listen", f"udp:127.0.0.1:{a_port},tcp:127.0.0.1:{a_port}") as anna:
            bert.wait_for("listening")
            anna.wait_for("listening")
            anna.command("call bert")
            proxy.expect("INVITE sip:bert@")
            anna.wait_for("answered")
            bert.wait_for("answered")
            anna.command("hangup")
            anna.wait_for("ended", cause="hung-up")
            bert.wait_for("ended", cause="hung-up-by-peer")
            anna.command("call nobody")
            proxy.expect("INVITE sip:nobody@")
            anna.wait_for("ended", cause="refused", status=404)
        proxy.end_input()
        last = proxy.expect("forwarded ")
        # INVITE to both addresses, ACK and BYE: requests inside the call were not asked for.
        assert last.endswith("forked 1, calls 0"), last
        assert proxy.wait() == 0


def main():
    report = Report()
    folder = tempfile.mkdtemp(prefix="tipring-embedding-")
    try:
        with TipringServer(sys.argv[1], users=USERS) as server:
            report.run("a registering phone, in a loop of its own (F47)", lambda: registering_phone(server))
            report.run("an answering machine that records to a WAV file (F17, F47)",
                       lambda: answering_machine(server, folder))
        report.run("a stateful proxy with a table of its own (F47, F48)", stateful_proxy)
    finally:
        shutil.rmtree(folder)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

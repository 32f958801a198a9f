#!/usr/bin/env python3
"""What the log tells at each level, at start, and when something is badly wrong.

Usage: log_levels.py BIN_DIR
"""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from sip_phone import establish, hang_up, register, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|WARNING|INFO|DEBUG) (\S+)(?: (.*))?$")


def lines_of(server):
    """Each line of the log as its level, its event and its fields."""
    found = [LINE.match(line) for line in server.read_log().splitlines()]
    assert found and all(found), server.read_log()
    return [line.groups() for line in found]


def events(server, level):
    return {event for at, event, _ in lines_of(server) if at == level}


def a_call(server):
    alice, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    uri = f"sip:127.0.0.1:{server.port}"
    alice.send(alice.request("OPTIONS", uri, "sip:x@example.net", uri))
    assert alice.receive_final().status == 200
    alice.send(alice.request("OPTIONS", f"sip:nobody@127.0.0.1:{server.port}", "sip:x@example.net", uri))
    assert alice.receive_final().status == 403
    hang_up(establish(alice, bob, server), bob)
    alice.close()
    bob.close()


def debug_has_every_transaction(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["log.level=debug"]) as server:
        a_call(server)
        wait_until(lambda: "call_ended" in server.read_log(), 5, server.read_log)
        answers = [re.search(r"status=(\d+) method=(\S+)", fields).groups()
                   for level, event, fields in lines_of(server) if event in ("answered", "refused")]
        assert answers == [("401", "REGISTER"), ("200", "REGISTER")] * 2 + [
            ("200", "OPTIONS"), ("403", "OPTIONS"), ("407", "INVITE"), ("200", "INVITE"), ("200", "BYE")], answers
        assert "answered" in events(server, "DEBUG"), events(server, "DEBUG")


def info_has_what_people_do(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        a_call(server)
        wait_until(lambda: "call_ended" in server.read_log(), 5, server.read_log)
        assert not events(server, "DEBUG"), events(server, "DEBUG")
        assert {"binding_added", "call_answered", "call_ended", "refused"} <= events(server, "INFO")
        assert "answered" not in events(server, "INFO")


def warning_has_troubles_alone(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["log.level=warning"]) as server:
        a_call(server)
        assert server.read_log() == "", server.read_log()


def registrations_have_four_lines(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["registrar.min_expires=1"]) as server:
        phone = SipSocket(server.port)
        contact = "<sip:alice@127.0.0.1:7001>"
        for cseq in (1, 3):
            register(phone, server, *USERS[0], contacts=[contact], call_id="c1", cseq=cseq)
        register(phone, server, *USERS[0], contacts=["*"], headers=["Expires: 0"], call_id="c1", cseq=5)
        register(phone, server, *USERS[0], contacts=[contact + ";expires=1"], call_id="c2")
        wait_until(lambda: "binding_expired" in server.read_log(), 5, server.read_log)
        told = [(event, re.search(r"user=(\S+)", fields).group(1)) for _, event, fields in lines_of(server)
                if event.startswith("binding_")]
        assert told == [(f"binding_{what}", "alice") for what in
                        ("added", "refreshed", "removed", "added", "expired")], told
        phone.close()


def start_tells_the_configuration(bin_dir):
    """Every key, and nothing of what proves who somebody is."""
    with TipringServer(bin_dir, users=USERS, settings=["auth.realm=office", "log.level=debug"]) as server:
        register(SipSocket(server.port), server, *USERS[0])
        server.log_lines("binding_added")
        told = dict(re.match(r"key=(\S+) value=(.*)", fields).groups()
                    for _, event, fields in lines_of(server) if event == "configuration")
        with open(os.path.join(HERE, "..", "..", "config", "tipring.toml"), encoding="utf-8") as file:
            text = file.read()
        section, documented = "", set()
        for line in text.splitlines():
            if re.match(r"\[\w+\]$", line):
                section = line[1:-1]
            elif found := re.match(r"#?(\w+) = ", line):
                documented.add(f"{section}.{found.group(1)}")
        assert set(told) == documented, set(told) ^ documented
        assert told["auth.realm"] == '"\\"office\\""', told["auth.realm"]
        for secret in ("secret-a", "response=", "nonce=", "HA1"):
            assert secret not in server.read_log(), secret


def what_is_grave_is_an_error(bin_dir):
    """A port that is taken, and a database that another program holds."""
    with TipringServer(bin_dir, users=USERS) as server:
        done = subprocess.run([os.path.join(bin_dir, "tipringd"), "--set", f'sip.listen=["udp:127.0.0.1:{server.port}"]',
                               "--set", f"store.path={server.data}/other.db", "--set", f"admin.socket={server.data}/other"],
                              capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode != 0, "it has started on a port that is taken"
        assert re.search(rf"Z ERROR start_failed fault=\".*{server.port}.*in use", done.stderr), done.stderr
    with TipringServer(bin_dir, users=USERS) as server:
        with contextlib.closing(sqlite3.connect(f"{server.data}/tipring.db", isolation_level=None)) as thief:
            thief.execute("BEGIN IMMEDIATE")
            phone = SipSocket(server.port, timeout=10)
            register(phone, server, *USERS[0], expect=503)
            phone.close()
            thief.execute("ROLLBACK")
        server.log_lines("store_failed")
        failed = [fields for level, event, fields in lines_of(server) if (level, event) == ("ERROR", "store_failed")]
        assert len(failed) == 1 and all(f"{word}=" in failed[0] for word in ("path", "status", "advice")), failed


def main():
    report = Report()
    for name, check in [("debug has each transaction and how it was answered (R6.1)", debug_has_every_transaction),
                        ("info has what people do (R6.1)", info_has_what_people_do),
                        ("warning has troubles alone (R6.1)", warning_has_troubles_alone),
                        ("added, refreshed, removed, expired: a line each (R6.4)", registrations_have_four_lines),
                        ("at start every key of the configuration, and no secret (R6.3)", start_tells_the_configuration),
                        ("a port that is taken and a database that is not to be had are errors (R6.2, R6.5)", what_is_grave_is_an_error)]:
        report.run(name, lambda check=check: check(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

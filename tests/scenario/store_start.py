#!/usr/bin/env python3
"""What the server makes of the database that it finds at start, and who may read its files.

Usage: store_start.py BIN_DIR FAULTY_SYSTEM_LIBRARY
"""

import os
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faulty_system import FaultySystem  # noqa: E402
from sip_phone import Call, contact_of, register, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "databases", "schema-1000.sql")


class Folder:
    """A folder for one server's data, gone at the end."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="tipring-start-", dir="/tmp")
        self.database = os.path.join(self.path, "tipring.db")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def sql(self, script):
        with sqlite3.connect(self.database) as database:
            database.executescript(script)
        database.close()

    def number(self, query):
        with sqlite3.connect(self.database) as database:
            value = database.execute(query).fetchone()[0]
        database.close()
        return value


def old_file(folder):
    with open(OLD, encoding="utf-8") as script:
        folder.sql(script.read())


def older_minor_is_brought_up(bin_dir, _):
    """Users keep their passwords, phones their registrations, and the CSeq counts on."""
    with Folder() as folder:
        old_file(folder)
        with TipringServer(bin_dir, data=folder.path) as server:
            phone = SipSocket(server.port)
            fetched = register(phone, server, "bob", "secret", contacts=[])
            contact = fetched.one("contact")
            assert re.match(r"<sip:bob@127.0.0.1:5999>;audio(;q=0.50*)?;expires=36", contact), contact
            register(phone, server, "bob", "secret", contacts=["<sip:bob@127.0.0.1:5999>"], call_id="old-call-id", cseq=5,
                     expect=500)
            register(phone, server, "alice", "secret")
            version = folder.number("PRAGMA user_version")
            assert version > 1000, version
            assert "session_timer" in folder.number("SELECT sql FROM sqlite_master WHERE name = 'users'")
            assert [name for name in os.listdir(folder.path) if "schema" in name] == [], "a minor one makes no copy"
            phone.close()
        with TipringServer(bin_dir, data=folder.path) as server:
            assert len(server.ctl_json("registrations")) == 2


def newer_minor_is_opened(bin_dir, _):
    with Folder() as folder:
        with TipringServer(bin_dir, data=folder.path, users=[("alice", "secret")]):
            pass
        folder.sql("ALTER TABLE users ADD COLUMN pin TEXT NOT NULL DEFAULT ''; CREATE TABLE groups (name TEXT);"
                   "UPDATE users SET pin = '1234'; PRAGMA user_version = 1999;")
        with TipringServer(bin_dir, data=folder.path) as server:
            phone = SipSocket(server.port)
            register(phone, server, "alice", "secret")
            server.ctl("user", "passwd", "alice", text_in="another\n")
            server.ctl("user", "add", "bob", text_in="secret\n")
            phone.close()
        assert folder.number("PRAGMA user_version") == 1999
        assert folder.number("SELECT pin FROM users WHERE name = 'alice'") == "1234", "a newer column is lost"


def bad_rows_are_skipped(bin_dir, _):
    """A hand-edited file: the log names the first bad row; whoever is left registers and is called."""
    with Folder() as folder:
        old_file(folder)
        folder.sql("""
            INSERT INTO users (id, domain, name, auth_name) VALUES (3, '', x'ff00', 'x'), (4, '', 'carol', 'carol');
            INSERT INTO bindings SELECT 1, 4, contact, params, path, call_id, cseq, expires_at, interval_ms, q, received,
              local, 250, 250, flow, instance, reg_id, user_agent, methods FROM bindings;
            INSERT INTO bindings SELECT 2, 4, 'sip:x' || char(13, 10), params, path, call_id, cseq, expires_at,
              interval_ms, q, 'nowhere', local, 0, 250, flow, instance, reg_id, user_agent, methods FROM bindings LIMIT 1;
            INSERT INTO bindings SELECT 3, 99, contact, params, path, call_id, cseq, expires_at, interval_ms, q, received,
              local, 0, 0, flow, instance, reg_id, user_agent, methods FROM bindings LIMIT 1;
            UPDATE bindings SET listener = 200 WHERE slot = 0;""")
        with TipringServer(bin_dir, data=folder.path) as server:
            lines = server.log_lines(" store_rows_skipped ")
            assert len(lines) == 1 and 'rows=4 first="users 3: name"' in lines[0], lines
            assert [row["name"] for row in server.ctl_json("registrations")] == ["bob"]
            bob, alice = SipSocket(server.port), SipSocket(server.port)
            is_called(server, alice, bob)


def is_called(server, alice, bob):
    register(bob, server, "bob", "secret", contacts=["*"], headers=["Expires: 0"])
    register(bob, server, "bob", "secret", contacts=[contact_of(bob, "bob")])
    call = Call(alice, server, password="secret")
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    alice.close()
    bob.close()


def files_are_for_us_alone(umask):
    def check(bin_dir, _):
        with Folder() as folder:
            wrap = lambda command: ["sh", "-c", f'umask {umask}; exec "$@"', "sh", *command]  # noqa: E731
            with TipringServer(bin_dir, data=folder.path, wrap=wrap) as server:
                server.ctl("user", "add", "alice", text_in="secret\n")
                modes = {name: oct(os.stat(os.path.join(folder.path, name)).st_mode & 0o777)
                         for name in ("tipring.db", "tipring.db-wal", "tipring.db-shm", "tipring.sock")}
                assert set(modes.values()) == {"0o600"}, modes
    return check


def no_descriptors_is_told(bin_dir, library):
    """Wherever the system gives none, the server says so and ends; it does not crash."""
    with Folder() as folder:
        faults = FaultySystem(library, folder.path)
        for left in range(12):
            faults.set(eventfds_left=left)
            server = TipringServer(bin_dir, data=folder.path, preload=faults.preload)
            try:
                with server:
                    break
            except RuntimeError as told:
                assert re.search(r"tipringd ended with 1:\n(.*\n)*tipringd: .*(descriptor|gives no)", str(told)), told
        assert 2 <= left < 11, f"it started with {left} of the descriptors that it asks for"


def main():
    report = Report()
    for name, check in [
            ("a file of an older minor version is brought up", older_minor_is_brought_up),
            ("a file of a newer minor version is opened and kept whole", newer_minor_is_opened),
            ("bad rows are skipped by name, the others serve (R9.5)", bad_rows_are_skipped),
            ("all files are for us alone, with umask 000", files_are_for_us_alone("000")),
            ("all files are for us alone, with umask 777", files_are_for_us_alone("777")),
            ("a system without descriptors is told", no_descriptors_is_told)]:
        report.run(name, lambda c=check: c(*sys.argv[1:3]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The disk below the running server fails: calls go on, what must be stored is 503, and all is well again when the
cause is gone, without a restart.

Usage: store_faults.py BIN_DIR FAULTY_SYSTEM_LIBRARY
"""

import errno
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faulty_system import FaultySystem, SmallDisk  # noqa: E402
from sip_phone import Call, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]


class Bench:
    """A server with its database in a folder of its own, and two registered phones."""

    def __init__(self, bin_dir, library, disk_size=None, settings=()):
        self.folder = tempfile.mkdtemp(prefix="tipring-store-", dir="/tmp")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.database = os.path.join(self.data, "tipring.db")
        self.faults = FaultySystem(library, self.folder)
        self.disk = SmallDisk(self.data, disk_size) if disk_size else None
        self.server = TipringServer(bin_dir, users=USERS, preload=self.faults.preload, wrap=self.disk and self.disk.wrap,
                                    settings=[f"store.path={self.database}", *settings])
        self.seen = 0  # of the log

    def __enter__(self):
        if self.disk:  # the users are made on the disk that only the server sees
            users, self.server.users = self.server.users, []
            self.server.__enter__()
            for name, password in users:
                self.server.ctl("user", "add", name, text_in=password + "\n")
        else:
            self.server.__enter__()
        self.alice = registered_phone(self.server, *USERS[0])
        self.bob = registered_phone(self.server, *USERS[1])
        self.carol = SipSocket(self.server.port, timeout=8)
        return self

    def __exit__(self, *reason):
        self.faults.clear()
        self.server.__exit__(*reason)
        for phone in (self.alice, self.bob, self.carol):
            phone.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def outside(self, name="tipring.db"):
        """A file beside the database, as the test sees it."""
        return self.disk.path(name, self.server.process.pid) if self.disk else os.path.join(self.data, name)

    def news(self, event):
        """The log's lines of this event since the last look at any, as soon as there is one: a thread writes them."""
        wait_until(lambda: f" {event} " in self.server.read_log()[self.seen:], 5, lambda: f"the log has no {event}")
        log = self.server.read_log()
        lines = [line for line in log[self.seen:].splitlines() if f" {event} " in line]
        self.seen = len(log)
        return lines

    def state(self):
        return self.server.ctl_json("status")["store"]

    def calls_go_on(self):
        """From one registered phone to the other, and quickly."""
        started = time.monotonic()
        call = Call(self.alice, self.server)
        call.invite_with_credentials()
        invite = take_request(self.bob, "INVITE")
        self.bob.send(response(invite, "486 Busy Here", "b"))
        take_request(self.bob, "ACK")
        call.expect(100)
        call.ack_refusal(call.expect(486))
        assert time.monotonic() - started < 1, "a call waits for the disk"

    def carol_registers(self, expect):
        return register(self.carol, self.server, *USERS[2], expect=expect)

    def fails(self, status, state):
        """What every failure has in common."""
        self.seen = len(self.server.read_log())
        for _ in range(3):
            answer = self.carol_registers(503)
            assert int(answer.one("retry-after")) > 0, answer.raw
        lines = self.news("store_failed")
        assert len(lines) == 1, f"{len(lines)} lines for one failure: {lines}"
        assert " ERROR " in lines[0] and f"path={self.database}" in lines[0] and status in lines[0], lines[0]
        assert "advice=" in lines[0], lines[0]
        assert self.state() == state, self.state()
        done = self.server.ctl("user", "add", "late", text_in="secret\n", check=False)
        assert "late" not in {row["name"] for row in self.server.ctl_json("user", "list")}, done
        self.calls_go_on()

    def recovers(self):
        """Without a restart; the state is told anew even when nobody registers."""
        wait_until(lambda: self.state() == "ok", 12, lambda: f"still {self.state()!r}")
        assert len(self.news("store_recovered")) == 1
        self.carol_registers(200)
        self.server.ctl("user", "add", "later", text_in="secret\n")
        if not self.disk:  # which goes with the server
            self.outlives_kill()

    def outlives_kill(self):
        """What was answered is in the file of that name."""
        self.server.kill()
        self.server.users = []
        self.server.start()
        names = {row["name"] for row in self.server.ctl_json("registrations")}
        assert names == {"alice", "bob", "carol"}, names
        assert "later" in {row["name"] for row in self.server.ctl_json("user", "list")}
        self.calls_go_on()


def system_call_fails(fault, status):
    def check(bin_dir, library):
        with Bench(bin_dir, library) as bench:
            bench.faults.set(**fault)
            bench.fails(f'status="{status}"' if " " in status else f"status={status}", status)
            bench.faults.clear()
            bench.recovers()
    return check


def disk_is_full(bin_dir, library):
    with Bench(bin_dir, library, disk_size=1 << 20) as bench:
        filler = bench.outside("filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError as fault:
                assert fault.errno == errno.ENOSPC
        # What the log of the file has still room for.
        bench.seen = len(bench.server.read_log())
        wait_until(lambda: register(bench.carol, bench.server, *USERS[2], expect=(200, 503)).status == 503, 20,
                   lambda: "a full disk takes everything")
        assert len(bench.news("store_failed")) == 1
        assert bench.state() == "disk full", bench.state()
        bench.calls_go_on()
        os.remove(filler)
        bench.recovers()


def locked_by_another(bin_dir, library):
    with Bench(bin_dir, library) as bench:
        other = sqlite3.connect(bench.database)
        other.execute("BEGIN EXCLUSIVE")
        bench.fails('status="locked by another process"', "locked by another process")
        other.rollback()
        other.close()
        bench.recovers()


def log_is_deleted(bin_dir, library):
    """Nobody notices: what the deleted file held is written to the database in time."""
    with Bench(bin_dir, library) as bench:
        for name in ("tipring.db-wal", "tipring.db-shm"):
            os.remove(bench.outside(name))
        bench.carol_registers(200)
        bench.server.ctl("user", "add", "later", text_in="secret\n")
        assert len(bench.news("store_reopened")) == 1
        bench.outlives_kill()


def database_is_deleted(bin_dir, library):
    """It is written anew from what is open."""
    with Bench(bin_dir, library) as bench:
        for name in os.listdir(bench.data):
            os.remove(bench.outside(name))
        bench.carol_registers(200)
        bench.server.ctl("user", "add", "later", text_in="secret\n")
        assert len(bench.news("store_reopened")) == 1
        assert os.stat(bench.database).st_mode & 0o777 == 0o600
        bench.outlives_kill()


def folder_is_deleted(bin_dir, library):
    with Bench(bin_dir, library) as bench:
        shutil.rmtree(bench.data)
        bench.fails('status="file removed"', "file removed")
        os.mkdir(bench.data)
        bench.recovers()


def database_is_replaced(bin_dir, library):
    """What was put in its place is not touched; the old one may come back."""
    with Bench(bin_dir, library) as bench:
        aside = os.path.join(bench.folder, "aside.db")
        os.rename(bench.database, aside)
        with open(bench.database, "wb") as other:
            other.write(b"another file")
        bench.fails('status="file replaced"', "file replaced")
        with open(bench.database, "rb") as other:
            assert other.read() == b"another file"
        os.rename(aside, bench.database)
        bench.recovers()


def pages_are_overwritten(bin_dir, library):
    """All but the first are noise for a while. What SQLite has in its memory it need not read again."""
    users = 3000
    with Bench(bin_dir, library, settings=["capacity.users=4000", "capacity.bindings=4000"]) as bench:
        lines = "".join(f"many{i},{'x' * 40}\n" for i in range(users))
        bench.server.ctl("user", "import", "-", text_in=lines)
        with sqlite3.connect(bench.database) as other:
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        other.close()
        with open(bench.database, "r+b") as file:
            good = file.read()
            file.seek(4096)
            file.write(b"\xa5" * (len(good) - 4096))
        state = ""
        for i in range(0, users, 100):
            bench.server.ctl("user", "passwd", f"many{i}", text_in="another\n", check=False)
            state = bench.state()
            if state != "ok":
                break
        assert state == "database damaged", state
        assert len(bench.news("store_failed")) == 1
        bench.calls_go_on()
        with open(bench.database, "r+b") as file:
            file.write(good)
        bench.recovers()


def main():
    bin_dir, library = sys.argv[1:3]
    report = Report()
    mounts = [("the disk is full", disk_is_full)] if SmallDisk.is_possible() else []
    checks = [
        ("no room for a write (ENOSPC)", system_call_fails({"write_errno": errno.ENOSPC}, "disk full")),
        ("no room left at the sync (EDQUOT)", system_call_fails({"sync_errno": errno.EDQUOT}, "disk full")),
        ("the file system became read-only (EROFS)",
         system_call_fails({"write_errno": errno.EROFS, "sync_errno": errno.EROFS}, "read-only")),
        ("the disk is broken (EIO)", system_call_fails({"write_errno": errno.EIO}, "input/output error")),
        ("fsync fails (EIO)", system_call_fails({"sync_errno": errno.EIO}, "input/output error")),
        ("another process holds the database", locked_by_another),
        ("the write-ahead log is deleted", log_is_deleted),
        ("the database is deleted", database_is_deleted),
        ("the folder is deleted", folder_is_deleted),
        ("the database is replaced by another file", database_is_replaced),
        ("pages of the database are overwritten", pages_are_overwritten)]
    # Each waits most of the time.
    with ThreadPoolExecutor(4) as workers:
        outcomes = [(name, workers.submit(check, bin_dir, library)) for name, check in mounts + checks]
    for name, outcome in outcomes:
        report.run(f"{name} (R9.5)", outcome.result)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

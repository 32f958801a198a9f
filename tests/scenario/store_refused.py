#!/usr/bin/env python3
"""Databases that the server cannot use at start: it says why and what to do, and ends with 1.

Usage: store_refused.py BIN_DIR
"""

import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from run_folder import Folder  # noqa: E402
from tipring_server import Report, TipringServer, listening_ports  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def a_database(folder, bin_dir, name="good.db"):
    """A database that the server itself has made, with two users, and closed."""
    with TipringServer(bin_dir, users=USERS, data=folder.path, settings=[f"store.path={folder.path}/{name}"]) as server:
        assert server.stop() == 0, "SIGTERM does not end the server with 0"
    return os.path.join(folder.path, name)


def changed_by(path, sql):
    with sqlite3.connect(path) as database:
        database.executescript(sql)
    database.close()
    return path


def damaged(path):
    """The page with the table of tables stays whole, all others are noise."""
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    return path


def folder_for_all(folder):
    """The program, beside a folder that only another user may enter."""
    os.chmod(folder.path, 0o755)
    folder.binary = shutil.copy(folder.binary, folder.path)
    closed = os.path.join(folder.path, "closed")
    os.mkdir(closed, 0o700 if os.geteuid() == 0 else 0)
    return os.path.join(closed, "x.db")


BAD_DATABASES = [
    ("a folder", lambda folder, _: folder.path,
     "cannot open the database PATH: it is a folder. Set store.path to a file in it, such as PATH/tipring.db"),
    ("in no folder", lambda folder, _: f"{folder.path}/none/x.db",
     "cannot open the database PATH: there is no folder FOLDER/none. Create it, or set store.path to a file in a "
     "folder that exists"),
    ("without permission", lambda folder, _: folder_for_all(folder),
     "cannot open the database PATH: permission denied. Give the file and its folder FOLDER/closed to the user that "
     "the server runs as"),
    ("no database", lambda folder, _: folder.file("x.db", "these are not the bytes of a database, but many\n" * 200),
     "PATH is not a SQLite database (file is not a database). Set store.path to another file, or move this one away"),
    ("another program's", lambda folder, _: changed_by(f"{folder.path}/x.db", "CREATE TABLE songs (title)"),
     "PATH is a database of another program. Set store.path to a file of our own"),
    ("of a newer schema", lambda folder, bin_dir: changed_by(a_database(folder, bin_dir), "PRAGMA user_version = 9000"),
     "PATH was written by a newer version of this program (schema 9, this one knows 1). Install the newer version "
     "again, or set store.path to the copy that it made"),
    ("damaged", lambda folder, bin_dir: damaged(a_database(folder, bin_dir)),
     "PATH is damaged (database disk image is malformed). Restore it from a backup, or mend it: sqlite3 PATH "
     ".recover"),
]


def bad_database_is_told(bin_dir, make, wanted):
    with Folder(bin_dir) as folder:
        path = make(folder, bin_dir)
        # Permission is no obstacle to root, who therefore sends nobody.
        options = {"user": 65534} if os.geteuid() == 0 and "closed" in path else {}
        code, told = folder.run_with_store(path, **options)
        line = "tipringd: " + wanted.replace("PATH", path).replace("FOLDER", folder.path)
        assert code == 1, f"exit code {code}: {told}"
        assert told.splitlines() == [line], told
        assert folder.port not in listening_ports("udp"), "the port stays open"


def locked_database_is_told(bin_dir):
    with Folder(bin_dir) as folder:
        path = a_database(folder, bin_dir)
        other = sqlite3.connect(path)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        code, told = folder.run_with_store(path)
        other.close()
        assert code == 1 and told == (f"tipringd: {path} is locked by another process (database is locked). End it "
                                      f"(fuser names it: fuser {path}) and start again\n"), f"exit code {code}: {told}"


def too_small_for_its_users(bin_dir):
    with Folder(bin_dir) as folder:
        path = a_database(folder, bin_dir)
        code, told = folder.run_with_store(path, settings=["capacity.users=1"])
        assert code == 1 and told == (f"tipringd: {path} holds more users than there is room for "
                                      "(capacity.users is 1). Raise capacity.users\n"), f"exit code {code}: {told}"


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for what, make, wanted in BAD_DATABASES:
        report.run(f"a database that is {what} is told, and what to do (R9.5)",
                   lambda m=make, w=wanted: bad_database_is_told(bin_dir, m, w))
    for name, check in [
            ("a locked database is told, and what to do (R9.5)", locked_database_is_told),
            ("more users than capacity.users is told (R9.5)", too_small_for_its_users)]:
        report.run(name, lambda c=check: c(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

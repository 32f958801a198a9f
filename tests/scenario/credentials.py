#!/usr/bin/env python3
"""Users move from one server to another with their passwords: `tipringctl user export --with-credentials` and import.

Usage: credentials.py BIN_DIR
"""

import csv
import hashlib
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

BIN = os.path.abspath(sys.argv[1])
REALM = 'our, house'
SETTINGS = ["sip.domains=example.com", f"auth.realm={REALM}"]
USERS = [("anna", "pass, word", []), ("bert", "other", ["auth_name=phone-7", "display_name=Bert, B", "aliases=20,21"])]


def tool(*words, text=None, code=0):
    done = subprocess.run([os.path.join(BIN, "tipringctl"), *words], input=text, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL if text is None else None)
    assert done.returncode == code, (words, done)
    return done.stdout + done.stderr


def online(server):
    return ["--socket", f"{server.data}/tipring.sock"]


def offline(database, *settings):
    return ["--offline", *(word for one in (f"store.path={database}", *SETTINGS, *settings) for word in ("--set", one))]


def make_users(where):
    for name, password, fields in USERS:
        tool(*where, "user", "add", name, *fields, text=password + "\n")


def registers(server, user, login, password, algorithm=None):
    phone = SipSocket(server.port)
    uri, aor = "sip:example.com", f"sip:{user}@example.com"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    proof = credentials(challenge_params(phone.receive_final()), login, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[
        f"Contact: <sip:{user}@127.0.0.1:{phone.port}>;expires=300", f"Authorization: {proof}"]))
    answer = phone.receive_final()
    phone.close()
    return answer.status == 200


def all_register(server):
    assert registers(server, "anna", "anna", "pass, word")
    assert registers(server, "bert", "phone-7", "other")
    assert not registers(server, "anna", "anna", "other")


def export(where, path):
    told = tool(*where, "user", "export", path, "--with-credentials")
    assert told == f"2 users written to {path}, with what suffices to log in as each\n", told
    assert os.stat(path).st_mode & 0o777 == 0o600, oct(os.stat(path).st_mode)
    with open(path, encoding="utf-8", newline="") as file:
        return {row["name"].split("@")[0]: row for row in csv.DictReader(file)}


def check_rows(rows):
    """RFC 7616 3.4.2: what stands there is what each password makes with name and realm."""
    for name, password, _ in USERS:
        login = rows[name]["auth_name"]
        text = f"{login}:{REALM}:{password}".encode()
        assert rows[name]["ha1_md5"] == hashlib.md5(text).hexdigest(), rows
        assert rows[name]["ha1_sha256"] == hashlib.sha256(text).hexdigest(), rows
        assert rows[name]["realm"] == REALM and password not in rows[name].values(), rows
    assert rows["bert"]["auth_name"] == "phone-7" and rows["bert"]["aliases"] == "20,21", rows


def from_a_server_to_a_server(folder):
    path = f"{folder}/online.csv"
    with TipringServer(BIN, settings=SETTINGS) as first, TipringServer(BIN, settings=SETTINGS) as second:
        make_users(online(first))
        all_register(first)
        check_rows(export(online(first), path))
        assert tool(*online(second), "user", "import", path) == "2 users created, 0 changed\n"
        all_register(second)
        # Once more over users that stand, one of them with another password and login.
        tool(*online(second), "user", "set", "bert", "auth_name=else", text="changed\n")
        assert not registers(second, "bert", "phone-7", "other")
        assert tool(*online(second), "user", "import", path) == "0 users created, 2 changed\n"
        all_register(second)


def from_file_to_file_and_to_a_server(folder):
    first, second, path = f"{folder}/first.db", f"{folder}/second.db", f"{folder}/offline.csv"
    make_users(offline(first))
    check_rows(export(offline(first), path))
    assert tool(*offline(second), "user", "import", path) == "2 users created, 0 changed\n"
    again = f"{folder}/again.csv"
    export(offline(second), again)
    with open(path, encoding="utf-8") as one, open(again, encoding="utf-8") as other:
        assert one.read() == other.read()
    with TipringServer(BIN, settings=SETTINGS) as server:
        assert tool(*online(server), "user", "import", path) == "2 users created, 0 changed\n"
        all_register(server)
    with TipringServer(BIN, settings=[*SETTINGS, 'auth.algorithms=["MD5"]']) as server:
        tool(*online(server), "user", "import", path)
        all_register(server)


def another_realm_is_refused_with_its_line(folder):
    path, database = f"{folder}/realm.csv", f"{folder}/realm.db"
    make_users(offline(f"{folder}/of-realm.db"))
    export(offline(f"{folder}/of-realm.db"), path)
    message = re.escape(f'line 2: ha1_md5 and ha1_sha256 are made for the realm "{REALM}" and of no use for "elsewhere"')
    assert re.search(message, tool(*offline(database, "auth.realm=elsewhere"), "user", "import", path, code=1))
    assert tool(*offline(database), "user", "list", "-q") == ""
    with TipringServer(BIN, settings=["sip.domains=example.com", "auth.realm=elsewhere"]) as server:
        assert re.search(message, tool(*online(server), "user", "import", path, code=1))
        assert tool(*online(server), "user", "list", "-q") == ""


def the_file_is_new_and_named(folder):
    database, path = f"{folder}/named.db", f"{folder}/named.csv"
    make_users(offline(database))
    told = tool(*offline(database), "user", "export", "--with-credentials", code=2)
    assert "suffices to log in" in told and not re.search("[0-9a-f]{32}", told), told
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")
    os.symlink(f"{folder}/target", f"{folder}/link.csv")
    for taken in (path, f"{folder}/link.csv"):
        assert f"{taken} is there already" in tool(*offline(database), "user", "export", taken, "--with-credentials", code=1)
    assert not os.path.exists(f"{folder}/target")
    with open(path, encoding="utf-8") as file:
        assert file.read() == "mine"
    told = tool(*offline(database), "user", "export", f"{folder}/none/x", "--with-credentials", code=1)
    assert f"cannot write {folder}/none/x: No such file" in told, told
    # Without the option there is nothing of the kind in it.
    told = tool(*offline(database), "user", "export")
    assert "ha1" not in told and not re.search("[0-9a-f]{32}", told), told
    assert "suffices to log in" in tool("--help") or "suffices to log in" in tool("help", "user", "export")


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tipring-credentials-") as folder:
        for check in (from_a_server_to_a_server, from_file_to_file_and_to_a_server,
                      another_realm_is_refused_with_its_line, the_file_is_new_and_named):
            report.run(check.__name__.replace("_", " "), lambda: check(folder))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

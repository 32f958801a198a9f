#!/usr/bin/env python3
"""Backup and restore: one file, checked whole, restored whole or not at all, on an empty device too.

Usage: backup.py BIN_DIR
"""

import copy
import http.client
import json
import os
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402

PASSWORD = "correct horse battery"
CONFIG = '[log]\nlevel = "debug"\n[registrar]\nmax_expires = 5400\n'


def registers(server, user, password):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", f"sip:{user}@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    proof = credentials(challenge_params(phone.receive_final()), user, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[
        f"Contact: <sip:{user}@127.0.0.1:{phone.port}>;expires=300", f"Authorization: {proof}"]))
    answer = phone.receive_final()
    phone.close()
    return answer.status


def api_of(server):
    api = Api(server)
    api.load_document()
    return api


def what_there_is(server):
    """Users and groups with all of their fields, without what counts and changes."""
    users = server.ctl_json("user", "list")
    groups = [server.ctl_json("group", "show", row["name"]) for row in server.ctl_json("group", "list")]
    field = lambda row, names: {name: row.get(name) for name in names}  # noqa: E731
    return (
        sorted((field(row, ("name", "domain", "auth_name", "display_name", "aliases", "algorithms", "session_timer"))
                for row in users), key=lambda row: row["name"]),
        [{**field(row, ("name", "display_name", "strategy", "ring_timeout_s", "member_ring_s", "no_answer_status",
                        "no_answer_to", "enabled")),
          "members": [field(member, ("name", "order", "delay_s", "ring_s", "enabled")) for member in row["members"]]}
         for row in groups])


def furnish(server):
    server.ctl("user", "add", "100", 'display_name=Anna, "the first"', "aliases=200,201", "session_timer=exempt",
               text_in="secret-100\n")
    server.ctl("user", "add", "101", "algorithms=SHA-256", text_in="secret-101\n")
    server.ctl("user", "add", "102", "auth_name=login", text_in="secret-102\n")
    server.ctl("group", "add", "600", "members=101,102,ghost", "strategy=sequential", "no_answer_to=100",
               "display_name=Sales")
    server.ctl("group", "member", "set", "600", "102", "delay_s=3", "enabled=no")
    server.ctl("group", "add", "601", "members=600,100", "no_answer_status=486", "enabled=no")
    server.ctl("admin", "add", "boss", text_in=f"{PASSWORD}\n")
    server.ctl("admin", "add", "eye", "role=viewer", text_in=f"{PASSWORD}\n")


def has_no_password_and_is_for_its_owner(server, path):
    server.ctl("backup", path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "secret-" not in text and PASSWORD not in text
    backup = json.loads(text)
    assert (backup["tipring_backup"], len(backup["users"]), len(backup["groups"]), len(backup["admins"])) == (1, 3, 2, 2)
    assert backup["settings"] == {"log.level": "debug", "registrar.max_expires": 5400}, backup["settings"]
    told = subprocess.run([f"{server.bin_dir}/tipringctl", "--socket", f"{server.data}/tipring.sock", "backup", path],
                          capture_output=True, text=True, timeout=30)
    assert told.returncode == 1 and "there already" in told.stderr, told
    assert json.loads(server.ctl("backup", "-"))["users"] == backup["users"]


def an_empty_device_becomes_the_old_one(bin_dir, first, path):
    """By root, before anybody has used the setup code; and it is all there after a loss of power."""
    with tempfile.TemporaryDirectory(prefix="tipring-restored-") as data:
        page = free_port()
        for settings in ([f'admin.listen=["http://127.0.0.1:{page}"]'], []):
            with TipringServer(bin_dir, settings=settings, data=data) as second:
                if settings:
                    assert "restored: 3 users, 2 groups, and 2 administrators" in second.ctl("restore", path)
                    connection = http.client.HTTPConnection("127.0.0.1", page, timeout=20)
                    connection.request("POST", "/api/v1/session", json.dumps({"name": "boss", "password": PASSWORD}))
                    assert connection.getresponse().status == 200
                    connection.close()
                assert what_there_is(second) == what_there_is(first)
                assert registers(second, "100", "secret-100") == 200
                assert registers(second, "101", "secret-101") == 200
                roles = {row["name"]: row["role"] for row in second.ctl_json("admin", "list")}
                assert roles == {"boss": "administrator", "eye": "viewer"}, roles
                second.kill()


def what_stands_and_is_not_in_it_stays(bin_dir, path):
    with TipringServer(bin_dir) as server:
        server.ctl("user", "add", "100", "display_name=Other", "aliases=777", text_in="other-100\n")
        server.ctl("user", "add", "900", text_in="secret-900\n")
        server.ctl("group", "add", "600", "members=900,102", "strategy=random")
        server.ctl("admin", "add", "boss", text_in="another horse battery\n")
        before = server.ctl("--json", "admin", "list")
        told = api_of(server).ask("POST", "/api/v1/restore", open(path, "rb").read())
        assert told.json() == {"result": "restored", "users": 3, "groups": 2, "admins": 1, "settings": False,
                               "restart": False}, told.json()
        user = server.ctl_json("user", "show", "100")
        assert (user["display_name"], user["aliases"]) == ('Anna, "the first"', ["200", "201"]), user
        group = server.ctl_json("group", "show", "600")
        assert [member["name"] for member in group["members"]] == ["101", "102", "ghost"], group
        assert registers(server, "900", "secret-900") == 200 and registers(server, "100", "secret-100") == 200
        assert registers(server, "100", "other-100") == 401
        kept = [row for row in server.ctl_json("admin", "list") if row["name"] == "boss"]
        assert kept == json.loads(before), kept
        # The rows of the file and those in memory are the same ones.
        server.ctl("group", "member", "set", "600", "ghost", "ring_s=7")
        server.ctl("group", "member", "remove", "600", "101")
        told = what_there_is(server)
        server.kill()
        server.start()
        assert what_there_is(server) == told


def names_may_change_hands(bin_dir):
    """What one user had another one has in the backup, in either order."""
    with TipringServer(bin_dir) as server:
        for name, aliases in (("a", "1,2"), ("b", "3"), ("c", "4")):
            server.ctl("user", "add", name, f"aliases={aliases}", text_in="x\n")
        server.ctl("group", "add", "g1", "members=g2,a")
        server.ctl("group", "add", "g2", "members=a")
        backup = server.ctl("backup", "-")
        for name in ("a", "b", "c"):
            server.ctl("user", "set", name, "aliases=")
        for name, aliases in (("a", "4"), ("b", "1"), ("c", "3,2")):
            server.ctl("user", "set", name, f"aliases={aliases}")
        server.ctl("group", "member", "remove", "g1", "g2")
        server.ctl("group", "member", "add", "g2", "g1")
        told = api_of(server).ask("POST", "/api/v1/restore", backup).json()
        assert told["result"] == "restored", told
        now = {row["name"]: row["aliases"] for row in server.ctl_json("user", "list")}
        if not told["restart"]:
            assert now == {"a": ["1", "2"], "b": ["3"], "c": ["4"]}, now
        server.kill()
        server.start()
        now = {row["name"]: row["aliases"] for row in server.ctl_json("user", "list")}
        assert now == {"a": ["1", "2"], "b": ["3"], "c": ["4"]}, now
        assert [member["name"] for member in server.ctl_json("group", "show", "g1")["members"]] == ["g2", "a"]


def a_wrong_file_changes_nothing(bin_dir, path):
    with open(path, encoding="utf-8") as file:
        good = json.load(file)

    def changed(change):
        bad = copy.deepcopy(good)
        change(bad)
        return json.dumps(bad)

    def put(place, value):
        def change(backup):
            node = backup
            *way, last = place
            for step in way:
                node = node[step]
            node[last] = value
        return change

    faults = [
        ("", 400, "body"), ("no backup", 400, "body"), ("[]", 400, "tipring_backup"), ("{}", 400, "tipring_backup"),
        ("[" * 100000, 400, "body"),
        (changed(put(["tipring_backup"], 2)), 422, "tipring_backup"),
        (changed(put(["tipring_backup"], 0)), 400, "tipring_backup"),
        (changed(put(["tipring_backup"], "1")), 400, "tipring_backup"),
        (changed(put(["users"], {})), 400, "users"),
        (changed(put(["users", 1], 7)), 400, "users.1"),
        (changed(put(["users", 2, "name"], "")), 400, "users.2.name"),
        (changed(put(["users", 2, "name"], "100")), 400, "users.2.name"),
        (changed(put(["users", 0, "aliases"], ["a:b"])), 400, "users.0.aliases"),
        (changed(put(["users", 0, "aliases"], [["a"]])), 400, "users.0.aliases"),
        (changed(put(["users", 0, "display_name"], "a\r\nb")), 400, "users.0.display_name"),
        (changed(put(["users", 0, "session_timer"], "never")), 400, "users.0.session_timer"),
        (changed(put(["users", 0, "ha1_md5"], "00ff")), 400, "users.0.ha1_md5"),
        (changed(put(["groups", 1, "members", 0, "name"], "")), 400, "groups.1.members.0.name"),
        (changed(put(["groups", 1, "members", 0, "order"], 70000)), 400, "groups.1.members.0.order"),
        (changed(put(["groups", 0, "ring_timeout_s"], 0)), 400, "groups.0.ring_timeout_s"),
        (changed(put(["admins", 0, "hash"], "00")), 400, "admins.0.hash"),
        (changed(put(["admins", 0, "rounds"], 4_000_000_000)), 400, "admins.0.rounds"),
        (changed(put(["admins", 0, "role"], "king")), 400, "admins.0.role"),
        # Right by itself, but not together, or not with what stands.
        (changed(put(["users", 1, "aliases"], ["200"])), 409, "users"),
        (changed(put(["users", 1, "aliases"], ["600"])), 409, "users"),
        (changed(put(["users", 1, "aliases"], ["stands"])), 409, "users"),
        (changed(put(["users", 1, "auth_name"], "login")), 409, "users"),
        (changed(put(["groups", 0, "members", 0, "name"], "601")), 409, "groups"),
        (changed(put(["groups", 0, "members", 0, "name"], "102")), 409, "groups"),
        (changed(put(["realm"], "elsewhere")), 409, "realm"),
        (changed(lambda b: b["users"].extend({"name": f"u{i}"} for i in range(20))), 409, "users"),
        (changed(lambda b: b["groups"].extend({"name": f"g{i}", "members": []} for i in range(9))), 409, "groups"),
    ]
    with TipringServer(bin_dir, settings=["capacity.users=20", "capacity.groups=8"]) as server:
        server.ctl("user", "add", "stands", text_in="x\n")
        api = api_of(server)
        before = what_there_is(server)
        for body, status, field in faults:
            answer = api.ask("POST", "/api/v1/restore", body)
            told = answer.json()
            assert (answer.status, told.get("field")) == (status, field), (body[:80], answer.status, told)
            assert "nothing was changed" in told["detail"], told
        assert "newer" in api.ask("POST", "/api/v1/restore", faults[5][0]).json()["detail"]
        assert what_there_is(server) == before and server.ctl_json("admin", "list") == []
        server.kill()
        server.start()
        assert what_there_is(server) == before
        # Members that a later version adds are left aside.
        more = changed(lambda b: (b.update(later=1), b["users"][0].update(later=[1]), b["users"].pop()))
        assert api.ask("POST", "/api/v1/restore", more).status == 200


def settings_come_along_when_asked_for(bin_dir, path):
    with tempfile.TemporaryDirectory(prefix="tipring-settings-") as folder:
        config = f"{folder}/tipring.toml"
        with open(config, "w", encoding="utf-8") as file:
            file.write("# Mine.\n")
        with TipringServer(bin_dir, config=config, data=folder) as server:
            assert "the settings" in server.ctl("restore", "--settings", path)
            with open(config, encoding="utf-8") as file:
                text = file.read()
            assert "max_expires = 5400" in text and text.startswith("# Mine.\n"), text
            server.log_lines("configuration_changed", "registrar.max_expires")
            # A realm of its own comes with its settings, and needs a restart.
            backup = json.loads(server.ctl("backup", "-"))
            backup["realm"] = backup["settings"]["auth.realm"] = "old office"
            api = api_of(server)
            assert api.ask("POST", "/api/v1/restore", backup).json()["code"] == "realm"
            told = api.ask("POST", "/api/v1/restore?settings=yes", backup).json()
            assert told["restart"] and told["settings"], told
            wrong = {**backup, "settings": {"log.level": "loud"}}
            assert api.ask("POST", "/api/v1/restore?settings=yes", wrong).json()["code"] == "faults"
            assert api.ask("POST", "/api/v1/restore?settings=maybe", backup).status == 400
            server.kill()
            server.start()
            assert 'realm="old office"' in server.read_log() or server.ctl("config", "show", "auth.realm")
            assert all(row["has_password"] for row in server.ctl_json("user", "list")), server.ctl("user", "list")


def strangers_get_none(bin_dir, path):
    page = free_port()
    with TipringServer(bin_dir, settings=[f'admin.listen=["http://127.0.0.1:{page}"]']) as server:
        server.ctl("admin", "add", "boss", text_in=f"{PASSWORD}\n")
        token = lambda *words: json.loads(server.ctl("--json", "admin", "token", "add", *words))["token"]  # noqa: E731
        body = open(path, "rb").read()

        def ask(method, target, key, data=None):
            connection = http.client.HTTPConnection("127.0.0.1", page, timeout=20)
            connection.request(method, target, data, {"Authorization": f"Bearer {key}"} if key else {})
            status = connection.getresponse().status
            connection.close()
            return status
        for key, status in ((None, 401), (token("a", "scopes=users,groups,config", "role=administrator"), 403),
                            (token("b", "scopes=accounts", "role=viewer"), 403)):
            assert ask("GET", "/api/v1/backup", key) == status
            assert ask("POST", "/api/v1/restore", key, body) in (status, 403)
        assert server.ctl("user", "list") == "no users\n"
        whole = token("c", "scopes=accounts", "role=administrator")
        assert ask("GET", "/api/v1/backup", whole) == 200 and ask("POST", "/api/v1/restore", whole, body) == 200
        actions = [row["action"] for row in server.ctl_json("admin", "audit")]
        assert "POST /api/v1/restore" in actions, actions


def a_large_one_goes_by_the_socket(bin_dir):
    """More than a stranger may send at once: 413 by TCP, and done over the socket."""
    page = free_port()
    settings = [f'admin.listen=["http://127.0.0.1:{page}"]', "capacity.users=6000", "capacity.bindings=6000"]
    users = [{"name": f"user-{i:05}", "domain": "", "display_name": f"Phone {i}", "aliases": [f"7{i:05}"],
              "ha1_md5": f"{i:032x}", "ha1_sha256": f"{i:064x}"} for i in range(6000)]
    with TipringServer(bin_dir, settings=settings) as server:
        realm = json.loads(server.ctl("backup", "-"))["realm"]
        text = json.dumps({"tipring_backup": 1, "realm": realm, "users": users, "groups": []})
        assert len(text) > 1 << 20
        key = json.loads(server.ctl("--json", "admin", "token", "add", "c", "scopes=accounts", "role=administrator"))
        connection = http.client.HTTPConnection("127.0.0.1", page, timeout=20)
        try:
            connection.request("POST", "/api/v1/restore", text, {"Authorization": f"Bearer {key['token']}"})
            assert connection.getresponse().status == 413
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was told while it still sent
        connection.close()
        long = [{**user, "display_name": "x" * 120} for user in users]
        told = Api(server).ask("POST", "/api/v1/restore", {**json.loads(text), "users": long})
        assert told.status == 409 and "long names" in told.json()["detail"], told.body  # the next start could not load it
        told = server.ctl("restore", "-", text_in=text)
        assert told == "restored: 6000 users, 0 groups, and 0 administrators that there was not\n", told
        assert len(json.loads(server.ctl("backup", "-"))["users"]) == 6000
        # So many are in force a little later.
        wait_until(lambda: len(server.ctl("user", "list", "-q").splitlines()) == 6000, 60, lambda: "not all came")
        assert server.ctl_json("user", "show", "user-05999")["aliases"] == ["705999"]


def main():
    report, bin_dir = Report(), sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="tipring-backup-") as folder:
        config, path = f"{folder}/tipring.toml", f"{folder}/office.json"
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        with TipringServer(bin_dir, config=config) as first:
            furnish(first)
            report.run("a backup has no password, and is for its owner",
                       lambda: has_no_password_and_is_for_its_owner(first, path))
            report.run("an empty device becomes the old one",
                       lambda: an_empty_device_becomes_the_old_one(bin_dir, first, path))
        report.run("what stands and is not in it stays", lambda: what_stands_and_is_not_in_it_stays(bin_dir, path))
        report.run("names may change hands", lambda: names_may_change_hands(bin_dir))
        report.run("a wrong file changes nothing", lambda: a_wrong_file_changes_nothing(bin_dir, path))
        report.run("settings come along when asked for", lambda: settings_come_along_when_asked_for(bin_dir, path))
        report.run("strangers get none", lambda: strangers_get_none(bin_dir, path))
        report.run("a large one goes by the socket", lambda: a_large_one_goes_by_the_socket(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

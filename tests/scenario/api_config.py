#!/usr/bin/env python3
"""The configuration over the API: read, described, checked, changed in its file, and in force.

Usage: api_config.py BIN_DIR
"""

import concurrent.futures
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

PORT = free_port()
LISTEN = [f"udp:127.0.0.1:{PORT}"]
FILE = f"""# The office.
[log]
level = "info"  # enough

[sip]
listen = ["{LISTEN[0]}"]

[registrar]
#min_expires = 60
max_expires = 7200
"""


def values(api):
    return {row["key"]: row for row in api.get("/api/v1/config")["config"]["values"]}


def change(api, status=200, tag=None, **edits):
    named = {key.replace("__", "."): value for key, value in edits.items()}
    headers = {"If_Match": tag} if tag else {}
    answer = api.ask("PATCH", "/api/v1/config", {"values": named}, **headers)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def what_is_in_force_is_shown(api):
    rows = values(api)
    assert rows["log.level"]["value"] == "info" and rows["log.level"]["line"] == 3, rows["log.level"]
    assert rows["registrar.max_expires"]["value"] == 7200 and rows["registrar.max_expires"]["default"] == 3600
    assert rows["store.path"]["source"] == "--set", rows["store.path"]
    assert "source" not in rows["media.mode"] and not any("next" in row for row in rows.values())


def keys_are_described(api):
    keys = {key["key"]: key for key in api.get("/api/v1/config/schema")["schema"]}
    assert set(keys) == set(values(api))
    assert keys["log.level"]["words"] == ["error", "warning", "info", "debug"], keys["log.level"]
    assert keys["log.level"]["when"] == "reload" and keys["capacity.users"]["when"] == "restart"
    assert (keys["sip.stop_limit"]["min"], keys["sip.stop_limit"]["max"]) == (0, 300)
    assert "Milliseconds" in keys["store.commit_window"]["description"]


def a_check_finds_all_faults(api, path):
    before = read(path)
    answer = api.ask("POST", "/api/v1/config/check", {"values": {
        "log.level": "loud", "registrar.max_expires": 600, "store.path": "/elsewhere", "sip.stop_limit": True}})
    check = answer.json()["check"]
    assert {fault["key"] for fault in check["faults"]} == {
        "log.level", "registrar.default_expires", "store.path", "sip.stop_limit"}, check
    good = api.ask("POST", "/api/v1/config/check", {"values": {"log.level": "debug", "capacity.users": 7}}).json()["check"]
    assert good == {"faults": [], "reload": ["log.level"], "restart": ["capacity.users"]}, good
    for body in ("", "[]", "{}", '{"values": 7}', '{"values": {"log.loud": 1}}', '{"values": {"log.level": {}}}'):
        answer = api.ask("POST", "/api/v1/config/check", body, Content_Type="application/json")
        assert answer.status == 400, (body, answer.status)
    assert read(path) == before


def a_change_is_in_the_file_and_in_force(api, server, path):
    os.chmod(path, 0o640)
    told = change(api, log__level="debug", registrar__min_expires=120, registrar__max_expires=None, capacity__users=77)
    assert told["applied"] == ["log.level", "registrar.max_expires", "registrar.min_expires"], told
    assert told["restart"] == ["capacity.users"] and told["refused"] == [], told
    assert read(path) == FILE.replace('"info"', '"debug"').replace(
        "#min_expires = 60\nmax_expires = 7200\n", "#min_expires = 60\nmin_expires = 120\n") + "\n[capacity]\nusers = 77\n"
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert os.listdir(os.path.dirname(path)).count("tipring.toml.new") == 0
    rows = values(api)
    assert rows["registrar.min_expires"]["value"] == 120 and rows["registrar.max_expires"]["value"] == 3600
    assert rows["capacity.users"]["value"] == 1000 and rows["capacity.users"]["next"] == 77, rows["capacity.users"]
    assert server.log_lines("configuration_changed") and server.log_lines("restart_needed")


def faults_change_nothing(api, path):
    before = read(path)
    problem = change(api, 422, registrar__min_expires=3600, registrar__max_expires=60, log__level="error")
    assert problem["code"] == "faults" and problem["field"].startswith("registrar."), problem
    assert change(api, 422, store__path="/x")["faults"][0]["key"] == "store.path"
    assert read(path) == before and values(api)["log.level"]["value"] == "debug"


def two_at_once_do_not_overwrite_each_other(api, path):
    tag = api.ask("GET", "/api/v1/config").headers["ETag"]
    change(api, tag=tag, log__level="warning")
    before = read(path)
    assert change(api, 412, tag=tag, log__level="error")["code"] == "stale"
    assert read(path) == before
    revision = api.get("/api/v1/config")["config"]["revision"]
    change(api, tag=f'"{revision}"', log__level="info")


def each_of_many_at_once_is_told_what_became_of_it(server):
    """Those that come while the file is being read for another are no refusals, and none is lost."""
    def work(key, texts):
        api = Api(server)
        api.load_document()
        for text in texts:
            told = change(api, **{key: text})
            assert told["applied"] == [key.replace("__", ".")] and told["refused"] == [], told

    jobs = {"log__level": ["debug", "warning"], "registrar__min_expires": [61, 62],
            "registrar__max_expires": [7201, 7202], "registrar__default_expires": [1801, 1802]}
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(work, key, texts * 5) for key, texts in jobs.items()]:
            done.result()
    stands = values(Api(server))
    assert all(stands[key.replace("__", ".")]["value"] == texts[-1] for key, texts in jobs.items()), stands
    change(Api(server), log__level="info", registrar__max_expires=7200)


def a_symbolic_link_stays_one(bin_dir):
    """The file may be kept elsewhere: what it leads to is changed, and whole at every moment."""
    with tempfile.TemporaryDirectory(prefix="tipring-config-") as folder:
        kept, path = os.path.join(folder, "kept", "office.toml"), os.path.join(folder, "tipring.toml")
        os.mkdir(os.path.dirname(kept))
        with open(kept, "w", encoding="utf-8") as file:
            file.write("[log]\nlevel = \"info\"\n")
        os.symlink("kept/office.toml", path)
        before = os.stat(kept).st_ino
        with TipringServer(bin_dir, config=path) as server:
            api = Api(server)
            api.load_document()
            assert change(api, log__level="warning")["applied"] == ["log.level"]
        assert os.readlink(path) == "kept/office.toml"
        assert 'level = "warning"' in read(kept) and os.stat(kept).st_ino != before
        assert sorted(os.listdir(folder)) == ["kept", "tipring.toml"] and os.listdir(os.path.dirname(kept)) == ["office.toml"]


def what_the_server_cannot_do_is_told(api):
    """A port that another program has: the file says so, the running server goes on as before."""
    told = change(api, sip__listen=["udp:192.0.2.77:5060"])
    assert told["refused"] == ["sip.listen"], told
    assert values(api)["sip.listen"]["next"] == ["udp:192.0.2.77:5060"]
    change(api, sip__listen=LISTEN)


def a_file_edited_by_hand_is_seen(api, path):
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n[media]\nmode = \"loud\"\n")
    faults = api.get("/api/v1/config")["config"]["faults"]
    assert [fault["key"] for fault in faults] == ["media.mode"], faults
    assert change(api, 422, log__level="debug")["faults"][0]["key"] == "media.mode"
    assert change(api, media__mode="relay")["applied"] == ["media.mode"]


def a_file_that_cannot_be_written_is_told(api, path):
    if os.geteuid() == 0:
        os.mkdir(path + ".new")  # in the way, also of the superuser
    else:
        os.chmod(os.path.dirname(path), 0o500)
    before = read(path)
    try:
        problem = change(api, 409, log__level="error")
        assert problem["code"] == "not_writable" and path in problem["detail"], problem
    finally:
        if os.geteuid() == 0:
            os.rmdir(path + ".new")
        else:
            os.chmod(os.path.dirname(path), 0o700)
    assert read(path) == before


def without_a_file_nothing_is_changed(bin_dir):
    with TipringServer(bin_dir) as server:
        api = Api(server)
        api.load_document()
        assert api.get("/api/v1/config")["config"]["file"] == ""
        assert change(api, 409, log__level="error")["code"] == "no_file"
        assert api.ask("POST", "/api/v1/restart").json()["code"] == "not_supervised"


def a_restart_ends_in_order(bin_dir):
    """Where a service manager starts it anew, which the exit status asks for."""
    supervised = {"NOTIFY_SOCKET": "/nowhere/notify", "INVOCATION_ID": "1"}
    with TipringServer(bin_dir, preload=supervised) as server:
        api = Api(server)
        api.load_document()
        assert api.ask("POST", "/api/v1/restart").json() == {"result": "restarting"}
        assert server.process.wait(10) == 3
        assert "restart_asked" in server.read_log()


def main():
    report = Report()
    bin_dir = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="tipring-config-") as folder:
        path = os.path.join(folder, "tipring.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(FILE)
        server = TipringServer(bin_dir, config=path)
        server.settings.pop(0)  # sip.listen is changed here, which --set would forbid
        with server:
            api = Api(server)
            api.load_document()
            report.run("what is in force is shown", lambda: what_is_in_force_is_shown(api))
            report.run("keys are described", lambda: keys_are_described(api))
            report.run("a check finds all faults", lambda: a_check_finds_all_faults(api, path))
            report.run("a change is in the file and in force",
                       lambda: a_change_is_in_the_file_and_in_force(api, server, path))
            report.run("faults change nothing", lambda: faults_change_nothing(api, path))
            report.run("two at once do not overwrite each other",
                       lambda: two_at_once_do_not_overwrite_each_other(api, path))
            report.run("each of many at once is told what became of it",
                       lambda: each_of_many_at_once_is_told_what_became_of_it(server))
            report.run("what the server cannot do is told", lambda: what_the_server_cannot_do_is_told(api))
            report.run("a file edited by hand is seen", lambda: a_file_edited_by_hand_is_seen(api, path))
            report.run("a file that cannot be written is told", lambda: a_file_that_cannot_be_written_is_told(api, path))
    report.run("a symbolic link stays one", lambda: a_symbolic_link_stays_one(bin_dir))
    report.run("without a file nothing is changed", lambda: without_a_file_nothing_is_changed(bin_dir))
    report.run("a restart ends in order", lambda: a_restart_ends_in_order(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

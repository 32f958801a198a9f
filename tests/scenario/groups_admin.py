#!/usr/bin/env python3
"""Hunt groups as an operator makes and changes them: through the real server, its API and the tool, and over restarts.

Usage: groups_admin.py BIN_DIR
"""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("201", "a"), ("202", "b"), ("203", "c")]


def refused(server, words, *expected):
    done = subprocess.run([os.path.join(server.bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock", *words],
                          input="x\n", capture_output=True, text=True, timeout=20)
    assert done.returncode == 1, done
    for text in expected:
        assert text in done.stderr, (text, done.stderr)


def members(server, group):
    rows = server.ctl_json("group", "show", group)["members"]
    return [(row["name"], row["kind"], row["enabled"]) for row in rows]


def group_is_made_and_shown(server):
    assert server.ctl("group", "list") == "no groups\n"
    server.ctl("group", "add", "600", "members=201,202,ghost", "display_name=Sales", "strategy=sequential",
               "ring_timeout=45", "no_answer_to=203")
    group = server.ctl_json("group", "show", "600")
    assert (group["strategy"], group["ring_timeout_s"], group["no_answer_to"]) == ("sequential", 45, "203"), group
    assert members(server, "600") == [("201", "user", True), ("202", "user", True), ("ghost", "nobody", True)]
    shown = server.ctl("group", "show", "600")
    assert "Sales" in shown and "call goes to 203\n" in shown and "nobody" in shown, shown
    assert server.ctl("group", "list", "--quiet") == "600\n"
    assert server.ctl_json("status")["groups"] == 1


def group_is_changed(server):
    server.ctl("group", "set", "600", "strategy=round-robin", "no_answer_status=486")
    group = server.ctl_json("group", "show", "600")
    assert (group["strategy"], group["no_answer_to"], group["no_answer_status"]) == ("round_robin", "", 486), group
    assert (group["display_name"], group["ring_timeout_s"]) == ("Sales", 45), group
    server.ctl("group", "member", "set", "600", "202", "order=1", "delay=3")
    server.ctl("group", "member", "set", "600", "201", "order=2")
    server.ctl("group", "member", "disable", "600", "201")
    server.ctl("group", "member", "add", "600", "203")
    server.ctl("group", "member", "remove", "600", "ghost")
    assert members(server, "600") == [("202", "user", True), ("201", "user", False), ("203", "user", True)]
    server.ctl("group", "disable", "600")
    assert server.ctl_json("group", "list")[0]["enabled"] is False
    server.ctl("group", "enable", "600")


def names_collide(server):
    refused(server, ["group", "add", "201"], "a user of this domain has that as name or alias")
    refused(server, ["user", "add", "600"], "a hunt group of this domain has that as extension")
    refused(server, ["user", "set", "201", "aliases=5,600"], "a hunt group of this domain has that as extension")
    refused(server, ["user", "rename", "201", "600"], "a hunt group of this domain has that as extension")
    refused(server, ["group", "add", "600"], "the group exists already")
    refused(server, ["group", "member", "add", "600", "203"], "it is a member of the group already")
    assert len(server.ctl_json("user", "list")) == len(USERS)


def loops_are_named(server):
    server.ctl("group", "add", "610", "members=203")
    server.ctl("group", "member", "add", "600", "610")
    refused(server, ["group", "member", "add", "610", "600"], "610 > 600 > 610")
    refused(server, ["group", "set", "610", "no_answer_to=600"], "610 > 600 > 610")
    refused(server, ["group", "member", "add", "610", "610"], "610 > 610")
    assert members(server, "610") == [("203", "user", True)]


def what_is_not_there_is_refused(server):
    refused(server, ["group", "set", "999", "enabled=no"], "group 999: there is no such hunt group")
    refused(server, ["group", "show", "999"], "there is no such hunt group")
    refused(server, ["group", "member", "set", "600", "999", "delay=1"], "the group has no such member")
    refused(server, ["group", "set", "600", "ring_timeout=4000"], "from 1 to 3600 seconds")


def everything(server):
    return {name: server.ctl_json("group", "show", name) for name in server.ctl("group", "list", "--quiet").split()}


def groups_outlive(server, end):
    """What was answered for is there after `end`, an end of the server of any kind."""
    before = everything(server)
    server.ctl("group", "add", "620", "members=201")
    server.ctl("group", "set", "620", "ring_timeout=7")
    end()
    server.start()
    after = everything(server)
    assert after.pop("620")["ring_timeout_s"] == 7
    assert after == before, (after, before)
    server.ctl("group", "remove", "620")
    assert everything(server) == before


def users_that_go_leave_members_marked(server):
    server.ctl("user", "delete", "202")
    assert ("202", "nobody", True) in members(server, "600")
    server.ctl("group", "delete", "610")
    assert ("610", "nobody", True) in members(server, "600")


def capacity_is_named(bin_dir):
    settings = ["capacity.groups=1", "capacity.group_members=1"]
    with TipringServer(bin_dir, USERS, settings) as server:
        server.ctl("group", "add", "600", "members=201")
        refused(server, ["group", "add", "601"], "raise capacity.groups and restart")
        refused(server, ["group", "member", "add", "600", "202"], "raise capacity.group_members and restart")
        pools = {row["name"]: row["in_use"] for row in server.ctl_json("pools")}
        assert (pools["groups"], pools["group_members"]) == (1, 1), pools
    told = subprocess.run([os.path.join(bin_dir, "tipringd"), "--check", "--set", "capacity.groups=0"],
                          capture_output=True, text=True, timeout=20)
    assert told.returncode != 0 and "capacity.groups" in told.stdout + told.stderr, told


def members_follow_a_rename(server):
    """Its groups name the user as he is called now, over a restart too, and whoever is made under the old name is no member."""
    server.ctl("group", "add", "620", "members=203,ghost", "no_answer_to=203")
    server.ctl("user", "rename", "203", "2030", text_in="new secret\n")
    for _ in range(2):
        shown = server.ctl_json("group", "show", "620")
        assert members(server, "620") == [("2030", "user", True), ("ghost", "nobody", True)], shown
        assert shown["no_answer_to"] == "2030", shown
        assert "2030" in str(members(server, "610"))
        server.stop()
        server.start()
    server.ctl("user", "rename", "2030", "203", text_in="c\n")
    assert members(server, "620")[0][0] == "203"
    server.ctl("group", "remove", "620")


def a_rename_is_followed(server):
    """What names the group, a call to it and a restart find it under its new extension."""
    server.ctl("group", "add", "630", "members=201,203", "display_name=Service")
    server.ctl("group", "add", "640", "members=630")
    server.ctl("group", "add", "650", "no_answer_to=630")
    refused(server, ["group", "rename", "630", "201"], "cannot become 201: a user of this domain has that")
    refused(server, ["group", "rename", "630", "640"], "cannot become 640: the group exists already")
    assert server.ctl("group", "rename", "630", "635") == "group 630 renamed to 635\n"
    for _ in range(2):
        refused(server, ["group", "show", "630"], "there is no such hunt group")
        assert server.ctl_json("group", "show", "635")["display_name"] == "Service"
        assert [row[0] for row in members(server, "635")] == ["201", "203"]
        assert members(server, "640") == [("635", "group", True)]
        assert server.ctl_json("group", "show", "650")["no_answer_to"] == "635"
        server.stop()
        server.start()
    for group in ("635", "640", "650"):
        server.ctl("group", "remove", group)


def plain(groups):
    """What an export holds of groups."""
    kept = ("display_name", "strategy", "ring_timeout_s", "member_ring_s", "no_answer_status", "no_answer_to", "enabled")
    return {name: ({key: group[key] for key in kept},
                   [(row["name"], row["order"], row["delay_s"], row["ring_s"], row["enabled"]) for row in group["members"]])
            for name, group in groups.items()}


def groups_are_exported_and_imported(bin_dir, folder):
    """From one server to another, then into the file, with a change that turns a nesting of groups round."""
    exported = os.path.join(folder, "groups.csv")
    with TipringServer(bin_dir, USERS) as server:
        server.ctl("group", "add", "600", "members=201,610", 'display_name=Sales, "north"', "strategy=random",
                   "no_answer_status=486")
        server.ctl("group", "add", "610@branch.example", "enabled=no")
        server.ctl("group", "add", "610", "members=202,ghost", "no_answer_to=620", "ring_timeout=7")
        server.ctl("group", "add", "620")
        server.ctl("group", "member", "set", "610", "202", "order=9", "delay=3", "ring=4", "enabled=no")
        before = everything(server)
        assert server.ctl("group", "export", exported) == f"4 groups written to {exported}\n"
        text = server.ctl("group", "export")
        assert text == open(exported, encoding="utf-8").read()
        assert '600,"Sales, ""north""",random,60,15,486,,yes,"201:order=1,610:order=2"\n' in text, text
    with TipringServer(bin_dir, USERS) as server:
        server.ctl("group", "add", "610", "members=600", "no_answer_to=201")
        server.ctl("group", "add", "600", "no_answer_to=203")
        assert server.ctl("group", "import", exported) == "2 groups created, 2 changed\n"
        assert plain(everything(server)) == plain(before)
        assert server.ctl("group", "import", "-", text_in="name,members\n620,202\n") == "0 groups created, 1 changed\n"
        assert members(server, "620") == [("202", "user", True)]
        assert plain(everything(server))["600"] == plain(before)["600"]
        text = "name,members\n660,600\n620,600\n"
        failed = subprocess.run([os.path.join(bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock", "group",
                                 "import", "-"], input=text, capture_output=True, text=True, timeout=20)
        assert failed.returncode == 1 and "standard input, line 3: group 620: member 600: " in failed.stderr, failed
        assert "620 > 600 > 610 > 620" in failed.stderr and "import it once more" in failed.stderr, failed
    with tempfile.TemporaryDirectory(prefix="tipring-test-") as data:
        def offline(*words, text=""):
            return subprocess.run([os.path.join(bin_dir, "tipringctl"), "--offline", "--set",
                                   f"store.path={data}/tipring.db", *words],
                                  input=text, capture_output=True, text=True, timeout=20)
        assert offline("group", "import", exported).stdout == "4 groups created, 0 changed\n"
        assert offline("group", "export").stdout == open(exported, encoding="utf-8").read()
        told = offline("group", "import", "-", text="name,members\n660,600\n620,600\n")
        assert told.returncode == 1 and told.stderr.endswith("620 > 600 > 610 > 620\n"), told
        told = offline("group", "import", "-", text="name,strategy\n670,all\n680,some\n")
        assert told.returncode == 1 and "line 3: strategy must be" in told.stderr, told
        # Nothing is left of what failed.
        assert offline("group", "export").stdout == open(exported, encoding="utf-8").read()


def the_api_takes_a_table_whole(bin_dir):
    """What the tool exports the API imports and exports again; a table with a fault changes nothing."""
    with TipringServer(bin_dir, USERS) as server:
        api = Api(server)
        api.load_document()

        def imported(text, created, changed):
            answer = api.ask("POST", "/api/v1/groups/import", text)
            assert (answer.status, answer.json()) == (200, {"created": created, "changed": changed}), answer.body

        def refused(text, status, **expected):
            answer = api.ask("POST", "/api/v1/groups/import", text)
            problem = answer.json()
            assert answer.status == status and problem["field"] == "lines", answer.body
            assert {key: problem.get(key) for key in expected} == expected, problem
            assert table() == stands, "something was changed"
            return problem

        def table():
            answer = api.ask("GET", "/api/v1/groups.csv")
            assert answer.status == 200 and "groups.csv" in answer.headers["Content-Disposition"], answer.status
            return answer.body.decode()

        server.ctl("group", "add", "600", "members=201,ghost", 'display_name=Sales, "north"', "no_answer_to=203")
        server.ctl("group", "member", "set", "600", "ghost", "order=7", "delay=3", "enabled=no")
        server.ctl("group", "add", "610@branch.example", "enabled=no")
        stands = table()
        assert stands == server.ctl("group", "export"), stands
        imported(stands, 0, 2)
        assert table() == stands
        # Both groups come to each other's place, which one by one would be a loop on the way.
        imported('name,display_name,members\n620,New,"202,600"\n600,"A, ""b""",202:delay_s=4\n', 1, 1)
        assert members(server, "620") == [("202", "user", True), ("600", "group", True)]
        assert members(server, "600") == [("202", "user", True)]
        group = server.ctl_json("group", "show", "600")
        assert (group["display_name"], group["no_answer_to"], group["members"][0]["delay_s"]) == ('A, "b"', "203", 4), group
        stands = table()
        problem = refused("name,strategy\n630,all\n631,loud\n632,quiet\n", 400, code="invalid")
        assert [one["line"] for one in problem["lines"]] == [3, 4] and "strategy" in problem["lines"][0]["message"], problem
        refused("name,members\n640,201\n600,620\n", 409, code="does_not_fit", line=3)
        problem = refused("name\n650\n\n201\n", 409, code="does_not_fit", line=4)
        assert "201" in problem["detail"] and "nothing was changed" in problem["detail"], problem
        problem = refused("name\n" + "".join(f"7{n:03}\n" for n in range(60)), 409, code="does_not_fit", line=None)
        assert "capacity.groups" in problem["detail"], problem
        after = everything(server)
        server.kill()
        server.users = []
        server.start()
        assert everything(server).keys() == after.keys() and plain(everything(server)) == plain(after)
        assert table() == stands


def offline_and_server_agree(bin_dir):
    with tempfile.TemporaryDirectory(prefix="tipring-test-") as data:
        def offline(*words):
            return subprocess.run([os.path.join(bin_dir, "tipringctl"), "--offline", "--set",
                                   f"store.path={data}/tipring.db", *words],
                                  capture_output=True, text=True, timeout=20)
        assert offline("group", "add", "600", "members=201,610", "strategy=random").returncode == 0
        assert offline("group", "add", "610").returncode == 0
        told = offline("group", "member", "add", "610", "600")
        assert told.returncode == 1 and "610 > 600 > 610" in told.stderr, told
        shown = json.loads(offline("--json", "group", "show", "600").stdout)
        with TipringServer(bin_dir, data=data) as server:
            served = server.ctl_json("group", "show", "600")
            for row, other in [(shown, served), *zip(shown["members"], served["members"])]:
                assert all(other[key] == value for key, value in row.items() if key != "members"), (row, other)
            told = offline("group", "list")
            assert told.returncode == 1 and "is in use" in told.stderr, told


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with TipringServer(bin_dir, USERS) as server:
        report.run("a group is made and shown", lambda: group_is_made_and_shown(server))
        report.run("a group and its members are changed", lambda: group_is_changed(server))
        report.run("an extension belongs to a user or to a group", lambda: names_collide(server))
        report.run("a loop of groups is refused and named", lambda: loops_are_named(server))
        report.run("what is not there is refused in words", lambda: what_is_not_there_is_refused(server))
        server.users = []
        report.run("groups outlive a restart", lambda: groups_outlive(server, server.stop))
        report.run("groups outlive kill -9", lambda: groups_outlive(server, server.kill))
        report.run("members follow a rename", lambda: members_follow_a_rename(server))
        report.run("groups follow a rename of one of them", lambda: a_rename_is_followed(server))
        report.run("members that go are marked", lambda: users_that_go_leave_members_marked(server))
    report.run("a full pool is named by its key", lambda: capacity_is_named(bin_dir))
    with tempfile.TemporaryDirectory(prefix="tipring-test-") as folder:
        report.run("groups are exported and imported", lambda: groups_are_exported_and_imported(bin_dir, folder))
    report.run("the API takes a table of groups whole, or leaves all as it is", lambda: the_api_takes_a_table_whole(bin_dir))
    report.run("groups made offline are those that are served", lambda: offline_and_server_agree(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

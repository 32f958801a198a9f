#!/usr/bin/env python3
"""Call records: as many and as they were, to the last call, by the API, as CSV and by the tool.

Usage: records.py BIN_DIR
"""

import csv
import io
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import GroupCall, GroupServer, Member, PASSWORDS, answered_by_carol, group_of  # noqa: E402
from sip_phone import Call, OK, answer_call, establish, registered_phone, response, take_request  # noqa: E402
from sipp_calls import USERS, run_call  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

SAVED = 1.5  # what is begun is in the file by then


def records(api, query=""):
    """All of them, the oldest first, page by page."""
    rows, after = [], ""
    while True:
        page = api.get(f"/api/v1/records?limit=50{query}{after}")
        rows += page["records"]
        if "next" not in page:
            return rows[::-1]
        after = f"&after={page['next']}"


def count(api, outcome, query=""):
    return len(records(api, f"&outcome={outcome}{query}"))


def agree_with_sipp(server, api):
    """SIPp's totals, over UDP and TCP, and nothing else."""
    totals = {"answered": 0, "cancelled": 0}
    plan = [("uac-invite-digest", "uas-answer", "answered", 30),
            ("uac-invite-callee-hangs-up", "uas-answer-hang-up", "answered", 10),
            ("uac-cancel", "uas-ring-cancelled", "cancelled", 10)]
    for uac, uas, outcome, calls in plan:
        for legs in (("u1", "u1"), ("t1", "u1")):
            statistics, _ = run_call(server, uac, uas, legs, calls=calls, rate=50)
            totals[outcome] += int(statistics["SuccessfulCall(C)"])
    time.sleep(SAVED)
    for outcome, total in totals.items():
        assert count(api, outcome) == total, (outcome, total, count(api, outcome))
    rows = records(api)
    assert len(rows) == sum(totals.values()), len(rows)
    for row in rows:
        assert row["kind"] == "proxied" and row["leg"] == 0 and row["ended_ms"] >= row["begun_ms"], row
        assert row["from_user"].startswith("phone"), row
        if row["outcome"] == "answered":
            assert row["status"] == 200 and row["media"] == "direct" and row["answered_ms"], row
    hung_up = [row["ended_by"] for row in rows if row["outcome"] == "answered"]
    assert hung_up.count("callee") == 20 and hung_up.count("caller") == 60, hung_up
    assert all(row["ended_by"] == "caller" for row in rows if row["outcome"] == "cancelled")


def busy_callees(server, api):
    statistics, _ = run_call(server, "uac-refused-486", "uas-busy-486", ("u1", "u1"), calls=20, rate=50)
    time.sleep(SAVED)
    rows = records(api)
    assert len(rows) == int(statistics["SuccessfulCall(C)"]) == 20, len(rows)
    for row in rows:
        assert row["outcome"] == "busy" and row["status"] == 486 and "from_user" not in row, row
        assert "answered_ms" not in row and row["duration_ms"] == 0, row


def each_call_has_its_phone(api):
    for row in records(api)[:20]:
        call = api.get(f"/api/v1/records/{row['call']}")
        assert call["record"] == row and len(call["legs"]) == 1, call
        leg = call["legs"][0]
        assert leg["leg"] == 1 and leg["call"] == row["id"] and leg["outcome"] == row["outcome"], leg
        assert leg["peer"].startswith("127.0.0.1:") and leg["user"].startswith("phone"), leg


def nobody_there(server, api):
    """A user without a phone; and a display name that a spreadsheet would take for a formula."""
    before = count(api, "failed")
    (alice, secret), (absent, _) = USERS[90], USERS[91]
    phone = registered_phone(server, alice, secret)
    call = Call(phone, server, caller=alice, callee=absent, password=secret)
    named = phone.request
    phone.request = lambda *values, **more: named(*values, **more).replace("From: <", 'From: "=1+1, \\"x\\"" <')
    call.invite_with_credentials()
    call.expect(404)
    time.sleep(SAVED)
    assert count(api, "failed") == before + 1, records(api)[-1]
    row = records(api)[-1]
    assert row["status"] == 404 and row["from_name"].startswith("=1+1"), row
    assert server.ctl("records", "--csv").splitlines()[1].count(f'"\'=1+1, ') == 1


def by_the_tool(server, api):
    rows = records(api, "&legs=true")
    told = list(csv.DictReader(io.StringIO(server.ctl("records", "--csv"), newline="")))
    assert [int(row["id"]) for row in told] == [row["id"] for row in rows[::-1]], (len(told), len(rows))
    assert told[-1]["from"] == rows[0]["from"] and told[-1]["begun"].endswith("Z"), told[-1]
    shown = server.ctl("records", rows[0]["from_user"]).splitlines()
    assert shown[0].split()[:3] == ["CALL", "BEGUN", "FROM"] and len(shown) > 1, shown[:2]
    assert len(server.ctl_json("records")) == len(records(api))


def refuses(api):
    for query, field in (("from=yesterday", "from"), ("outcome=lost", "outcome"), ("limit=0", "limit"), ("limit=1001", "limit"),
                         ("after=x", "after"), ("legs=1", "legs"), ("party=" + 201 * "x", "party")):
        answer = api.ask("GET", f"/api/v1/records?{query}")
        assert answer.status == 400 and answer.json()["field"] == field, (query, answer.body)
    assert api.ask("GET", "/api/v1/records/999999").status == 404
    assert api.ask("GET", "/api/v1/records/x").status == 400


def by_time(api):
    rows = records(api)
    middle = rows[len(rows) // 2]["begun_ms"]
    late = records(api, f"&from={middle}")
    early = records(api, f"&to={middle - 1}")
    assert len(late) + len(early) == len(rows) and late[0]["begun_ms"] >= middle > early[-1]["begun_ms"]
    assert not records(api, "&from=2100-01-01T00:00:00Z")


def killed_in_mid_call(bin_dir):
    """kill -9: the call that stood is closed at the next start, and the one that rang too."""
    server = TipringServer(bin_dir, users=USERS[:4])
    with server:
        api = Api(server)
        phones = [registered_phone(server, *user) for user in USERS[:4]]
        call = Call(phones[0], server, caller=USERS[0][0], password=USERS[0][1], callee=USERS[1][0])
        call.invite_with_credentials()
        answer_call(phones[1])
        for status in (100, 180, 200):
            call.expect(status)
        call.ack()
        time.sleep(SAVED)
        row = records(api)[0]
        assert row["outcome"] == "answered" and "ended_ms" not in row, row
        server.kill()
        server.users = []
        server.start()
        after = records(api)[0]
        assert after["ended_by"] == "server_restart" and after["outcome"] == "answered", after
        assert after["id"] == row["id"] and after["ended_ms"] >= row["answered_ms"], after
        legs = api.get(f"/api/v1/records/{row['id']}")["legs"]
        assert [leg["ended_by"] for leg in legs] == ["server_restart"], legs


def group_call(bin_dir):
    """Which member has answered, and how it went for each phone."""
    groups = {"600": group_of("bob", "carol")}
    with GroupServer(bin_dir, groups) as server:
        api = Api(server)
        api.load_document()
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        call, carol = answered_by_carol(server, alice)
        call.inside("BYE")
        carol.take("BYE")
        time.sleep(SAVED)
        row = records(api)[-1]
        assert row["kind"] == "group" and row["group"] == "600" and row["answered_by"] == "carol", row
        assert row["outcome"] == "answered" and row["ended_by"] == "caller" and row["interval_s"], row
        legs = {leg["user"]: leg for leg in api.get(f"/api/v1/records/{row['id']}")["legs"]}
        assert legs["carol"]["outcome"] == "answered" and legs["carol"]["ended_by"] == "caller", legs
        assert legs["bob"]["outcome"] == "elsewhere" and legs["bob"]["rang_ms"], legs
        assert legs["bob"]["call_id"] != row["call_id"], legs
        assert [found["id"] for found in records(api, "&group=600")] == [row["id"]]


def refused_and_rung_out(bin_dir):
    """A phone that refuses in its own words, one whose time in a group is over, and a number dialled for a user's name."""
    groups = {"600": group_of(("bob", {"ring": 1}), strategy="sequential", no_answer_status=408), "601": group_of("bob")}
    with GroupServer(bin_dir, groups) as server:
        api = Api(server)
        api.load_document()
        server.ctl("user", "set", "bob", "aliases=800")
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        bob = Member(server, "bob")
        call = Call(alice, server, callee="800")
        call.invite_with_credentials()
        bob.take_invite()
        bob.refuse("603 Not Now")
        call.expect(100)
        call.ack_refusal(call.expect(603))
        for group, end in (("600", lambda: (bob.ring(), bob.take_cancel())), ("601", lambda: bob.refuse("486 On The Phone"))):
            led = GroupCall(alice, server, group).start()
            bob.take_invite()
            end()
            while (answer := alice.receive_final(3.0)).status < 300:
                pass
            led.ack_refusal(answer)
        time.sleep(SAVED)
        proxied, rung_out, busy = records(api)
        assert proxied["outcome"] == "refused" and proxied["reason"] == "Not Now" and "sip:800@" in proxied["to"], proxied
        leg = api.get(f"/api/v1/records/{proxied['id']}")["legs"][0]
        assert leg["user"] == "bob" and leg["reason"] == "Not Now" and leg["status"] == 603, leg
        assert rung_out["outcome"] == "no_answer" and rung_out["status"] == 408, rung_out
        assert rung_out["reason"] == "nobody has answered in time", rung_out
        assert busy["reason"], busy
        leg = api.get(f"/api/v1/records/{busy['id']}")["legs"][0]
        assert leg["reason"] == "On The Phone" and leg["outcome"] == "busy", leg


def hung_up_for_a_reason(bin_dir):
    """What a BYE says of why (RFC 3326), of a call and its phone, whoever hangs up."""
    with TipringServer(bin_dir, users=[("alice", PASSWORDS["alice"]), ("bob", PASSWORDS["bob"])]) as server:
        api = Api(server)
        alice, bob = (registered_phone(server, name, PASSWORDS[name]) for name in ("alice", "bob"))
        reasons = ('Q.850;cause=16;text="Normal Clearing"', 'SIP;cause=600;text="Busy Everywhere"', None)
        for reason in reasons:
            call = establish(alice, bob, server)
            call.inside("BYE", headers=[f"Reason: {reason}"] if reason else [])
            bob.send(response(take_request(bob, "BYE"), OK))
            call.expect(200)
        time.sleep(SAVED)
        for row, reason in zip(records(api), reasons):
            assert row["ended_by"] == "caller" and row["outcome"] == "answered", row
            leg = api.get(f"/api/v1/records/{row['id']}")["legs"][0]
            assert row.get("reason") == reason and leg.get("reason") == reason, (row, leg)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with TipringServer(bin_dir, users=USERS) as server:
        api = Api(server)
        api.load_document()
        report.run("as many as SIPp's calls, each as it went", lambda: agree_with_sipp(server, api))
        report.run("each phone that was rung has its own", lambda: each_call_has_its_phone(api))
        report.run("a user without a phone, and a name like a formula", lambda: nobody_there(server, api))
        report.run("by the tool, as a table, JSON and CSV", lambda: by_the_tool(server, api))
        report.run("by time", lambda: by_time(api))
        report.run("wrong queries are refused by name", lambda: refuses(api))
    with TipringServer(bin_dir, users=USERS, settings=['auth.invite="off"']) as server:
        report.run("as many as SIPp's callees that are busy", lambda: busy_callees(server, Api(server)))
    report.run("kill -9 in mid-call (R9.2)", lambda: killed_in_mid_call(bin_dir))
    report.run("who refuses, rings out, or is called by another number", lambda: refused_and_rung_out(bin_dir))
    report.run("what a BYE says of why", lambda: hung_up_for_a_reason(bin_dir))
    report.run("a hunt group: who answered, and each phone", lambda: group_call(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

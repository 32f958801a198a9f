#!/usr/bin/env python3
"""The statistics of hunt groups and their members are what SIPp counts on both sides.

Usage: groups_counters.py BIN_DIR
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from sipp_calls import Sipp, caller_options  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

CALLER = ("100", "secret")
MEMBERS = [("201", "secret-1"), ("202", "secret-2")]
WAYS = ("offered", "answered", "elsewhere", "abandoned", "unanswered", "ringing", "talking")


def counted(row):
    return {way: row[way] for way in WAYS if row[way]}


def tallies(server, group):
    shown = server.ctl_json("group", "show", group)
    return counted(shown), {row["name"]: counted(row) for row in shown["members"]}, shown


def play(server, group, uac, uas, calls, counts=None, rate=20):
    """`calls` calls to the group; each member plays the scenario that `uas` has under its name, in so many calls as `counts`
    has, or in all of them. SIPp's counts; of a member whose number nobody can know (0) none."""
    counts = counts or {}
    sides = {}
    try:
        for name, password in MEMBERS:
            if name not in uas:
                continue
            limit = counts.get(name, calls)
            sides[name] = Sipp(uas[name], "u1", options=["-m", str(limit)] if limit else [])
            sides[name].wait_until_bound()
            desk = SipSocket(server.port)
            register(desk, server, name, password, contacts=["*"], headers=["Expires: 0"])
            register(desk, server, name, password, contacts=[f"<sip:x@127.0.0.1:{sides[name].port}>"])
            desk.close()
        options = caller_options(server, CALLER, group, calls, rate)
        sides["caller"] = Sipp(uac, "u1", f"127.0.0.1:{server.port}", options)
        ends = {name: counts.get(name, calls) for name in reversed(sides)}
        return {name: int(sides[name].finish(end)["SuccessfulCall(C)"]) for name, end in ends.items() if end}
    finally:
        for side in sides.values():
            side.close()


def settled(server, group):
    """All calls are over here too: SIPp's last message may be on its way."""
    wait_until(lambda: not {"ringing", "talking"} & set(tallies(server, group)[0]), 5,
               lambda: f"calls are left: {tallies(server, group)}")
    return tallies(server, group)


def answered_calls(server):
    server.ctl("group", "add", "600", "members=201")
    calls = play(server, "600", "uac-group-answered", {"201": "uas-group-answer"}, 20)
    group, members, shown = settled(server, "600")
    assert calls == {"caller": 20, "201": 20}, calls
    assert group == {"offered": 20, "answered": 20}, group
    assert members == {"201": group}, members
    assert 0 <= shown["answer_min_ms"] <= shown["answer_total_ms"] / 20 <= shown["answer_max_ms"] < 2000, shown
    assert shown["talk_total_ms"] > 0 and shown["last_answered_s"] < 10, shown


def calls_answered_elsewhere(server):
    server.ctl("group", "add", "601", "members=201,202")
    server.ctl("group", "member", "set", "601", "201", "delay=1")
    calls = play(server, "601", "uac-group-answered", {"201": "uas-group-answer", "202": "uas-group-cancelled"}, 5)
    group, members, shown = settled(server, "601")
    assert calls == {"caller": 5, "201": 5, "202": 5}, calls
    assert group == {"offered": 5, "answered": 5}, group
    assert members == {"201": {"offered": 5, "answered": 5}, "202": {"offered": 5, "elsewhere": 5}}, members
    # The group was called a second earlier than the member that has answered.
    assert shown["answer_min_ms"] >= 1000 > shown["members"][0]["answer_max_ms"], shown


def abandoned_calls(server):
    server.ctl("group", "add", "602", "members=201,202")
    uas = {"201": "uas-group-cancelled", "202": "uas-group-cancelled"}
    calls = play(server, "602", "uac-group-cancel", uas, 10)
    group, members, _ = settled(server, "602")
    assert set(calls.values()) == {10}, calls
    assert group == {"offered": 10, "abandoned": 10}, group
    assert members == {"201": group, "202": group}, members


def refused_calls(server):
    server.ctl("group", "add", "603", "members=201,202", "strategy=sequential")
    calls = play(server, "603", "uac-group-refused", {"201": "uas-busy-486", "202": "uas-busy-486"}, 10)
    group, members, _ = settled(server, "603")
    assert set(calls.values()) == {10}, calls
    assert group == {"offered": 10, "unanswered": 10}, group
    assert members == {"201": group, "202": group}, members


def answers_at_once(server):
    """Both answer in the same millisecond, call after call: one has it, the other one gets ACK and BYE (R15.3)."""
    server.ctl("group", "add", "604", "members=201,202")
    uas = {"201": "uas-group-race", "202": "uas-group-race"}
    calls = play(server, "604", "uac-group-answered", uas, 20)
    group, members, _ = settled(server, "604")
    assert set(calls.values()) == {20}, calls
    assert group == {"offered": 20, "answered": 20}, group
    for way in ("answered", "elsewhere"):
        assert sum(member.get(way, 0) for member in members.values()) == 20, members


def in_turn(server, group, strategy):
    """Each second call is the other one's."""
    server.ctl("group", "add", group, "members=201,202", f"strategy={strategy}")
    uas = {"201": "uas-group-answer", "202": "uas-group-answer"}
    calls = play(server, group, "uac-group-answered", uas, 10, {"201": 5, "202": 5}, rate=5)
    counted_here, members, _ = settled(server, group)
    assert calls == {"caller": 10, "201": 5, "202": 5}, calls
    assert counted_here == {"offered": 10, "answered": 10}, counted_here
    assert members["201"] == members["202"] == {"offered": 5, "answered": 5}, members


def at_random(server):
    """Nobody knows whose call it is, but it is somebody's."""
    server.ctl("group", "add", "607", "members=201,202", "strategy=random")
    uas = {"201": "uas-group-answer", "202": "uas-group-answer"}
    calls = play(server, "607", "uac-group-answered", uas, 10, {"201": 0, "202": 0})
    group, members, _ = settled(server, "607")
    assert calls == {"caller": 10} and group == {"offered": 10, "answered": 10}, (calls, group)
    assert sum(member.get("answered", 0) for member in members.values()) == 10, members


def busy_then_answered(server):
    """Sequential: the first is always busy, and the second answers."""
    server.ctl("group", "add", "608", "members=201,202", "strategy=sequential")
    calls = play(server, "608", "uac-group-answered", {"201": "uas-busy-486", "202": "uas-group-answer"}, 10)
    group, members, _ = settled(server, "608")
    assert set(calls.values()) == {10}, calls
    assert group == {"offered": 10, "answered": 10}, group
    assert members == {"201": {"offered": 10, "unanswered": 10}, "202": {"offered": 10, "answered": 10}}, members


def groups_inside_a_group(server):
    """A group counts the calls that come to it within another one, and so does its place there."""
    server.ctl("group", "add", "620", "members=201")
    server.ctl("group", "add", "621", "members=202")
    server.ctl("group", "add", "622", "members=620,621")
    # Its first member is busy, so that its turn is over and the other group's comes.
    server.ctl("group", "add", "623", "members=620,621", "strategy=sequential")
    server.ctl("group", "add", "624", "members=622")
    own = {"201": "uas-group-answer", "202": "uas-group-cancelled"}
    calls = play(server, "624", "uac-group-answered", own, 5)
    assert set(calls.values()) == {5}, calls
    answered, elsewhere = {"offered": 5, "answered": 5}, {"offered": 5, "elsewhere": 5}
    group, members, shown = settled(server, "624")
    assert group == answered and members == {"622": answered}, (group, members)
    group, members, _ = tallies(server, "622")
    assert group == answered and members == {"620": answered, "621": elsewhere}, (group, members)
    assert tallies(server, "620")[:2] == (answered, {"201": answered})
    assert tallies(server, "621")[:2] == (elsewhere, {"202": elsewhere})
    inner = tallies(server, "620")[2]
    assert inner["talk_total_ms"] > 0 and inner["answer_max_ms"] <= shown["answer_max_ms"], (inner, shown)
    calls = play(server, "623", "uac-group-answered", {"201": "uas-busy-486", "202": "uas-group-answer"}, 5)
    assert set(calls.values()) == {5}, calls
    group, members, _ = settled(server, "623")
    assert group == answered and members == {"620": {"offered": 5, "unanswered": 5}, "621": answered}, (group, members)
    both = {"201": "uas-group-cancelled", "202": "uas-group-cancelled"}
    calls = play(server, "622", "uac-group-cancel", both, 5)
    assert set(calls.values()) == {5}, calls
    group, members, _ = settled(server, "622")
    assert group == {"offered": 10, "answered": 5, "abandoned": 5}, group
    assert members["620"] == {"offered": 10, "answered": 5, "abandoned": 5}, members
    assert tallies(server, "620")[0] == {"offered": 15, "answered": 5, "abandoned": 5, "unanswered": 5}


def member_dies(server):
    """Who has answered is never heard of again: the caller hangs up, and nothing is left of the call."""
    server.ctl("group", "add", "609", "members=201")
    calls = play(server, "609", "uac-group-answered", {"201": "uas-group-dies"}, 5, {"201": 0})
    group, _, _ = settled(server, "609")
    assert calls == {"caller": 5} and group == {"offered": 5, "answered": 5}, (calls, group)
    assert server.ctl_json("calls") == []


def held_and_taken_back(server):
    server.ctl("group", "add", "625", "members=201")
    calls = play(server, "625", "uac-group-hold", {"201": "uas-group-held"}, 10)
    group, _, _ = settled(server, "625")
    assert calls == {"caller": 10, "201": 10} and group == {"offered": 10, "answered": 10}, (calls, group)


def transferred(server):
    server.ctl("group", "add", "626", "members=201")
    calls = play(server, "626", "uac-group-transfer", {"201": "uas-group-transferred"}, 10)
    group, _, _ = settled(server, "626")
    assert calls == {"caller": 10, "201": 10} and group == {"offered": 10, "answered": 10}, (calls, group)


def counts_outlive_changes(server):
    before = tallies(server, "601")
    server.ctl("group", "set", "601", "strategy=random", "display_name=Sales")
    server.ctl("group", "member", "disable", "601", "202")
    server.ctl("group", "member", "set", "601", "201", "order=9")
    assert tallies(server, "601")[:2] == before[:2]
    server.ctl("group", "member", "remove", "601", "202")
    server.ctl("group", "member", "add", "601", "202")
    assert tallies(server, "601")[1]["202"] == {}, "a member that is made anew begins with nothing"


def main():
    report = Report()
    with TipringServer(sys.argv[1], [CALLER, *MEMBERS], ["session_timer.mode=off"]) as server:
        report.run("answered calls, and how long they took", lambda: answered_calls(server))
        report.run("who rang while another answered", lambda: calls_answered_elsewhere(server))
        report.run("calls that the caller gave up", lambda: abandoned_calls(server))
        report.run("calls that everybody refused", lambda: refused_calls(server))
        report.run("two answers in the same millisecond (R15.3)", lambda: answers_at_once(server))
        report.run("round robin", lambda: in_turn(server, "605", "round-robin"))
        report.run("longest idle", lambda: in_turn(server, "606", "longest-idle"))
        report.run("random", lambda: at_random(server))
        report.run("sequential, the first one busy", lambda: busy_then_answered(server))
        report.run("groups inside a group", lambda: groups_inside_a_group(server))
        report.run("a member that dies after its answer", lambda: member_dies(server))
        report.run("held and taken back (RFC 3264 8.4)", lambda: held_and_taken_back(server))
        report.run("a blind transfer (R18.4)", lambda: transferred(server))
        report.run("a change of the group keeps the counts", lambda: counts_outlive_changes(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

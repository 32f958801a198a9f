#!/usr/bin/env python3
"""Why a call has gone as it has: what the server itself decided stands in its ladder, in the order in which it did.

Usage: decisions.py BIN_DIR
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import GroupCall, GroupServer, Member, PASSWORDS, group_of, sdp  # noqa: E402
from sip_phone import Call, establish, registered_phone, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def told(api, call_id):
    """What was decided itself, without what only a message shows."""
    ladder = api.get(f"/api/v1/trace/calls/{call_id}")
    return [(one["decision"], one["values"]) for one in ladder["decisions"] if "decision" in one]


def members_are_told_of(bin_dir):
    """Who is passed over and why, who refuses, whose time is over, and what the caller hears then."""
    group = group_of("bob", "carol", ("dave", {"enabled": 0}), "nobody", "alice", ("erin", {"ring": 1}),
                     strategy="sequential", no_answer_status=486)
    with GroupServer(bin_dir, {"600": group}) as server:
        api = Api(server)
        bob, erin = Member(server, "bob"), Member(server, "erin")
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        call = GroupCall(alice, server).start()
        bob.take_invite()
        bob.refuse("603 Decline")
        erin.take_invite()
        erin.ring()
        call.expect(180)
        erin.take_cancel()
        call.expect_refusal(486)
        seen = told(api, call.call_id)
        assert seen[0][0] == "group_called" and seen[0][1][:3] == ["600", "sequential", "2"], seen
        assert seen[1:5] == [("member_skipped", ["carol", "not registered", "600"]),
                             ("member_skipped", ["dave", "disabled", "600"]),
                             ("member_skipped", ["nobody", "nobody has this name", "600"]),
                             ("member_skipped", ["alice", "it is the caller", "600"])], seen
        assert seen[5:] == [("member_rung", ["bob", f"127.0.0.1:{bob.phone.port}"]), ("member_refused", ["bob", "603"]),
                            ("member_rung", ["erin", f"127.0.0.1:{erin.phone.port}"]), ("member_stopped", ["erin", "1"]),
                            ("group_time_over", ["600", "1"]), ("nobody_answered", ["486"]),
                            ("refused", ["486", "Busy Here"])], seen[5:]
        # The legs belong together, whichever is asked for.
        assert told(api, erin.invite.one("call-id")) == seen
        shown = server.ctl("trace", "show", call.call_id)
        assert "! carol in 600 is passed over: not registered\n" in shown, shown
        assert "! bob does not take it: 603\n" in shown, shown


def members_within_are_told_of(bin_dir):
    """Those of a group within the group too, by its name; who is rung as a member of another is not passed over."""
    groups = {"601": group_of("bob", "carol", ("dave", {"enabled": 0})), "602": group_of("601", "bob", "erin")}
    with GroupServer(bin_dir, groups) as server:
        api = Api(server)
        bob = Member(server, "bob")
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        call = GroupCall(alice, server, "602").start()
        bob.take_invite()
        bob.refuse("486 Busy Here")
        call.ack_refusal(alice.receive_final())
        skipped = [values for name, values in told(api, call.call_id) if name == "member_skipped"]
        assert skipped == [["erin", "not registered", "602"], ["carol", "not registered", "601"],
                           ["dave", "disabled", "601"]], skipped


def one_after_another(bin_dir):
    """A group whose members all refuse goes on to a user."""
    with GroupServer(bin_dir, {"600": group_of("bob", no_answer_to="carol")}) as server:
        api = Api(server)
        bob, carol = Member(server, "bob"), Member(server, "carol")
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        call = GroupCall(alice, server).start()
        bob.take_invite()
        bob.refuse("486 Busy Here")
        carol.take_invite()
        carol.answer(body=sdp(40000))
        call.expect(200)
        names = [name for name, _ in told(api, call.call_id)]
        assert names == ["group_called", "member_rung", "member_refused", "goes_on_to", "phones_found", "member_rung",
                         "member_answered"], names


def refusals_are_told(bin_dir):
    """A call that is refused before it is one, a wrong password, and whom a number leads to."""
    with TipringServer(bin_dir, users=USERS) as server:
        api = Api(server)
        alice, bob = (registered_phone(server, *user) for user in USERS)
        phone = SipSocket(server.port)
        uri = f"sip:bob@127.0.0.1:{server.port}"
        for call_id, lines, expected in (
                ("a-421", ["Supported: path"], ("refused", ["421", "Extension Required"])),
                ("a-420", ["Proxy-Require: magic"], ("refused", ["420", "Bad Extension"])),
                ("a-422", ["Supported: timer", "Session-Expires: 10"], ("refused", ["422", "Session Interval Too Small"]))):
            contact = f"Contact: <sip:alice@127.0.0.1:{phone.port}>"
            phone.send(phone.request("INVITE", uri, "sip:alice@127.0.0.1", uri, call_id, 1, [contact, *lines]))
            phone.receive_final()
            assert told(api, call_id) == [expected], (call_id, told(api, call_id))
        aor = "sip:bob@127.0.0.1"
        phone.send(phone.request("REGISTER", f"sip:127.0.0.1:{server.port}", aor, aor, "a-401", 1))
        challenge = challenge_params(phone.receive_final())
        proof = credentials(challenge, "bob", "wrong", "REGISTER", f"sip:127.0.0.1:{server.port}")
        phone.send(phone.request("REGISTER", f"sip:127.0.0.1:{server.port}", aor, aor, "a-401", 2,
                                 [f"Authorization: {proof}"]))
        phone.receive_final()
        assert told(api, "a-401") == [("wrong_password", ["bob", f"127.0.0.1:{phone.port}"])], told(api, "a-401")
        call = Call(alice, server, callee="nobody", headers=["Supported: timer"])
        call.invite_with_credentials()
        call.expect(404)
        assert told(api, call.call_id) == [("refused", ["404", "Not Found"])], told(api, call.call_id)
        standing = establish(alice, bob, server, headers=["Supported: timer"])
        assert told(api, standing.call_id) == [("phones_found", ["bob", "1"])], told(api, standing.call_id)
        row = api.get("/api/v1/calls")["calls"][0]
        assert api.ask("DELETE", f"/api/v1/calls/{row['id']}").status == 200
        take_request(alice, "BYE")
        take_request(bob, "BYE")
        assert told(api, standing.call_id)[-1] == ("ended_by_operator", []), told(api, standing.call_id)


def timers_are_told(bin_dir):
    """Nobody answers at all: Timer B, 32 seconds later."""
    with TipringServer(bin_dir, users=USERS) as server:
        api = Api(server)
        alice, bob = (registered_phone(server, *user) for user in USERS)
        call = Call(alice, server, headers=["Supported: timer"])
        call.invite_with_credentials()
        call.expect(100)
        began = time.monotonic()
        names = lambda: [name for name, _ in told(api, call.call_id)]  # noqa: E731
        wait_until(lambda: "timer_b" in names(), 40, lambda: f"no Timer B: {names()}")
        assert time.monotonic() - began > 25
        assert told(api, call.call_id)[:2] == [("phones_found", ["bob", "1"]), ("timer_b", [f"127.0.0.1:{bob.port}"])]


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("members of a group, passed over, refusing and silent", lambda: members_are_told_of(bin_dir))
    report.run("who is passed over in a group within the group", lambda: members_within_are_told_of(bin_dir))
    report.run("a group that goes on to another", lambda: one_after_another(bin_dir))
    report.run("refusals, wrong passwords, routes and operators", lambda: refusals_are_told(bin_dir))
    report.run("a timer that fires", lambda: timers_are_told(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

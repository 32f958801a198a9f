#!/usr/bin/env python3
"""How calls to hunt groups end when nobody of them wants it: places are full, or the server stops.

Usage: groups_ends.py BIN_DIR
"""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import GroupCall, GroupServer, group_of, sdp  # noqa: E402
from group_office import Office  # noqa: E402
from sip_phone import response, take_request  # noqa: E402
from sound import Ear, place_of, talk  # noqa: E402
from tipring_server import Report, wait_until  # noqa: E402

GROUPS = {"600": group_of("bob", "carol"), "112": group_of("bob")}


def joined(office):
    """A call that bob has answered."""
    call = office.ring()
    office.answer(call, office.bob, others=[office.carol])
    return call


def calls_are_full(office):
    """The next call is 503 with Retry-After, and the one that stands goes on."""
    call = joined(office)
    other = GroupCall(office.alice, office.server, offer=sdp(4002))
    other.send_invite()
    challenge = office.alice.receive_final()
    other.ack_refusal(challenge)
    other.answer_challenge(challenge)
    answer = office.alice.receive_final()
    assert answer.status == 503 and "capacity.b2bua_calls" in answer.reason, answer.raw
    assert 1 <= int(answer.one("retry-after")) <= 5, answer.raw
    other.ack_refusal(answer)
    call.inside_plain("INFO", [], "")
    office.bob.take("INFO")
    assert office.alice.receive_final().status == 200
    office.end(call, office.bob)
    assert office.pools()["b2bua_calls"]["refusals"] == 1
    joined(office)  # there is room again


def help_is_called(office):
    """Who calls for help finds a place, and legs, when all others are taken."""
    joined(office)
    other = GroupCall(office.alice, office.server, offer=sdp(4002))
    other.send_invite()
    other.ack_refusal(challenge := office.alice.receive_final())
    other.answer_challenge(challenge)
    answer = office.alice.receive_final()
    assert answer.status == 503, answer.raw
    other.ack_refusal(answer)
    office.join("112", office.bob)


def help_is_relayed(office):
    """The same of relayed calls: the next one is 503, and a call for help is heard."""
    ears = [Ear(1), Ear(2)]
    joined(office)
    other = office.call()
    answer = other.expect_refusal(503)
    assert 1 <= int(answer.one("retry-after")) <= 5, answer.raw
    help_call = office.call("112", sdp(ears[0].port))
    office.bob.take_invite()
    answer = office.answer(help_call, office.bob, sdp(ears[1].port))
    talk(ears[0], place_of(answer), ears[1], place_of(office.bob.invite))
    for ear in ears:
        ear.close()


def share_is_taken(office):
    """alice may have two calls: the third is 480, until one has ended (capacity.calls_per_user)."""
    calls = []
    for _ in range(2):
        call = office.call()
        office.bob.take_invite()
        office.bob.refuse("486 Busy Here")
        office.carol.take_invite()
        office.carol.ring()
        call.expect(180)
        calls.append((call, office.carol.invite))
    third = office.call()
    answer = third.expect_refusal(480)
    assert "capacity.calls_per_user" in answer.reason and answer.one("retry-after"), answer.raw
    wait_until(lambda: "calls_per_user_reached" in office.server.read_log(), 3, lambda: "no line tells of it")
    call, office.carol.invite = calls[1]
    call.cancel()
    call.expect(200)
    call.expect_refusal(487)
    office.carol.take_cancel()
    again = office.call()
    office.bob.take_invite()
    again.cancel()


def comes_by_two_paths(office):
    """The same INVITE under another branch: 482 (RFC 3261 8.2.2.2)."""
    call = office.ring()
    copy = call.invite.replace(call.branch, call.branch + "x")
    office.alice.send(copy)
    answer = office.alice.receive_final()
    assert answer.status == 482, answer.raw


def stop_while_talking(office):
    call = joined(office)
    office.server.process.send_signal(signal.SIGTERM)
    bye = office.bob.take("BYE")
    assert "Q.850" in bye.one("reason"), bye.raw
    bye = take_request(office.alice, "BYE")
    assert bye.one("call-id") == call.call_id
    office.alice.send(response(bye, "200 OK"))
    office.server.process.wait(15)


def stop_while_ringing(office):
    call = office.ring()
    office.server.process.send_signal(signal.SIGTERM)
    answer = call.phone.receive_final(10)
    assert answer.status == 503, answer.start_line
    take_request(office.bob.phone, "CANCEL")
    office.server.process.wait(15)


def with_server(bin_dir, case, settings=()):
    with GroupServer(bin_dir, GROUPS, settings=settings) as server:
        case(Office(server, "bob", "carol"))


def main():
    bin_dir = sys.argv[1]
    report = Report()
    one = ["capacity.b2bua_calls=1"]
    report.run("as many calls as there are places, then 503 (R5.3)", lambda: with_server(bin_dir, calls_are_full, one))
    report.run("a call for help finds a place when all are taken (R5.3)",
               lambda: with_server(bin_dir, help_is_called, [*one, 'routing.emergency=["112"]']))
    relayed = ["capacity.relayed_calls=1", "media.mode=relay", 'routing.emergency=["112"]']
    report.run("a call for help is relayed when all places are taken (R5.3)",
               lambda: with_server(bin_dir, help_is_relayed, relayed))
    report.run("one user has his share of the calls (R5.3)",
               lambda: with_server(bin_dir, share_is_taken, ["capacity.calls_per_user=2"]))
    report.run("an INVITE that comes by two paths rings once (RFC 3261 8.2.2.2)",
               lambda: with_server(bin_dir, comes_by_two_paths))
    report.run("a stop ends calls that stand on both sides", lambda: with_server(bin_dir, stop_while_talking))
    report.run("a stop ends what rings", lambda: with_server(bin_dir, stop_while_ringing, ["sip.stop_limit=1"]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Calls to hunt groups: who rings, who gets the call, and what the caller is told.

Usage: groups_calls.py BIN_DIR
"""

import os
import re
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import PASSWORDS, GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import register, registered_phone, tag_of, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {
    "600": group_of("bob", "carol"),
    "601": group_of("bob", "carol", "dave", strategy="sequential", member_ring=1),
    "602": group_of("bob", "carol", strategy="round-robin"),
    "603": group_of("bob", "carol", ring_timeout=1),
    "604": group_of("nobody", "erin"),  # erin has no phone
    "605": group_of("bob", ("carol", {"delay": 1})),
    "606": group_of("bob", no_answer_to="607"),
    "607": group_of("carol"),
    "608": group_of("bob", no_answer_status=486),
    "609": group_of("bob", "610", strategy="sequential"),
    "610": group_of("carol", "609"),
    "611": group_of("bob", "carol", strategy="longest-idle"),
    "612": group_of(("bob", {"enabled": 0}), "carol"),
    "613": group_of("alice", "carol"),
    "614": group_of("bob", "carol", strategy="random"),
    "615": group_of("carol", enabled=0),
    "616": group_of("bob", "erin"),
}
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def first_answer_wins(office):
    call = office.call("600")
    bob_invite = office.bob.take_invite()
    carol_invite = office.carol.take_invite()
    ids = {invite.one("call-id") for invite in (bob_invite, carol_invite)}
    assert len(ids) == 2 and call.call_id not in ids, ids
    assert tag_of(bob_invite.one("from")) != call.from_tag
    office.carol.ring()
    tag = tag_of(call.expect(180).one("to"))
    office.bob.ring()
    office.bob.answer(body=sdp(5000))
    answered = time.monotonic()
    cancel = office.carol.take_cancel()
    assert time.monotonic() - answered < 0.05 + 0.1, "the CANCEL came late"
    assert cancel.one("reason") == ELSEWHERE, cancel.raw
    take_request(office.bob.phone, "ACK")
    ok = call.expect(200)
    assert tag_of(ok.one("to")) == tag, "another To tag"
    assert b"m=audio" in ok.body
    call.ack()
    office.end(call, office.bob)


def both_answer_at_once(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.answer(body=sdp(5000))
    office.carol.answer(body=sdp(5002))
    call.expect(200)
    call.ack()
    take_request(office.bob.phone, "ACK")
    take_request(office.carol.phone, "ACK")
    office.carol.take("BYE")
    silent(office.alice, 0.2)
    office.end(call, office.bob)


def sequential(office):
    call = office.call("601")
    office.bob.take_invite()
    office.bob.ring()
    call.expect(180)
    silent(office.carol.phone, 0.3)
    office.bob.take_cancel()  # after its second
    office.carol.take_invite()
    silent(office.dave.phone, 0.1)
    office.carol.refuse("486 Busy Here")
    office.dave.take_invite()
    office.talk(call, office.dave)


def round_robin(office):
    for first, second in ((office.bob, office.carol), (office.carol, office.bob)):
        call = office.call("602")
        first.take_invite()
        first.refuse("486 Busy Here")
        second.take_invite()
        office.talk(call, second)


def known_call_keeps_its_order(office):
    """Who calls again in one Call-ID rings the same phone first; another call passes the turn on."""
    call = office.call("602")
    readable, _, _ = select.select([office.bob.phone.socket, office.carol.phone.socket], [], [], 3)
    first, second = (office.bob, office.carol) if office.bob.phone.socket in readable else (office.carol, office.bob)
    first.take_invite()
    for again in (True, False):
        first.refuse("486 Busy Here")
        second.take_invite()
        second.refuse("486 Busy Here")
        call.expect_refusal(486)
        if again:
            call.start()
            first.take_invite()
    other = office.call("602")
    second.take_invite()
    office.talk(other, second)


def longest_idle(office):
    call = office.call("611")
    office.bob.take_invite()
    office.talk(call, office.bob)
    call = office.call("611")
    office.carol.take_invite()  # has never had a call
    silent(office.bob.phone, 0.1)
    office.talk(call, office.carol)


def at_random(office):
    """Both are the first one now and then: 24 calls to the same one have a chance of 1 in 2^23."""
    seen = set()
    for _ in range(24):
        call = office.call("614")
        deadline = time.monotonic() + 3
        first = None
        while first is None and time.monotonic() < deadline:
            for member in (office.bob, office.carol):
                invite = member.phone.receive(0.02)
                if invite is not None:
                    first, member.invite = member, invite
                    break
        seen.add(first.user)
        first.ring()
        call.expect(180)
        call.cancel()
        call.expect(200)
        call.expect_refusal(487)
        first.take_cancel()
        if len(seen) == 2:
            return
    raise AssertionError(f"always {seen}")


def caller_cancels_while_it_rings(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.ring()
    call.expect(180)
    office.carol.ring()
    call.cancel()
    call.expect(200)
    call.expect_refusal(487)
    office.bob.take_cancel()
    office.carol.take_cancel()


def caller_cancels_before_a_provisional(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    call.cancel()
    call.expect(200)
    call.expect_refusal(487)
    silent(office.bob.phone, 0.2)  # 9.1: no CANCEL before a provisional response
    office.bob.ring()
    office.bob.take_cancel()
    office.carol.answer(body=sdp(5000))  # crosses
    take_request(office.carol.phone, "ACK")
    office.carol.take("BYE")


def caller_hangs_up_while_it_rings(office):
    """With BYE in place of CANCEL: the INVITE is 487, for the log too."""
    told = ("call_failed", "to=sip:607@", "status=487")
    before = [line for line in office.server.read_log().splitlines() if all(word in line for word in told)]
    call = office.call("607")
    office.carol.take_invite()
    office.carol.ring()
    call.answer, number, branch = call.expect(180), call.cseq, call.branch
    call.inside_with("BYE", "")
    assert sorted(office.alice.receive_final().status for _ in range(2)) == [200, 487]
    call.cseq, call.branch = number, branch
    call.ack_refusal(call.answer)
    office.carol.take_cancel()
    office.server.log_lines(*told, least=len(before) + 1)


def ask(office, method, group, user="alice", body="", headers=()):
    """A request outside any dialog, with credentials; its final answer."""
    phone, uri = office.alice, f"sip:{group}@{office.alice.server_host}:{office.server.port}"
    from_uri, call_id = f"sip:{user}@{office.alice.server_host}", random_token()
    phone.send(phone.request(method, uri, from_uri, uri, call_id, 1, headers, body))
    challenge = phone.receive_final()
    assert challenge.status == 401, challenge.raw
    proof = credentials(challenge_params(challenge), user, PASSWORDS[user], method, uri)
    text = phone.request(method, uri, from_uri, uri, call_id, 2, [*headers, f"Authorization: {proof}"], body)
    phone.send(text)
    answer = phone.receive_final()
    phone.send(text)  # the same once more has the same answer
    assert phone.receive_final().raw == answer.raw
    return answer


def broken_answer_counts(office):
    """An answer that cannot be carried is none: nobody has answered (R18.5, R17.4)."""
    before = office.server.ctl_json("group", "show", "600")
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.carol.ring()
    call.expect(180)
    office.bob.answer(body="v=0\r\nthis is none")
    office.carol.take_cancel()
    take_request(office.bob.phone, "ACK")
    office.bob.take("BYE")
    call.ack_refusal(call.phone.receive_final())
    after = office.server.ctl_json("group", "show", "600")
    assert after["unanswered"] == before["unanswered"] + 1 and after["answered"] == before["answered"], after
    assert after["talking"] == after["ringing"] == 0, after
    for then, now in zip(before["members"], after["members"]):
        assert now["unanswered"] == then["unanswered"] + 1 and now["answered"] == then["answered"], now


def asked_what_it_can(office):
    """As an INVITE would be answered: 200 where somebody can ring, 480 where nobody can."""
    for group in ("600", "606", "609", "616"):
        answer = ask(office, "OPTIONS", group)
        assert answer.status == 200, answer.raw
        assert "INVITE" in answer.one("allow") and "replaces" in answer.one("supported"), answer.raw
        assert answer.one("accept") == "application/sdp", answer.raw
    for group in ("604", "615"):
        assert ask(office, "OPTIONS", group).status == 480
    first = office.call("602")  # it was nobody's turn
    member = office.bob if (invite := office.bob.phone.receive(0.2)) else office.carol
    member.invite = invite or office.carol.take_invite()
    office.talk(first, member)
    assert ask(office, "OPTIONS", "602").status == 200
    second = office.call("602")
    other = office.carol if member is office.bob else office.bob
    other.take_invite()
    office.talk(second, other)


def only_calls(office):
    """Nobody of a group has been chosen yet who could take it: 405, with what a group can do."""
    for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"):
        answer = ask(office, method, "600", body="hello", headers=["Content-Type: text/plain"])
        assert answer.status == 405 and "INVITE" in answer.one("allow") and "MESSAGE" not in answer.one("allow"), answer.raw


def all_busy(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.refuse("486 Busy Here")
    office.carol.refuse("600 Busy Everywhere")  # ends its own leg only
    call.expect_refusal(486)


def six_hundred_ends_one_leg(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.refuse("603 Decline")
    silent(office.alice, 0.2)
    office.talk(call, office.carol)


def mixture(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.refuse("486 Busy Here")
    office.carol.refuse("480 Temporarily Unavailable")
    call.expect_refusal(480)


def media_refused(office):
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.refuse("488 Not Acceptable Here")
    office.carol.refuse("488 Not Acceptable Here")
    call.expect_refusal(488)


def nobody_there(office):
    office.call("604").expect_refusal(480)


def ring_timeout(office):
    call = office.call("603")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.ring()
    call.expect(180)
    office.carol.ring()
    office.bob.take_cancel()
    office.carol.take_cancel()
    call.expect_refusal(408)


def delay(office):
    call = office.call("605")
    office.bob.take_invite()
    office.bob.ring()
    call.expect(180)
    silent(office.carol.phone, 0.5)
    office.carol.take_invite()
    office.carol.answer(body=sdp(5000))
    office.bob.take_cancel()
    take_request(office.carol.phone, "ACK")
    call.expect(200)
    call.ack()
    office.end(call, office.carol)


def another_extension(office):
    call = office.call("606")
    office.bob.take_invite()
    office.bob.refuse("486 Busy Here")
    office.carol.take_invite()
    office.talk(call, office.carol)


def configured_status(office):
    call = office.call("608")
    office.bob.take_invite()
    office.bob.refuse("480 Temporarily Unavailable")
    call.expect_refusal(486)


def group_in_group(office):
    call = office.call("609")
    office.bob.take_invite()
    office.bob.refuse("486 Busy Here")
    office.carol.take_invite()
    office.carol.refuse("486 Busy Here")
    call.expect_refusal(486)  # and no turn more, though 610 names 609


def disabled(office):
    call = office.call("612")
    office.carol.take_invite()
    silent(office.bob.phone, 0.2)
    office.talk(call, office.carol)
    office.call("615").expect_refusal(480)


def caller_is_a_member(office):
    call = office.call("613")
    office.carol.take_invite()
    silent(office.alice, 0.2)
    office.talk(call, office.carol)


def phone_at_the_group(office):
    """A member's phone is the group itself: the call comes back to us, and goes round no further."""
    phone = SipSocket(office.server.port)
    contact = f"<sip:616@127.0.0.1:{office.server.port}>"
    register(phone, office.server, "erin", PASSWORDS["erin"], contacts=[contact])
    call = office.call("616")
    office.bob.take_invite()
    silent(office.bob.phone, 0.3)
    pools = {row["name"]: row["high_water"] for row in office.server.ctl_json("pools")}
    assert pools["b2bua_calls"] < 8, pools
    office.bob.refuse("480 Temporarily Unavailable")
    call.expect_refusal(480)
    register(phone, office.server, "erin", PASSWORDS["erin"], contacts=[f"{contact};expires=0"])


def all_phones_of_a_member(office):
    second = SipSocket(office.server.port)
    register(second, office.server, "bob", PASSWORDS["bob"])
    call = office.call("606")
    office.bob.take_invite()
    invite = take_request(second, "INVITE")
    assert invite.one("call-id") != office.bob.invite.one("call-id")
    office.bob.ring()
    call.expect(180)
    office.talk(call, office.bob)
    register(second, office.server, "bob", PASSWORDS["bob"],
             contacts=[f"<sip:bob@127.0.0.1:{second.port};transport=udp>;expires=0"])


def early_media(office):
    call = office.call("607")  # carol alone: what she sends early may stand
    office.carol.take_invite()
    office.carol.ring("183 Session Progress", body=sdp(5000))
    early = call.expect(183)
    assert b"m=audio 5000" in early.body, early.raw
    office.carol.answer(body=sdp(5000))
    take_request(office.carol.phone, "ACK")
    assert call.expect(200).body == early.body
    call.ack()
    office.end(call, office.carol)
    call = office.call("600")
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.ring("183 Session Progress", body=sdp(5000))
    ringing = call.expect(180)
    assert ringing.body == b""
    office.carol.refuse("486 Busy Here")
    heard = call.expect(183)  # bob alone is left
    assert b"m=audio 5000" in heard.body, heard.raw
    office.answer(call, office.bob)
    assert call.answer.body == heard.body
    office.end(call, office.bob)


def hops_and_headers(office):
    call = office.call("607", headers=["Subject: lunch", "Alert-Info: <http://h/x>", "X-Door: front",
                                       "User-to-User: 56a390;encoding=hex", "Max-Breadth: 4"])
    invite = office.carol.take_invite()
    assert invite.one("max-forwards") == "69" and invite.one("max-breadth") == "4", invite.raw
    for name, value in (("subject", "lunch"), ("x-door", "front"), ("user-to-user", "56a390;encoding=hex")):
        assert invite.one(name) == value, invite.raw
    assert invite.all("record-route") == [] and len(invite.all("via")) == 1
    assert invite.one("authorization") is None
    office.talk(call, office.carol)


def tallies(office):
    office.server.log_lines("call_ended from=sip:alice@127.0.0.1 to=sip:600@")
    log = office.server.read_log()
    assert re.search(r"call_answered from=sip:alice@127.0.0.1 to=sip:600@\S+ status=200 after_ms=\d+ by=bob", log)
    assert re.search(r"call_failed from=\S+ to=sip:603@\S+ status=408 after_ms=\d+", log)


CASES = [
    ("the first answer wins, the others are cancelled with a Reason (R15.3, R15.4, R16.2)", first_answer_wins),
    ("two answers at once: one gets ACK and BYE (R15.3)", both_answer_at_once),
    ("sequential: each for his time, the busy one passed over", sequential),
    ("round robin: another one is first each time", round_robin),
    ("a known Call-ID keeps its order (V5)", known_call_keeps_its_order),
    ("longest idle: who had no call is first", longest_idle),
    ("random: both are first now and then", at_random),
    ("the caller cancels while it rings (R16.4)", caller_cancels_while_it_rings),
    ("the caller cancels before anybody rings: a late 200 gets ACK and BYE (R16.4)", caller_cancels_before_a_provisional),
    ("the caller hangs up with BYE while it rings (RFC 3261 15)", caller_hangs_up_while_it_rings),
    ("a broken answer counts as none", broken_answer_counts),
    ("OPTIONS is answered as an INVITE would be (RFC 3261 11.2)", asked_what_it_can),
    ("a group takes calls alone (RFC 3261 8.2.1)", only_calls),
    ("all busy is 486 (R15.5)", all_busy),
    ("a 6xx ends one leg (C16)", six_hundred_ends_one_leg),
    ("busy and away is 480 (R15.5)", mixture),
    ("488 of all is 488 (R18.5)", media_refused),
    ("nobody registered is 480 (R15.5)", nobody_there),
    ("the ring timeout is 408 (R16.5)", ring_timeout),
    ("a member begins to ring after its delay", delay),
    ("another extension gets the call", another_extension),
    ("the configured status is told", configured_status),
    ("groups inside groups come to an end", group_in_group),
    ("who is disabled does not ring (R15.2)", disabled),
    ("who calls does not ring", caller_is_a_member),
    ("a phone that is registered at the group makes no circle", phone_at_the_group),
    ("all phones of a member ring", all_phones_of_a_member),
    ("early media only where one phone can answer (C24)", early_media),
    ("what is carried to the phone (RFC 7332 5, 6)", hops_and_headers),
    ("the log tells of each call", tallies),
]


def office_of(server):
    return Office(server, "bob", "carol", "dave")


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS) as server:
        run_cases(report, lambda: office_of(server), CASES)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

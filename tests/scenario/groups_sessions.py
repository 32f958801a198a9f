#!/usr/bin/env python3
"""Within a call to a hunt group: what one side sends reaches the other, by legs that know nothing of each other.

Usage: groups_sessions.py BIN_DIR
"""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import SDP_LINE, GroupCall, GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import contact_of, response, take_request  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {"600": group_of("bob", "carol"), "601": group_of("bob")}


def body(message):
    return message.body.decode()


def reoffer(office, offer, answer, expect_in_offer, expect_in_answer):
    """A re-INVITE of alice's, which bob answers."""
    call = office.join("601", office.bob)
    before = int(office.bob.invite.one("cseq").split()[0])
    call.inside_with("INVITE", offer)
    again = office.bob.take("INVITE", body=answer)
    assert int(again.one("cseq").split()[0]) == before + 1, again.raw
    assert re.search(expect_in_offer, body(again)), again.raw
    take_request(office.bob.phone, "ACK")
    final = call.phone.receive_final()
    assert final.status == 200 and re.search(expect_in_answer, body(final)), final.raw
    call.ack_again()
    office.end(call, office.bob)


def hold(office):
    reoffer(office, sdp(4000, direction="sendonly", version=2), sdp(5000, direction="recvonly", version=2),
            "a=sendonly", "a=recvonly")


def other_codec(office):
    reoffer(office, sdp(4000, codecs="9", version=2), sdp(5000, codecs="9", version=2), r"AVP 9\b", r"AVP 9\b")


def video(office):
    reoffer(office, sdp(4000, version=2, video=4002), sdp(5000, version=2, video=5002), "m=video 4002", "m=video 5002")


def callee_reinvites(office):
    call = office.join("601", office.bob)
    office.bob.send("INVITE", sdp(5000, direction="sendonly", version=2))
    again = take_request(office.alice, "INVITE")
    assert "a=sendonly" in body(again) and again.one("call-id") == call.call_id
    answer = [f"Contact: {contact_of(office.alice, 'alice')}", SDP_LINE]
    office.alice.send(response(again, "200 OK", None, answer, sdp(4000, direction="recvonly", version=2)))
    take_request(office.alice, "ACK")
    final = office.bob.phone.receive_final()
    assert final.status == 200 and "a=recvonly" in body(final), final.raw
    office.bob.send_ack(final)
    office.end(call, office.bob)


def without_offer(office):
    """A re-INVITE without an offer: bob's 200 brings it, alice's ACK the answer."""
    call = office.join("601", office.bob)
    call.inside_with("INVITE", "")
    again = office.bob.take("INVITE", body=sdp(5000, version=2))
    assert body(again) == "", again.raw
    final = call.phone.receive_final()
    assert final.status == 200 and "m=audio 5000" in body(final)
    call.ack_with(sdp(4000, version=2))
    ack = take_request(office.bob.phone, "ACK")
    assert "m=audio 4000" in body(ack), ack.raw
    office.end(call, office.bob)


def delayed_offer(office):
    call = office.call("601", offer=None)
    invite = office.bob.take_invite()
    assert body(invite) == ""
    office.bob.answer(body=sdp(5000))
    ok = call.expect(200)
    assert "m=audio 5000" in body(ok)
    silent(office.bob.phone, 0.2)  # the ACK waits for the answer
    call.ack_with(sdp(4000))
    ack = take_request(office.bob.phone, "ACK")
    assert "m=audio 4000" in body(ack), ack.raw
    office.end(call, office.bob)


def delayed_offer_of_a_loser(office):
    """A late 200 with an offer gets an answer that rejects it, then BYE (C24)."""
    call = office.call("600", offer=None)
    office.bob.take_invite()
    office.carol.take_invite()
    office.bob.answer(body=sdp(5000))
    office.carol.answer(body=sdp(5002))
    call.expect(200)
    ack = take_request(office.carol.phone, "ACK")
    assert "m=audio 0 " in body(ack), ack.raw
    office.carol.take("BYE")
    call.ack_with(sdp(4000))
    take_request(office.bob.phone, "ACK")
    office.end(call, office.bob)


def answer_of_nobody(office):
    """An ACK without the answer that is due ends both sides."""
    call = office.call("601", offer=None)
    office.bob.take_invite()
    office.bob.answer(body=sdp(5000))
    call.expect(200)
    call.ack()
    take_request(office.bob.phone, "ACK")
    office.bob.take("BYE")
    bye = take_request(office.alice, "BYE")
    office.alice.send(response(bye, "200 OK"))


def broken_answer(office):
    for text in ("v=0\r\nthis is no description\r\n", ""):
        call = office.call("601")
        office.bob.take_invite()
        office.bob.answer(body=text)
        take_request(office.bob.phone, "ACK")
        office.bob.take("BYE")
        answer = call.phone.receive_final()
        assert answer.status in (488, 500), answer.start_line
        call.ack_refusal(answer)


def reinvite_refused(office):
    call = office.join("601", office.bob)
    call.inside_with("INVITE", sdp(4000, codecs="99", version=2))
    office.bob.take("INVITE", "488 Not Acceptable Here")
    take_request(office.bob.phone, "ACK")
    final = call.phone.receive_final()
    assert final.status == 488, final.start_line
    call.ack_last_invite()
    office.end(call, office.bob)


def both_reinvite(office):
    """Glare: each of the two hears 491 for his own."""
    call = office.join("601", office.bob)
    call.inside_with("INVITE", sdp(4000, version=2))
    again = take_request(office.bob.phone, "INVITE")
    office.bob.send("INVITE", sdp(5000, version=2))
    refused = office.bob.phone.receive_final()
    assert refused.status == 491, refused.start_line
    office.bob.send_ack(refused)
    office.bob.reply(again, "INVITE", "491 Request Pending")
    take_request(office.bob.phone, "ACK")
    final = call.phone.receive_final()
    assert final.status == 491, final.start_line
    call.ack_last_invite()
    office.end(call, office.bob)


def lost_ack(office):
    """The ACK to the first 200 is lost, and a re-INVITE comes before that 200 does again."""
    call = office.call("601")
    office.bob.take_invite()
    office.bob.answer(body=sdp(5000))
    take_request(office.bob.phone, "ACK")
    call.expect(200)
    for version in (2, 3):
        call.inside_with("INVITE", sdp(4000, version=version))
        office.bob.take("INVITE", body=sdp(5000, version=version))
        take_request(office.bob.phone, "ACK")
        assert call.phone.receive_final().status == 200
        call.ack_again()
    office.end(call, office.bob)


def too_many_lines(office):
    """Lines beyond what is carried stay behind; the description goes on."""
    call = office.call("601", headers=[f"X-Line-{i}: {'x' * 400}" for i in range(24)])
    invite = office.bob.take_invite()
    assert "m=audio 4000" in body(invite), invite.raw
    office.bob.answer(body=sdp(5000))
    take_request(office.bob.phone, "ACK")
    assert "m=audio 5000" in body(call.expect(200))
    call.ack()
    office.end(call, office.bob)


def bye_before_the_answer(office):
    """RFC 3261 15: no callee may do so. His phone is to ring no more."""
    call = office.call("601")
    office.bob.take_invite()
    office.bob.ring()
    call.expect(180)
    office.bob.send("BYE")
    assert office.bob.phone.receive().status == 200
    office.bob.take_cancel()
    call.expect_refusal(480)


def caller_lost(office):
    """RFC 5057 5.1: nobody is reached where alice has called from. The log tells what she was told."""
    told = ("call_failed", "to=sip:601@", "status=480")
    before = [line for line in office.server.read_log().splitlines() if all(word in line for word in told)]
    call = office.call("601")
    office.bob.take_invite()
    office.bob.ring()
    call.expect(180)
    office.bob.send("INFO", "hello", kind="Content-Type: text/plain")
    office.alice.send(response(take_request(office.alice, "INFO"), "404 Not Found"))
    call.expect_refusal(480)
    assert office.bob.phone.receive_final().status == 404
    office.bob.take_cancel()
    office.server.log_lines(*told, least=len(before) + 1)


def reinvite_cancelled(office):
    call = office.join("601", office.bob)
    call.inside_with("INVITE", sdp(4000, version=2))
    again = take_request(office.bob.phone, "INVITE")
    office.bob.phone.send(response(again, "100 Trying"))
    time.sleep(0.1)
    call.cancel_inside()
    assert call.phone.receive_final().one("cseq").endswith("CANCEL")
    cancel = take_request(office.bob.phone, "CANCEL")
    office.bob.phone.send(response(cancel, "200 OK", office.bob.tag))
    office.bob.phone.send(response(again, "487 Request Terminated", office.bob.tag))
    take_request(office.bob.phone, "ACK")
    call.expect(487)
    call.ack_last_invite()
    office.end(call, office.bob)


def cancel_crosses_the_answer(office):
    """What bob has agreed to counts: alice gets his 200 for all her CANCEL, and the call goes on with it."""
    call = office.join("601", office.bob)
    call.inside_with("INVITE", sdp(4000, version=2, direction="sendonly"))
    again = take_request(office.bob.phone, "INVITE")
    office.bob.phone.send(response(again, "100 Trying"))
    time.sleep(0.1)
    call.cancel_inside()
    assert call.phone.receive_final().one("cseq").endswith("CANCEL")
    cancel = take_request(office.bob.phone, "CANCEL")
    office.bob.reply(again, "INVITE", body=sdp(5000, version=2, direction="recvonly"))
    office.bob.phone.send(response(cancel, "481 Call/Transaction Does Not Exist", office.bob.tag))
    take_request(office.bob.phone, "ACK")
    assert "a=recvonly" in body(call.expect(200))
    call.ack_again()
    call.inside_plain("INFO", [], "")
    office.bob.take("INFO")
    call.expect(200)
    office.end(call, office.bob)


def other_requests(office):
    call = office.join("601", office.bob)
    for method, kind, text in (("INFO", "application/dtmf-relay", "Signal=5\r\n"), ("MESSAGE", "text/plain", "hello"),
                               ("OPTIONS", "", ""), ("REFER", "", "")):
        lines = [f"Content-Type: {kind}"] if kind else []
        if method == "REFER":
            lines = ["Refer-To: <sip:carol@127.0.0.1>", "Referred-By: <sip:alice@127.0.0.1>"]
        call.inside_plain(method, lines, text)
        got = office.bob.take(method, "202 Accepted" if method == "REFER" else "200 OK")
        assert body(got) == text, got.raw
        if kind:
            assert got.one("content-type") == kind, got.raw
        if method == "REFER":
            assert got.one("refer-to") == "<sip:carol@127.0.0.1>", got.raw
        final = call.phone.receive_final()
        assert final.status == (202 if method == "REFER" else 200), final.start_line
    office.bob.send("INFO", headers=["X-Light: on"])
    got = take_request(office.alice, "INFO")
    assert got.one("x-light") == "on"
    office.alice.send(response(got, "200 OK"))
    assert office.bob.phone.receive_final().status == 200
    office.end(call, office.bob)


def update(office):
    call = office.join("601", office.bob)
    call.inside_with("UPDATE", sdp(4000, direction="sendonly", version=2))
    got = office.bob.take("UPDATE", body=sdp(5000, direction="recvonly", version=2))
    assert "a=sendonly" in body(got)
    final = call.phone.receive_final()
    assert final.status == 200 and "a=recvonly" in body(final)
    call.inside_with("UPDATE", "")  # of this leg alone
    assert call.phone.receive_final().status == 200
    silent(office.bob.phone, 0.1)
    office.end(call, office.bob)


def callee_hangs_up(office):
    call = office.join("601", office.bob)
    office.bob.send("BYE", headers=['Reason: Q.850;cause=16;text="done"'])
    bye = take_request(office.alice, "BYE")
    assert bye.one("reason") == 'Q.850;cause=16;text="done"' and bye.one("call-id") == call.call_id
    office.alice.send(response(bye, "200 OK"))
    assert office.bob.phone.receive_final().status == 200


def callee_has_forgotten(office):
    """481 to what goes on within the call: its phone has been started anew."""
    call = office.join("601", office.bob)
    call.inside_plain("INFO", [], "")
    office.bob.take("INFO", "481 Call/Transaction Does Not Exist")
    final = call.phone.receive_final()
    assert final.status == 481, final.start_line
    bye = take_request(office.alice, "BYE")
    office.alice.send(response(bye, "200 OK"))


def reliable_on_one_leg(office):
    """bob's 183 is reliable (RFC 3262), of which alice knows nothing."""
    call = office.call("601")
    office.bob.take_invite()
    office.bob.ring("183 Session Progress", ["Require: 100rel", "RSeq: 1"], sdp(5000))
    prack = office.bob.take("PRACK")
    assert prack.one("rack").startswith("1 "), prack.raw
    early = call.expect(183)
    assert early.one("rseq") is None and early.one("require") is None, early.raw
    assert "m=audio 5000" in body(early)
    office.bob.answer()  # 200 without a description: it has been said
    take_request(office.bob.phone, "ACK")
    ok = call.expect(200)
    assert body(ok) == body(early), ok.raw
    call.ack()
    office.end(call, office.bob)


def unsupported(office):
    call = GroupCall(office.alice, office.server, "601", offer=sdp(4000), headers=["Require: foo, 100rel"])
    call.send_invite()
    answer = call.phone.receive_final()
    assert answer.status == 420 and answer.one("unsupported") == "foo", answer.raw
    call.ack_refusal(answer)


def listed_and_ended(office):
    call = office.join("601", office.bob)
    rows = office.server.ctl_json("calls")
    assert len(rows) == 1, rows
    row = rows[0]
    assert row["callee"].endswith("601@127.0.0.1:" + str(office.server.port)) and row["answered_by"] == "bob", row
    # alice knows session timers, and bob's phone did not say so: it is ours to keep his alive.
    assert row["interval_s"] == 1800 and row["supervised"] is True, row
    assert row["refresher"] == "caller" and 890 <= row["refresh_s"] <= 900 and 1790 <= row["left_s"] <= 1800, row
    assert row["callee_interval_s"] == 1800 and row["callee_refresher"] == "caller", row
    assert 890 <= row["callee_refresh_s"] <= 900 and 1790 <= row["callee_left_s"] <= 1800, row
    office.server.ctl("calls", "end", row["id"])
    office.bob.take("BYE")
    bye = take_request(office.alice, "BYE")
    assert "operator" in bye.one("reason")
    office.alice.send(response(bye, "200 OK"))
    assert office.server.ctl_json("calls") == []


def office_of(server):
    return Office(server, "bob", "carol")


def after_a_restart(server):
    """Phones whose call stood when the server was killed hear that there is no such call any more."""
    office = office_of(server)
    call = office.join("601", office.bob)
    server.kill()
    server.users = []  # they are in the file already
    server.groups = {}
    server.start()
    for method in ("BYE", "UPDATE", "INFO"):
        call.inside_with(method, "")
        call.expect(481)
        office.bob.send(method)
        answer = office.bob.phone.receive()
        assert answer.status == 481, answer.raw
    call.inside_with("ACK", "", cseq=1)
    silent(office.alice)


CASES = [
    ("hold (R18.2)", hold),
    ("another codec (R18.2)", other_codec),
    ("video comes in (R18.2)", video),
    ("the callee's re-INVITE, with CSeqs of its own leg (R18.3, R18.4)", callee_reinvites),
    ("a re-INVITE without an offer (R18.2)", without_offer),
    ("a call without an offer (R18.2)", delayed_offer),
    ("a losing 200 with an offer is answered, rejected and ended (C24)", delayed_offer_of_a_loser),
    ("an answer that never comes ends both sides (R18.5)", answer_of_nobody),
    ("an answer that is none ends both sides (R18.5)", broken_answer),
    ("a refused re-INVITE leaves the call as it was", reinvite_refused),
    ("both at once: 491 (RFC 3261 14.1)", both_reinvite),
    ("a lost ACK stands in no re-INVITE's way (RFC 5407 3.1.4)", lost_ack),
    ("more lines than are carried", too_many_lines),
    ("a BYE of who has not answered (RFC 3261 15)", bye_before_the_answer),
    ("the caller's phone knows no such dialog before the answer (RFC 5057 5.1)", caller_lost),
    ("a re-INVITE is cancelled", reinvite_cancelled),
    ("a CANCEL of a re-INVITE crosses its 200 (RFC 3261 9.1)", cancel_crosses_the_answer),
    ("INFO, MESSAGE, OPTIONS, REFER (R18.4)", other_requests),
    ("UPDATE (R18.4)", update),
    ("the callee hangs up, with a Reason (R18.4)", callee_hangs_up),
    ("a phone that knows the call no more", callee_has_forgotten),
    ("reliable provisional responses on one leg alone (C24)", reliable_on_one_leg),
    ("what we cannot do is refused with 420", unsupported),
    ("tipringctl lists the call and ends it", listed_and_ended),
]


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS) as server:
        run_cases(report, lambda: office_of(server), CASES)
        report.run("after a restart calls are 481 (RFC 3261 12.2.2)", lambda: after_a_restart(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Calls through the back-to-back user agent that are transferred: REFER goes across, and who was sent to a leg of ours
takes its place.

Usage: groups_transfers.py BIN_DIR
"""

import os
import re
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import SDP_LINE, GroupCall, GroupServer, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import contact_of, response, tag_of, take_request, uri_of  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report  # noqa: E402

GROUPS = {"601": group_of("bob"), "602": group_of("carol")}
SIPFRAG = "Content-Type: message/sipfrag;version=2.0"


def body(message):
    return message.body.decode()


def replaces_of(call, more=""):
    """The Replaces value for the other side of a call of ours."""
    return f"{call.call_id};to-tag={tag_of(call.answer.one('to'))};from-tag={call.from_tag}{more}"


class Transferring(Office):
    """alice talks to bob by one line and to carol by another; bob has two lines as well."""

    def __init__(self, server):
        super().__init__(server, "bob", "carol")
        self.lines = [self.alice, SipSocket(server.port)]
        self.third = SipSocket(server.port)  # bob's second line
        self.third.server_host = self.alice.server_host
        self.phones += [self.lines[1], self.third]

    def connect(self, line, group, member, port):
        return self.join(group, member, sdp(port), offer=sdp(4000 + line * 10), phone=self.lines[line])

    def both(self):
        return self.connect(0, "601", self.bob, 5000), self.connect(1, "602", self.carol, 6000)

    def take_place(self, uri, replaces, offer=sdp(7000), user="bob", extra=()):
        """An INVITE with Replaces, by bob's second line."""
        headers = [f"Replaces: {replaces}", *extra]
        return GroupCall(self.third, self.server, caller=user, offer=offer, headers=headers, uri=uri)


def refer(call, member, refer_to):
    """REFER to the other side, which accepts it; the number that it had there."""
    call.inside_plain("REFER", [f"Refer-To: {refer_to}", "Referred-By: <sip:alice@127.0.0.1>",
                                f"Contact: {contact_of(call.phone, 'alice')}"], "")
    got = member.take("REFER", "202 Accepted")
    assert got.one("refer-to") == refer_to, got.raw
    assert got.one("referred-by") == "<sip:alice@127.0.0.1>", got.raw
    call.expect(202)
    return got.one("cseq").split()[0]


def notify(call, member, refer_cseq, status, state):
    """Of the one who was asked; what the other one gets names the REFER as he has sent it."""
    member.send("NOTIFY", f"SIP/2.0 {status}\r\n",
                [f"Event: refer;id={refer_cseq}", f"Subscription-State: {state}"], kind=SIPFRAG)
    got = take_request(call.phone, "NOTIFY")
    call.phone.send(response(got, "200 OK"))
    assert member.phone.receive_final().status == 200
    assert body(got) == f"SIP/2.0 {status}\r\n", got.raw
    assert got.one("subscription-state") == state, got.raw
    return got


def blind(office):
    call = office.connect(0, "601", office.bob, 5000)
    target = f"<sip:602@127.0.0.1:{office.server.port}>"
    number = refer(call, office.bob, target)
    refer_cseq = call.cseq
    assert notify(call, office.bob, number, "100 Trying", "active;expires=60").one("event") == f"refer;id={refer_cseq}"
    onward = GroupCall(office.third, office.server, "602", caller="bob", offer=sdp(7000)).start()
    office.carol.take_invite()
    office.answer(onward, office.carol, sdp(6000))
    notify(call, office.bob, number, "200 OK", "terminated;reason=noresource")
    office.end(call, office.bob)
    office.end(onward, office.carol)


def attended(office):
    first, second = office.both()
    target = uri_of(second.answer.one("contact"))
    number = refer(first, office.bob, f"<{target}?Replaces={quote(replaces_of(second), safe='')}>")
    notify(first, office.bob, number, "100 Trying", "active;expires=60")
    onward = office.take_place(target, replaces_of(second), extra=["Referred-By: <sip:alice@127.0.0.1>",
                                                                   "Require: replaces"]).start()
    cseq = int(office.carol.invite.one("cseq").split()[0])
    again = office.carol.take("INVITE", body=sdp(6000, version=2))
    assert again.one("call-id") == office.carol.invite.one("call-id")
    assert int(again.one("cseq").split()[0]) == cseq + 1, again.raw
    assert "m=audio 7000" in body(again) and not again.all("replaces"), again.raw
    take_request(office.carol.phone, "ACK")
    answer = onward.expect(200)
    assert "m=audio 6000" in body(answer), answer.raw
    onward.ack()
    bye = take_request(office.lines[1], "BYE")
    assert bye.one("call-id") == second.call_id and "Replaced" in bye.one("reason"), bye.raw
    office.lines[1].send(response(bye, "200 OK"))
    notify(first, office.bob, number, "200 OK", "terminated;reason=noresource")
    office.end(first, office.bob)
    onward.inside_plain("INFO", ["Content-Type: text/plain"], "hello")
    assert body(office.carol.take("INFO")) == "hello"
    onward.expect(200)
    office.end(onward, office.carol)


def callee_replaced(office):
    """Carol sends bob to alice in her place."""
    second = office.connect(1, "602", office.carol, 6000)
    ours = office.carol.invite
    replaces = f"{ours.one('call-id')};to-tag={tag_of(ours.one('from'))};from-tag={office.carol.tag}"
    onward = office.take_place(uri_of(ours.one("contact")), replaces).start()
    again = take_request(office.lines[1], "INVITE")
    assert again.one("call-id") == second.call_id and "m=audio 7000" in body(again), again.raw
    lines = [f"Contact: {contact_of(office.lines[1], 'alice')}", SDP_LINE]
    office.lines[1].send(response(again, "200 OK", None, lines, sdp(4010, version=2)))
    take_request(office.lines[1], "ACK")
    assert "m=audio 4010" in body(onward.expect(200))
    onward.ack()
    office.carol.take("BYE")
    second.inside_with("BYE", "")
    bye = take_request(office.third, "BYE")
    office.third.send(response(bye, "200 OK"))
    second.expect(200)


def without_offer(office):
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second), offer=None).start()
    again = office.carol.take("INVITE", body=sdp(6000, version=2))
    assert body(again) == "", again.raw
    assert "m=audio 6000" in body(onward.expect(200))
    bye = take_request(office.lines[1], "BYE")
    office.lines[1].send(response(bye, "200 OK"))
    onward.ack_with(sdp(7000))
    assert "m=audio 7000" in body(take_request(office.carol.phone, "ACK"))
    office.end(onward, office.carol)


def refused_by_the_third(office):
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
    office.carol.take("INVITE", "488 Not Acceptable Here")
    take_request(office.carol.phone, "ACK")
    onward.expect_refusal(488)
    silent(office.lines[1], 0.1)
    second.inside_plain("INFO", ["Content-Type: text/plain"], "still here")
    assert body(office.carol.take("INFO")) == "still here"
    second.expect(200)
    office.end(second, office.carol)


def cancelled(office):
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
    again = take_request(office.carol.phone, "INVITE")
    office.carol.reply(again, "INVITE", "180 Ringing")
    onward.cancel()
    assert sorted(office.third.receive_final().status for _ in range(2)) == [200, 487]
    onward.phone.send(onward._request("ACK", onward.uri, onward.cseq, branch=onward.branch))
    office.carol.take("CANCEL")
    office.carol.reply(again, "INVITE", "487 Request Terminated")
    take_request(office.carol.phone, "ACK")
    silent(office.lines[1], 0.1)
    office.end(second, office.carol)


def realigning(office):
    """carol has agreed to talk to bob, who is not there any more: alice is asked for an offer. Her call, and that INVITE."""
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
    again = take_request(office.carol.phone, "INVITE")
    office.carol.reply(again, "INVITE", "180 Ringing")
    onward.cancel()
    assert sorted(office.third.receive_final().status for _ in range(2)) == [200, 487]
    onward.phone.send(onward._request("ACK", onward.uri, onward.cseq, branch=onward.branch))
    cancel = take_request(office.carol.phone, "CANCEL")
    office.carol.reply(again, "INVITE", body=sdp(6000, version=2))
    office.carol.phone.send(response(cancel, "481 Call/Transaction Does Not Exist", office.carol.tag))
    take_request(office.carol.phone, "ACK")
    asked = take_request(second.phone, "INVITE")
    assert body(asked) == "", asked.raw
    return second, asked


def offer_when_asked(call, asked, text):
    lines = [f"Contact: {contact_of(call.phone, 'alice')}", SDP_LINE]
    call.phone.send(response(asked, "200 OK", None, lines, text))


def cancelled_too_late(office):
    """carol and alice are brought together again."""
    second, asked = realigning(office)
    offer_when_asked(second, asked, sdp(4010, version=2))
    offered = office.carol.take("INVITE", body=sdp(6000, version=3))
    assert "m=audio 4010" in body(offered), offered.raw
    take_request(office.carol.phone, "ACK")
    ack = take_request(second.phone, "ACK")
    assert "m=audio 6000" in body(ack), ack.raw
    office.end(second, office.carol)


def hold(call, member, port):
    """The one who calls holds the other one."""
    call.inside_with("INVITE", sdp(port, version=9, direction="sendonly"))
    member.take("INVITE", body=sdp(6000, version=9, direction="recvonly"))
    take_request(member.phone, "ACK")
    answer = call.phone.receive_final()
    assert answer.status == 200 and "a=recvonly" in body(answer), answer.raw
    call.ack_again()


def replaced_who_is_asked(office):
    """alice is asked for an offer, and another takes her place before she makes it: holding works as ever."""
    second, asked = realigning(office)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second), offer=None).start()
    assert body(office.carol.take("INVITE", body=sdp(6000, version=3))) == ""
    assert "m=audio 6000" in body(onward.expect(200))
    second.phone.send(response(take_request(second.phone, "BYE"), "200 OK"))
    second.phone.send(response(asked, "487 Request Terminated"))
    take_request(second.phone, "ACK")
    onward.ack_with(sdp(7000))
    assert "m=audio 7000" in body(take_request(office.carol.phone, "ACK"))
    hold(onward, office.carol, 7000)
    office.end(onward, office.carol)


def replaces_carol(office):
    """An INVITE without an offer that is to take her place."""
    ours = office.carol.invite
    replaces = f"{ours.one('call-id')};to-tag={tag_of(ours.one('from'))};from-tag={office.carol.tag}"
    return office.take_place(uri_of(ours.one("contact")), replaces, offer=None).start()


def settle_in_carols_place(second, onward):
    """alice is asked for an offer for him who has taken carol's place, and he answers it."""
    asked = take_request(second.phone, "INVITE")
    assert body(asked) == "", asked.raw
    offer_when_asked(second, asked, sdp(4010, version=4))
    assert "m=audio 4010" in body(onward.expect(200))
    onward.ack_with(sdp(7000))
    assert "m=audio 7000" in body(take_request(second.phone, "ACK"))


def hang_up_on_third(office, second):
    second.inside_with("BYE", "")
    office.third.send(response(take_request(office.third, "BYE"), "200 OK"))
    second.expect(200)


def replaced_who_is_offered(office):
    """alice's offer has gone on to carol, who hangs up without an answer while another takes her place."""
    second, asked = realigning(office)
    offer_when_asked(second, asked, sdp(4010, version=2))
    offered = take_request(office.carol.phone, "INVITE")
    assert "m=audio 4010" in body(offered), offered.raw
    onward = replaces_carol(office)
    office.carol.send("BYE")
    assert office.carol.phone.receive_final().status == 200
    office.carol.reply(offered, "INVITE", "487 Request Terminated")
    take_request(office.carol.phone, "ACK")
    ack = take_request(second.phone, "ACK")  # nobody is there who could take her offer
    assert "m=audio 0 " in body(ack), ack.raw
    settle_in_carols_place(second, onward)
    hang_up_on_third(office, second)


def replaced_before_the_offer(office):
    """Another is about to take carol's place when alice makes the offer that she was asked for."""
    second, asked = realigning(office)
    onward = replaces_carol(office)
    offer_when_asked(second, asked, sdp(4010, version=2))
    ack = take_request(second.phone, "ACK")
    assert "m=audio 0 " in body(ack), ack.raw
    settle_in_carols_place(second, onward)
    office.carol.take("BYE")
    hang_up_on_third(office, second)


def given_back_before_the_offer(office):
    """The same, but the other one gives up: alice and carol are brought together after all."""
    second, asked = realigning(office)
    onward = replaces_carol(office)
    onward.cancel()
    onward.expect(200)
    onward.expect_refusal(487)
    offer_when_asked(second, asked, sdp(4010, version=2))
    offered = office.carol.take("INVITE", body=sdp(6000, version=3))
    assert "m=audio 4010" in body(offered), offered.raw
    take_request(office.carol.phone, "ACK")
    assert "m=audio 6000" in body(take_request(second.phone, "ACK"))
    office.end(second, office.carol)


def given_back_after_the_offer(office):
    second, asked = realigning(office)
    onward = replaces_carol(office)
    offer_when_asked(second, asked, sdp(4010, version=2))
    assert "m=audio 0 " in body(take_request(second.phone, "ACK"))
    asked = take_request(second.phone, "INVITE")
    onward.cancel()
    onward.expect(200)
    second.phone.send(response(asked, "487 Request Terminated"))
    take_request(second.phone, "ACK")
    onward.expect_refusal(487)
    asked = take_request(second.phone, "INVITE")
    assert body(asked) == "", asked.raw
    offer_when_asked(second, asked, sdp(4010, version=3))
    offered = office.carol.take("INVITE", body=sdp(6000, version=3))
    assert "m=audio 4010" in body(offered), offered.raw
    take_request(office.carol.phone, "ACK")
    assert "m=audio 6000" in body(take_request(second.phone, "ACK"))
    office.end(second, office.carol)


def transferor_leaves_early(office):
    """Who has sent the other one hangs up before the third one has agreed."""
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
    again = take_request(office.carol.phone, "INVITE")
    second.inside_with("BYE", "")
    second.expect(200)
    silent(office.carol.phone, 0.1)
    office.carol.reply(again, "INVITE", body=sdp(6000, version=2))
    take_request(office.carol.phone, "ACK")
    onward.expect(200)
    onward.ack()
    silent(office.lines[1], 0.1)
    office.end(onward, office.carol)


def replaced_who_has_offered(office):
    """Who is replaced has offered, and hangs up before the answer comes: that is nobody's any more."""
    call = office.connect(0, "601", office.bob, 5000)
    call.inside_with("INVITE", "")
    office.bob.take("INVITE", body=sdp(5000, version=2))
    while call.phone.receive().status != 200:
        pass
    other = uri_of(office.bob.invite.one("contact"))
    from_tag = tag_of(office.bob.invite.one("from"))
    replaces = f"{office.bob.invite.one('call-id')};to-tag={from_tag};from-tag={office.bob.tag}"
    onward = office.take_place(other, replaces).start()
    office.bob.send("BYE")
    assert office.bob.phone.receive_final().status == 200
    second = GroupCall(office.lines[1], office.server, "602", offer=sdp(4010)).start()
    office.carol.take_invite()
    call.ack_with(sdp(4000, version=2))
    again = take_request(call.phone, "INVITE")
    assert "m=audio 7000" in body(again), again.raw
    call.phone.send(response(again, "200 OK", None, [f"Contact: {contact_of(call.phone, 'alice')}", SDP_LINE],
                             sdp(4000, version=3)))
    take_request(call.phone, "ACK")
    onward.expect(200)
    onward.ack()
    onward.inside_with("BYE", "")
    call.phone.send(response(take_request(call.phone, "BYE"), "200 OK"))
    onward.expect(200)
    second.cancel()
    second.expect(200)
    second.expect_refusal(487)
    office.carol.ring()
    office.carol.take_cancel()


def third_leaves(office):
    second = office.connect(1, "602", office.carol, 6000)
    onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
    again = take_request(office.carol.phone, "INVITE")
    office.carol.send("BYE")
    assert office.carol.phone.receive_final().status == 200
    onward.expect_refusal(480)
    bye = take_request(office.lines[1], "BYE")
    assert bye.one("call-id") == second.call_id
    office.lines[1].send(response(bye, "200 OK"))
    office.carol.reply(again, "INVITE", "487 Request Terminated")
    take_request(office.carol.phone, "ACK")


def not_for_everyone(office):
    """Early-only names no call that is answered; a stranger replaces nobody; wrong tags name nothing."""
    second = office.connect(1, "602", office.carol, 6000)
    uri = uri_of(second.answer.one("contact"))
    refused(office.take_place(uri, replaces_of(second, ";early-only")), 486)
    stranger = office.take_place(uri, replaces_of(second))
    stranger.password = "wrong"
    refused(stranger, 401)
    twice = office.take_place(uri, replaces_of(second), extra=[f"Join: {replaces_of(second)}"])
    refused(twice, 400)
    refused(office.take_place(uri, replaces_of(second).replace("from-tag=", "from-tag=x")), 481)
    silent(office.carol.phone, 0.1)
    office.end(second, office.carol)


def asked_of_the_replaced(office):
    """carol has asked something of alice, in whose place bob is before she has answered: as often as there is room."""
    second = office.connect(1, "602", office.carol, 6000)
    for number in range(4):
        office.carol.send("INFO", "hello", kind="Content-Type: text/plain")
        asked, info = second.phone, take_request(second.phone, "INFO")
        second = replaced_by_next_line(office, second, number)
        asked.send(response(info, "487 Request Terminated"))
        answer = office.carol.phone.receive_final()
        assert answer.status == 500 and answer.one("retry-after") and "INFO" in answer.one("cseq"), answer.raw
        take_request(office.carol.phone, "ACK")
    office.carol.send("INFO", "hello", kind="Content-Type: text/plain")
    office.third.send(response(take_request(office.third, "INFO"), "200 OK"))
    assert office.carol.phone.receive_final().status == 200
    office.end(second, office.carol)


def replaced_by_next_line(office, call, number):
    """bob takes the place of this call by another line of his; the ACK to carol is still to come."""
    onward = office.take_place(uri_of(call.answer.one("contact")), replaces_of(call)).start()
    office.carol.take("INVITE", body=sdp(6000, version=2 + number))
    onward.expect(200)
    onward.ack()
    call.phone.send(response(take_request(call.phone, "BYE"), "200 OK"))
    return onward


def change_of_the_replaced(office):
    """alice's own change is under way when bob takes her place: it has its answer, and his offer waits for it."""
    for method in ("UPDATE", "INVITE"):
        second = office.connect(1, "602", office.carol, 6000)
        second.inside_with(method, sdp(4010, version=2))
        change = take_request(office.carol.phone, method)
        onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
        silent(office.carol.phone, 0.05)
        office.carol.reply(change, method, body=sdp(6000, version=2))
        answer = second.phone.receive_final()
        assert answer.status == 200 and "m=audio 6000" in body(answer), answer.raw
        if method == "INVITE":
            second.ack_again()
            take_request(office.carol.phone, "ACK")
        again = office.carol.take("INVITE", body=sdp(6000, version=3))
        assert "m=audio 7000" in body(again), again.raw
        take_request(office.carol.phone, "ACK")
        onward.expect(200)
        onward.ack()
        second.phone.send(response(take_request(second.phone, "BYE"), "200 OK"))
        office.end(onward, office.carol)


def change_of_who_hangs_up(office):
    """alice's own change is under way when bob takes her place and she hangs up: his offer is made all the same."""
    for method in ("UPDATE", "INVITE"):
        second = office.connect(1, "602", office.carol, 6000)
        second.inside_with(method, sdp(4010, version=2))
        branch, cseq = second.branch, second.cseq
        change = take_request(office.carol.phone, method)
        onward = office.take_place(uri_of(second.answer.one("contact")), replaces_of(second)).start()
        second.inside_with("BYE", "")
        answers = {second.phone.receive_final().one("cseq").split()[1] for _ in range(2)}
        assert answers == {method, "BYE"}, answers
        if method == "INVITE":
            second.branch, second.cseq = branch, cseq
            second.ack_last_invite()
        office.carol.reply(change, method, body=sdp(6000, version=2))
        if method == "INVITE":
            take_request(office.carol.phone, "ACK")
        again = office.carol.take("INVITE", body=sdp(6000, version=3))
        assert "m=audio 7000" in body(again), again.raw
        take_request(office.carol.phone, "ACK")
        onward.expect(200)
        onward.ack()
        office.end(onward, office.carol)


def early(office):
    """A call that rings is not for others to take: the caller's leg is no early dialog of ours."""
    call = GroupCall(office.lines[0], office.server, "602", offer=sdp(4000)).start()
    office.carol.take_invite()
    office.carol.ring()
    ringing = call.expect(180)
    call.answer = ringing
    refused(office.take_place(uri_of(ringing.one("contact")), replaces_of(call)), 481)
    office.talk(call, office.carol, sdp(6000))


def comes_by_two_paths(office):
    """While it is settled who takes the place, the same INVITE under another branch is 482, and nothing else."""
    call = GroupCall(office.alice, office.server, "602", offer=sdp(4000))
    call.send_invite()
    office.carol.take_invite()
    call.expect(100)
    office.answer(call, office.carol, sdp(6000))
    onward = office.take_place(uri_of(call.answer.one("contact")), replaces_of(call))
    invite = onward.send_invite()
    onward.expect(100)
    again = take_request(office.carol.phone, "INVITE")
    office.third.send(invite.replace(onward.branch, onward.branch + "x"))
    onward.expect(482)
    silent(office.third, 0.1)
    office.carol.reply(again, "INVITE", body=sdp(6000, version=2))
    take_request(office.carol.phone, "ACK")
    onward.expect(200)
    onward.ack()
    office.alice.send(response(take_request(office.alice, "BYE"), "200 OK"))
    office.end(onward, office.carol)


def refused(call, status):
    """INVITE, 401, INVITE with credentials, and this refusal; or it at once."""
    call.send_invite()
    challenge = call.phone.receive_final()
    call.ack_refusal(challenge)
    if challenge.status == status != 401:
        return
    proof = credentials(challenge_params(challenge), call.caller, call.password, "INVITE", call.uri)
    call.send_invite([f"Authorization: {proof}"])
    answer = call.phone.receive_final()
    assert answer is not None and answer.status == status, answer and answer.raw
    call.ack_refusal(answer)


CASES = [
    ("a blind transfer: REFER and its NOTIFYs go across, by the numbers of each leg (R18.4, F21)", blind),
    ("an attended transfer: who was sent takes the place of the sender (C24, F22)", attended),
    ("the callee's leg is replaced as the caller's is (C24)", callee_replaced),
    ("an INVITE with Replaces and without an offer (C24, R18.2)", without_offer),
    ("the third one refuses, and the call stands (RFC 3891 3)", refused_by_the_third),
    ("the replacement is cancelled, and the call stands", cancelled),
    ("the third gives up when the answer is on its way", cancelled_too_late),
    ("who is asked for an offer is replaced", replaced_who_is_asked),
    ("who has been made an offer is replaced, and hangs up", replaced_who_is_offered),
    ("who is to be made an offer is about to be replaced", replaced_before_the_offer),
    ("who was to be made an offer has his place again before it comes", given_back_before_the_offer),
    ("who was to be made an offer has his place again after it came", given_back_after_the_offer),
    ("the sender hangs up before it is settled", transferor_leaves_early),
    ("who is replaced has offered, and hangs up", replaced_who_has_offered),
    ("the third one hangs up before it is settled", third_leaves),
    ("what was asked of who is replaced is answered all the same", asked_of_the_replaced),
    ("who is replaced changes the session at that moment", change_of_the_replaced),
    ("who is replaced has changed the session, and hangs up", change_of_who_hangs_up),
    ("early-only, strangers and contradictions (RFC 3891 3, 8)", not_for_everyone),
    ("a ringing call is not replaced (RFC 3891 3)", early),
]


def main():
    report = Report()
    with GroupServer(sys.argv[1], GROUPS) as server:
        run_cases(report, lambda: Transferring(server), CASES)
    with GroupServer(sys.argv[1], GROUPS, settings=["auth.invite=off"]) as server:
        two = ("a replacement that comes by two ways (RFC 3261 8.2.2.2)", comes_by_two_paths)
        run_cases(report, lambda: Transferring(server), [two])
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

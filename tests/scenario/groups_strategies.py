#!/usr/bin/env python3
"""What holds of a hunt group whatever its strategy: who is busy, away and silent, a caller who gives up at every stage, and
two phones that answer at once.

Usage: groups_strategies.py BIN_DIR
"""

import os
import select
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import PASSWORDS, STRATEGIES, GroupServer, Member, group_of, sdp, silent  # noqa: E402
from group_office import Office, run_cases  # noqa: E402
from sip_phone import OK, register, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report  # noqa: E402

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def groups_of(strategy):
    """Both, nobody who is there, one with another group behind, and that one."""
    return {
        "600": group_of("bob", "carol", strategy=strategy),
        "601": group_of("nobody", "erin", strategy=strategy),
        "602": group_of("bob", "carol", strategy=strategy, ring_timeout=1),
        "603": group_of("bob", strategy=strategy, no_answer_to="604"),
        "604": group_of("carol", strategy=strategy),
        "605": group_of("bob", strategy=strategy),
    }


class Ringing:
    """A call of alice's and whoever rings for it."""

    def __init__(self, office, group="600"):
        self.office = office
        self.call = office.call(group)
        self.rung = self.next_ones()

    def next_ones(self):
        """Who has an INVITE now: both of a group that rings all at once, else one."""
        members = {member.phone.socket: member for member in (self.office.bob, self.office.carol)}
        wanted = 2 if self.office.strategy == "all" and self.office.rings_both else 1
        rung = []
        while len(rung) < wanted:
            ready, _, _ = select.select([one for one in members if members[one] not in rung], [], [], 3)
            assert ready, f"nobody rings beside {[member.user for member in rung]}"
            member = members[ready[0]]
            member.take_invite()
            rung.append(member)
        return rung


class StrategyOffice(Office):
    rings_both = True

    def __init__(self, server, strategy):
        super().__init__(server, "bob", "carol")
        self.strategy = strategy

    def one_rings(self, group):
        self.rings_both = False
        try:
            return Ringing(self, group)
        finally:
            self.rings_both = True


def give_up(ringing, rung, provisional=True):
    """CANCEL: everybody who rings stops, and alice has her 487."""
    ringing.call.cancel()
    ringing.call.expect(200)
    ringing.call.expect_refusal(487)
    for member in rung:
        if not provisional:
            silent(member.phone, 0.1)  # 9.1: not before a provisional response
            member.ring()
        member.take_cancel()


def all_busy(office):
    ringing = Ringing(office)
    refused = set()
    while True:
        for member in ringing.rung:
            member.refuse("486 Busy Here")
            refused.add(member.user)
        if len(refused) == 2:
            break
        ringing.rung = ringing.next_ones()
    ringing.call.expect_refusal(486)


def none_registered(office):
    office.call("601").expect_refusal(480)


def time_over(office):
    ringing = Ringing(office, "602")
    for member in ringing.rung:
        member.ring()
    ringing.call.expect(180)
    for member in ringing.rung:
        member.take_cancel()
    ringing.call.expect_refusal(408)


def gives_up_before_anybody_rings(office):
    ringing = Ringing(office)
    give_up(ringing, ringing.rung, provisional=False)


def gives_up_while_it_rings(office):
    ringing = Ringing(office)
    for member in ringing.rung:
        member.ring()
    ringing.call.expect(180)
    give_up(ringing, ringing.rung)


def gives_up_in_early_media(office):
    ringing = office.one_rings("605")
    office.bob.ring("183 Session Progress", body=sdp(5000))
    assert b"m=audio" in ringing.call.expect(183).body
    give_up(ringing, ringing.rung)


def gives_up_in_the_second_turn(office):
    """The first has refused, and the other one rings: next to it, or after it."""
    ringing = Ringing(office)
    first = ringing.rung[0]
    for member in ringing.rung:
        member.ring()
    ringing.call.expect(180)
    first.refuse("486 Busy Here")
    rest = [member for member in ringing.rung if member is not first]
    if not rest:
        rest = ringing.next_ones() if office.strategy != "all" else []
        for member in rest:
            member.ring()
    silent(ringing.call.phone, 0.05)
    give_up(ringing, rest)


def gives_up_behind_another_group(office):
    ringing = office.one_rings("603")
    office.bob.refuse("486 Busy Here")
    office.carol.take_invite()
    office.carol.ring()
    ringing.call.expect(180)
    give_up(ringing, [office.carol])


def gives_up_as_it_is_answered(office):
    """The CANCEL comes behind our 200: the call stands until its BYE (RFC 3261 9.2)."""
    ringing = office.one_rings("605")
    office.bob.answer(body=sdp(5000))
    take_request(office.bob.phone, "ACK")
    ringing.call.expect(200)
    ringing.call.cancel()
    ringing.call.expect(200)
    ringing.call.ack()
    silent(office.bob.phone, 0.1)
    office.end(ringing.call, office.bob)


def answer_as_it_is_given_up(office):
    """Each 200 that crosses a CANCEL gets ACK and BYE."""
    ringing = Ringing(office)
    for member in ringing.rung:
        member.ring()
    ringing.call.expect(180)
    ringing.call.cancel()
    ringing.call.expect(200)
    ringing.call.expect_refusal(487)
    for member in ringing.rung:
        cancel = take_request(member.phone, "CANCEL")
        member.answer(body=sdp(5000))
        member.phone.send(response(cancel, OK, member.tag))
        take_request(member.phone, "ACK")
        member.take("BYE")


def two_phones_answer_at_once(office):
    """Both of one member: the first has the call, the other one gets ACK and BYE."""
    second = SipSocket(office.server.port)
    register(second, office.server, "bob", PASSWORDS["bob"])
    ringing = office.one_rings("605")
    other = take_request(second, "INVITE")
    office.bob.answer(body=sdp(5000))
    contact = f"<sip:bob@127.0.0.1:{second.port}>"
    second.send(response(other, OK, "second", [f"Contact: {contact}", "Content-Type: application/sdp"], sdp(5002)))
    ringing.call.expect(200)
    ringing.call.ack()
    take_request(office.bob.phone, "ACK")
    take_request(second, "ACK")
    second.send(response(take_request(second, "BYE"), OK))
    office.end(ringing.call, office.bob)
    gone = f"<sip:bob@127.0.0.1:{second.port};transport=udp>;expires=0"
    register(second, office.server, "bob", PASSWORDS["bob"], contacts=[gone])
    second.close()


CASES = [
    ("all busy is 486 (R15.5)", all_busy),
    ("nobody registered is 480 (R15.5)", none_registered),
    ("the time of the group is over: 408 (R16.5)", time_over),
    ("the caller gives up before anybody rings (R16.4)", gives_up_before_anybody_rings),
    ("while it rings", gives_up_while_it_rings),
    ("while he hears early media", gives_up_in_early_media),
    ("when it is another one's turn", gives_up_in_the_second_turn),
    ("when another group has the call", gives_up_behind_another_group),
    ("just after it is answered (RFC 3261 9.2)", gives_up_as_it_is_answered),
    ("just before it is answered (RFC 3261 9.1)", answer_as_it_is_given_up),
    ("two phones of a member answer at once (R15.3)", two_phones_answer_at_once),
]


def all_at_once(bin_dir):
    """Four ring, over UDP and TCP: 50 ms at most between their INVITEs, and between the answer and each CANCEL, by the
    server's own trace."""
    with GroupServer(bin_dir, {"600": group_of("bob", "carol", "dave", "erin")}) as server:
        api = Api(server)
        office = Office(server)
        members = [Member(server, user, transport=transport) for user, transport in
                   (("bob", "udp"), ("carol", "udp"), ("dave", "tcp"), ("erin", "tcp"))]
        for turn in range(8):
            answering = members[turn % 4]
            others = [member for member in members if member is not answering]
            call = office.ring(members=members)
            answering.answer(body=sdp(5000))
            for member in others:
                assert member.take_cancel().one("reason") == ELSEWHERE
            take_request(answering.phone, "ACK")
            call.expect(200)
            call.ack()
            office.end(call, answering)
            ladder = api.get(f"/api/v1/trace/calls/{call.call_id}")["messages"]
            answered = next(arrow for arrow in ladder if arrow["to"] == 0 and arrow["summary"].startswith("SIP/2.0 200"))
            waits = [arrow["time_ms"] - answered["time_ms"] for arrow in ladder
                     if arrow["from"] == 0 and arrow["summary"].startswith("CANCEL")]
            assert len(waits) == 3 and all(0 <= wait <= 50 for wait in waits), waits
            rung = [arrow["time_ms"] for arrow in ladder if arrow["from"] == 0 and arrow["summary"].startswith("INVITE")]
            assert len(rung) == 4 and max(rung) - min(rung) <= 50, rung


def run_strategy(report, strategy):
    with GroupServer(sys.argv[1], groups_of(strategy)) as server:
        run_cases(report, lambda: StrategyOffice(server, strategy), [(f"{strategy}: {name}", case) for name, case in CASES])


def main():
    """The strategies side by side: most of it is waiting."""
    report = Report()
    report.run("all ring, and all others are cancelled, within 50 ms and with a Reason (R15.4, R16.1, R16.4)",
               lambda: all_at_once(sys.argv[1]))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda strategy: run_strategy(report, strategy), STRATEGIES))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

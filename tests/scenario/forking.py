#!/usr/bin/env python3
"""Calls to a user with several phones, and what these say, against the running server.

Usage: forking.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, contact_of, hang_up, register, registered_phone,  # noqa: E402
                       response, take_request)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c"), ("100", "secret-100")]
TERMINATED = "487 Request Terminated"


class Fork:
    """bob's phones, registered with these q values, and a call of alice to him."""

    def __init__(self, server, qs, transports=("udp",), headers=()):
        self.server = server
        self.phones = []
        for place, q in enumerate(qs):
            phone = SipSocket(server.port, transports[place % len(transports)])
            if not self.phones:
                register(phone, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
            register(phone, server, *USERS[1], contacts=[f"{contact_of(phone, 'bob')};q={q}"])
            self.phones.append(phone)
        self.alice = SipSocket(server.port)
        self.call = Call(self.alice, server, headers=headers)
        self.call.invite_with_credentials()
        self.call.expect(100)
        self.invites = {}

    def take(self, *places):
        for place in places:
            self.invites[place] = take_request(self.phones[place], "INVITE")
        return [self.invites[place] for place in places]

    def say(self, place, status_line, *headers):
        self.phones[place].send(response(self.invites[place], status_line, f"tag{place}", headers))

    def answer(self, place):
        self.say(place, OK, f"Contact: {contact_of(self.phones[place], 'bob')}")

    def refuse(self, place, status_line, *headers):
        self.say(place, status_line, *headers)
        take_request(self.phones[place], "ACK")

    def take_cancel(self, place, reason=None):
        cancel = take_request(self.phones[place], "CANCEL")
        assert cancel.one("reason") == reason, cancel.raw
        assert cancel.all("via") == self.invites[place].all("via")[:1], "the CANCEL has another Via"
        self.phones[place].send(response(cancel, OK))
        self.refuse(place, TERMINATED)

    def ends_with(self, status):
        answer = self.call.expect(status)
        if status >= 300:
            self.call.ack_refusal(answer)
        return answer

    def is_quiet(self, *places):
        for place in places:
            got = self.phones[place].receive(0.15)
            assert got is None, f"phone {place} got {got.start_line}"

    def close(self):
        for phone in (self.alice, *self.phones):
            phone.close()


def the_first_to_answer_has_the_call(server, transports):
    fork = Fork(server, (1, 1, 1), transports)
    invites = fork.take(0, 1, 2)
    assert [invite.one("max-breadth") for invite in invites] == ["20"] * 3, invites[0].raw
    for place in range(3):
        fork.say(place, "180 Ringing")
        fork.call.expect(180)
    fork.answer(1)
    fork.ends_with(200)
    reason = 'SIP;cause=200;text="Call completed elsewhere"'
    fork.take_cancel(0, reason)
    fork.take_cancel(2, reason)
    fork.call.ack()
    take_request(fork.phones[1], "ACK")
    hang_up(fork.call, fork.phones[1])
    assert fork.alice.receive(0.2) is None, "a 487 came behind the 200"
    fork.close()


def lower_q_has_its_turn(server):
    fork = Fork(server, (0.2, 0.9, 0.9))
    fork.take(1, 2)
    fork.refuse(1, "486 Busy Here")
    fork.is_quiet(0)
    fork.refuse(2, "480 Away")
    fork.take(0)
    fork.answer(0)
    fork.ends_with(200)
    fork.close()


def all_are_busy(server):
    fork = Fork(server, (1, 1, 1))
    fork.take(0, 1, 2)
    for place, status in enumerate(("500 Broken", "486 Busy Here", "404 Not Found")):
        assert fork.alice.receive(0.05) is None, "an answer before the last phone's"
        fork.refuse(place, status)
    answer = fork.ends_with(486)
    assert answer.one("to").endswith(";tag=tag1"), answer.raw
    fork.close()


def one_declines_for_all(server):
    fork = Fork(server, (1, 1, 0.5))
    fork.take(0, 1)
    fork.say(0, "180 Ringing")
    fork.call.expect(180)
    fork.refuse(1, "603 Decline")
    assert fork.alice.receive(0.1) is None, "the 603 did not wait"
    fork.take_cancel(0, 'SIP;cause=603;text="Decline"')
    fork.ends_with(603)
    fork.is_quiet(2)
    fork.close()


def two_answers_come_through(server):
    fork = Fork(server, (1, 1))
    fork.take(0, 1)
    fork.answer(0)
    fork.answer(1)
    tags = {fork.call.expect(200).one("to").split("tag=")[1] for _ in range(2)}
    assert tags == {"tag0", "tag1"}, tags
    fork.close()


def a_cancel_waits_for_who_is_silent(server):
    fork = Fork(server, (1, 1, 0.5))
    fork.take(0, 1)
    fork.say(0, "180 Ringing")
    fork.call.expect(180)
    fork.call.headers = ['Reason: Q.850;cause=16;text="bye, then"']
    fork.alice.send(fork.call._request("CANCEL", fork.call.uri, fork.call.cseq, fork.call.headers,
                                       branch=fork.call.branch))
    fork.call.expect(200)
    reason = 'Q.850;cause=16;text="bye, then"'
    fork.take_cancel(0, reason)
    fork.is_quiet(1)  # RFC 3261 9.1: it has said nothing yet
    fork.say(1, "100 Trying")
    fork.take_cancel(1, reason)
    fork.ends_with(487)
    fork.is_quiet(2)
    fork.close()


def a_redirection_is_followed(server):
    carol = registered_phone(server, *USERS[2])
    fork = Fork(server, (1,))
    fork.take(0)
    uri = f"sip:carol@127.0.0.1:{server.port}"
    fork.refuse(0, "302 Moved", f"Contact: <{uri}>;q=0.9, <sip:x@abroad.example>;q=0.1", "Contact: <mailto:bob@x>")
    invite = take_request(carol, "INVITE")
    assert invite.start_line == f"INVITE {contact_of(carol, 'carol')[1:-1]} SIP/2.0", invite.start_line
    carol.send(response(invite, "486 Busy Here", "c"))
    take_request(carol, "ACK")
    answer = fork.ends_with(302)  # what only the caller may try (routing.foreign is off)
    assert answer.all("contact") == ["<sip:x@abroad.example>;q=0.1", "<mailto:bob@x>"], answer.all("contact")
    carol.close()
    fork.close()


def redirections_are_merged(server):
    fork = Fork(server, (1, 1), headers=["Request-Disposition: no-recurse"])
    fork.take(0, 1)
    fork.refuse(0, "302 Moved", "Contact: <sip:a@one.example>")
    fork.refuse(1, "301 Gone", "Contact: <sip:b@two.example>;q=0.4")
    answer = fork.ends_with(302)
    assert answer.all("contact") == ["<sip:a@one.example>", "<sip:b@two.example>;q=0.4"], answer.raw
    fork.close()


def challenges_are_merged(server):
    fork = Fork(server, (1, 1))
    fork.take(0, 1)
    fork.refuse(0, "401 Who", 'WWW-Authenticate: Digest realm="one", nonce="1"')
    fork.refuse(1, "407 Who", 'Proxy-Authenticate: Digest realm="two", nonce="2"')
    answer = fork.ends_with(401)
    assert answer.all("www-authenticate") == ['Digest realm="one", nonce="1"'], answer.raw
    assert answer.all("proxy-authenticate") == ['Digest realm="two", nonce="2"'], answer.raw
    fork.close()


def callers_wishes(server):
    fork = Fork(server, (0.9, 0.5), headers=["Request-Disposition: parallel"])
    fork.take(0, 1)
    for place in (0, 1):
        fork.refuse(place, "486 Busy Here")
    fork.ends_with(486)
    fork.close()
    fork = Fork(server, (1, 1), headers=["d: sequential"])
    fork.take(1)
    fork.is_quiet(0)
    fork.refuse(1, "486 Busy Here")
    fork.take(0)
    fork.answer(0)
    fork.ends_with(200)
    fork.close()
    fork = Fork(server, (0.9, 0.5), headers=["Request-Disposition: no-fork"])
    fork.take(0)
    fork.refuse(0, "486 Busy Here")
    fork.ends_with(486)
    fork.is_quiet(1)
    fork.close()


def some_wishes_are_answered_at_once(server):
    for wish, status in (("queue", 501), ("redirect", 302)):
        phone, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
        call = Call(alice, server, headers=[f"Request-Disposition: {wish}"])
        call.invite_with_credentials()
        answer = alice.receive_final()
        assert answer.status == status, answer.raw
        if status == 501:
            assert answer.start_line.endswith("Request-Disposition: queue"), answer.start_line
        else:
            assert answer.all("contact") == [f"{contact_of(phone, 'bob')};q=1.000"], answer.raw
        call.ack_refusal(answer)
        assert phone.receive(0.1) is None, "the phone was called"
        alice.close()
        phone.close()


def breadth_bounds_the_fork(server):
    fork = Fork(server, (1, 1, 1), headers=["Max-Breadth: 1"])
    for place in (2, 1, 0):
        invite, = fork.take(place)
        assert invite.all("max-breadth") == ["1"], invite.raw
        fork.is_quiet(*[other for other in range(place)])
        fork.refuse(place, "486 Busy Here")
    fork.ends_with(486)
    fork.close()


def who_rings_makes_room(server):
    """With routing.serial_timeout = 1."""
    fork = Fork(server, (0.9, 0.5))
    fork.take(0)
    fork.say(0, "180 Ringing")
    fork.call.expect(180)
    fork.take_cancel(0)
    fork.take(1)
    fork.answer(1)
    fork.ends_with(200)
    fork.close()


def a_list_of_redirections(server):
    """Best q first, ties together, numbers of ours among them; what is not SIP, or nobody's, is the caller's to choose."""
    fork = Fork(server, [1.0])
    phones = {name: registered_phone(server, name, f"secret-{key}") for name, key in (("carol", "c"), ("100", "100"))}
    second = SipSocket(server.port)
    register(second, server, "carol", "secret-c", contacts=[contact_of(second, "carol")])
    fork.take(0)
    own = f"sip:carol@127.0.0.1:{server.port}"
    fork.refuse(0, "302 Moved Temporarily", f"Contact: <{own}>;q=0.5, <tel:100;phone-context=127.0.0.1>;q=0.9",
                "Contact: <mailto:bob@example.com>;q=0.8", "Contact: <http://example.com/~bob>;q=0.1",
                "Contact: <tel:+15551234>;q=0.7, <sip:x@192.0.2.9>;q=1.0")
    invite = take_request(phones["100"], "INVITE")
    assert phones["carol"].receive(0.2) is None, "a lower q rings at once"
    phones["100"].send(response(invite, "486 Busy Here", "x"))
    take_request(phones["100"], "ACK")
    for phone in (phones["carol"], second):
        phone.invite = take_request(phone, "INVITE")
    for phone in (phones["carol"], second):
        phone.send(response(phone.invite, "486 Busy Here", "x"))
        take_request(phone, "ACK")
    told = fork.call.expect(302)
    left = [value for line in told.all("contact") for value in line.split(", ")]
    assert left == ["<mailto:bob@example.com>;q=0.8", "<http://example.com/~bob>;q=0.1", "<tel:+15551234>;q=0.7",
                    "<sip:x@192.0.2.9>;q=1.0"], told.raw
    fork.call.ack_refusal(told)
    fork.close()
    for phone in (second, *phones.values()):
        phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with TipringServer(bin_dir, users=USERS) as server:
        for transports in (("udp",), ("udp", "tcp", "tcp")):
            report.run(f"three phones ring over {', '.join(transports)}, the first to answer has the call (F12, R2.2)",
                       lambda t=transports: the_first_to_answer_has_the_call(server, t))
        for name, check in (
                ("a lower q rings when the higher one has failed (F12)", lower_q_has_its_turn),
                ("all are busy (16.7 step 6)", all_are_busy),
                ("one declines for all (16.7 step 5)", one_declines_for_all),
                ("two 200 in one moment both come through (16.7 step 5)", two_answers_come_through),
                ("a CANCEL waits for a provisional and says why (R3.4, RFC 3326)", a_cancel_waits_for_who_is_silent),
                ("a redirection is followed where the caller may go (U21)", a_redirection_is_followed),
                ("a list of redirections: order, ties, what is not SIP (U21)", a_list_of_redirections),
                ("redirections go upstream as one (U21)", redirections_are_merged),
                ("401 and 407 go upstream as one (16.7 step 7)", challenges_are_merged),
                ("callers say how to fork (U19, C11)", callers_wishes),
                ("queue is 501, redirect is 302 (U19)", some_wishes_are_answered_at_once),
                ("Max-Breadth 1 rings one after the other (RFC 5393)", breadth_bounds_the_fork)):
            report.run(name, lambda c=check: c(server))
    with TipringServer(bin_dir, users=USERS, settings=["routing.serial_timeout=1"]) as server:
        report.run("who rings makes room for the next (F12)", lambda: who_rings_makes_room(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

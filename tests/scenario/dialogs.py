#!/usr/bin/env python3
"""What being in a call allows, and how long: SPEC C21, R3.3, R5.3.

Usage: dialogs.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, answer_call, establish, hang_up, registered_phone, response, tag_of,  # noqa: E402
                       take_request, uri_of)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]
CALLS = 3


def standing(server):
    """Calls and dialogs that the server knows."""
    used = {row["name"]: row["in_use"] for row in server.ctl_json("pools")}
    return used["calls"], used["dialogs"]


def phones(server):
    bob = registered_phone(server, *USERS[1])
    return SipSocket(server.port), bob


def along_the_route(call, method, target, cseq=50):
    """A request within the call's dialog, as the caller sends it, but to another place."""
    routes = [f"Route: {value}" for value in reversed(call.answer.all("record-route"))]
    return call.phone.request(method, target, call.from_uri, call.uri, call.call_id, cseq, routes,
                              from_tag=call.from_tag, to_tag=tag_of(call.answer.one("to")))


def from_the_callee(callee, call, method, target, cseq=1):
    routes = [f"Route: {value}" for value in call.answer.all("record-route")]
    return callee.request(method, target, call.uri, call.from_uri, call.call_id, cseq, routes,
                          from_tag=tag_of(call.answer.one("to")), to_tag=call.from_tag)


def take_second_answer(call):
    """The 2xx to a re-INVITE changes no route set: RFC 3261 12.2.1.2."""
    first = call.answer
    call.expect(100)
    call.expect(200)
    call.answer = first
    call.inside("ACK", cseq=call.cseq)


def a_call_is_known_until_its_bye_is_answered(server):
    alice, bob = phones(server)
    assert standing(server) == (0, 0)
    call = Call(alice, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert standing(server) == (1, 1), "an INVITE on its way"
    bob.send(response(invite, "180 Ringing", "b1"))
    call.expect(100)
    call.expect(180)
    bob.send(response(invite, OK, "b1", [f"Contact: <sip:bob@127.0.0.1:{bob.port}>"]))
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    assert standing(server) == (1, 1)
    call.inside("BYE")
    bye = take_request(bob, "BYE")
    assert standing(server) == (1, 1), "the BYE is not answered yet"
    bob.send(response(bye, OK))
    call.expect(200)
    assert standing(server) == (0, 0)
    for status in ("486 Busy Here", "603 Decline"):
        call = Call(alice, server)
        call.invite_with_credentials()
        answer_call(bob, status_line=status)
        call.expect(100)
        call.expect(180)
        call.ack_refusal(call.expect(int(status[:3])))
        take_request(bob, "ACK")
        assert standing(server) == (0, 0), status
    alice.close()
    bob.close()


def a_call_allows_nothing_but_itself(server):
    """Within a call that stands no password is asked for; to another place than its other side it is."""
    alice, bob = phones(server)
    victim = SipSocket(server.port)
    elsewhere = f"sip:x@127.0.0.1:{victim.port}"
    call = establish(alice, bob, server)
    call.inside("INFO")
    bob.send(response(take_request(bob, "INFO"), OK))
    call.expect(200)
    contact = uri_of(call.answer.one("contact"))
    for method in ("INFO", "INVITE", "MESSAGE"):
        alice.send(along_the_route(call, method, elsewhere))
        refused = alice.receive_final()
        assert refused.status in (403, 407), f"{method}: {refused.start_line}"
    bob.send(from_the_callee(bob, call, "INFO", elsewhere))
    assert bob.receive_final().status in (403, 407)
    forged = along_the_route(call, "INFO", contact).replace(call.from_tag, "somebody")
    alice.send(forged)
    assert alice.receive_final().status in (403, 407)
    assert victim.receive(0.3) is None, "it has got something"
    hang_up(call, bob)
    for phone in (alice, bob, victim):
        phone.close()


def a_call_that_has_ended_allows_nothing(server):
    alice, bob = phones(server)
    call = establish(alice, bob, server)
    hang_up(call, bob)
    contact = uri_of(call.answer.one("contact"))
    for method in ("INVITE", "INFO", "MESSAGE", "BYE"):
        alice.send(along_the_route(call, method, contact))
        refused = alice.receive_final()
        assert refused.status in (403, 407), f"{method}: {refused.start_line}"
    bob.send(from_the_callee(bob, call, "INVITE", f"sip:alice@127.0.0.1:{alice.port}"))
    assert bob.receive_final().status in (403, 407)
    assert alice.receive(0.3) is None
    alice.close()
    bob.close()


def a_challenged_bye_keeps_the_call(server):
    alice, bob = phones(server)
    call = establish(alice, bob, server)
    call.inside("BYE")
    challenge = 'WWW-Authenticate: Digest realm="bob", nonce="1", algorithm=MD5'
    bob.send(response(take_request(bob, "BYE"), "401 Unauthorized", headers=[challenge]))
    call.expect(401)
    assert standing(server) == (1, 1)
    call.inside("BYE")
    bob.send(response(take_request(bob, "BYE"), "481 Call/Transaction Does Not Exist"))
    call.expect(481)
    assert standing(server) == (0, 0)
    alice.close()
    bob.close()


def only_what_ends_a_call_ends_it(server):
    """A 481 to what is no part of the call, and a BYE that goes elsewhere, leave it as it was: RFC 5057 5.1."""
    alice, bob = phones(server)
    carol = registered_phone(server, *USERS[2])
    call = establish(alice, bob, server)
    for method in ("INFO", "NOTIFY"):
        call.inside(method)
        bob.send(response(take_request(bob, method), "481 Call/Transaction Does Not Exist"))
        call.expect(481)
        assert standing(server) == (1, 1), method
    # To another user of ours, who knows no such call: a password is asked for, and the call stands.
    alice.send(along_the_route(call, "BYE", f"sip:carol@127.0.0.1:{server.port}"))
    assert alice.receive_final().status == 407
    assert carol.receive(0.2) is None and standing(server) == (1, 1)
    hang_up(call, bob)
    assert standing(server) == (0, 0)
    for phone in (alice, bob, carol):
        phone.close()


def an_early_bye_leaves_nothing(server):
    """A BYE on a dialog that rings, challenged when the INVITE has failed."""
    alice, bob = phones(server)
    call = Call(alice, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    contact = f"Contact: <sip:bob@127.0.0.1:{bob.port}>"
    bob.send(response(invite, "180 Ringing", "b1", [contact]))
    call.expect(100)
    call.answer = call.expect(180)
    call.inside("BYE")
    bye = take_request(bob, "BYE")
    bob.send(response(invite, "487 Request Terminated", "b1"))
    take_request(bob, "ACK")
    call.expect(487)
    bob.send(response(bye, "401 Unauthorized", headers=['WWW-Authenticate: Digest realm="b", nonce="1"']))
    call.expect(401)
    wait_until(lambda: standing(server) == (0, 0), 1, lambda: f"left: {standing(server)}")
    alice.close()
    bob.close()


def a_target_moves(server):
    """A re-INVITE and its 2xx give both sides another target: only there may requests go now."""
    alice, bob = phones(server)
    call = establish(alice, bob, server)
    moved = SipSocket(server.port)
    call.inside("INVITE", headers=[f"Contact: <sip:alice@127.0.0.1:{moved.port}>"])
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, headers=[f"Contact: <sip:bob@127.0.0.1:{bob.port};moved=yes>"]))
    take_second_answer(call)
    take_request(bob, "ACK")
    bob.send(from_the_callee(bob, call, "INFO", f"sip:alice@127.0.0.1:{alice.port}", cseq=1))
    assert bob.receive_final().status in (403, 407), "the old target is still allowed"
    bob.send(from_the_callee(bob, call, "INFO", f"sip:alice@127.0.0.1:{moved.port}", cseq=2))
    moved.send(response(take_request(moved, "INFO"), OK))
    assert bob.receive_final().status == 200
    hang_up(call, bob)
    assert standing(server) == (0, 0)
    for phone in (alice, bob, moved):
        phone.close()


def more_calls_than_there_is_room_for(server):
    """The next one is 503; OPTIONS and the calls that stand go on."""
    alice, bob = phones(server)
    calls = [establish(alice, bob, server) for _ in range(CALLS)]
    refused = Call(alice, server)
    refused.invite_with_credentials()
    answer = alice.receive_final()
    assert answer.status == 503 and "capacity.calls" in answer.reason, answer.start_line
    assert 1 <= int(answer.one("retry-after")) <= 5
    refused.ack_refusal(answer)
    assert bob.receive(0.2) is None
    uri = f"sip:127.0.0.1:{server.port}"
    alice.send(alice.request("OPTIONS", uri, uri, uri))
    assert alice.receive_final().status == 200
    for call in calls:
        call.inside("INVITE", headers=call.headers)
        answer_call_again(bob)
        take_second_answer(call)
        take_request(bob, "ACK")
    hang_up(calls.pop(), bob)
    calls.append(establish(alice, bob, server))
    for call in calls:
        hang_up(call, bob)
    wait_until(lambda: standing(server) == (0, 0), 3, lambda: f"left: {standing(server)}")
    alice.close()
    bob.close()


def answer_call_again(bob):
    bob.send(response(take_request(bob, "INVITE"), OK, headers=[f"Contact: <sip:bob@127.0.0.1:{bob.port}>"]))


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with TipringServer(bin_dir, users=USERS, settings=[f"capacity.calls={CALLS}"]) as server:
        for name, check in (
                ("a call is known until its BYE is answered (R2.5, R3.3)", a_call_is_known_until_its_bye_is_answered),
                ("a call allows nothing but itself (C21)", a_call_allows_nothing_but_itself),
                ("a call that has ended allows nothing (C21)", a_call_that_has_ended_allows_nothing),
                ("a challenged BYE keeps the call, a 481 ends it", a_challenged_bye_keeps_the_call),
                ("only what ends a call ends it (RFC 5057)", only_what_ends_a_call_ends_it),
                ("an early BYE leaves nothing (R3.3, R5.5)", an_early_bye_leaves_nothing),
                ("a target moves with the 2xx to a re-INVITE (R3.1)", a_target_moves),
                ("more calls than there is room for (R5.3, C7)", more_calls_than_there_is_room_for)):
            report.run(name, lambda c=check: c(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

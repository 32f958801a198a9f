#!/usr/bin/env python3
"""How many calls one user may have, what is kept back for calls for help, and who takes these.

Usage: shares.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, registered_phone, response, tag_of, take_request  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]
SOS = "urn:service:sos.fire"


def invite(phone, server, caller, callee="bob", uri=None):
    call = Call(phone, server, caller, callee, password=dict(USERS)[caller], uri=uri)
    call.invite_with_credentials()
    return call


def refused(phone, server, caller, **options):
    """The final answer to a call with credentials."""
    call = invite(phone, server, caller, **options)
    answer = phone.receive_final()
    assert answer is not None, "no answer"
    call.ack_refusal(answer)
    return answer


def expect_at_once(phone, server, uri, status):
    """The answer to a call without credentials."""
    call = Call(phone, server, uri=uri)
    call.send_invite()
    answer = phone.receive_final()
    assert answer.status == status, answer.start_line
    call.ack_refusal(answer)


class Desk:
    """bob, whose phone rings with all that comes."""

    def __init__(self, server):
        self.server = server
        self.phone = registered_phone(server, *USERS[1])
        self.ringing = []

    def rings_for(self, phone, caller, **options):
        call = invite(phone, self.server, caller, **options)
        call.expect(100)
        request = take_request(self.phone, "INVITE")
        self.phone.send(response(request, "180 Ringing", f"b{len(self.ringing)}"))
        call.expect(180)
        self.ringing.append((phone, call, request))
        return request

    def refuse_all(self):
        for i, (_, call, request) in enumerate(self.ringing):
            self.phone.send(response(request, "486 Busy Here", f"b{i}"))
            take_request(self.phone, "ACK")
            call.ack_refusal(call.expect(486))
        self.ringing.clear()


def expect_over_share(answer):
    assert answer.status == 480, answer.start_line
    assert "capacity.calls_per_user" in answer.reason, answer.start_line
    assert 1 <= int(answer.one("retry-after")) <= 5, answer.raw


def share_is_bounded(server):
    alice, carol, desk = SipSocket(server.port), SipSocket(server.port), Desk(server)
    for _ in range(3):
        desk.rings_for(alice, "alice")
    expect_over_share(refused(alice, server, "alice"))
    desk.rings_for(carol, "carol")  # others have their own
    # Over his share he may call for help.
    desk.rings_for(alice, "alice", callee="112")
    desk.refuse_all()
    desk.rings_for(alice, "alice")
    desk.refuse_all()
    lines = server.log_lines("calls_per_user_reached")
    assert len(lines) == 1 and "user=alice" in lines[0] and "calls=3" in lines[0], lines
    assert server.ctl_json("status")["refused_over_share"] == 1
    for phone in (alice, carol, desk.phone):
        phone.close()


def foreign_callers(bin_dir, settings, bounded):
    """Callers from elsewhere share what their address may have, unless it is a safe source."""
    with TipringServer(bin_dir, users=USERS, settings=settings) as server:
        desk, stranger = Desk(server), SipSocket(server.port)

        def call():
            uri = f"sip:bob@127.0.0.1:{server.port}"
            stranger.send(stranger.request("INVITE", uri, f"sip:{random_token()}@elsewhere.example", uri,
                                           headers=[f"Contact: <sip:x@127.0.0.1:{stranger.port}>"]))
            return stranger.receive()
        for _ in range(3):
            assert call().status == 100
            take_request(desk.phone, "INVITE")
        answer = call()
        if bounded:
            expect_over_share(answer)
        else:
            assert answer.status == 100, answer.start_line
        desk.phone.close()
        stranger.close()


def place_is_kept_for_help(server):
    alice, carol, desk = SipSocket(server.port), SipSocket(server.port), Desk(server)
    for caller, phone in (("alice", alice), ("alice", alice), ("alice", alice), ("carol", carol), ("carol", carol),
                          ("carol", carol)):
        desk.rings_for(phone, caller)
    bob = SipSocket(server.port)
    answer = refused(bob, server, "bob")
    assert answer.status == 503 and "capacity.calls" in answer.reason, answer.start_line
    desk.rings_for(bob, "bob", callee="112")
    answer = refused(bob, server, "bob", callee="112")
    assert answer.status == 503, answer.start_line
    desk.refuse_all()
    for phone in (alice, bob, carol, desk.phone):
        phone.close()


def help_is_found(server):
    """The service and the numbers lead to who was named for them."""
    alice, desk = SipSocket(server.port), Desk(server)
    for options in ({"uri": SOS}, {"uri": "URN:service:SOS"}, {"callee": "112"}):
        request = desk.rings_for(alice, "alice", **options)
        assert f"bob@127.0.0.1:{desk.phone.port}" in request.start_line, request.start_line
    desk.refuse_all()
    expect_at_once(alice, server, "urn:service:sostenuto", 416)
    expect_at_once(alice, server, SOS, 407)  # it goes by credentials like any other
    for phone in (alice, desk.phone):
        phone.close()


def help_goes_elsewhere(server, gateway):
    alice = SipSocket(server.port)
    call = invite(alice, server, "alice", uri=SOS)
    request = take_request(gateway, "INVITE")
    assert request.start_line.startswith(f"INVITE sip:112@127.0.0.1:{gateway.port} "), request.start_line
    gateway.send(response(request, "486 Busy Here", "g"))
    take_request(gateway, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    # Nobody else is reached that way: routing.foreign is off.
    expect_at_once(alice, server, f"sip:113@127.0.0.1:{gateway.port}", 403)
    alice.close()


def nobody_takes_it(server):
    alice = SipSocket(server.port)
    answer = refused(alice, server, "alice", uri=SOS)
    assert answer.status == 404 and "routing.emergency_target" in answer.reason, answer.start_line
    assert tag_of(answer.one("to"))
    alice.close()


def target_is_away(server):
    alice = SipSocket(server.port)
    answer = refused(alice, server, "alice", uri=SOS)
    assert answer.status == 480, answer.start_line
    alice.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    small = ["capacity.calls=6", "capacity.calls_per_user=3", "capacity.transactions=128", 'routing.emergency_target="bob"']
    with TipringServer(bin_dir, users=USERS, settings=small) as server:
        report.run("help is not found while its target is away (RFC 5031)", lambda: target_is_away(server))
        report.run("one user has half of the calls, and help beyond (R5.3)", lambda: share_is_bounded(server))
        report.run("the next call is 503, and one for help goes (R5.3, C1)", lambda: place_is_kept_for_help(server))
        report.run("calls for help go to who was named (RFC 5031)", lambda: help_is_found(server))
    open_to_all = [*small, "routing.accept_foreign=true"]
    report.run("callers from one address share (R5.3)",
               lambda: foreign_callers(bin_dir, [*open_to_all, "security.safe_sources=[]"], True))
    report.run("callers from a safe source do not (R5.3)", lambda: foreign_callers(bin_dir, open_to_all, False))
    gateway = SipSocket(0)
    with TipringServer(bin_dir, users=USERS,
                       settings=[f'routing.emergency_target="sip:112@127.0.0.1:{gateway.port}"']) as server:
        gateway.server = ("127.0.0.1", server.port)
        report.run("calls for help go elsewhere (RFC 5031)", lambda: help_goes_elsewhere(server, gateway))
    with TipringServer(bin_dir, users=USERS) as server:
        report.run("without a target the service is 404 (RFC 5031)", lambda: nobody_takes_it(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Session timers on the wire, as session_timer.* sets them: RFC 4028 8.1 and 8.2, and who is refused for want of them.

Usage: session_timer.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from configured_server import ConfiguredServer  # noqa: E402
from sip_phone import (OK, Call, contact_of, hang_up, register, registered_phone, response, tag_of,  # noqa: E402
                       take_request)
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]

# What the caller writes, what the callee gets of Session-Expires and Min-SE, and what the 2xx of a callee without
# session timers comes back with. None for what the callee gets: the call is refused with 421.
SUPPORTS = [
    (["Supported: timer"], "900", None, "900;refresher=uac"),
    (["k: 100rel,timer"], "900", None, "900;refresher=uac"),
    (["Supported: timer", "Proxy-Require: timer"], "900", None, "900;refresher=uac"),
    (["Supported: timer", "Session-Expires: 300;refresher=uas"], "300;refresher=uas", None, "300;refresher=uac"),
    (["Supported: timer", "x: 300"], "300", None, "300;refresher=uac"),
    (["Supported: timer", "Min-SE: 1200"], "1200", "1200", "1200;refresher=uac"),
    (["Session-Expires: 100;refresher=uac"], "120;refresher=uac", "120", None),
    (["x: 120"], "120", None, None),
]
NO_TIMERS = [[], ["Supported: 100rel"], ["Require: timer"], ["Min-SE: 1200"]]
NUMBERS = ["session_timer.default=900", "session_timer.min_se=120"]
FORWARDED = {
    "insert": ([*NUMBERS, "session_timer.mode=insert"], [
        ([], "900", None, None), (["Require: timer"], "900", None, None),
        (["Min-SE: 1200"], "1200", "1200", None), *SUPPORTS]),
    "mandatory": (NUMBERS, [*((lines, None, None, None) for lines in NO_TIMERS), *SUPPORTS]),
    "off": (["session_timer.mode=off"], [
        ([], "", None, None),
        (["Supported: timer", "Session-Expires: 60"], "60", None, None),
    ]),
}


def first_of(message, *names):
    return next((message.one(name) for name in names if message.one(name) is not None), None)


def phone_without_timers(server):
    phone = SipSocket(server.port)
    phone.timers = False
    return phone


def is_forwarded_with(server, lines, interval, min_se, answered):
    bob, alice = registered_phone(server, *USERS[1]), phone_without_timers(server)
    call = Call(alice, server, headers=lines)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    assert (first_of(invite, "session-expires", "x") or "") == interval, invite.raw
    assert len(invite.all("session-expires") + invite.all("x")) == (interval != ""), invite.raw
    assert invite.one("min-se") == min_se, invite.raw
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}", "Require: 100rel"]))
    call.expect(100)
    answer = call.expect(200)
    assert answer.one("session-expires") == answered, answer.raw
    assert answer.all("require") == ["100rel, timer" if answered else "100rel"], answer.raw
    call.ack()
    take_request(bob, "ACK")
    hang_up(call, bob)
    alice.close()
    bob.close()


def is_421(call):
    """Extension Required, with what is required and nothing of Min-SE, which is for 422 alone (RFC 4028 5)."""
    answer = call.expect(421)
    assert answer.all("require") == ["timer"] and answer.one("min-se") is None, answer.raw
    assert not [name for name, _ in answer.headers if name.endswith("-authenticate")], answer.raw
    call.ack_refusal(answer)
    return answer


def is_refused(server, lines):
    bob, alice = registered_phone(server, *USERS[1]), phone_without_timers(server)
    call = Call(alice, server, headers=lines)
    call.send_invite()
    is_421(call)
    assert bob.receive(0.1) is None, "the callee heard of it"
    alice.close()
    bob.close()


def twice_is_400(server):
    """The long and the compact form are one header, which may stand once."""
    alice = phone_without_timers(server)
    for lines in (["Session-Expires: 600", "x: 600"], ["x: 600", "x: 600"], ["Session-Expires: 600, 700"]):
        call = Call(alice, server, headers=["Supported: timer", *lines])
        call.send_invite()
        answer = call.expect(400)
        assert "Session-Expires" in answer.reason, answer.raw
        call.ack_refusal(answer)
    alice.close()


def refused_before_the_challenge(server, transport):
    """Whoever the caller says he is, the answer is the same; with Supported: timer it is the challenge."""
    texts = set()
    for caller in ("alice", "nobody"):
        phone = SipSocket(server.port, transport)
        call = Call(phone, server, caller=caller, callee="zoe")
        phone.timers = False
        call.send_invite()
        answer = is_421(call)
        texts.add(re.sub(rb"(?m)^(Via|From|To|Call-ID):.*\r\n", b"", answer.raw))
        call.send_invite()
        is_421(call)  # and again
        phone.timers = True
        if caller == "alice":
            call.invite_with_credentials()
            answer = phone.receive_final()
            assert answer.status == 404, answer.raw
        else:
            call.send_invite()
            call.expect(407)
        phone.close()
    assert len(texts) == 1, texts


def standing_dialogs_go_on(server):
    """Neither re-INVITE nor UPDATE of a call that stands is refused with 421; 422 may be."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    alice.timers = False
    for method, lines, status in (("INVITE", [], 488), ("UPDATE", [], 488), ("INVITE", ["k: timer", "x: 100"], 422),
                                  ("UPDATE", ["k: timer", "x: 100"], 422)):
        branch = "z9hG4bK" + random_token()
        call.inside(method, headers=[*call.headers, *lines], branch=branch)
        if status == 488:
            request = take_request(bob, method)
            assert request.all("session-expires") == ["900"], request.raw
            bob.send(response(request, "488 Not Acceptable Here"))
        if status == 488 and method == "INVITE":
            take_request(bob, "ACK")
            call.expect(100)
        answer = call.expect(status)
        assert answer.all("min-se") == ([] if status == 488 else ["120"]), answer.raw
        if method == "INVITE":
            call.inside("ACK", cseq=call.cseq, branch=branch)
    assert bob.receive(0.1) is None, "a refused request was forwarded, or the ACK to its refusal"
    hang_up(call, bob)
    alice.close()
    bob.close()


def emergency_is_never_421(server):
    alice = phone_without_timers(server)
    place = f"127.0.0.1:{server.port}"
    for uri, refused in ((f"sip:112@{place}", False), (f"sip:9-11@{place};user=phone", False), ("tel:+49-911", True), ("tel:911;phone-context=127.0.0.1", False),
                         ("urn:service:sos", False), ("URN:Service:SOS.fire", False), (f"sip:1123@{place}", True),
                         ("urn:service:counseling", None)):
        call = Call(alice, server, uri=uri)
        call.send_invite()
        answer = alice.receive_final()
        expected = {False: (404,), True: (421,), None: (416,)}[refused]
        assert answer.status in expected, (uri, answer.raw)
        call.ack_refusal(answer)
    alice.close()


def names_in_trouble(server):
    return [row["name"] for row in Api(server).get("/api/v1/users?trouble=yes")["users"]]


def exception_is_named_and_helps(server):
    """What log and tipringctl say of a user whose phone was refused; the command makes his calls go through."""
    bob, alice = registered_phone(server, *USERS[1]), phone_without_timers(server)
    for caller in ("carol", "carol", "nobody"):
        call = Call(alice, server, caller=caller)
        call.send_invite()
        is_421(call)
    lines = server.log_lines("session_timer_missing user=carol")
    socket = os.path.join(server.data, "tipring.sock")
    command = f"tipringctl --socket {socket} user set carol session_timer=exempt"
    assert len(lines) == 1 and f'except="{command}"' in lines[0], lines
    assert "nobody" not in "".join(line for line in server.read_log().splitlines() if "timer_missing" in line)
    rows = [row for row in server.ctl_json("refused") if row["name"] == "carol"]
    assert len(rows) == 1 and rows[0]["calls"] == 2 and rows[0]["last_s"] < 10, rows
    assert rows[0]["source"] == f"127.0.0.1:{alice.port}", rows
    assert rows[0]["except"] == "tipringctl user set carol session_timer=exempt", rows
    shown = server.ctl_json("user", "show", "carol")
    assert shown["calls_refused"] == 2 and shown["except"] == rows[0]["except"], shown
    assert "carol" in server.ctl("refused") and "session_timer=exempt" in server.ctl("user", "show", "carol")
    assert "calls_refused" not in server.ctl_json("user", "show", "bob")
    assert "carol" in names_in_trouble(server)
    server.ctl(*rows[0]["except"].split()[1:])
    assert [row for row in server.ctl_json("refused") if row["name"] == "carol"] == []
    assert "calls_refused" not in server.ctl_json("user", "show", "carol")
    assert "carol" not in names_in_trouble(server)
    call = Call(alice, server, caller="carol")
    call.send_invite()
    invite = take_request(bob, "INVITE")
    assert invite.all("session-expires") == ["900"], invite.raw
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    server.ctl("user", "set", "carol", "session_timer=default")
    call = Call(alice, server, caller="carol")
    call.send_invite()
    is_421(call)
    alice.close()
    bob.close()


def mode_changes_at_run_time(bin_dir):
    """SIGHUP takes the mode and the numbers for help."""
    with ConfiguredServer(bin_dir, USERS, settings=["auth.invite=off"]) as it:
        alice = phone_without_timers(it.server)

        def statuses():
            for number in ("55", "112"):
                call = Call(alice, it.server, callee=number)
                call.send_invite()
                answer = alice.receive_final()
                call.ack_refusal(answer)
                yield answer.status

        assert [*statuses()] == [421, 404]
        it.reload('[routing]\nemergency = ["55"]\n')
        assert [*statuses()] == [404, 421]
        it.reload('[session_timer]\nmode = "insert"\n')
        assert [*statuses()] == [404, 404]
        alice.close()


def callee_decides(server):
    """A callee that knows session timers says in its 2xx who refreshes, and how often: nothing of it is changed."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port)
    call = Call(alice, server, headers=["Supported: timer"])
    call.send_invite()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}", "Require: timer",
                                        "Session-Expires: 200;refresher=uas"]))
    call.expect(100)
    answer = call.expect(200)
    assert answer.all("session-expires") == ["200;refresher=uas"], answer.raw
    assert answer.all("require") == ["timer"], answer.raw
    call.ack()
    take_request(bob, "ACK")
    # Inside the dialog the interval stays the phones' affair, but a re-INVITE without one gets ours.
    call.inside("UPDATE", headers=["Supported: timer", "Session-Expires: 400;refresher=uac"])
    update = take_request(bob, "UPDATE")
    assert update.all("session-expires") == ["400;refresher=uac"], update.raw
    bob.send(response(update, OK, headers=["Session-Expires: 400;refresher=uac", "Require: timer"]))
    assert call.expect(200).one("session-expires") == "400;refresher=uac"
    hang_up(call, bob)
    alice.close()
    bob.close()


def forked_answers_differ(server):
    """Two phones of bob answer at once, one of which knows timers: each 2xx has its own session interval."""
    phones = [SipSocket(server.port) for _ in range(2)]
    register(phones[0], server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(phones[0], server, *USERS[1], contacts=[contact_of(phone, "bob") for phone in phones])
    alice = SipSocket(server.port)
    call = Call(alice, server)
    call.send_invite()
    invites = [take_request(phone, "INVITE") for phone in phones]
    for tag, lines in (("0", []), ("1", ["Require: timer", "x: 400;refresher=uas"])):
        phones[int(tag)].send(response(invites[int(tag)], OK, tag, [f"Contact: {contact_of(alice, 'bob')}", *lines]))
    call.expect(100)
    answers = {tag_of(answer.one("to")): answer for answer in (call.expect(200), call.expect(200))}
    assert answers["0"].all("session-expires") == ["900;refresher=uac"], answers["0"].raw
    assert answers["0"].all("require") == ["timer"], answers["0"].raw
    assert answers["1"].all("x") == ["400;refresher=uas"], answers["1"].raw
    assert answers["1"].all("session-expires") == [], answers["1"].raw
    register(phones[0], server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    for phone in (alice, *phones):
        phone.close()


def too_small_is_422(server, transport):
    """Who knows session timers can ask again with our Min-SE; nobody is challenged or called before."""
    bob, alice = registered_phone(server, *USERS[1]), SipSocket(server.port, transport)
    call = Call(alice, server, headers=["Supported: timer"])
    call.send_invite(["Session-Expires: 119"])
    answer = call.expect(422)
    assert answer.one("min-se") == "120", answer.raw
    call.ack_refusal(answer)
    assert bob.receive(0.1) is None, "the callee heard of it"
    call.headers += ["Session-Expires: 120", "Min-SE: 120"]
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert invite.one("session-expires") == "120" and invite.one("min-se") == "120", invite.raw
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    alice.close()
    bob.close()


def tables(report):
    for name, (settings, table) in FORWARDED.items():
        with TipringServer(sys.argv[1], users=USERS, settings=[*settings, "auth.invite=off"]) as server:
            for lines, interval, min_se, answered in table:
                if interval is None:
                    report.run(f"{name}: {lines} is 421 (R8.2, R12.1, R19.1, C1)",
                               lambda a=lines: is_refused(server, a))
                else:
                    report.run(f"{name}: {lines} is forwarded as {interval or 'none'} (R8.1, R11.4, C1)",
                               lambda a=(lines, interval, min_se, answered): is_forwarded_with(server, *a))
            if name == "insert":
                report.run("the callee's own Session-Expires stays (R11.4)", lambda: callee_decides(server))
                report.run("each 2xx of a fork has an interval of its own (F24)",
                           lambda: forked_answers_differ(server))
            if name == "mandatory":
                report.run("two intervals in one request are 400 (C1)", lambda: twice_is_400(server))
                report.run("what stands is never 421, and 422 in a dialog too (C1)",
                           lambda: standing_dialogs_go_on(server))
                report.run("who calls for help is never 421 (C1)", lambda: emergency_is_never_421(server))
                report.run("log and tipringctl name the user and the command that excepts him (C1)",
                           lambda: exception_is_named_and_helps(server))


def main():
    report = Report()
    tables(report)
    with TipringServer(sys.argv[1], users=USERS, settings=["session_timer.min_se=120"]) as server:
        for transport in ("udp", "tcp"):
            report.run(f"{transport}: below min_se is 422 with Min-SE, before the challenge (R11.4, R12.2, R19.2)",
                       lambda t=transport: too_small_is_422(server, t))
            report.run(f"{transport}: 421 before the challenge, for known and unknown alike (R12.1, R12.4, R19.1, R19.4)",
                       lambda t=transport: refused_before_the_challenge(server, t))
    report.run("SIGHUP takes another mode (R11.4)", lambda: mode_changes_at_run_time(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

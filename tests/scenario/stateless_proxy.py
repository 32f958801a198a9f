#!/usr/bin/env python3
"""A server that keeps nothing of what it forwards: routing.proxy = "stateless" (RFC 3261 16.11).

Usage: stateless_proxy.py BIN_DIR
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, contact_of, hang_up, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
MODE = 'routing.proxy="stateless"'
SETTINGS = [MODE, 'session_timer.mode="off"', "capacity.calls=1"]
POOLS = ("server_transactions", "client_transactions", "proxy_contexts", "proxy_branches", "proxy_acks", "calls")


def branch_of(request):
    return re.search(r"branch=([^;,\s]+)", request.all("via")[0]).group(1)


def in_use(server):
    return {row["name"]: row["in_use"] for row in server.ctl_json("pools") if row["name"] in POOLS}


def phones(server, transports=("udp", "udp")):
    alice = registered_phone(server, *USERS[0], transport=transports[0])
    return alice, registered_phone(server, *USERS[1], transport=transports[1])


def close(*all_phones):
    for phone in all_phones:
        phone.close()


def send_invite(call, bob):
    """INVITE with credentials after 407; what the callee gets."""
    call.invite_with_credentials()
    return take_request(bob, "INVITE")


def calls_pass(server, transports):
    alice, bob = phones(server, transports)
    before = in_use(server)  # REGISTERs are remembered
    assert not any(count for pool, count in before.items() if pool != "server_transactions"), before
    calls = []
    for _ in range(3):
        call = Call(alice, server)
        invite = send_invite(call, bob)
        assert in_use(server) == before, in_use(server)
        assert invite.one("proxy-authorization") is None and len(invite.all("via")) == 2, invite.raw
        bob.send(response(invite, "100 Trying"))
        call.expect(100)  # it is his, not ours
        bob.send(response(invite, "180 Ringing", "callee"))
        call.expect(180)
        bob.send(response(invite, "200 OK", "callee", [f"Contact: {contact_of(bob, 'callee')}"]))
        answer = call.expect(200)
        assert len(answer.all("via")) == 1, answer.raw
        call.ack()
        take_request(bob, "ACK")
        calls.append(call)
    assert server.ctl_json("calls") == []
    for call in calls:
        call.inside("INFO")
        bob.send(response(take_request(bob, "INFO"), "200 OK"))
        call.expect(200)
        hang_up(call, bob)
    assert in_use(server) == before, in_use(server)
    close(alice, bob)


def one_branch_for_all_of_a_transaction(server, transports):
    alice, bob = phones(server, transports)
    call = Call(alice, server)
    first = send_invite(call, bob)
    bob.send(response(first, "180 Ringing", "callee"))
    call.expect(180)
    alice.send(call.invite)  # again, the same bytes: not challenged, though its nonce count is used
    again = take_request(bob, "INVITE")
    call.cancel()
    cancel = take_request(bob, "CANCEL")
    assert branch_of(first) == branch_of(again) == branch_of(cancel)
    bob.send(response(cancel, "200 OK"))
    assert call.expect(200).one("cseq").endswith("CANCEL")
    bob.send(response(first, "487 Request Terminated", "callee"))
    refused = call.expect(487)
    call.ack_refusal(refused)
    ack = take_request(bob, "ACK")
    assert branch_of(ack) == branch_of(first)
    # Another call has another one, and so has another phone's with the same branch.
    other = Call(alice, server)
    invite = send_invite(other, bob)
    assert branch_of(invite) != branch_of(first)
    bob.send(response(invite, "486 Busy Here", "callee"))
    other.ack_refusal(other.expect(486))
    assert branch_of(take_request(bob, "ACK")) == branch_of(invite)
    close(alice, bob)


def refusals_end_here(server, transports):
    """Our own challenges and refusals: their ACKs reach nobody."""
    alice, bob = phones(server, transports)
    for callee, status in (("nobody", 404), ("bob", 407)):
        call = Call(alice, server, callee=callee)
        if status == 404:
            call.invite_with_credentials()
        else:
            call.send_invite()
        call.ack_refusal(call.expect(status))
    assert bob.receive(0.2) is None
    register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    call = Call(alice, server)
    call.invite_with_credentials()
    call.ack_refusal(call.expect(404))
    call.cancel()
    assert call.expect(481)
    close(alice, bob)


def who_may(server):
    """C21 holds: credentials of others, foreign callers, foreign targets, preloaded Routes, replays."""
    alice, bob = phones(server)
    victim = SipSocket(server.port)
    call = Call(alice, server)
    send_invite(call, bob)
    replayed = re.sub(r"Call-ID: \S+", "Call-ID: another", call.invite)
    replayed = re.sub(r"branch=z9hG4bK\w+", "branch=z9hG4bK" + random_token(), replayed)
    alice.send(replayed)
    answer = alice.receive_final()
    assert answer.status == 407 and "stale=true" in answer.one("proxy-authenticate"), answer.raw
    thief = SipSocket(server.port, source="127.0.0.9")
    thief.send(call.invite)
    stolen = thief.receive(1)  # to where its Via says, unless the server answers the thief
    late = alice.receive(0.3) if stolen is None else None
    assert (stolen or late).status == 407, (stolen or late).raw
    foreign = f"sip:x@127.0.0.1:{victim.port}"
    for uri, from_uri, routes, status in (
            (foreign, "sip:alice@127.0.0.1", [], 403), (foreign, "sip:eve@elsewhere.example", [], 403),
            (f"sip:bob@127.0.0.1:{server.port}", "sip:eve@elsewhere.example", [], 403),
            (f"sip:bob@127.0.0.1:{server.port}", "sip:eve@elsewhere.example", [f"Route: <{foreign};lr>"], 403)):
        for method in ("INVITE", "MESSAGE"):
            alice.send(alice.request(method, uri, from_uri, uri, headers=routes))
            answer = alice.receive_final()
            assert answer.status == status, (uri, from_uri, answer.start_line)
    for method in ("ACK", "CANCEL"):
        alice.send(alice.request(method, foreign, "sip:alice@127.0.0.1", foreign))
        alice.send(alice.request(method, f"sip:bob@127.0.0.1:{server.port}", "sip:alice@127.0.0.1", "sip:bob@127.0.0.1",
                                 headers=[f"Route: <{foreign};lr>"]))
    assert victim.receive(0.3) is None, "a stranger was reached"
    close(alice, bob, victim, thief)


def a_call_abroad(server):
    """CANCEL and the ACK to a failure go where their INVITE has gone; nobody else's do."""
    alice, abroad = registered_phone(server, *USERS[0]), SipSocket(server.port)
    uri = f"sip:x@127.0.0.1:{abroad.port}"
    call = Call(alice, server, uri=uri)
    invite = send_invite(call, abroad)
    abroad.send(response(invite, "180 Ringing", "x"))
    call.expect(180)
    call.cancel()
    cancel = take_request(abroad, "CANCEL")
    abroad.send(response(cancel, "200 OK"))
    call.expect(200)
    abroad.send(response(invite, "487 Request Terminated", "x"))
    call.ack_refusal(call.expect(487))
    assert branch_of(take_request(abroad, "ACK")) == branch_of(invite) == branch_of(cancel)
    for method in ("ACK", "CANCEL"):
        alice.send(alice.request(method, uri, "sip:alice@127.0.0.1", uri))
    assert abroad.receive(0.3) is None, "what belongs to no call goes abroad"
    close(alice, abroad)


def responses_that_nobody_asked_for(server):
    """They go where a Via of ours says that has been made for this Call-ID, and else nowhere."""
    alice, bob = phones(server)
    victim = SipSocket(server.port)
    call = Call(alice, server)
    invite = send_invite(call, bob)
    good = response(invite, "180 Ringing", "callee")
    own = invite.all("via")[0]
    made_up = [good.replace(f"Call-ID: {call.call_id}", "Call-ID: other"),
               good.replace(own, re.sub(r"(branch=z9hG4bK.{40})..", r"\g<1>ff", own)),
               good.replace(own, re.sub(r"branch=\S+", "branch=z9hG4bKx", own)),
               good.replace(own, f"SIP/2.0/UDP 127.0.0.1:{victim.port};branch=z9hG4bKx"),
               good.replace(f"Via: {invite.all('via')[1]}\r\n", "")]
    for text in made_up:
        assert text != good
        bob.send(text)
    assert alice.receive(0.3) is None and victim.receive(0.05) is None
    bob.send(good)
    call.expect(180)
    close(alice, bob, victim)


def survives_kill(server):
    """What comes back after kill -9 finds its way only with the key file, and calls go on with it."""
    alice, bob = phones(server)
    ringing = Call(alice, server)
    invite = send_invite(ringing, bob)
    standing = Call(alice, server)
    other = send_invite(standing, bob)
    bob.send(response(other, "200 OK", "callee", [f"Contact: {contact_of(bob, 'callee')}"]))
    standing.expect(200)
    standing.ack()
    take_request(bob, "ACK")
    server.kill()
    server.users = []
    server.start()
    bob.send(response(invite, "486 Busy Here", "callee"))
    ringing.ack_refusal(ringing.expect(486))
    take_request(bob, "ACK")
    hang_up(standing, bob)
    close(alice, bob)


def best_phone_alone_rings(server):
    alice, bob = phones(server)
    second = SipSocket(server.port)
    register(second, server, *USERS[1], contacts=[f"{contact_of(second, 'bob')};q=0.3"])
    call = Call(alice, server, headers=["Accept-Contact: *;video;require;explicit"])
    invite = send_invite(call, bob)
    bob.send(response(invite, "486 Busy Here", "callee"))
    call.ack_refusal(call.expect(486))
    take_request(bob, "ACK")
    assert second.receive(0.2) is None
    close(alice, bob, second)


def names_are_found(server):
    """A next hop by name: it waits for the resolver in a place that is given back."""
    alice = registered_phone(server, *USERS[0])
    bob = SipSocket(server.port)
    register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(bob, server, *USERS[1], contacts=[f"<sip:bob@localhost:{bob.port}>"])
    call = Call(alice, server)
    invite = send_invite(call, bob)
    bob.send(response(invite, "486 Busy Here", "callee"))
    call.ack_refusal(call.expect(486))
    take_request(bob, "ACK")
    wait_until(lambda: in_use(server)["proxy_acks"] == 0, 5, lambda: str(in_use(server)))
    close(alice, bob)


def contradictions_are_refused(bin_dir):
    for settings, key in (([], "session_timer.mode"), (['session_timer.mode="insert"'], "session_timer.mode"),
                          (['session_timer.mode="off"', 'routing.fork="serial"'], "routing.fork"),
                          (['session_timer.mode="off"', "capacity.calls_per_user=2"], "capacity.calls_per_user")):
        arguments = [word for setting in [MODE, *settings] for word in ("--set", setting)]
        done = subprocess.run([f"{bin_dir}/tipringd", "--check", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and key in done.stderr + done.stdout, (done.returncode, done.stdout, done.stderr)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("what needs state is refused (F10, R11.5)", lambda: contradictions_are_refused(bin_dir))
    for transports in (("udp", "udp"), ("tcp", "udp"), ("tcp", "tcp")):
        name = " to ".join(transports)
        with TipringServer(bin_dir, users=USERS, settings=SETTINGS) as server:
            for what, check in (("one branch for all of a transaction (16.11)", one_branch_for_all_of_a_transaction),
                                ("our own refusals end here (16.11, 17.1.1.3)", refusals_end_here)):
                report.run(f"{name}: {what}", lambda c=check, s=server, t=transports: c(s, t))
    for algorithms in ([], ['auth.algorithms=["SHA-256","MD5"]']):
        name = algorithms[0] if algorithms else "by default"
        with TipringServer(bin_dir, users=USERS, settings=SETTINGS + algorithms) as server:
            report.run(f"{name}: who may (C21)", lambda s=server: who_may(s))
            report.run(f"{name}: responses that nobody asked for (16.11)", lambda s=server: responses_that_nobody_asked_for(s))
            report.run(f"{name}: the best phone alone rings (16.11)", lambda s=server: best_phone_alone_rings(s))
            report.run(f"{name}: a next hop by name", lambda s=server: names_are_found(s))
    with TipringServer(bin_dir, users=USERS, settings=[*SETTINGS, "routing.foreign=true"]) as server:
        report.run("a call abroad (C21, 16.11)", lambda: a_call_abroad(server))
    with TipringServer(bin_dir, users=USERS, settings=SETTINGS) as server:
        key = f"{server.data}/key"
        with open(key, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(os.urandom(32).hex())
        server.stop()
        server.settings.append(f"auth.nonce_key_file={key}")
        server.users = []
        server.start()
        report.run("with a key file calls go on after kill -9 (16.11)", lambda: survives_kill(server))
    for transports in (("udp", "udp"), ("udp", "tcp")):
        with TipringServer(bin_dir, users=USERS, settings=SETTINGS) as server:
            report.run(f"{' to '.join(transports)}: calls pass and nothing is kept (F10, 16.11)",
                       lambda s=server, t=transports: calls_pass(s, t))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

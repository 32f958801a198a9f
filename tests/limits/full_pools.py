#!/usr/bin/env python3
"""Every pool is driven to its end, by strangers and by known phones, while a call stands.

Usage: full_pools.py BIN_DIR CONFIG_DIR

What finds a pool full is answered with 503 and Retry-After, or dropped where the protocol has no answer; the call that
stands can be ended; when the transactions have timed out, every pool is as it was before. Each flood has a server of its
own in the profile tiny, so that all of them wait for their timers at the same time.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from phones import SDP, Call, Phone, SipSocket, expect  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [(f"u{i}", f"p{i}") for i in range(49)]
TRANSACTIONS, CONNECTIONS, BINDINGS = 64, 32, 100
DRAINED_WITHIN = 80  # seconds: Timer B, then Timer D or L, and the idle server's ticks


def in_use(server):
    """Objects in use by pool, those of one name added up."""
    found = {}
    for pool in server.ctl_json("pools"):
        found[pool["name"]] = found.get(pool["name"], 0) + pool["in_use"]
    return found


def pool(server, name):
    return next(pool for pool in server.ctl_json("pools") if pool["name"] == name)


def expect_refused(answer):
    """503 with a Retry-After of one to five seconds."""
    expect(answer, 503)
    after = answer.one("retry-after")
    assert after and 1 <= int(after) <= 5, answer.raw


def is_alive(server):
    phone = SipSocket(server.port)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
    expect(phone.receive_final(), 200)
    phone.close()


class StandingCall:
    """Two phones that talk while others flood the server."""

    def __init__(self, server, transport):
        self.caller, self.callee = (Phone(server, *user, transport) for user in USERS[-2:])
        self.callee.register()
        self.stands = True
        self.call = Call(self.caller, self.callee.aor).invite().ring(self.callee).answer(self.callee)

    def end(self):
        self.call.hang_up(self.callee)
        self.stands = False

    def close(self):
        for phone in (self.caller, self.callee):
            phone.close()


# --- strangers -----------------------------------------------------------------------------------


def strangers_over_udp(server, standing):
    """Requests without credentials take nothing but a moment."""
    before = in_use(server)
    phone = SipSocket(server.port)
    us, user = f"sip:127.0.0.1:{server.port}", "sip:u0@127.0.0.1"
    for i in range(4 * TRANSACTIONS):
        for method, uri, sender, to_tag in (
                ("INVITE", user, user, None), ("INVITE", user, "sip:x@example.net", None), ("REGISTER", us, user, None),
                ("MESSAGE", user, user, None), ("BYE", user, user, "made-up"), ("CANCEL", user, user, None),
                ("ACK", user, user, "made-up"), ("OPTIONS", us, user, None)):
            body = SDP if method == "INVITE" else ""
            phone.timers = i % 3 != 0
            phone.send(phone.request(method, uri, sender, user, headers=[f"Route: <{us};lr>"] if i % 2 else [],
                                     body=body, to_tag=to_tag))
            if method != "ACK":
                answer = phone.receive_final()
                assert answer and answer.status in (200, 401, 403, 404, 407, 421, 481), answer and answer.raw
    phone.close()
    guesser = Phone(server, *USERS[0], "udp")
    for _ in range(TRANSACTIONS):
        Call(guesser, user).invite(password="wrong").expect_refusal(407)
    guesser.close()
    assert in_use(server) == before, (before, in_use(server))
    assert pool(server, "server_transactions")["refusals"] == 0
    standing.end()


def strangers_over_tcp(server, standing):
    """All connections taken, by strangers who say nothing: phones over UDP go on, and one that holds a connection too."""
    known = Phone(server, *USERS[0], "tcp")
    known.register()
    strangers = []
    for _ in range(2 * CONNECTIONS):
        try:
            strangers.append(SipSocket(server.port, "tcp"))
        except ConnectionError:
            continue  # refused while it was connecting
    time.sleep(0.2)
    assert pool(server, "tcp_connections")["in_use"] == CONNECTIONS
    caller = Phone(server, *USERS[1], "udp")
    Call(caller, known.aor).invite().ring(known).refuse(known)
    for stranger in strangers:
        stranger.close()
    time.sleep(0.2)
    late = Phone(server, *USERS[2], "tcp")
    late.register()
    for phone in (known, late):
        phone.unregister()
    for phone in (caller, known, late):
        phone.close()
    standing.end()


def unfinished_messages(server, standing):
    """Strangers who never finish, with small messages and with large ones, do not hold all the buffers."""
    strangers = [SipSocket(server.port, "tcp") for _ in range(CONNECTIONS)]
    for i, stranger in enumerate(strangers):
        text = stranger.request("MESSAGE", "sip:u0@127.0.0.1", "sip:x@example.net", "sip:u0@127.0.0.1",
                                body="x" * 60000)
        try:
            stranger.send(text[:30000 if i % 2 else 300])
        except ConnectionError:
            continue  # others have come first, and it had to go
    time.sleep(0.2)
    for name in ("messages_4k", "messages_64k"):
        held = pool(server, name)
        assert held["in_use"] < held["capacity"], held
    phone = Phone(server, *USERS[0], "udp")
    phone.register([phone.contact, f"X-Padding: {'x' * 9000}"])
    phone.unregister()
    for wire in (phone, *strangers):
        wire.close()
    standing.end()


# --- known phones --------------------------------------------------------------------------------


def flood_of_calls(server, count):
    """Calls to a phone that does not answer, until `count` were refused. What stands open of them."""
    callee = Phone(server, *USERS[0], "udp")
    callee.register()
    caller = Phone(server, *USERS[1], "udp")
    opened, refused = [], 0
    for _ in range(4 * TRANSACTIONS):
        call = Call(caller, callee.aor).invite()
        answer = caller.wire.receive()
        if answer and answer.status == 100:
            opened.append(call)
            continue
        expect_refused(answer)
        call.acknowledge_failure(answer)
        refused += 1
        if refused == count:
            break
    assert refused == count, f"{len(opened)} calls opened, {refused} refused"
    assert opened, "not one call was taken"
    return caller, callee, opened


def refuse_all(caller, callee, opened):
    """The callee wakes up and is busy."""
    open_ids = {call.call_id for call in opened}
    by_id = {call.call_id: call for call in opened}
    while open_ids:
        invite = callee.wire.receive()
        assert invite, f"{len(open_ids)} calls of {len(opened)} never reached the callee"
        if invite.start_line.startswith("INVITE") and invite.one("call-id") in open_ids:
            open_ids.discard(invite.one("call-id"))
            callee.respond(invite, 486, "Busy Here", "c1")
    while by_id:
        answer = caller.wire.receive_final()
        assert answer, f"{len(by_id)} calls were never refused"
        call = by_id.pop(answer.one("call-id"), None)
        if call:
            call.acknowledge_failure(answer)
    callee.unregister()
    for phone in (caller, callee):
        phone.close()


def calls_without_answer(server, standing):
    """As many calls ring as there is room for; the one that stands can still be ended, then they go on."""
    flood = flood_of_calls(server, 20)
    is_alive(server)
    standing.end()
    refuse_all(*flood)


def requests_without_answer(server, standing):
    """MESSAGEs to a phone that is silent hold their transactions for 32 seconds."""
    callee, caller = (Phone(server, *user, "udp") for user in USERS[:2])
    callee.register()
    refused = 0
    for _ in range(2 * TRANSACTIONS):
        Call(caller, callee.aor).message()
        answer = caller.wire.receive(0.05)
        if answer:
            expect_refused(answer)
            refused += 1
    assert refused > 0, "not one was refused"
    is_alive(server)
    standing.end()
    callee.close()
    caller.close()


def few_buffers(server, standing):
    """With hardly any message buffers requests are refused or lost, and nothing else happens."""
    callee, caller = (Phone(server, *user, "udp") for user in USERS[:2])
    callee.register()
    refused = 0
    for _ in range(TRANSACTIONS):
        call = Call(caller, callee.aor)
        try:
            call.invite()
        except AssertionError:
            break  # there was no buffer for the challenge
        answer = caller.wire.receive(0.2)
        if answer and answer.status != 100:
            expect_refused(answer)
            call.acknowledge_failure(answer)
            refused += 1
    short = [entry["name"] for entry in server.ctl_json("pools")
             if entry["name"].startswith("messages") and entry["refusals"]]
    assert short, f"the buffers have lasted, {refused} calls were refused"
    callee.close()
    caller.close()


def answered_requests(server, standing):
    """Transactions that only rest for retransmissions give way: nothing is refused."""
    phone = Phone(server, *USERS[0], "udp")
    for _ in range(2 * TRANSACTIONS):
        phone.register()
    phone.unregister()
    phone.close()
    assert server.ctl_json("status")["reclaimed"] > TRANSACTIONS // 2
    standing.end()


def registrations_at_once(server, standing):
    """More of them than may wait for the disk at one time; commits are half a second apart."""
    phones = [Phone(server, *user, "udp") for user in USERS[:40]]
    for phone in phones:
        phone.ask_for_challenge()
    for phone in phones:
        phone.answer_challenge()
    answers = [phone.wire.receive_final() for phone in phones]
    taken = [phone for phone, answer in zip(phones, answers) if answer and answer.status == 200]
    for phone, answer in zip(phones, answers):
        if phone not in taken:
            expect_refused(answer)
    assert 0 < len(taken) < len(phones), f"{len(taken)} of {len(phones)} were taken"
    standing.end()
    for phone in taken:
        phone.unregister()
    for phone in phones:
        phone.close()


def bindings(server, standing, parameter="x"):
    """Registrations up to the last slot. Those that stand are refreshed; the phones that have them."""
    phones = []
    for i in range(3 * BINDINGS):
        phone = Phone(server, *USERS[i % 40], "udp")
        phone.ask_to_register([f"{phone.contact};{parameter}"])
        answer = phone.wire.receive_final()
        if answer and answer.status == 200:
            phones.append(phone)
            continue
        expect_refused(answer)
        phone.close()
        break
    else:
        raise AssertionError(f"{len(phones)} registrations, and none was refused")
    for phone in phones:
        phone.refresh()
    standing.end()
    return phones


def remove_all(phones):
    for phone in phones:
        phone.unregister()
        phone.close()


def ordinary_bindings(server, standing):
    phones = bindings(server, standing)
    assert len(phones) == BINDINGS - 1, len(phones)  # the standing call has one
    for phone in phones:
        phone.register(phone.headers)  # switched off and on: a new Call-ID
    phones[0].register([*phones[0].headers, "Expires: 0"])
    phones[0].register(phones[0].headers[:1])
    remove_all(phones)


def long_bindings(server, standing):
    """Contacts that only the few largest texts hold."""
    remove_all(bindings(server, standing, "x=" + "y" * 700))


def users(server, standing):
    """The user beyond the last is refused in words, and has a place when another goes."""
    server.ctl("user", "add", "last", text_in="secret\n")
    try:
        server.ctl("user", "add", "onemore", text_in="secret\n")
        raise AssertionError("a user more than capacity.users was taken")
    except RuntimeError as refusal:
        assert "capacity.users" in str(refusal), refusal
    server.ctl("user", "delete", "last")
    server.ctl("user", "add", "onemore", text_in="secret\n")
    phone = Phone(server, "onemore", "secret", "udp")
    phone.register()
    phone.unregister()
    phone.close()
    server.ctl("user", "delete", "onemore")
    standing.end()


FLOODS = [
    ("strangers over UDP", strangers_over_udp, "udp", []),
    ("strangers over TCP", strangers_over_tcp, "udp", []),
    ("messages that never end", unfinished_messages, "udp", []),
    ("calls without an answer, while a call stands over UDP", calls_without_answer, "udp", []),
    ("calls without an answer, while a call stands over TCP", calls_without_answer, "tcp", []),
    ("requests without an answer", requests_without_answer, "udp", []),
    ("hardly any message buffers", few_buffers, "udp", ["capacity.messages=12"]),
    ("answered requests", answered_requests, "udp", []),
    ("registrations at once", registrations_at_once, "udp", ["store.commit_window=500"]),
    ("bindings", ordinary_bindings, "udp", []),
    ("bindings with long contacts", long_bindings, "udp", []),
    ("users", users, "udp", []),
]


class Flooded:
    """A server, what its pools held at the start, and its flood."""

    def __init__(self, bin_dir, config, flood):
        self.name, self.flood, self.transport, settings = flood
        # The last setting of a key is the one that counts.
        self.server = TipringServer(bin_dir, users=USERS, config=config,
                                    settings=["store.commit_window=1", "registrar.max_bindings_per_aor=10",
                                              "capacity.calls_per_user=8", *settings])

    def drive(self):
        self.server.start()
        is_alive(self.server)  # the first datagram gives the receiver its buffers
        self.base = in_use(self.server)
        assert not self.base["bindings"], self.base
        self.standing = StandingCall(self.server, self.transport)
        self.flood(self.server, self.standing)
        self.standing.close()

    def drain(self, deadline):
        """Until every pool holds what it held at the start, and one binding for each registration that stands."""
        # Its phones have gone without a word: it is known until its session is over.
        calls = 1 if self.standing.stands else 0
        while True:
            registered = len(self.server.ctl_json("registrations"))
            wanted = {**self.base, "bindings": registered, "binding_texts": registered, "calls": calls,
                      "dialogs": calls, "messages_512": calls}
            found = in_use(self.server)
            if found == wanted:
                break
            left = {name: count for name, count in found.items() if count != wanted[name]}
            assert time.monotonic() < deadline, f"still in use: {left}, and at first: {self.base}"
            time.sleep(0.5)
        assert self.server.process.poll() is None
        is_alive(self.server)


def main():
    bin_dir, config_dir = sys.argv[1:3]
    report = Report()
    flooded = [Flooded(bin_dir, os.path.join(config_dir, "tiny.toml"), flood)
               for flood in FLOODS if len(sys.argv) < 4 or sys.argv[3] in flood[0]]
    try:
        driven = [one for one in flooded if report.run(f"the server withstands {one.name}", one.drive)]
        deadline = time.monotonic() + DRAINED_WITHIN
        for one in driven:
            report.run(f"all pools are as before after {one.name}", lambda: one.drain(deadline))
    finally:
        for one in flooded:
            one.server.__exit__(None, None, None)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

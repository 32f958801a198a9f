#!/usr/bin/env python3
"""Wrong passwords block: a name from an address, then the address; what is blocked, what goes on, and how it ends.

Usage: blocks.py BIN_DIR
"""

import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, contact_of, hang_up, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
ALGORITHMS = [[], ['auth.algorithms=["SHA-256", "MD5"]']]
FAILURES = 4
SETTINGS = ["security.safe_sources=[]", f"security.failures={FAILURES}", "security.block_time=2",
            "security.block_time_max=8"]


def attempt(phone, server, user, password, nonce_from=None, headers=()):
    """REGISTER for `user`, challenged and answered once; the final answer, None for none."""
    uri = f"sip:127.0.0.1:{server.port}"
    aor = f"sip:{user}@127.0.0.1"
    call_id = random_token()
    challenged = nonce_from or phone
    challenged.send(challenged.request("REGISTER", uri, aor, aor, call_id, 1))
    challenge = challenged.receive_final(1)
    if challenge is None:
        return None
    assert challenge.status == 401, challenge.start_line
    proof = credentials(challenge_params(challenge), user, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, call_id, 2, [f"Authorization: {proof}", *headers]))
    return phone.receive_final(1)


def block(phone, server, user):
    """Guesses until the name is blocked; the 403."""
    for count in range(FAILURES):
        answer = attempt(phone, server, user, f"guess-{count}")
        assert answer.status == 401, f"guess {count}: {answer.start_line}"
    answer = attempt(phone, server, user, "one more")
    assert answer.status == 403, answer.start_line
    return answer


def rows(server):
    return {(row["source"], row["user"]): row for row in server.ctl_json("blocks")}


def without_what_differs(answer, *differing):
    """An answer's text without what belongs to one request alone."""
    text = answer.raw.decode()
    for pattern in (r'nonce="[^"]*"', r"branch=[^;\r]*", r"tag=[^;\r]*", r"rport=\d+", r":\d{4,5}",
                    r"Call-ID: [^\r]*", r"Retry-After: \d+"):
        text = re.sub(pattern, "", text)
    for word in differing:
        text = text.replace(word, "")
    return text


def a_name_is_blocked_from_one_address(server):
    """Known or not, with the right password or not; from elsewhere and for others nothing changes."""
    phone, other = SipSocket(server.port, source="127.0.0.2"), SipSocket(server.port, source="127.0.0.3")
    refusals = []
    for user in ("alice", "nobody"):
        refusals.append(without_what_differs(block(phone, server, user), user))
        right = attempt(phone, server, user, "secret-a")
        assert right.status == 403 and int(right.one("retry-after")) in (1, 2), right.raw
        refusals.append(without_what_differs(right, user))
    assert len(set(refusals)) == 1, f"the refusals differ: {refusals}"
    assert attempt(other, server, "alice", "secret-a").status == 200, "alice is blocked from elsewhere"
    assert attempt(phone, server, "bob", "secret-b").status == 200, "bob is blocked with her"
    found = rows(server)
    assert set(found) == {("127.0.0.2", "alice"), ("127.0.0.2", "nobody")}, found
    assert found["127.0.0.2", "alice"]["failures"] == FAILURES, found
    time.sleep(2.1)
    assert not rows(server), "the blocks do not end"
    assert attempt(phone, server, "alice", "secret-a").status == 200, "she is blocked for ever"
    assert server.log_lines(f"block_begun source=127.0.0.2 user=alice failures={FAILURES} seconds=2"), "no line of log"
    log = server.read_log()
    assert "guess-" not in log and "secret" not in log, "a password is in the log"
    for socket in (phone, other):
        socket.close()


def asked_for(server, users):
    phone = SipSocket(server.port)
    asked = {}
    for user in users:
        aor = f"sip:{user}@127.0.0.1"
        phone.send(phone.request("REGISTER", f"sip:127.0.0.1:{server.port}", aor, aor))
        challenge = phone.receive_final()
        asked[user] = [re.search(r"algorithm=([\w-]+)", value).group(1) for value in challenge.all("www-authenticate")]
    phone.close()
    return asked


def challenges_tell_no_users(bin_dir, algorithms):
    """Where users have algorithms of their own, names that are nobody's seem to have them too, and keep them."""
    strangers = [f"nobody{number}" for number in range(60)]
    with TipringServer(bin_dir, users=USERS, settings=algorithms) as server:
        before = asked_for(server, [*strangers, "alice"])
        assert all(asked == before["alice"] for asked in before.values()), before
        server.ctl("user", "set", "bob", "algorithms=SHA-256")
        asked = asked_for(server, [*strangers, "bob"])
        assert asked["bob"] == ["SHA-256"], asked
        like_bob = [name for name in strangers if asked[name] == asked["bob"]]
        assert 10 < len(like_bob) < 50, f"{len(like_bob)} of 60 are asked as bob, who is one of two"
        server.kill()
        server.users = []
        server.start()
        assert asked_for(server, [*strangers, "bob"]) == asked, "after a start they are told apart"


def each_block_is_longer(server):
    phone = SipSocket(server.port, source="127.0.0.4")
    waits = []
    for _ in range(2):
        waits.append(int(block(phone, server, "bob").one("retry-after")))
        time.sleep(waits[-1] + 0.1)
    assert waits == [2, 4], waits
    assert attempt(phone, server, "bob", "secret-b").status == 200, "the right password is refused"
    assert int(block(phone, server, "bob").one("retry-after")) == 2, "a success forgives nothing"
    phone.close()


def lifting(server):
    phone = SipSocket(server.port, source="127.0.0.5")
    for user in ("alice", "bob"):
        block(phone, server, user)
    assert "127.0.0.5" in server.ctl("blocks"), "the table does not show it"
    server.ctl("blocks", "lift", "127.0.0.5", "alice")
    assert attempt(phone, server, "alice", "secret-a").status == 200, "it was not lifted"
    assert attempt(phone, server, "bob", "secret-b").status == 403, "another one was lifted too"
    server.ctl("blocks", "lift", "127.0.0.5")
    assert attempt(phone, server, "bob", "secret-b").status == 200, "it was not lifted"
    refused = subprocess.run([os.path.join(server.bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock",
                              "blocks", "lift", "127.0.0.5"], capture_output=True, text=True, timeout=10)
    assert refused.returncode == 1 and "nothing is blocked" in refused.stderr, refused
    wait_until(lambda: "block_lifted source=127.0.0.5 user=alice" in server.read_log(), 3, lambda: "not in the log")
    phone.close()


def what_is_no_failure(server):
    """A request that comes again, a nonce of another address, and none at all."""
    phone, elsewhere = SipSocket(server.port, source="127.0.0.6"), SipSocket(server.port, source="127.0.0.7")
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    proof = credentials(challenge_params(phone.receive_final()), "alice", "wrong", "REGISTER", uri)
    wrong = phone.request("REGISTER", uri, aor, aor, None, 2, [f"Authorization: {proof}"])
    for _ in range(3 * FAILURES):
        phone.send(wrong)
        assert phone.receive_final().status == 401
        phone.send(phone.request("REGISTER", uri, aor, aor))
        assert phone.receive_final().status == 401
        for password in ("wrong", "secret-a"):
            answer = attempt(phone, server, "alice", password, nonce_from=elsewhere)
            assert challenge_params(answer).get("stale") == "true", f"{password}: {answer.raw}"
    assert attempt(phone, server, "alice", "secret-a").status == 200, "these have blocked her"
    for socket in (phone, elsewhere):
        socket.close()


def a_source_is_blocked_and_its_calls_go_on(server):
    """Above twenty failing users nothing is answered any more, but the call that stands is changed and ended."""
    source = "127.0.0.8"
    alice, guesser = SipSocket(server.port, source=source), SipSocket(server.port, source=source)
    bob = registered_phone(server, *USERS[1])
    register(alice, server)
    call = Call(alice, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    for user in range(20):
        assert attempt(guesser, server, f"user-{user}", "guess").status == 401
    assert attempt(alice, server, "alice", "secret-a").status == 200, "twenty users are not too many yet"
    attempt(guesser, server, "user-20", "guess")
    assert rows(server)[source, ""]["failures"] == 21, rows(server)
    broken = "INVITE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.8;rport;branch=z9hG4bKx\r\n\r\n"
    options = guesser.request("OPTIONS", f"sip:127.0.0.1:{server.port}", "sip:x@127.0.0.1", "sip:y@127.0.0.1")
    for text in (options, broken, options.replace("OPTIONS", "CANCEL"), options.replace("OPTIONS", "INVITE")):
        guesser.send(text)
        assert guesser.receive(0.15) is None, f"answered: {text.split()[0]}"
    assert attempt(alice, server, "alice", "secret-a") is None, "a blocked source is answered"
    opened = call.answer  # which alone has the route set: RFC 3261 12.2
    call.inside("INVITE")
    again = take_request(bob, "INVITE")
    bob.send(response(again, OK, "b", [f"Contact: {contact_of(bob, 'bob')}"]))
    call.expect(100)
    call.expect(200)
    call.answer = opened
    call.inside("ACK", cseq=call.cseq)
    take_request(bob, "ACK")
    hang_up(call, bob)
    assert int(server.ctl_json("status")["dropped_blocked_sources"]) >= 5, "not counted"
    server.ctl("blocks", "lift", source)
    assert attempt(alice, server, "alice", "secret-a").status == 200, "the source is blocked for ever"
    for socket in (alice, guesser, bob):
        socket.close()


def over_tcp_too(server):
    phone = SipSocket(server.port, "tcp", source="127.0.0.9")
    block(phone, server, "alice")
    phone.close()


def unknown_and_wrong_are_alike(server):
    """The answers but for the nonce, and how long they take."""
    phone = SipSocket(server.port)
    times = {"alice": [], "nobod": []}
    answers = {}
    for _ in range(60):
        for user, seconds in times.items():
            begun = time.perf_counter()
            answer = attempt(phone, server, user, "wrong")
            seconds.append(time.perf_counter() - begun)
            answers.setdefault(user, set()).add(without_what_differs(answer, user))
    assert answers["alice"] == answers["nobod"] and len(answers["alice"]) == 1, answers
    ratio = statistics.median(times["alice"]) / statistics.median(times["nobod"])
    assert 0.6 < ratio < 1.6, f"a wrong password takes {ratio:.2f} times as long as an unknown user"
    phone.close()


def safe_sources_count_from_a_reload_on(bin_dir):
    config = f"/tmp/tipring-blocks-{random_token()}.toml"
    text = "[security]\nfailures = 4\nsafe_sources = [{}]\n"
    try:
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.format('"127.0.0.0/8"'))
        with TipringServer(bin_dir, users=USERS, config=config) as server:
            phone = SipSocket(server.port)
            for _ in range(3 * FAILURES):
                assert attempt(phone, server, "alice", "guess").status == 401, "a safe source is blocked"
            with open(config, "w", encoding="utf-8") as file:
                file.write(text.format('"192.0.2.0/24", "2001:db8::/32"'))
            server.process.send_signal(1)
            wait_until(lambda: "reloaded" in server.read_log(), 5, lambda: "no reload")
            block(phone, server, "alice")
            phone.close()
    finally:
        os.unlink(config)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for algorithms in ALGORITHMS:
        name = algorithms[0] if algorithms else "by default"
        with TipringServer(bin_dir, users=USERS, settings=SETTINGS + algorithms) as server:
            report.run(f"{name}: a name is blocked from one address, known or not (C6)",
                       lambda: a_name_is_blocked_from_one_address(server))
            report.run(f"{name}: what is no failure (C6)", lambda: what_is_no_failure(server))
        with TipringServer(bin_dir, users=USERS, settings=algorithms) as server:
            report.run(f"{name}: unknown users and wrong passwords are alike (R1.5, C6)",
                       lambda: unknown_and_wrong_are_alike(server))
        report.run(f"{name}: a challenge does not tell who is a user (C6)",
                   lambda: challenges_tell_no_users(bin_dir, algorithms))
    with TipringServer(bin_dir, users=USERS, settings=SETTINGS) as server:
        for what, check in [
                ("each block lasts longer than the one before (C6)", each_block_is_longer),
                ("tipringctl lifts blocks (C6)", lifting),
                ("a blocked source gets no answer, its calls go on (C6)", a_source_is_blocked_and_its_calls_go_on),
                ("over TCP as over UDP (C6)", over_tcp_too)]:
            report.run(what, lambda c=check: c(server))
    report.run("safe sources, from a reload on (C6)", lambda: safe_sources_count_from_a_reload_on(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

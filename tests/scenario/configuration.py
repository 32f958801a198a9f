#!/usr/bin/env python3
"""The configuration of the real program: what is obeyed, what is refused and how, and what a restart keeps.

Usage: configuration.py BIN_DIR
"""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from run_folder import Folder  # noqa: E402
from sip_phone import (Call, contact_of, establish, register, registered_phone, response, route_set, tag_of,  # noqa: E402
                       take_request)
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, free_port, listening_ports  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# A configuration file, and the lines that must be told about it.
BAD_FILES = [
    ("[sip]\n\nlistne = [\"udp:127.0.0.1:%PORT%\"]\n",
     ["FILE:3: sip.listne: unknown key; did you mean sip.listen?"]),
    ("[auth]\nnonce_lifetime = \"long\"\n",
     ["FILE:2: auth.nonce_lifetime: must be a whole number from 1 to 86400"]),
    ("[routing]\nforeign = 1\n", ["FILE:2: routing.foreign: must be true or false"]),
    ("[sip]\ndomains = 5\n", ["FILE:2: sip.domains: must be a list of texts such as [\"a\", \"b\"]"]),
    ("# short\n[registrar]\nmin_expires = 7200\n",
     ["FILE:3: registrar.min_expires: must be a whole number from 1 to 3600"]),
    ("[session_timer]\nmin_se = 89\n", ["FILE:2: session_timer.min_se: must be a whole number from 90 to 86400"]),
    ("[auth]\nalgorithms = [\"BASIC\"]\n",
     ["FILE:2: auth.algorithms: \"BASIC\" must be one of \"MD5\", \"SHA-256\""]),
    ("[sip]\nlisten = [\"sctp:127.0.0.1:%PORT%\"]\n",
     ["FILE:2: sip.listen: \"sctp:127.0.0.1:%PORT%\" must be TRANSPORT:ADDRESS:PORT such as \"udp:0.0.0.0:5060\" or "
      "\"tcp:[::]:5060\""]),
    ("[capacity]\nusers = 10\nbindings = 5\n",
     ["FILE:3: capacity.bindings: must be at least capacity.users, so that every user can register"]),
    ("[sip\nlisten = []\n", ["FILE:1: Error while parsing table header: expected ']', saw '\\n'"]),
    ("[auth]\nrealm = \"a\"\nrealm = \"b\"\n",
     ["FILE:3: Error while parsing key-value pair: cannot redefine existing string 'realm'"]),
    ("[sip]\nlistne = []\n[auth]\nnonce_lifetime = 0\n",
     ["FILE:2: sip.listne: unknown key; did you mean sip.listen?",
      "FILE:4: auth.nonce_lifetime: must be a whole number from 1 to 86400"]),
    # Keys that do not fit together are told beside others; in the order of the lines.
    ("[routing]\nforeign = 1\n[capacity]\nusers = 10\nbindings = 5\n[auth]\nnonce_lifetime = 0\n",
     ["FILE:2: routing.foreign: must be true or false",
      "FILE:5: capacity.bindings: must be at least capacity.users, so that every user can register",
      "FILE:7: auth.nonce_lifetime: must be a whole number from 1 to 86400"]),
    # But not when one of the two is wrong by itself.
    ("[capacity]\nusers = 5000\nbindings = \"x\"\n",
     ["FILE:3: capacity.bindings: must be a whole number from 1 to 2000000"]),
]

BAD_ARGUMENTS = [
    (["--set", "sip.listne=x"], "--set: sip.listne: unknown key; did you mean sip.listen?"),
    (["--set", "sip.listen"], "--set: sip.listen: must be key=value"),
    (["--set", "auth.nonce_lifetime=0"], "--set: auth.nonce_lifetime: must be a whole number from 1 to 86400"),
    (["--config", "/nonexistent/tipring.toml"], "/nonexistent/tipring.toml: cannot be read: No such file or directory"),
    (["--cofnig", "x"], "tipringd: unknown option --cofnig; see --help"),
]


def bad_file_is_told(bin_dir, text, wanted):
    with Folder(bin_dir) as folder:
        path = folder.file("tipring.toml", text.replace("%PORT%", str(folder.port)))
        code, told = folder.run("-c", path)
        lines = [line.replace("FILE", path).replace("%PORT%", str(folder.port)) for line in wanted]
        assert code == 2, f"exit code {code}: {told}"
        assert told.splitlines() == lines, told
        assert not os.path.exists(f"{folder.path}/tipring.db"), "the database was made"


def bad_argument_is_told(bin_dir, arguments, wanted):
    with Folder(bin_dir) as folder:
        code, told = folder.run(*arguments)
        assert code == 2 and told.splitlines() == [wanted], f"exit code {code}: {told}"


def taken_port_is_told(bin_dir):
    with Folder(bin_dir) as folder, TipringServer(bin_dir) as server:
        folder.port = server.port
        code, told = folder.run_with_store(f"{folder.path}/x.db")
        assert code == 1 and told == (f"tipringd: sip.listen: cannot listen on udp:127.0.0.1:{server.port}: Address "
                                      "already in use\n"), f"exit code {code}: {told}"


def listeners_are_opened(bin_dir):
    """Several of each kind, as the file says, and no other; --set stands above the file."""
    ports = [free_port() for _ in range(4)]
    text = (f'[sip]\nlisten = ["udp:127.0.0.1:{ports[0]}", "tcp:127.0.0.1:{ports[1]}", "udp:127.0.0.1:{ports[2]}", '
            f'"tcp:127.0.0.1:{ports[2]}"]\n[auth]\nrealm = "from the file"\nnonce_lifetime = 77\n')
    with Folder(bin_dir) as folder:
        server = TipringServer(bin_dir, config=folder.file("tipring.toml", text),
                               settings=['auth.realm="from the command line"'])
        server.settings = [line for line in server.settings if not line.startswith("sip.listen=")]
        with server:
            listens_as_told(server, ports)


def listens_as_told(server, ports):
    assert {ports[0], ports[2]} <= listening_ports("udp"), "a UDP port is not open"
    assert {ports[1], ports[2]} <= listening_ports("tcp"), "a TCP port is not open"
    assert not {ports[1], ports[3], server.port} & listening_ports("udp"), "too many UDP ports are open"
    assert not {ports[0], ports[3], server.port} & listening_ports("tcp"), "too many TCP ports are open"
    for port, transport in ((ports[0], "udp"), (ports[1], "tcp"), (ports[2], "udp"), (ports[2], "tcp")):
        phone = SipSocket(port, transport)
        uri = f"sip:127.0.0.1:{port}"
        phone.send(phone.request("REGISTER", uri, uri, uri))
        realm = challenge_params(phone.receive_final())["realm"]
        assert realm == "from the command line", realm
        phone.close()
    assert server.log_lines("key=auth.nonce_lifetime value=77"), "the effective configuration is not logged"
    assert len(server.log_lines("INFO listening ", least=4)) == 4


def restart(server, *settings):
    """The same data and port with other settings; to be used as a context."""
    return TipringServer(server.bin_dir, port=server.port, data=server.data, settings=settings)


def bindings_outlive_kill(bin_dir):
    """A binding that was answered with 200 is called after kill -9, whose users keep their passwords."""
    with TipringServer(bin_dir, users=USERS) as server:
        bob = SipSocket(server.port)
        register(bob, server, *USERS[1])
        server.kill()
        with restart(server) as again:
            alice = SipSocket(again.port)
            call = Call(alice, again)
            call.invite_with_credentials()
            invite = take_request(bob, "INVITE")
            bob.send(response(invite, "486 Busy Here", "b"))
            take_request(bob, "ACK")
            call.expect(100)
            call.ack_refusal(call.expect(486))
            rows = again.ctl_json("registrations")
            assert [row["name"] for row in rows] == ["bob"], rows
        alice.close()
        bob.close()


def a_call_outlives_kill(bin_dir):
    """Who is in a call may end it after a restart, when he proves who he is; with auth.nonce_key_file at once."""
    with TipringServer(bin_dir, users=USERS) as server:
        with open(f"{server.data}/nonce.key", "wb") as file:
            file.write(os.urandom(32))
        server.stop()
        for settings in ((), (f"auth.nonce_key_file={server.data}/nonce.key",)):
            with restart(server, *settings) as first:
                bob, alice = registered_phone(first, *USERS[1]), SipSocket(first.port)
                call = establish(alice, bob, first)
                first.kill()
            with restart(server, *settings):
                call.inside("BYE")
                if not settings:
                    challenge = challenge_params(call.expect(407), "proxy-authenticate")
                    uri = contact_of(bob, "callee")[1:-1]
                    call.inside("BYE", headers=[
                        f"Proxy-Authorization: {credentials(challenge, *USERS[0], 'BYE', uri)}"])
                bob.send(response(take_request(bob, "BYE"), "200 OK"))
                call.expect(200)
            alice.close()
            bob.close()


def again_with_proof(call, method, uri, challenge):
    proof = credentials(challenge_params(challenge, "proxy-authenticate"), *USERS[0], method, uri)
    call.inside(method, headers=[*call.headers, f"Proxy-Authorization: {proof}"])


def branch_of(text):
    return re.search(r"branch=([^;\s]+)", text).group(1)


def a_session_outlives_kill(bin_dir):
    """A re-INVITE renews a call from before a restart, by the password, to the phone of its callee and to nobody else."""
    with TipringServer(bin_dir, users=USERS) as server:
        with open(f"{server.data}/nonce.key", "wb") as file:
            file.write(os.urandom(32))
        server.stop()
        for settings in ((), (f"auth.nonce_key_file={server.data}/nonce.key",)):
            with restart(server, *settings) as first:
                bob, alice = registered_phone(first, *USERS[1]), SipSocket(first.port)
                elsewhere = SipSocket(first.port)
                call = establish(alice, bob, first)
                first.kill()
            with restart(server, *settings):
                uri = contact_of(bob, "callee")[1:-1]
                text = call.inside("INVITE", headers=call.headers)
                challenge = call.expect(407)
                routes = [f"Route: {value}" for value in route_set(call.answer)]
                alice.send(call._request("ACK", uri, call.cseq, routes, to_tag=tag_of(call.answer.one("to")),
                                         branch=branch_of(text)))
                assert bob.receive(0.2) is None, "the ACK to a challenge is no affair of bob's"
                again_with_proof(call, "INVITE", uri, challenge)
                invite = take_request(bob, "INVITE")
                bob.send(response(invite, "200 OK", headers=[f"Contact: <{uri}>"]))
                established = call.answer
                call.expect(100)
                call.expect(200)
                call.answer = established  # its Record-Route is the dialog's (12.2.1.2)
                call.inside("ACK", cseq=call.cseq)
                take_request(bob, "ACK")
                # The same proof and another target: no phone of bob's.
                other = uri.replace(str(bob.port), str(elsewhere.port))
                for target in (other, uri + ";maddr=127.0.0.2", "sip:callee@gateway.example"):
                    call.cseq += 1
                    alice.send(call._request("INVITE", target, call.cseq, [*routes, *call.headers],
                                             to_tag=tag_of(call.answer.one("to"))))
                    answer = alice.receive_final()
                    assert answer.status == 403, f"{target}: {answer.start_line}"
                assert elsewhere.receive(0.2) is None
            for phone in (alice, bob, elsewhere):
                phone.close()


def many_bindings_outlive_kill(bin_dir):
    """Killed while registrations come in: each that was answered with 200 is there afterwards."""
    users = [(f"phone{i}", "secret") for i in range(60)]
    with TipringServer(bin_dir, users=users, settings=["store.commit_window=200"]) as server:
        phone = SipSocket(server.port)
        uri = f"sip:127.0.0.1:{server.port}"
        sent, answered = {}, set()
        phone.send(phone.request("REGISTER", uri, uri, uri))
        challenge = challenge_params(phone.receive_final())
        for count, (name, password) in enumerate(users, 1):
            aor = f"sip:{name}@127.0.0.1"
            proof = credentials(challenge, name, password, "REGISTER", uri, nc=count)
            text = phone.request("REGISTER", uri, aor, aor, f"call-{name}", 1,
                                 [f"Contact: {contact_of(phone, name)}", f"Authorization: {proof}"])
            sent[f"call-{name}"] = name
            phone.send(text)
        while len(answered) < len(users) // 2:
            answer = phone.receive()
            assert answer is not None and answer.status == 200, answer and answer.start_line
            answered.add(sent[answer.one("call-id")])
        server.kill()
        while (answer := phone.receive(0.05)) is not None:
            answered.add(sent[answer.one("call-id")])
        with restart(server) as again:
            kept = {row["name"] for row in again.ctl_json("registrations")}
        assert answered <= kept, f"lost: {answered - kept}"
        phone.close()


def restart_obeys_changes(bin_dir):
    """Another default for expiry and another answer for offline users; the bindings stay."""
    with TipringServer(bin_dir, users=USERS, settings=["registrar.default_expires=300"]) as server:
        phone = SipSocket(server.port)
        answer = register(phone, server)
        assert re.search(r"expires=(300|299)\b", answer.one("contact")), answer.one("contact")
        assert server.stop() == 0, "SIGTERM does not end the server with 0"
        with restart(server, "registrar.default_expires=900", "routing.offline_status=480") as again:
            fetched = register(phone, again, contacts=[])
            assert str(phone.port) in fetched.one("contact"), fetched.raw
            answer = register(phone, again)
            assert re.search(r"expires=(900|899)\b", answer.one("contact")), answer.one("contact")
            for callee, status in (("bob", 480), ("nobody", 404)):
                call = Call(phone, again, callee=callee)
                call.invite_with_credentials()
                call.ack_refusal(call.expect(status))
        phone.close()


def another_realm_is_warned_of(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        phone = SipSocket(server.port)
        register(phone, server)
        server.stop()
        with restart(server, 'auth.realm="elsewhere"') as again:
            lost = again.log_lines("users_without_password=2")
            assert len(lost) == 1 and " WARNING realm_changed " in lost[0], lost
            register(phone, again, expect=401)
            again.ctl("user", "passwd", "alice", text_in="another\n")
            register(phone, again, password="another")
        with restart(server) as again:
            assert again.log_lines("users_without_password=1"), "alice's old password is back"
            register(phone, again, *USERS[1])
        phone.close()


def challenge_outlives_restart_with_key_file(bin_dir):
    """Servers that share auth.nonce_key_file accept each other's challenges; others find them stale."""
    with TipringServer(bin_dir, users=USERS) as server:
        with open(f"{server.data}/nonce.key", "wb") as file:
            file.write(os.urandom(32))
        key = f"auth.nonce_key_file={server.data}/nonce.key"
        server.stop()
        phone = SipSocket(server.port)
        uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
        for settings, wanted in (((key,), 200), ((), 401)):
            with restart(server, *settings):
                phone.send(phone.request("REGISTER", uri, aor, aor))
                challenge = challenge_params(phone.receive_final())
            proof = credentials(challenge, *USERS[0], "REGISTER", uri)
            with restart(server, *settings):
                phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[f"Authorization: {proof}"]))
                answer = phone.receive_final()
                assert answer.status == wanted, f"{settings}: {answer.start_line}"
        phone.close()


def ends_quickly(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        idle = SipSocket(server.port, "tcp")
        before = time.monotonic()
        assert server.stop() == 0, "SIGTERM does not end the server with 0"
        assert time.monotonic() - before < 3, "it takes long to end"
        idle.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for text, wanted in BAD_FILES:
        report.run(f"{text!r} is told, and ends with 2 (R11.5)", lambda t=text, w=wanted: bad_file_is_told(bin_dir, t, w))
    for arguments, wanted in BAD_ARGUMENTS:
        report.run(f"{' '.join(arguments)} is told, and ends with 2 (R11.5)",
                   lambda a=arguments, w=wanted: bad_argument_is_told(bin_dir, a, w))
    for name, check in [
            ("a port that is taken is told (R6.5)", taken_port_is_told),
            ("the ports of the file are opened, and no other (R7.1, R11.1, R11.2, R6.3)", listeners_are_opened),
            ("a registered phone is called after kill -9 (R9.3)", bindings_outlive_kill),
            ("a call can be ended after kill -9 (C21)", a_call_outlives_kill),
            ("a call is renewed after kill -9, and no other begun (RFC 3261 12.2.1; C21)", a_session_outlives_kill),
            ("what was answered with 200 before kill -9 is kept (R9.2)", many_bindings_outlive_kill),
            ("a restart obeys what has changed (R11.1, R11.3, C2)", restart_obeys_changes),
            ("another realm loses the passwords, with a warning (C22)", another_realm_is_warned_of),
            ("a shared key makes challenges outlive a restart (R11.3)", challenge_outlives_restart_with_key_file),
            ("SIGTERM ends the server with 0", ends_quickly)]:
        report.run(name, lambda c=check: c(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

"""A day of a small exchange: its phones, its hunt groups, the sound of its calls, and who looks after it.

What tools/train counts by beside the loads. What a step should bring is asserted, so that a day that gets through has run
what it says.
"""

import contextlib
import os
import socket
import threading

import harness
from browser import PASSWORD, Browser
from group_calls import MEMBERS, PASSWORDS, group_of, sdp
from group_office import Office
from phones import SDP, Call, Phone, busy_call, cancelled_call, unknown_user, whole_call, wrong_password
from sip_phone import take_request
from tipring_phone import TipringPhone

GROUPS = {"600": group_of(*MEMBERS), "601": group_of("bob", "carol", strategy="sequential"), "602": group_of("bob")}
ON_HOLD = SDP + "a=sendonly\r\n"
PAGES = ("status", "history", "pools", "version", "setup", "session", "users", "users?q=a", "users/alice", "registrations",
         "registrations/bob", "refused", "unknown", "groups", "groups/600", "groups/600/members", "calls", "records", "blocks",
         "trace/messages", "log", "config", "config/schema", "admins", "tokens", "audit", "backup", "openapi.json")
COMMANDS = ("status", "pools", "calls", "registrations", "records", "blocks", "refused", "unknown", "user list", "user show alice",
            "user export", "group list", "group show 600", "config show", "config check", "log", "admin list", "admin audit",
            "trace on alice --quiet", "trace off")


# --- registrations ---

def registrations(server, rounds):
    """Made, refreshed and removed, and some with a wrong password."""
    for transport in ("udp", "tcp"):
        phones = [Phone(server, user, password, transport) for user, password in PASSWORDS.items()]
        for number in range(rounds):
            for phone in phones:
                phone.register()
                for _ in range(3):
                    phone.refresh()
                if number % 4 == 0:
                    mistyped(phone)
                phone.unregister()
        for phone in phones:
            phone.close()


def mistyped(phone):
    right, phone.password = phone.password, "wrong"
    phone.ask_to_register()
    phone.expect_final(401)
    phone.password = right


# --- calls from user to user ---

def calls(server, rounds):
    """Between phones on both transports, each of `rounds` one of every kind and five that are answered."""
    for transports in (("udp", "udp"), ("tcp", "tcp"), ("udp", "tcp")):
        caller = Phone(server, "alice", PASSWORDS["alice"], transports[0])
        callee = Phone(server, "bob", PASSWORDS["bob"], transports[1])
        callee.register()
        for _ in range(rounds):
            for call in (*5 * [whole_call], held, cancelled_call, busy_call, unknown_user, away, gone, wrong_password):
                call(caller, callee)
        callee.unregister()
        for phone in (caller, callee):
            phone.close()


def held(caller, callee):
    call = Call(caller, callee.aor).invite().ring(callee).answer(callee)
    for body in (ON_HOLD, SDP):
        call.offer(callee, body)
    call.hang_up(callee)


def away(caller, _):
    """A user without a phone."""
    Call(caller, "sip:erin@127.0.0.1").invite().expect_refusal(404)


def gone(caller, callee):
    """A phone that is registered and not there."""
    lost = Phone(caller.server, "carol", PASSWORDS["carol"], callee.transport)
    lost.register()
    lost.close()
    Call(caller, lost.aor).invite().expect_failure()
    again = Phone(caller.server, "carol", PASSWORDS["carol"], callee.transport)
    again.unregister()
    again.close()


def repeated(server, rounds):
    """What is lost on its way comes again: the caller's messages, the callee's, and the server's INVITE (Timer A)."""
    caller, callee = (Phone(server, user, PASSWORDS[user], "udp") for user in ("alice", "bob"))
    callee.register()
    for number in range(rounds):
        call = Call(caller, callee.aor).invite()
        if number % 10 == 0:
            callee.expect("INVITE")  # and is silent
            callee.wire.forget("INVITE")
        call.ring(callee)
        caller.wire.send_again()
        caller.expect(180)
        callee.respond(call.received, 200, "OK", "c1", SDP)
        caller.expect(200)
        callee.wire.send_again()
        call.acknowledge(caller.expect(200), callee)
        callee.wire.forget("ACK")
        caller.wire.send_again()
        callee.expect("ACK")
        call.hang_up(callee)
        caller.wire.send_again()
        caller.expect(200)
    callee.unregister()
    for phone in (caller, callee):
        phone.close()


# --- hunt groups ---

def groups(server, rounds):
    office = Office(server, *MEMBERS)
    bob, carol, dave, erin = office.members
    for _ in range(rounds):
        for first in office.members:
            call = office.ring("600")
            office.answer(call, first, others=[one for one in office.members if one is not first])
            office.end(call, first)
        call = office.ring("600")
        for member in (bob, carol, dave):
            member.refuse("486 Busy Here")
        office.talk(call, erin)
        call = office.ring("600")
        call.cancel()
        call.expect(200)
        for member in office.members:
            member.take_cancel()
        call.expect_refusal(487)
        call = office.ring("601", [bob])
        bob.refuse("486 Busy Here")
        carol.take_invite()
        office.talk(call, carol)
        hold(office, office.join("602", bob), bob)
    office.quiet()


def hold(office, call, member):
    """alice puts him on hold, and takes up the call again; then he hangs up."""
    for version, (hers, his) in enumerate((("sendonly", "recvonly"), ("sendrecv", "sendrecv")), 2):
        call.inside_with("INVITE", sdp(4000, direction=hers, version=version))
        member.take("INVITE", body=sdp(5000, direction=his, version=version))
        take_request(member.phone, "ACK")
        final = call.phone.receive_final()
        assert final.status == 200, final.raw
        call.ack_again()
    office.end(call, member)


# --- telephones with sound ---

def conversation(server):
    """Two telephones, one by TCP, that hear each other, through the relay where the server has one; held, and taken up."""
    def telephone(user, transport, hertz, *more):
        made = TipringPhone(server.bin_dir, f"sip:{user}@127.0.0.1:{server.port}", "--transport", transport, "--listen",
                            "udp:127.0.0.1:0,tcp:127.0.0.1:0", "--play", f"tone:{hertz}", *more, password=PASSWORDS[user])
        made.wait_for("registered")
        return made

    with telephone("dave", "tcp", 1100, "--answer") as dave, telephone("erin", "udp", 700) as erin:
        erin.command("call dave")
        for phone in (erin, dave):
            phone.wait_for("answered")
        assert erin.hears_soon(1100, 0.5, rounds=12), f"nothing is heard: {erin.events[-3:]}"
        erin.command("keys 15#")
        dave.wait_for("key", key="#")
        for command, state in (("hold", "yes"), ("resume", "no")):
            erin.command(command)
            erin.wait_for("hold-done", held=state, status=0)
        assert erin.hears_soon(1100, 0.5, rounds=12), f"nothing is heard again: {erin.events[-3:]}"
        erin.command("hangup")
        dave.wait_for("ended", cause="hung-up-by-peer")


# --- those who look after it ---

def assets():
    """What a browser asks for when the page is opened."""
    folder = os.path.join(harness.ROOT, "web")
    for place, _, names in os.walk(os.path.join(folder, "assets")):
        for name in names:
            yield "/" + os.path.relpath(os.path.join(place, name), folder)


def administration(server, web_port, rounds):
    server.ctl("admin", "add", "boss", text_in=PASSWORD + "\n")
    boss = Browser(web_port)
    assert boss.sign_in("boss") == 200
    for target in ("/", *sorted(assets())):
        good(boss, "GET", target)
    for number in range(rounds):
        for page in PAGES:
            good(boss, "GET", f"/api/v1/{page}")
        good(boss, "PUT", f"/api/v1/users/new{number}", {"password": PASSWORD, "display_name": "New"})
        good(boss, "PUT", f"/api/v1/groups/70{number}", {"strategy": "all"})
        good(boss, "PUT", f"/api/v1/groups/70{number}/members/bob", {})
        good(boss, "DELETE", f"/api/v1/groups/70{number}")
        good(boss, "DELETE", f"/api/v1/users/new{number}")
        good(boss, "GET", "/metrics")


@contextlib.contextmanager
def looking_on(server):
    """A page that is open all the time, and takes its live events."""
    told = []
    with socket.socket(socket.AF_UNIX) as stream, stream.makefile("rb") as lines:
        stream.connect(f"{server.data}/tipring.sock")
        stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert any(line.startswith(b"retry:") for line in lines), "there are no live events"
        reader = threading.Thread(target=lambda: told.extend(line for line in lines if line.startswith(b"event:")))
        reader.start()
        try:
            yield
        finally:
            stream.shutdown(socket.SHUT_RDWR)
            reader.join()
    for topic in (b"registration", b"call", b"record"):
        assert b"event: %s\n" % topic in told, f"no event {topic.decode()} among {len(told)}"


def good(browser, *request):
    status, answer = browser.ask(*request)
    assert 200 <= status < 300, (request, status, answer)


def commands(server):
    for words in COMMANDS:
        server.ctl(*words.split(" "))
    call_id = server.ctl_json("records")[0]["call_id"]
    server.ctl("trace", "show", call_id, check=False)  # it may have been pushed out


def usual(server, web_port, scaled):
    """`scaled`: how often of how often."""
    with looking_on(server):
        registrations(server, scaled(4))
        calls(server, scaled(8))
        repeated(server, scaled(10))
        groups(server, scaled(40))
        conversation(server)
    administration(server, web_port, scaled(2))
    commands(server)


def led(server, _, scaled):
    """Calls from user to user that the server has on both sides."""
    office = Office(server, "bob", "carol")
    for _ in range(scaled(60)):
        for member in office.members:
            office.end(office.join(member.user, member), member)
    for _ in range(scaled(20)):
        hold(office, office.join("bob", office.bob), office.bob)
    office.quiet()
    conversation(server)

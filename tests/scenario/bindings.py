#!/usr/bin/env python3
"""How long bindings live, which of them is called, and by whose password they come: the running server.

Usage: bindings.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, register, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# What a REGISTER asks for by the header and by the parameter of its Contact, and the seconds that it gets; of a
# server with registrar.min_expires=120, default_expires=900 and max_expires=1800 (RFC 3261 10.2.1.1, 10.3).
EXPIRES = [
    (None, None, 900),
    ("600", None, 600),
    (None, "600", 600),
    ("600", "300", 300),
    ("300", "600", 600),
    (None, "120", 120),
    ("120", None, 120),
    (None, "1801", 1800),
    ("4294967295", None, 1800),
    (None, "99999999999999", 1800),
    ("nonsense", None, 1800),
    (None, "nonsense", 1800),
]
TOO_SHORT = [("119", None), (None, "119"), ("600", "1"), (None, "1")]


def contact(port, parameter=None):
    return f"<sip:alice@127.0.0.1:{port}>" + (f";expires={parameter}" if parameter else "")


def granted(answer, port):
    """The seconds that the answer gives the contact with this port; None when it is not there."""
    for line in answer.all("contact"):
        for value in re.split(r",(?=\s*<)", line):
            if f":{port}>" in value:
                return int(re.search(r";expires=(\d+)", value).group(1))
    return None


def remove_all(phone, server, user=USERS[0]):
    register(phone, server, *user, contacts=["*"], headers=["Expires: 0"])


def gets(server, header, parameter, seconds):
    phone = SipSocket(server.port)
    headers = [f"Expires: {header}"] if header else []
    answer = register(phone, server, contacts=[contact(9001, parameter)], headers=headers)
    assert granted(answer, 9001) in (seconds, seconds - 1), answer.raw
    remove_all(phone, server)
    phone.close()


def is_too_short(server, header, parameter):
    """423 with Min-Expires, and what stood stands as it was."""
    phone = SipSocket(server.port)
    register(phone, server, contacts=[contact(9001, "600")])
    headers = [f"Expires: {header}"] if header else []
    answer = register(phone, server, contacts=[contact(9001, parameter), contact(9002, "600")], headers=headers,
                      expect=423)
    assert answer.one("min-expires") == "120", answer.raw
    kept = register(phone, server, contacts=[])
    assert granted(kept, 9001) in range(590, 601) and granted(kept, 9002) is None, kept.raw
    remove_all(phone, server)
    phone.close()


def each_contact_has_its_own(server):
    phone = SipSocket(server.port)
    answer = register(phone, server, contacts=[f"{contact(9001, '200')}, {contact(9002)}", contact(9003, "400")],
                      headers=["Expires: 300"])
    found = [granted(answer, port) for port in (9001, 9002, 9003)]
    assert all(wanted - 1 <= seconds <= wanted for seconds, wanted in zip(found, (200, 300, 400))), answer.raw
    answer = register(phone, server, contacts=[contact(9001, "600"), contact(9003, "0")])
    assert granted(answer, 9001) in (599, 600) and granted(answer, 9003) is None, answer.raw
    assert granted(answer, 9002) in range(290, 301), answer.raw
    remove_all(phone, server)
    phone.close()


def uris_are_compared(server):
    """One binding though the URI is written in another way (19.1.4); the parameters are those of the last one."""
    phone = SipSocket(server.port)
    register(phone, server, contacts=["<sip:alice@127.0.0.1:9001;transport=udp>;x-a=1"])
    answer = register(phone, server, contacts=["<sip:%61lice@127.0.0.1:9001;Transport=UDP>;x-b=2"])
    assert len(answer.all("contact")) == 1 and answer.one("contact").count("<") == 1, answer.raw
    assert "x-b=2" in answer.one("contact") and "x-a" not in answer.one("contact"), answer.raw
    remove_all(phone, server)
    phone.close()


def an_expired_binding_is_gone(server):
    """Not listed, not called, told to the operator; the binding beside it stays."""
    phone, caller = SipSocket(server.port), SipSocket(server.port)
    register(phone, server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{phone.port}>;expires=1"])
    register(phone, server, contacts=[contact(9001)])
    rows = lambda: {row["name"] for row in server.ctl_json("registrations")}  # noqa: E731
    assert rows() == {"alice", "bob"}, rows()
    wait_until(lambda: rows() == {"alice"}, 5, lambda: f"still there: {rows()}")
    assert not register(phone, server, *USERS[1], contacts=[]).all("contact"), "an expired binding is listed"
    call = Call(caller, server)
    call.invite_with_credentials()
    call.ack_refusal(call.expect(404))
    assert server.log_lines("binding_expired"), "the log does not tell"
    remove_all(phone, server)
    phone.close()
    caller.close()


def are_called(server, caller, phones, wanted):
    """An INVITE to bob comes to the phones `wanted` and, since one of them declines, to no other of his."""
    call = Call(caller, server)
    call.invite_with_credentials()
    invites = [take_request(phones[number], "INVITE") for number in wanted]
    for number, invite in zip(wanted, invites):
        status = "603 Decline" if number == wanted[-1] else "486 Busy Here"
        phones[number].send(response(invite, status, "b"))
        take_request(phones[number], "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(603))
    for number, phone in enumerate(phones):
        assert number in wanted or phone.receive(0.05) is None, "another phone was called as well"


def the_best_bindings_are_called(server):
    """Those with the highest q, all at once."""
    caller, phones = SipSocket(server.port), [SipSocket(server.port) for _ in range(3)]
    for phone, q in zip(phones, ("0.5", "0.9", "0.9")):
        register(phone, server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{phone.port}>;q={q}"])
    are_called(server, caller, phones, [1, 2])
    register(phones[2], server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{phones[2].port}>;expires=0"])
    are_called(server, caller, phones, [1])
    remove_all(phones[0], server, USERS[1])
    for phone in [caller, *phones]:
        phone.close()


def the_contact_is_the_request_uri(server):
    """16.6 step 2: with its parameters, without those of the Contact header."""
    caller, bob = SipSocket(server.port), SipSocket(server.port)
    uri = f"sip:line1@127.0.0.1:{bob.port};ob;x=y"
    register(bob, server, *USERS[1], contacts=[f'"Bob" <{uri}>;q=0.3;audio'])
    call = Call(caller, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    assert invite.start_line == f"INVITE {uri} SIP/2.0", invite.start_line
    assert invite.one("to") == f"<{call.uri}>", invite.one("to")
    assert invite.one("max-forwards") == "69", invite.raw
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    remove_all(bob, server, USERS[1])
    caller.close()
    bob.close()


def a_password_may_change(server):
    """R9.4: the next REGISTER obeys; a user who is deleted has no binding and is not known any more."""
    phone = SipSocket(server.port)
    register(phone, server, *USERS[1])
    server.ctl("user", "passwd", "bob", text_in="another one\n")
    register(phone, server, *USERS[1], expect=401)
    register(phone, server, "bob", "another one")
    server.ctl("user", "delete", "bob")
    register(phone, server, "bob", "another one", expect=401)
    assert not server.ctl_json("registrations"), "the binding of a deleted user stays"
    server.ctl("user", "add", "bob", text_in="third\n")
    assert not register(phone, server, "bob", "third", contacts=[]).all("contact"), "an old binding came back"
    phone.close()


def challenges(server):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    answer = phone.receive_final()
    phone.close()
    return [re.search(r"algorithm=([^,\s]+)", value).group(1) for value in answer.all("www-authenticate")]


def algorithms_are(bin_dir, setting, wanted):
    """Offered in this order, each on a line of its own, and all of them taken."""
    settings = [f"auth.algorithms={setting}"] if setting else []
    with TipringServer(bin_dir, users=USERS, settings=settings) as server:
        assert challenges(server) == wanted, challenges(server)
        for algorithm in wanted:
            phone = SipSocket(server.port)
            register(phone, server, algorithm=algorithm)
            register(phone, server, algorithm=algorithm, password="wrong", expect=401)
            phone.close()


def an_algorithm_not_offered_is_refused(server):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    challenge = {**challenge_params(phone.receive_final()), "algorithm": "SHA-256"}
    proof = credentials(challenge, *USERS[0], "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[f"Authorization: {proof}"]))
    assert phone.receive_final().status == 401, "an algorithm that was not offered passes"
    phone.close()


def a_phone_is_called_where_it_registered(server):
    """A Contact with an address that is not the source's (NAT): the call comes by the way of the REGISTER."""
    caller = SipSocket(server.port)
    for transport in ("udp", "tcp"):
        bob = SipSocket(server.port, transport)
        register(bob, server, *USERS[1], contacts=[f"<sip:bob@192.0.2.9:5060;transport={transport}>"])
        call = Call(caller, server)
        call.invite_with_credentials()
        invite = take_request(bob, "INVITE")
        bob.send(response(invite, OK, "b", [f"Contact: <sip:bob@192.0.2.9:5060;transport={transport}>"]))
        call.expect(100)
        call.expect(200)
        call.ack()
        take_request(bob, "ACK")
        remove_all(bob, server, USERS[1])
        bob.close()
    caller.close()


def too_many_contacts(server):
    """registrar.max_bindings_per_aor: a REGISTER that brings too many changes nothing."""
    phone = SipSocket(server.port)
    contacts = [f"<sip:alice@127.0.0.1:900{i}>" for i in range(3)]
    register(phone, server, contacts=contacts[:2])
    register(phone, server, contacts=contacts[1:], expect=403)
    answer = register(phone, server, contacts=[])
    assert "9000" in str(answer.all("contact")) and "9002" not in str(answer.all("contact")), answer.raw
    register(phone, server, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    limits = ["registrar.min_expires=120", "registrar.default_expires=900", "registrar.max_expires=1800"]
    with TipringServer(bin_dir, users=USERS, settings=limits) as server:
        for header, parameter, seconds in EXPIRES:
            report.run(f"Expires: {header}, expires={parameter}: {seconds} s (R1.3, R11.3)",
                       lambda a=(header, parameter, seconds): gets(server, *a))
        for header, parameter in TOO_SHORT:
            report.run(f"Expires: {header}, expires={parameter}: 423 (R1.3)",
                       lambda a=(header, parameter): is_too_short(server, *a))
        for name, check in [
                ("each contact has its own time (R1.3)", each_contact_has_its_own),
                ("contacts are compared as URIs (R1.2)", uris_are_compared),
                ("the best bindings are called (R2.2)", the_best_bindings_are_called),
                ("the contact becomes the Request-URI (R2.2)", the_contact_is_the_request_uri),
                ("a phone behind NAT is called where it registered (R2.2, R1.2)",
                 a_phone_is_called_where_it_registered),
                ("an algorithm that was not offered is refused (C13)", an_algorithm_not_offered_is_refused)]:
            report.run(name, lambda c=check: c(server))
    with TipringServer(bin_dir, users=USERS, settings=["registrar.max_bindings_per_aor=2"]) as server:
        report.run("too many contacts of one user change nothing (R11.3)", lambda: too_many_contacts(server))
    with TipringServer(bin_dir, users=USERS, settings=["registrar.min_expires=1"]) as server:
        report.run("an expired binding is gone (R1.4)", lambda: an_expired_binding_is_gone(server))
        report.run("a new password counts at once, a deleted user is gone (R9.4)", lambda: a_password_may_change(server))
    for setting, wanted in ((None, ["MD5"]), ('["SHA-256", "MD5"]', ["SHA-256", "MD5"]), ('["SHA-256"]', ["SHA-256"])):
        report.run(f"challenges are {wanted} (C13, R1.1)", lambda a=(setting, wanted): algorithms_are(bin_dir, *a))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""For whom one may register, at which domain, and what the answer says beside the contacts.

Usage: registering_for.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

ONE, TWO = "one.example", "two.example"
USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c"), (f"dave@{TWO}", "secret-d")]
RULES = f'registrar.third_party=["alice: bob@{ONE}", "alice@{ONE}: nobody", "alice: dave@{TWO}"]'


def register_as(phone, server, uri, sender, to, login, password, headers=()):
    """The final answer to a REGISTER with credentials, or to one without when it is not challenged."""
    call_id = random_token()
    phone.send(phone.request("REGISTER", uri, sender, to, call_id, 1, headers))
    answer = phone.receive_final()
    if answer.status != 401:
        return answer
    proof = credentials(challenge_params(answer), login, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, sender, to, call_id, 2, [*headers, f"Authorization: {proof}"]))
    return phone.receive_final()


def by_alice(phone, server, to, headers=(), uri=f"sip:{ONE}"):
    return register_as(phone, server, uri, f"sip:alice@{ONE}", to, *USERS[0], headers)


def rule_lets_register(server, transport):
    """The call goes to the Contact, not to where the REGISTER came from."""
    assistant, bob, caller = SipSocket(server.port, transport), SipSocket(server.port), SipSocket(server.port)
    contact = f"<sip:bob@127.0.0.1:{bob.port}>"
    answer = by_alice(assistant, server, f"sip:bob@{ONE}", [f"Contact: {contact}"])
    assert answer.status == 200 and contact in answer.one("contact"), answer.raw
    call = Call(caller, server, caller="carol", password="secret-c", domain=ONE)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    server.kill()
    server.users = []  # they are there
    server.start()
    assistant.close()
    assistant = SipSocket(server.port, transport)
    answer = by_alice(assistant, server, f"sip:bob@{ONE}")
    assert contact in answer.one("contact"), answer.raw
    answer = by_alice(assistant, server, f"sip:bob@{ONE}", ["Contact: *", "Expires: 0"])
    assert answer.status == 200 and not answer.all("contact"), answer.raw
    for phone in (assistant, bob, caller):
        phone.close()


def others_are_refused(server, transport):
    phone = SipSocket(server.port, transport)
    contact = [f"Contact: <sip:x@127.0.0.1:{phone.port}>"]
    assert by_alice(phone, server, f"sip:carol@{ONE}", contact).status == 403
    assert by_alice(phone, server, f"sip:bob@{TWO}", contact, f"sip:{TWO}").status == 403
    answer = register_as(phone, server, f"sip:{ONE}", f"sip:bob@{ONE}", f"sip:alice@{ONE}", *USERS[1], contact)
    assert answer.status == 403, answer.start_line
    # With whose password he speaks in bob's name is all the same.
    answer = register_as(phone, server, f"sip:{ONE}", f"sip:bob@{ONE}", f"sip:bob@{ONE}", *USERS[0], contact)
    assert answer.status == 403, answer.start_line
    assert not server.ctl_json("registrations")
    phone.close()


def strangers_learn_nothing(server, transport):
    """The same challenge for a user, for none, and for one that a rule names but who does not exist."""
    phone = SipSocket(server.port, transport)
    seen = set()
    for name in ("bob", "nobody", "whoever"):
        for login, password in (("alice", "wrong"), ("nobody", "x"), (name, "x")):
            answer = register_as(phone, server, f"sip:{ONE}", f"sip:alice@{ONE}", f"sip:{name}@{ONE}", login, password)
            seen.add((answer.status, tuple(key for key, _ in answer.headers)))
    assert len(seen) == 1 and seen.pop()[0] == 401, seen
    assert by_alice(phone, server, f"sip:nobody@{ONE}").status == 404
    assert by_alice(phone, server, f"sip:whoever@{ONE}").status == 403
    phone.close()


def domain_must_fit(server, transport):
    """10.3 step 5."""
    phone = SipSocket(server.port, transport)
    dave, contact = f"sip:dave@{TWO}", [f"Contact: <sip:dave@127.0.0.1:{phone.port}>"]
    for uri, status in ((f"sip:{ONE}", 404), (f"sip:{TWO}", 200), (f"sip:127.0.0.1:{server.port}", 200)):
        answer = register_as(phone, server, uri, dave, dave, "dave", "secret-d", contact)
        assert answer.status == status, f"{uri}: {answer.start_line}"
    answer = register_as(phone, server, f"sip:{TWO}", dave, dave, "dave", "secret-d", ["Contact: *", "Expires: 0"])
    assert answer.status == 200, answer.start_line
    phone.close()


def bad_addresses_are_refused(server, transport):
    """D4, D5: before anybody is asked who he is."""
    phone = SipSocket(server.port, transport)
    alice = f"sip:alice@{ONE}"
    for uri, to in ((f"sip:alice@{ONE}", alice), (f"sip:{ONE}", "tel:+15551234"), (f"sip:{ONE}", "mailto:a@b"),
                    (f"sip:{ONE}", "nonsense")):
        phone.send(phone.request("REGISTER", uri, alice, to))
        answer = phone.receive_final()
        assert answer.status == 400, f"{uri}, {to}: {answer.start_line}"
        assert ("Request-URI" if "@" in uri else "To") in answer.reason, answer.start_line
    phone.close()


def requires_are_met_or_told(server, transport):
    phone = SipSocket(server.port, transport)
    alice = f"sip:alice@{ONE}"
    answer = by_alice(phone, server, alice, ["Require: outbound"])
    assert answer.status == 420 and answer.one("unsupported") == "outbound", answer.raw
    answer = by_alice(phone, server, alice, ["Require: path", "Supported: path, outbound"])
    assert answer.status == 200 and answer.one("require") is None, answer.raw
    assert answer.one("service-route") is None and answer.one("p-associated-uri") is None, answer.raw
    phone.close()


def lenient_takes_a_user(server, transport):
    phone = SipSocket(server.port, transport)
    uri = f"sip:alice@{ONE}"
    answer = by_alice(phone, server, uri, [f"Contact: <sip:alice@127.0.0.1:{phone.port}>"], uri)
    assert answer.status == 200 and answer.one("contact"), answer.raw
    assert server.log_lines(f"lenient_request_uri uri={uri}")
    phone.close()


def answer_has_route_and_name(server, transport):
    phone = SipSocket(server.port, transport)
    for headers in ([], [f"Contact: <sip:alice@127.0.0.1:{phone.port}>"]):
        answer = by_alice(phone, server, f"sip:alice@{ONE}", headers)
        assert answer.all("service-route") == ["<sip:edge.example;lr>, <sip:home.example;lr>"], answer.raw
        assert answer.one("p-associated-uri") == f'"Alice A." <sip:alice@{ONE}>', answer.raw
    answer = register_as(phone, server, f"sip:{ONE}", f"sip:bob@{ONE}", f"sip:bob@{ONE}", *USERS[1])
    assert answer.status == 200 and answer.one("p-associated-uri") is None, answer.raw
    phone.close()


def main():
    report = Report()
    domains = f'sip.domains=["{ONE}", "{TWO}"]'

    def run_all(server, checks):
        for transport in ("udp", "tcp"):
            for name, check in checks:
                report.run(f"{name}: {transport}", lambda c=check: c(server, transport))

    with TipringServer(sys.argv[1], users=USERS, settings=[domains, RULES]) as server:
        run_all(server, [("a rule lets one register for another (D6)", rule_lets_register),
                         ("without a rule it is 403 (D6, C21)", others_are_refused),
                         ("strangers learn nothing of users (C6)", strangers_learn_nothing),
                         ("the domain of To is the Request-URI's (10.3 step 5)", domain_must_fit),
                         ("a user in the Request-URI, another scheme in To are 400 (D4, D5)", bad_addresses_are_refused),
                         ("what is required is met, or told (10.3 step 2)", requires_are_met_or_told)])
    route = 'registrar.service_route=["<sip:edge.example;lr>", "<sip:home.example;lr>"]'
    with TipringServer(sys.argv[1], users=USERS,
                       settings=[domains, route, "registrar.lenient_request_uri=true"]) as server:
        server.ctl("user", "set", "alice", "display_name=Alice A.")
        run_all(server, [("a user in the Request-URI is taken and logged (D4)", lenient_takes_a_user),
                         ("the answer has the service route and the name (RFC 3608, C12)", answer_has_route_and_name)])
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

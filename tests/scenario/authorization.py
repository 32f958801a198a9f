#!/usr/bin/env python3
"""Who may call whom, and whom the server takes for its own: the whole table, against the running server.

Usage: authorization.py BIN_DIR
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, contact_of, hang_up, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
DOMAIN = "example.com"
FOREIGN = "127.0.0.9"  # an address of this machine on which the server does not listen
FROM = {"ours": f"sip:alice@{DOMAIN}", "foreign": "sip:mallory@example.net"}


class Stage:
    """A caller, bob's phone, and a phone of a foreign domain."""

    def __init__(self, server):
        self.server = server
        self.caller = SipSocket(server.port)
        self.bob = registered_phone(server, *USERS[1], domain=DOMAIN)
        self.stranger = SipSocket(server.port, source=FOREIGN)
        self.to = {"ours": f"sip:bob@{DOMAIN}", "foreign": f"sip:x@{FOREIGN}:{self.stranger.port}"}
        self.phones = {"ours": self.bob, "foreign": self.stranger}
        self.own_route = f"Route: <sip:127.0.0.1:{server.port};lr>"
        self.foreign_route = f"Route: <sip:{FOREIGN}:{self.stranger.port};lr>"

    def message(self, sender, uri, headers=(), cseq=1, call_id=None, method="MESSAGE"):
        return self.caller.request(method, uri, FROM[sender], self.to["ours"], call_id, cseq, headers)

    def first_answer(self, sender, uri, headers=()):
        self.caller.send(self.message(sender, uri, headers))
        answer = self.caller.receive_final()
        assert answer is not None, "no answer"
        return answer

    def reached(self, receiver):
        """The request has come where it should, and is answered."""
        request = take_request(self.phones[receiver], "MESSAGE")
        self.phones[receiver].send(response(request, OK, "x"))
        assert self.caller.receive_final().status == 200, "the answer did not come back"
        return request

    def nobody_reached(self):
        for name, phone in self.phones.items():
            assert phone.receive(0.05) is None, f"it reached {name}"

    def close(self):
        for phone in (self.caller, self.bob, self.stranger):
            phone.close()


def staged(check):
    def run(server):
        stage = Stage(server)
        try:
            check(stage)
        finally:
            stage.close()
    return run


def answer_with_credentials(stage, challenge, sender, uri, header, user, password, headers=()):
    proof = credentials(challenge_params(challenge, header[1]), user, password, "MESSAGE", uri)
    stage.caller.send(stage.message(sender, uri, [f"{header[0]}: {proof}", *headers], cseq=2))


PROXY = ("Proxy-Authorization", "proxy-authenticate")
SERVER = ("Authorization", "www-authenticate")


def expect_rule(sender, receiver, wanted, headers=()):
    """`wanted`: "challenge", "pass" or "forbid" for a request outside any dialog."""
    def run(stage):
        uri, lines = stage.to[receiver], [stage.own_route, *headers] if headers else []
        stage.caller.send(stage.message(sender, uri, lines))
        if wanted == "pass":
            return stage.reached(receiver)
        answer = stage.caller.receive_final()
        stage.nobody_reached()
        if wanted == "forbid":
            assert answer.status == 403, answer.start_line
            return None
        assert answer.status == 407, answer.start_line
        answer_with_credentials(stage, answer, sender, uri, PROXY, *USERS[0], lines)
        return stage.reached(receiver)
    return staged(run)


# For each setting, what becomes of a request from one side to the other.
TABLE = {
    "by default": ([], {("ours", "ours"): "challenge", ("foreign", "ours"): "forbid",
                        ("ours", "foreign"): "forbid", ("foreign", "foreign"): "forbid"}),
    "accept_foreign": (["routing.accept_foreign=true"],
                       {("ours", "ours"): "challenge", ("foreign", "ours"): "pass",
                        ("ours", "foreign"): "forbid", ("foreign", "foreign"): "forbid"}),
    "foreign": (["routing.foreign=true"],
                {("ours", "ours"): "challenge", ("foreign", "ours"): "forbid",
                 ("ours", "foreign"): "challenge", ("foreign", "foreign"): "forbid"}),
}


def a_route_lifts_nothing(allowed):
    """The same table again with our own address as a preloaded Route."""
    def run(server):
        for (sender, receiver), wanted in allowed.items():
            expect_rule(sender, receiver, wanted, ["Subject: preloaded"])(server)
    return run


@staged
def a_route_to_elsewhere_is_foreign(stage):
    """The Request-URI is ours, but the way leads elsewhere: who may not call there may not route there."""
    for sender in ("foreign", "ours"):
        answer = stage.first_answer(sender, stage.to["ours"], [stage.own_route, stage.foreign_route])
        stage.nobody_reached()
        assert answer.status == 403, f"{sender}: {answer.start_line}"


@staged
def a_strict_route_to_elsewhere_is_foreign(stage):
    """Our own value in the Request-URI, as strict routers put it there, with a cookie that fits no dialog."""
    own = f"sip:127.0.0.1:{stage.server.port};lr;tc=0123456789abcdef"
    for sender in ("foreign", "ours"):
        answer = stage.first_answer(sender, own, [f"Route: <{stage.to['foreign']}>"])
        stage.nobody_reached()
        assert answer.status == 403, f"{sender}: {answer.start_line}"


@staged
def an_ack_is_no_way_around(stage):
    """Nobody can be asked who sends an ACK, so outside a dialog of ours it goes nowhere but to our users."""
    for sender in ("foreign", "ours"):
        stage.caller.send(stage.message(sender, stage.to["foreign"], method="ACK"))
        stage.caller.send(stage.message(sender, stage.to["ours"], [stage.own_route, stage.foreign_route],
                                        method="ACK"))
    assert stage.stranger.receive(0.2) is None, "an ACK was relayed to a foreign address"


@staged
def another_users_name_is_403(stage):
    uri = stage.to["ours"]
    answer = stage.first_answer("ours", uri)
    answer_with_credentials(stage, answer, "ours", uri, PROXY, *USERS[1])
    answer = stage.caller.receive_final()
    assert answer.status == 403, answer.start_line
    stage.nobody_reached()


@staged
def another_realm_does_not_count(stage):
    uri = stage.to["ours"]
    challenge = challenge_params(stage.first_answer("ours", uri), PROXY[1])
    proof = credentials({**challenge, "realm": "example.net"}, *USERS[0], "MESSAGE", uri)
    stage.caller.send(stage.message("ours", uri, [f"{PROXY[0]}: {proof}"], cseq=2))
    assert stage.caller.receive_final().status == 407, "credentials of another realm were taken"
    stage.nobody_reached()


@staged
def only_our_credentials_are_removed(stage):
    uri = stage.to["ours"]
    challenge = stage.first_answer("ours", uri)
    other = ('Digest username="alice", realm="example.net", nonce="n", uri="sip:x", response="0123456789abcdef'
             '0123456789abcdef"')
    answer_with_credentials(stage, challenge, "ours", uri, PROXY, *USERS[0],
                            [f"Proxy-Authorization: {other}", f"Authorization: {other}"])
    request = stage.reached("ours")
    assert request.all("proxy-authorization") == [other], request.all("proxy-authorization")
    assert request.all("authorization") == [other], request.all("authorization")


@staged
def inside_a_dialog_nobody_is_asked(stage):
    """Requests from both sides pass without credentials; the caller's BYE outside the dialog does not."""
    call = Call(stage.caller, stage.server, domain=DOMAIN)
    call.invite_with_credentials()
    invite = take_request(stage.bob, "INVITE")
    assert not invite.all("proxy-authorization"), "our credentials were forwarded"
    stage.bob.send(response(invite, OK, "b", [f"Contact: {contact_of(stage.bob, 'bob')}"]))
    call.expect(100)
    call.expect(200)
    call.ack()
    take_request(stage.bob, "ACK")
    routes = [f"Route: {value}" for value in invite.all("record-route")]
    stage.bob.send(stage.bob.request("INFO", contact_of(stage.caller, "alice")[1:-1], stage.to["ours"],
                                     FROM["ours"], call.call_id, 1, routes, from_tag="b", to_tag=call.from_tag))
    stage.caller.send(response(take_request(stage.caller, "INFO"), OK))
    assert stage.bob.receive_final().status == 200, "the callee's INFO was not answered"
    without_route = stage.caller.request("BYE", stage.to["ours"], FROM["ours"], stage.to["ours"], call.call_id, 9,
                                         from_tag=call.from_tag, to_tag="b")
    stage.caller.send(without_route)
    assert stage.caller.receive_final().status == 407, "a BYE without our Route passes unasked"
    hang_up(call, stage.bob)


@staged
def the_cookie_of_one_dialog_opens_no_other(stage):
    call = Call(stage.caller, stage.server, domain=DOMAIN)
    call.invite_with_credentials()
    invite = take_request(stage.bob, "INVITE")
    stage.bob.send(response(invite, "486 Busy Here", "b"))
    take_request(stage.bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    routes = [f"Route: {value}" for value in invite.all("record-route")]
    stage.caller.send(stage.caller.request("MESSAGE", stage.to["ours"], FROM["ours"], stage.to["ours"],
                                           random_token(), 1, routes, from_tag=call.from_tag, to_tag="b"))
    answer = stage.caller.receive_final()
    assert answer.status == 407, answer.start_line
    stage.nobody_reached()


@staged
def a_401_only_phone_is_served(stage):
    uri = stage.to["ours"]
    answer = stage.first_answer("ours", uri)
    assert answer.status == 401, answer.start_line
    answer_with_credentials(stage, answer, "ours", uri, SERVER, *USERS[0])
    request = stage.reached("ours")
    assert not request.all("authorization"), "our credentials were forwarded"


@staged
def nobody_is_asked_when_off(stage):
    stage.caller.send(stage.message("ours", stage.to["ours"]))
    stage.reached("ours")
    answer = stage.first_answer("ours", stage.to["foreign"])
    assert answer.status == 403, answer.start_line


def names_are_ours(server):
    """All own addresses and domains name the same user, in any letter case."""
    phone = SipSocket(server.port)
    bob = registered_phone(server, *USERS[1], domain=DOMAIN)
    for host in (DOMAIN, DOMAIN.upper(), f"127.0.0.1:{server.port}"):
        call = Call(phone, server, uri=f"sip:bob@{host}", from_uri="sip:alice@127.0.0.1")
        call.invite_with_credentials()
        invite = take_request(bob, "INVITE")
        bob.send(response(invite, "486 Busy Here", "b"))
        take_request(bob, "ACK")
        call.expect(100)
        call.ack_refusal(call.expect(486))
    phone.close()
    bob.close()


def realm_is(server, wanted, domain=None):
    phone = SipSocket(server.port)
    host = domain or "127.0.0.1"
    phone.send(phone.request("REGISTER", f"sip:{host}", f"sip:alice@{host}", f"sip:alice@{host}"))
    found = challenge_params(phone.receive_final())["realm"]
    assert found == wanted, found
    register(phone, server, domain=domain)
    phone.close()


def servers_share_nonces(bin_dir):
    """A challenge of one server is answered to the other where both have the key; without it, it is stale."""
    with tempfile.NamedTemporaryFile() as key:
        key.write(os.urandom(32))
        key.flush()
        shared = [f"auth.nonce_key_file={key.name}", "auth.realm=house"]
        with TipringServer(bin_dir, users=USERS, settings=shared) as one, \
                TipringServer(bin_dir, users=USERS, settings=shared) as other, \
                TipringServer(bin_dir, users=USERS, settings=shared[1:]) as stranger:
            phone = SipSocket(one.port)
            uri = aor = "sip:alice@127.0.0.1"
            phone.send(phone.request("REGISTER", "sip:127.0.0.1", uri, aor))
            challenge = challenge_params(phone.receive_final())
            for server, wanted in ((stranger, 401), (other, 200)):
                phone.server = ("127.0.0.1", server.port)
                proof = credentials(challenge, *USERS[0], "REGISTER", "sip:127.0.0.1")
                phone.send(phone.request("REGISTER", "sip:127.0.0.1", uri, aor, None, 2, [f"Authorization: {proof}"]))
                answer = phone.receive_final()
                assert answer.status == wanted, answer.start_line
                assert wanted == 200 or challenge_params(answer).get("stale") == "true", answer.raw
            phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    domains = [f'sip.domains=["{DOMAIN}"]']
    for setting, (settings, allowed) in TABLE.items():
        with TipringServer(bin_dir, users=USERS, settings=domains + settings) as server:
            for (sender, receiver), wanted in allowed.items():
                report.run(f"{setting}: from {sender} to {receiver}: {wanted} (C21)",
                           lambda s=sender, r=receiver, w=wanted: expect_rule(s, r, w)(server))
            report.run(f"{setting}: a preloaded Route lifts none of it (C21)",
                       lambda a=allowed: a_route_lifts_nothing(a)(server))
            if setting == "foreign":
                continue
            report.run(f"{setting}: a Route to elsewhere is a foreign call (C21)",
                       lambda: a_route_to_elsewhere_is_foreign(server))
            report.run(f"{setting}: a strict Route to elsewhere is a foreign call (C21)",
                       lambda: a_strict_route_to_elsewhere_is_foreign(server))
            report.run(f"{setting}: an ACK is relayed to no stranger (C21)", lambda: an_ack_is_no_way_around(server))
            if setting != "by default":
                continue
            for name, check in [
                    ("who speaks for another user gets 403 (C21)", another_users_name_is_403),
                    ("credentials of another realm are none (R1.5)", another_realm_does_not_count),
                    ("our credentials are removed, others stay (C21)", only_our_credentials_are_removed),
                    ("inside a dialog nobody is asked (C21)", inside_a_dialog_nobody_is_asked),
                    ("a dialog's Route opens no other dialog (C21)", the_cookie_of_one_dialog_opens_no_other),
                    ("domains and own addresses are ours (C22)", names_are_ours),
                    ("the realm is the first domain (C22)", lambda s: realm_is(s, DOMAIN, DOMAIN))]:
                report.run(name, lambda c=check: c(server))
    with TipringServer(bin_dir, users=USERS, settings=domains + ["auth.invite=401"]) as server:
        report.run("auth.invite 401: phones that know nothing else (R11.3)", lambda: a_401_only_phone_is_served(server))
    with TipringServer(bin_dir, users=USERS, settings=[*domains, "auth.invite=off"]) as server:
        report.run("auth.invite off: nobody is asked (R11.3)", lambda: nobody_is_asked_when_off(server))
    with TipringServer(bin_dir, users=USERS) as server:
        report.run("without domains the realm is tipring (C22)", lambda: realm_is(server, "tipring"))
    with TipringServer(bin_dir, users=USERS, settings=['auth.realm="the house"']) as server:
        report.run("the realm is what is configured (R11.3)", lambda: realm_is(server, "the house"))
    report.run("servers with one key file accept each other's nonces (R11.3)", lambda: servers_share_nonces(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What a proxy changes in a message on its way, and what it must leave: RFC 3261 16.6 and 16.7.

Usage: forwarding.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import (OK, Call, contact_of, register, registered_phone, response, take_request,  # noqa: E402
                       uri_of)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]

# What the callee answers, with headers of which each must arrive as it is, and what the caller gets.
FINALS = [
    ("302 Moved Temporarily", ["Contact: <sip:bob@192.0.2.1>;q=0.7, <sip:bob@192.0.2.2>"], 302),
    ("401 Unauthorized", ['WWW-Authenticate: Digest realm="phone", nonce="1"'], 401),
    ("407 Proxy Authentication Required", ['Proxy-Authenticate: Digest realm="other", nonce="2"'], 407),
    ("404 Not Found", ['Warning: 399 phone "no such line"'], 404),
    ("480 Temporarily Unavailable", ["Retry-After: 18000;duration=3600"], 480),
    ("486 Busy Here", ['Reason: Q.850;cause=17;text="User busy"'], 486),
    ("488 Not Acceptable Here", ["Accept: application/sdp"], 488),
    ("499 Of Our Own Making", ["X-Why: a  b , c"], 499),
    ("500 Server Internal Error", [], 500),
    # 16.7 step 6: our own 503 would keep peers from all of this server's users.
    ("503 Service Unavailable", ["X-Which: phone"], 500),
    ("600 Busy Everywhere", [], 600),
    ("603 Decline", ["Retry-After: 60"], 603),
]


class Pair:
    def __init__(self, server, transports=("udp", "udp")):
        self.bob = registered_phone(server, *USERS[1], transports[1])
        self.alice = SipSocket(server.port, transports[0])
        self.uri = f"sip:bob@127.0.0.1:{server.port}"

    def request(self, method="MESSAGE", headers=(), body=""):
        return self.alice.request(method, self.uri, "sip:alice@127.0.0.1", self.uri, headers=headers, body=body)

    def passes(self, text):
        """The request as bob gets it, and his 200 as alice gets it."""
        self.alice.send(text)
        request = take_request(self.bob, "MESSAGE")
        self.bob.send(response(request, OK, "b"))
        answer = self.alice.receive_final()
        assert answer is not None and answer.status == 200, answer and answer.start_line
        return request

    def close(self):
        self.alice.close()
        self.bob.close()


def with_pair(check):
    def run(server, transports=("udp", "udp")):
        pair = Pair(server, transports)
        try:
            check(pair)
        finally:
            pair.close()
    return run


def final_arrives(server, status_line, headers, wanted):
    pair = Pair(server)
    call = Call(pair.alice, server)
    call.send_invite()
    invite = take_request(pair.bob, "INVITE")
    pair.bob.send(response(invite, status_line, "b-tag", headers))
    call.expect(100)
    answer = call.expect(wanted)
    take_request(pair.bob, "ACK")
    call.ack_refusal(answer)
    if str(wanted) == status_line[:3]:
        assert answer.start_line == f"SIP/2.0 {status_line}", answer.start_line
        assert answer.one("to").endswith(";tag=b-tag"), answer.one("to")
        for line in headers:
            assert line in answer.raw.decode().split("\r\n"), answer.raw
    assert len(answer.all("via")) == 1 and str(pair.alice.port) in answer.one("via"), answer.all("via")
    # What comes after the final response is taken no notice of.
    pair.bob.send(response(invite, "603 Decline", "b-tag"))
    assert pair.alice.receive(0.05) is None, "a second final response went through"
    pair.close()


@with_pair
def unknown_headers_stay(pair):
    lines = ["X-Unknown: a  b;c=\"d, e\"", "P-Asserted-Identity: <tel:+1>", "User-Agent: test/1.0",
             "s: compact subject", "Accept-Language: da, en-gb;q=0.8", "X-Utf8: \u00e9\u4e2d"]
    request = pair.passes(pair.request(headers=lines))
    text = request.raw.decode().split("\r\n")
    assert [line for line in text if line in lines] == lines, text


@with_pair
def folded_lines_become_one(pair):
    """C9: accepted folded, sent on unfolded."""
    request = pair.passes(pair.request(headers=["Subject: one\r\n two\r\n\t three", "X-Y : z"]))
    assert request.one("subject").split() == ["one", "two", "three"], request.raw
    assert request.one("x-y") == "z", request.raw


@with_pair
def bodies_stay(pair):
    body = "".join(chr(code) for code in range(1, 128)) + "\r\n\r\n\u00fc" * 50
    request = pair.passes(pair.request(headers=["Content-Type: application/x-any"], body=body))
    assert request.body == body.encode(), "the body has changed"
    assert request.one("content-length") == str(len(body.encode())), request.raw


@with_pair
def large_requests_pass(pair):
    body = "x" * 20000
    request = pair.passes(pair.request(headers=["Content-Type: text/plain", "X-Long: " + "y" * 20000], body=body))
    assert request.body.decode() == body and len(request.one("x-long")) == 20000, len(request.raw)


@with_pair
def hops_are_counted(pair):
    """16.6 step 3."""
    for given, wanted in (("Max-Forwards: 70\r\n", "69"), ("Max-Forwards: 1\r\n", "0"), ("", "70")):
        request = pair.passes(pair.request().replace("Max-Forwards: 70\r\n", given))
        assert request.all("max-forwards") == [wanted], f"{given!r}: {request.all('max-forwards')}"


@with_pair
def vias_are_stacked(pair):
    lower = "SIP/2.0/UDP one.example;branch=z9hG4bKa, SIP/2.0/TLS two.example:5061 ;branch=z9hG4bKb"
    pair.alice.send(pair.request().replace("Max-Forwards", f"Via: {lower}\r\nMax-Forwards", 1))
    request = take_request(pair.bob, "MESSAGE")
    values = [value.strip() for line in request.all("via") for value in line.split(",")]
    assert len(values) == 4, values
    assert f"rport={pair.alice.port}" in values[1] and "received=127.0.0.1" in values[1], values
    assert values[2:] == [value.strip() for value in lower.split(",")], values
    assert ";branch=z9hG4bK" in values[0] and ";rport" in values[0], values[0]
    pair.bob.send(response(request, OK, "b"))
    answer = pair.alice.receive_final()
    back = [value.strip() for line in answer.all("via") for value in line.split(",")]
    assert back == values[1:], (values, back)


@with_pair
def a_response_must_be_ours(pair):
    """18.1.2, 17.1.3: another branch, another sent-by or another method is no answer to what we have sent."""
    pair.alice.send(pair.request())
    request = take_request(pair.bob, "MESSAGE")
    good = response(request, OK, "b")
    branch = request.all("via")[0].split("branch=")[1].split(";")[0]
    for bad in (good.replace(branch, branch[:-1] + ("0" if branch[-1] != "0" else "1")),
                good.replace(branch, "z9hG4bKother"),
                good.replace("Via: SIP/2.0/UDP 127.0.0.1", "Via: SIP/2.0/UDP 192.0.2.5", 1),
                good.replace(" MESSAGE", " OPTIONS")):
        assert bad != good, "nothing was changed"
        pair.bob.send(bad)
    assert pair.alice.receive(0.2) is None, "a response that fits no request went through"
    pair.bob.send(good)
    assert pair.alice.receive_final().status == 200, "the good one did not"


def leads_to(server, user, contact):
    """The user's only contact is a URI of this server."""
    phone = SipSocket(server.port)
    register(phone, server, *user, contacts=["*"], headers=["Expires: 0"])
    register(phone, server, *user, contacts=[contact])
    phone.close()


def invite(call, asked):
    if asked:
        call.invite_with_credentials()
    else:
        call.send_invite()


def spiral_passes(server, asked=False, transport="udp"):
    """RFC 5393 4.2.1: a request that comes again for another user is no loop."""
    pair = Pair(server)
    leads_to(server, USERS[2], f"<sip:bob@127.0.0.1:{server.port};transport={transport}>")
    call = Call(pair.alice, server, callee="carol")
    invite(call, asked)
    got = take_request(pair.bob, "INVITE")
    branches = [via.split("branch=")[1].split(";")[0] for via in got.all("via")]
    assert len(set(branches)) == 3, branches
    assert got.one("max-forwards") == "68", got.raw
    assert len(got.all("record-route")) == (2 if transport == "udp" else 4), got.raw  # RFC 5658: two for each change
    pair.bob.send(response(got, "486 Busy Here", "b"))
    call.expect(100)
    call.ack_refusal(call.expect(486))
    pair.close()


def a_spiralling_call_ends(server, transport, callee_ends):
    """It is a call for each time that it has come through us; each of them sees its requests and its end."""
    pair = Pair(server)
    leads_to(server, USERS[2], f"<sip:bob@127.0.0.1:{server.port};transport={transport}>")
    call = Call(pair.alice, server, callee="carol")
    call.invite_with_credentials()
    invite = take_request(pair.bob, "INVITE")
    pair.bob.send(response(invite, OK, "b", [f"Contact: {contact_of(pair.bob, 'bob')}"]))
    call.expect(100)
    call.expect(200)
    call.ack()
    take_request(pair.bob, "ACK")
    assert len(server.ctl_json("calls")) == 2, server.ctl("calls")
    call.inside("INFO")
    info = take_request(pair.bob, "INFO")
    assert not info.all("route") and len(info.all("via")) == 3, info.raw
    pair.bob.send(response(info, OK))
    call.expect(200)
    if callee_ends:
        routes = [f"Route: {value}" for value in invite.all("record-route")]
        bye = pair.bob.request("BYE", uri_of(invite.one("contact")), call.uri, call.from_uri, call.call_id, 1, routes,
                               from_tag="b", to_tag=call.from_tag)
        pair.bob.send(bye)
        pair.alice.send(response(take_request(pair.alice, "BYE"), OK))
        assert pair.bob.receive_final().status == 200
    else:
        call.inside("BYE")
        pair.bob.send(response(take_request(pair.bob, "BYE"), OK))
        call.expect(200)
    assert server.ctl("calls") == "no calls\n", server.ctl("calls")
    pair.close()


def a_branch_is_no_proof(server, transport):
    """Whoever is called sees our Via. What he sends with it, from the same host, is not what we have sent."""
    pair, carol, other = Pair(server), registered_phone(server, *USERS[2]), SipSocket(server.port, transport)
    call = Call(pair.alice, server)
    call.invite_with_credentials()
    got = take_request(pair.bob, "INVITE")
    other.send(re.sub(r"^INVITE \S+", f"INVITE sip:carol@127.0.0.1:{server.port}", got.raw.decode()))
    came = carol.receive(0.7)
    assert came is None, came.start_line
    pair.bob.send(response(got, "486 Busy Here", "b"))
    call.expect(100)
    call.ack_refusal(call.expect(486))
    for each in (pair, carol, other):
        each.close()


def loop_is_refused(server, asked=False):
    """RFC 5393 4.2.2: each user leads to the other, and the third time round is the first once more."""
    leads_to(server, USERS[1], f"<sip:carol@127.0.0.1:{server.port}>")
    leads_to(server, USERS[2], f"<sip:bob@127.0.0.1:{server.port}>")
    alice = SipSocket(server.port)
    call = Call(alice, server, callee="carol")
    invite(call, asked)
    call.expect(100)
    call.ack_refusal(call.expect(482))
    assert alice.receive(0.7) is None, "something else came"
    alice.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=["auth.invite=off"]) as server:
        for status_line, headers, wanted in FINALS:
            report.run(f"{status_line} arrives as {wanted} (R2.5, C7)",
                       lambda a=(status_line, headers, wanted): final_arrives(server, *a))
        for name, check in [
                ("unknown headers stay byte for byte (R2.2)", unknown_headers_stay),
                ("folded lines become one (C9)", folded_lines_become_one),
                ("bodies stay byte for byte (R2.2)", bodies_stay),
                ("Max-Forwards is counted down (R2.2)", hops_are_counted),
                ("Via values are stacked and taken off again (R7.2)", vias_are_stacked),
                ("a response that is not ours goes nowhere (R2.5)", a_response_must_be_ours)]:
            report.run(name, lambda c=check: c(server))
        report.run("a spiral passes (R2.2)", lambda: spiral_passes(server))
        report.run("a spiral over TCP passes (R2.2)", lambda: spiral_passes(server, transport="tcp"))
        report.run("a loop is 482 (R2.2)", lambda: loop_is_refused(server))
        for transports in (("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp"), ("udp", "udp")):
            report.run(f"40 000 bytes pass from {transports[0]} to {transports[1]} (R13.3, C5)",
                       lambda t=transports: large_requests_pass(server, t))
    with TipringServer(sys.argv[1], users=USERS) as server:
        report.run("a spiral of a caller who has proved himself passes (C21)", lambda: spiral_passes(server, True))
        report.run("and so does one over TCP (C21)", lambda: spiral_passes(server, True, "tcp"))
        for transport in ("udp", "tcp"):
            for callee_ends in (True, False):
                side = "callee" if callee_ends else "caller"
                report.run(f"a call that spirals over {transport} is ended by its {side} (R3.3)",
                           lambda t=transport, c=callee_ends: a_spiralling_call_ends(server, t, c))
            report.run(f"a branch of ours is no proof when another brings it over {transport} (C21)",
                       lambda t=transport: a_branch_is_no_proof(server, t))
        report.run("a loop of his is 482 (C21)", lambda: loop_is_refused(server, True))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What RFC 3261 18 and RFC 3581 ask of UDP, byte by byte, against the running server.

Usage: udp_rules.py BIN_DIR
"""

import concurrent.futures
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, hang_up, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c"), ("dave", "secret-d")]
TEXT = ["Content-Type: text/plain"]
OPEN = ['auth.invite="off"']


def options(phone, server, via):
    uri = f"sip:127.0.0.1:{server.port}"
    text = phone.request("OPTIONS", uri, "sip:x@example.net", uri)
    return re.sub(r"Via: [^\r]*", f"Via: {via}", text)


def rport_is_filled_in(server):
    phone = SipSocket(server.port)
    phone.send(options(phone, server, "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1;rport"))
    answer = phone.receive_final()
    assert answer is not None, "the answer did not come to the port that the request came from"
    via = answer.one("via")
    assert "received=127.0.0.1" in via and f"rport={phone.port}" in via, via
    phone.close()


def without_rport_the_port_of_via_counts(server):
    phone, other = SipSocket(server.port), SipSocket(server.port)
    phone.send(options(phone, server, f"SIP/2.0/UDP 127.0.0.1:{other.port};branch=z9hG4bK2"))
    assert other.receive_final() is not None, "the answer did not go to the port in the Via"
    assert phone.receive(0.1) is None, "the answer went to the source port as well"
    phone.close()
    other.close()


def received_is_added_when_via_names_another_host(server):
    phone = SipSocket(server.port)
    phone.send(options(phone, server, f"SIP/2.0/UDP phone.invalid:{phone.port};branch=z9hG4bK3"))
    answer = phone.receive_final()
    assert answer is not None, "the answer did not go to where the request came from"
    assert "received=127.0.0.1" in answer.one("via"), answer.one("via")
    phone.close()


def lower_vias_stay_as_they_are(server):
    phone = SipSocket(server.port)
    below = "SIP/2.0/UDP 192.0.2.1:5062 ;branch=z9hG4bKbelow;rport;x=\"a,b\""
    phone.send(options(phone, server, f"SIP/2.0/UDP 127.0.0.1:{phone.port};branch=z9hG4bK4;rport\r\nVia: {below}"))
    answer = phone.receive_final()
    assert answer.all("via")[1] == below, answer.all("via")
    phone.close()


def surplus_bytes_are_cut(server):
    phone, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = Call(phone, server)
    text = phone.request("MESSAGE", call.uri, call.from_uri, call.uri, headers=TEXT, body="hello")
    phone.send(text + "surplus")
    message = take_request(bob, "MESSAGE")
    assert message.body == b"hello" and message.one("content-length") == "5", message.raw
    bob.send(response(message, OK, "b"))
    assert phone.receive_final().status == 200, "the MESSAGE was not answered"
    phone.close()
    bob.close()


def body_without_length_reaches_the_end(server):
    phone, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = Call(phone, server)
    text = phone.request("MESSAGE", call.uri, call.from_uri, call.uri, headers=TEXT, body="hello")
    phone.send(text.replace("Content-Length: 5\r\n", ""))
    message = take_request(bob, "MESSAGE")
    assert message.body == b"hello", message.raw
    bob.send(response(message, OK, "b"))
    assert phone.receive_final().status == 200, "the MESSAGE was not answered"
    phone.close()
    bob.close()


def short_datagram_is_400(server):
    phone = SipSocket(server.port)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, uri, uri, body="hello").replace("Content-Length: 5", "Content-Length: 50"))
    answer = phone.receive_final()
    assert answer is not None and answer.status == 400, answer and answer.start_line
    assert "content-length" in answer.reason.lower(), answer.start_line
    phone.close()


def same_answer_to(phone, text, wanted):
    """Sends `text` three times; the answers must have one To tag, and beyond a challenge be equal bytes."""
    answers = []
    for _ in range(3):
        phone.send(text)
        answer = phone.receive_final()
        assert answer is not None and answer.status == wanted, answer and answer.start_line
        answers.append(answer)
    assert len({answer.one("to") for answer in answers}) == 1, [answer.one("to") for answer in answers]
    if wanted not in (401, 407):
        assert len({answer.raw for answer in answers}) == 1, [answer.raw for answer in answers]


def retransmissions_get_the_same_answer(server):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    same_answer_to(phone, phone.request("OPTIONS", uri, aor, uri), 200)
    same_answer_to(phone, phone.request("INVITE", "sip:nobody@127.0.0.1:" + str(server.port), aor, aor), 407)
    first = phone.request("REGISTER", uri, aor, aor)
    same_answer_to(phone, first, 401)
    phone.send(first)
    proof = credentials(challenge_params(phone.receive_final()), *USERS[0], "REGISTER", uri)
    contact = f"Contact: <sip:alice@127.0.0.1:{phone.port}>"
    same_answer_to(phone, phone.request("REGISTER", uri, aor, aor, cseq=2,
                                        headers=[contact, f"Authorization: {proof}"]), 200)
    register(phone, server, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def repeated_invite_is_forwarded_once(server):
    phone, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = Call(phone, server)
    invite = call.send_invite()
    seen = take_request(bob, "INVITE")
    bob.send(response(seen, "180 Ringing", "b"))
    call.expect(100)
    call.expect(180)
    phone.send(invite)
    call.expect(180)
    assert bob.receive(0.3) is None, "the callee saw a retransmission that the server answers itself"
    contact = f"Contact: <sip:bob@127.0.0.1:{bob.port}>"
    bob.send(response(seen, OK, "b", [contact]))
    call.expect(200)
    call.ack()
    take_request(bob, "ACK")
    hang_up(call, bob)
    phone.close()
    bob.close()


def lost_invite_is_sent_again(server):
    """The server's own Timer A: the callee answers only the second copy."""
    phone, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = Call(phone, server)
    call.send_invite()
    first = take_request(bob, "INVITE")
    again = take_request(bob, "INVITE")
    assert first.raw == again.raw, "the retransmission differs from the first copy"
    bob.send(response(again, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    phone.close()
    bob.close()


def arrivals(phone, seconds):
    """When each message came, in seconds since the first, until `seconds` after it."""
    first = phone.receive(3)
    assert first is not None, "nothing came at all"
    start = time.monotonic()
    times, copies = [0.0], {first.raw}
    while (left := start + seconds - time.monotonic()) > 0:
        message = phone.receive(left)
        if message is not None:
            times.append(time.monotonic() - start)
            copies.add(message.raw)
    assert len(copies) == 1, f"the copies differ: {copies}"
    return times


def expect_times(what, found, wanted):
    close = len(found) == len(wanted) and all(-0.05 < a - b < 0.25 for a, b in zip(found, wanted))
    assert close, f"{what}: {[round(time, 2) for time in found]} instead of {wanted}"


def retransmissions_keep_time(server):
    """Timers A, E and G at the same time: 500 ms, then twice as long each time (17.1.1.2, 17.1.2.2, 17.2.1)."""
    bob, carol, dave = (registered_phone(server, name, password) for name, password in USERS[1:])
    alice = [SipSocket(server.port) for _ in range(3)]
    Call(alice[0], server).send_invite()
    uri = f"sip:carol@127.0.0.1:{server.port}"
    alice[1].send(alice[1].request("MESSAGE", uri, "sip:alice@127.0.0.1", uri))
    refused = Call(alice[2], server, callee="dave")
    refused.send_invite()
    invite = take_request(dave, "INVITE")
    refused.expect(100)
    dave.send(response(invite, "486 Busy Here", "d"))
    take_request(dave, "ACK")
    with concurrent.futures.ThreadPoolExecutor(3) as workers:
        results = [workers.submit(arrivals, phone, 3.9) for phone in (bob, carol, alice[2])]
        for what, result in zip(("INVITE", "MESSAGE", "486"), results):
            expect_times(what, result.result(), [0, 0.5, 1.5, 3.5])
    for phone in [bob, carol, dave, *alice]:
        phone.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=OPEN) as server:
        report.run("received and rport are filled in (R7.2)", lambda: rport_is_filled_in(server))
        report.run("without rport the answer goes to the Via's port (R7.2)",
                   lambda: without_rport_the_port_of_via_counts(server))
        report.run("received is added for a host name (R7.2)",
                   lambda: received_is_added_when_via_names_another_host(server))
        report.run("lower Via values come back untouched (R7.2)", lambda: lower_vias_stay_as_they_are(server))
        report.run("bytes beyond Content-Length are cut (R7.2)", lambda: surplus_bytes_are_cut(server))
        report.run("without Content-Length the body is the rest (R7.2)",
                   lambda: body_without_length_reaches_the_end(server))
        report.run("a datagram shorter than Content-Length is 400 (R7.2)", lambda: short_datagram_is_400(server))
        report.run("a callee sees a retransmitted INVITE once (R7.2)",
                   lambda: repeated_invite_is_forwarded_once(server))
        report.run("an INVITE without answer is sent again (R7.2)", lambda: lost_invite_is_sent_again(server))
        report.run("retransmissions keep the times of Timers A, E and G (R7.2)",
                   lambda: retransmissions_keep_time(server))
    with TipringServer(sys.argv[1], users=USERS) as server:
        report.run("retransmissions get the same answer (R7.2)", lambda: retransmissions_get_the_same_answer(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What RFC 3261 18 asks of TCP, byte by byte, against the running server.

Usage: tcp_rules.py BIN_DIR
"""

import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, Call, establish, registered_phone, response, take_request  # noqa: E402
from sip_socket import Answer, SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def connect(server):
    phone = SipSocket(server.port, "tcp")
    phone.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return phone


def options(phone, server, body=""):
    uri = f"sip:127.0.0.1:{server.port}"
    return phone.request("OPTIONS", uri, "sip:x@example.net", uri, body=body)


def expect_200(phone, what):
    answer = phone.receive_final()
    assert answer is not None and answer.status == 200, f"{what}: {answer and answer.start_line}"
    return answer


def split_at_every_byte(server):
    phone = connect(server)
    size = len(options(phone, server, "body"))
    for cut in range(1, size):
        text = options(phone, server, "body")
        phone.send(text[:cut])
        time.sleep(0.001)
        phone.send(text[cut:])
        expect_200(phone, f"split at {cut}")
    phone.close()


def one_byte_at_a_time(server):
    phone = connect(server)
    for byte in options(phone, server, "body"):
        phone.send(byte)
    expect_200(phone, "one byte at a time")
    phone.close()


def many_in_one_write(server):
    phone = connect(server)
    texts = [options(phone, server, "x" * (i % 7)) for i in range(60)]
    phone.send("".join(texts))
    wanted = {Answer(text.encode()).one("call-id") for text in texts}
    found = {expect_200(phone, "one of many").one("call-id") for _ in texts}
    assert wanted == found, f"{len(found)} of {len(wanted)} were answered"
    phone.close()


def pings_are_answered(server):
    phone = connect(server)
    for _ in range(3):
        phone.send("\r\n\r\n")
        assert phone.socket.recv(100) == b"\r\n", "no CRLF came back"
    phone.send("\r\n" + options(phone, server))
    expect_200(phone, "a line end before a message")
    phone.send("\r\n\r\n" + options(phone, server) + "\r\n\r\n" + options(phone, server))
    expect_200(phone, "a ping before a message")
    expect_200(phone, "a ping between messages")
    phone.close()


def answers_on_the_same_connection(server):
    """The Via names a port where nobody listens."""
    phone = connect(server)
    phone.send(options(phone, server).replace(f"127.0.0.1:{phone.port}", "127.0.0.1:9").replace(";rport", ""))
    expect_200(phone, "a Via with another port")
    phone.close()


def answer_finds_the_via_port_when_the_link_is_gone(server):
    bob = registered_phone(server, *USERS[1])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.settimeout(3)
    phone = connect(server)
    real_port, phone.port = phone.port, listener.getsockname()[1]
    call = Call(phone, server)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    call.expect(100)
    reset(phone)
    wait_until(lambda: in_use(server, "tcp_connections") == 0, 3, lambda: "the server does not see the end")
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    link, _ = listener.accept()
    link.settimeout(3)
    answer = Answer(link.recv(65536))
    assert answer.status == 486, answer.start_line
    assert f"127.0.0.1:{phone.port}" in answer.one("via") and real_port != phone.port, answer.one("via")
    phone.socket, phone.pending = link, b""
    call.ack_refusal(answer)
    link.close()
    listener.close()
    bob.close()


def connection_lasts_for_the_call(server):
    """Everything of a long-ringing call comes by the one connection that the caller made."""
    bob = registered_phone(server, *USERS[1])
    phone = connect(server)
    call = Call(phone, server)
    call.send_invite()
    invite = take_request(bob, "INVITE")
    call.expect(100)
    bob.send(response(invite, "180 Ringing", "b"))
    call.expect(180)
    time.sleep(1.5)
    bob.send(response(invite, OK, "b", [f"Contact: <sip:bob@127.0.0.1:{bob.port}>"]))
    call.expect(200)
    call.ack()
    ack = take_request(bob, "ACK")
    assert ack.one("cseq") == f"{call.cseq} ACK", ack.raw
    routes = [f"Route: {value}" for value in invite.all("record-route")]
    bob.send(bob.request("BYE", f"sip:alice@127.0.0.1:{phone.port};transport=tcp", "sip:bob@127.0.0.1",
                         "sip:alice@127.0.0.1", call.call_id, 1, routes, from_tag="b", to_tag=call.from_tag))
    phone.send(response(take_request(phone, "BYE"), OK))
    expect_200(bob, "the callee's BYE")
    phone.close()
    bob.close()


def callee_is_called_by_its_own_connection(server):
    """The connection of the REGISTER carries the INVITE: nobody listens on the contact's port."""
    bob = registered_phone(server, *USERS[1], "tcp")
    alice = SipSocket(server.port)
    call = establish(alice, bob, server)
    call.inside("BYE")
    bob.send(response(take_request(bob, "BYE"), OK))
    call.expect(200)
    alice.close()
    bob.close()


def expect_400_and_end(phone, word):
    answer = phone.receive_final()
    assert answer is not None and answer.status == 400, answer and answer.start_line
    assert word in answer.reason.lower(), answer.start_line
    phone.socket.settimeout(3)
    assert phone.socket.recv(100) == b"", "the connection stays open though its framing is lost"


def bad_length_is_400_and_the_end(server):
    for bad in ("x", "-1", "99999999999999999999"):
        phone = connect(server)
        phone.send(options(phone, server).replace("Content-Length: 0", f"Content-Length: {bad}"))
        expect_400_and_end(phone, "content-length")
        phone.close()


def missing_length_is_400_and_the_end(server):
    phone = connect(server)
    phone.send(options(phone, server).replace("Content-Length: 0\r\n", ""))
    expect_400_and_end(phone, "content-length")
    phone.close()


def reset_in_a_message_harms_nobody(server):
    for _ in range(5):
        phone = connect(server)
        phone.send(options(phone, server)[:100])
        phone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        phone.close()
    phone = connect(server)
    phone.send(options(phone, server))
    expect_200(phone, "after resets")
    phone.close()
    wait_until(lambda: in_use(server, "tcp_connections") == 0, 3, lambda: "connections are left in the pool")


def halves_harm_nobody(server):
    """More unfinished messages than there are places for: the oldest connections go, others are served."""
    phones = [connect(server) for _ in range(120)]
    texts = [options(phone, server) for phone in phones]
    for phone, text in zip(phones, texts):
        phone.send(text[:60])
    phones[-1].send(texts[-1][60:])
    expect_200(phones[-1], "the newest message, when it is whole")
    whole = connect(server)
    whole.send(options(whole, server))
    expect_200(whole, "a whole message beside halves")
    first = phones[0]
    first.socket.settimeout(3)
    try:
        ended = first.socket.recv(100) == b""
    except ConnectionResetError:
        ended = True
    assert ended, "the oldest half message keeps its place for ever"
    for phone in [whole, *phones]:
        phone.close()
    wait_until(lambda: in_use(server, "tcp_connections") == 0, 3, lambda: "connections are left in the pool")


def call_to_a_lost_callee_fails_soon(server, lose):
    """Nothing but the failure itself wakes the server."""
    bob = registered_phone(server, *USERS[1], "tcp")
    lose(bob)
    time.sleep(0.2)
    alice = SipSocket(server.port)
    call = Call(alice, server)
    began = time.monotonic()
    call.send_invite()
    answer = alice.receive_final()
    assert answer is not None and answer.status == 500, answer and answer.start_line
    assert time.monotonic() - began < 1, "the refusal took its time"
    call.ack_refusal(answer)
    alice.close()


def reset(phone):
    phone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    phone.close()


def half_closed_caller_gets_its_answer(server):
    bob = registered_phone(server, *USERS[1])
    phone = connect(server)
    call = Call(phone, server)
    call.send_invite()
    phone.socket.shutdown(socket.SHUT_WR)
    invite = take_request(bob, "INVITE")
    call.expect(100)
    bob.send(response(invite, "180 Ringing", "b"))
    call.expect(180)
    time.sleep(0.7)  # longer than the server waits for a reset
    bob.send(response(invite, "486 Busy Here", "b"))
    call.expect(486)
    take_request(bob, "ACK")
    phone.socket.settimeout(3)
    assert phone.socket.recv(100) == b"", "the connection stays open"
    phone.close()
    bob.close()


def in_use(server, pool):
    return next(row["in_use"] for row in server.ctl_json("pools") if row["name"] == pool)


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        report.run("a message split at every byte (R13.3)", lambda: split_at_every_byte(server))
        report.run("a message one byte at a time (R13.3)", lambda: one_byte_at_a_time(server))
        report.run("sixty messages in one write (R13.3)", lambda: many_in_one_write(server))
        report.run("CRLF pings between messages (R13.3)", lambda: pings_are_answered(server))
        report.run("the answer comes by the same connection (R7.5)", lambda: answers_on_the_same_connection(server))
        report.run("the INVITE comes by the connection of the REGISTER (R13.2)",
                   lambda: callee_is_called_by_its_own_connection(server))
        report.run("a bad Content-Length is 400 and ends the connection (R13.5)",
                   lambda: bad_length_is_400_and_the_end(server))
        report.run("no Content-Length is 400 and ends the connection (R7.3)",
                   lambda: missing_length_is_400_and_the_end(server))
    with TipringServer(sys.argv[1], users=USERS, settings=['auth.invite="off"']) as server:
        report.run("the answer goes to the Via's port when the link is gone (R7.5)",
                   lambda: answer_finds_the_via_port_when_the_link_is_gone(server))
        report.run("one connection lasts for the whole call (R13.2)", lambda: connection_lasts_for_the_call(server))
        report.run("who has ended only its sending side gets its answers (R7.5)",
                   lambda: half_closed_caller_gets_its_answer(server))
        report.run("a call to a phone that reset its connection fails at once (R7.5, R13.5)",
                   lambda: call_to_a_lost_callee_fails_soon(server, reset))
        report.run("a call to a phone that closed its connection fails at once (R7.5)",
                   lambda: call_to_a_lost_callee_fails_soon(server, SipSocket.close))
        report.run("a reset in the middle of a message harms nobody (R13.5)",
                   lambda: reset_in_a_message_harms_nobody(server))
        report.run("unfinished messages on many connections harm nobody (R13.4)", lambda: halves_harm_nobody(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

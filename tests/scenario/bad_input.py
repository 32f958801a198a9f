#!/usr/bin/env python3
"""Bytes that are no good request, against the running server: each gets the answer that tells what is wrong, or none.

Usage: bad_input.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, register, registered_phone, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# A header line of a good OPTIONS, what stands in its place if anything, the status, and what the reason phrase must
# name; "" where a line cannot be told from the next, so that a connection ends.
FAULTS = [
    ("From", "", 400, "From"),
    ("To", "", 400, "To"),
    ("Call-ID", "", 400, "Call-ID"),
    ("CSeq", "", 400, "CSeq"),
    ("From", "From: <sip:a@b", 400, "From"),
    ("From", "From: \"unclosed <sip:a@b>;tag=1", 400, "From"),
    ("To", "To: ", 400, "To"),
    ("To", "To: <sip:bob@127.0.0.1>junk", 400, "To"),
    ("Call-ID", "Call-ID: ", 400, "Call-ID"),
    ("CSeq", "CSeq: x OPTIONS", 400, "CSeq"),
    ("CSeq", "CSeq: 99999999999 OPTIONS", 400, "CSeq"),
    ("CSeq", "CSeq: 1 INVITE", 400, "CSeq"),
    ("CSeq", "CSeq: 1", 400, "CSeq"),
    ("Max-Forwards", "Max-Forwards: x", 400, "Max-Forwards"),
    ("Max-Forwards", "Max-Forwards: 300", 400, "Max-Forwards"),
    ("Content-Length", "Content-Length: x", 400, "Content-Length"),
    ("Max-Forwards", "Max-Forwards: 70\r\nMax-Forwards: 70", 400, "Max-Forwards"),
    ("Call-ID", "Call-ID: one\r\nCall-ID: two", 400, "Call-ID"),
    ("Max-Forwards", "Max-Forwards: 70\r\nno colon in this line", 400, ""),
    ("From", "From: <sip:a@b:99999>;tag=1", 400, "From"),
    ("From", "From: Bell, A. <sip:a@b>;tag=1", 400, "From"),
    ("To", "To: <sip:50%@b>", 400, "To"),
    ("To", "To: < sip:a@b >", 400, "To"),
    ("Call-ID", "Call-ID: a b", 400, "Call-ID"),
    ("Max-Forwards", "Max-Forwards: 70\r\nVia: SIP/2.0/UDP b;;=", 400, "Via"),
    ("Max-Forwards", "Max-Forwards: 70\r\nRoute: <sip:a@b", 400, "Route"),
    ("Max-Forwards", "Max-Forwards: 70\r\nRecord-Route: <sip:a@:x>", 400, "Record-Route"),
    ("Max-Forwards", "Max-Forwards: 70\r\nContact: <sip:a@b>junk", 400, "Contact"),
]

# What the start line is, and what comes of it.
START_LINES = [
    ("OPTIONS sip:127.0.0.1:PORT SIP/3.0", 505),
    ("OPTIONS  sip:127.0.0.1:PORT SIP/2.0", 400),
    ("OPT(IONS sip:127.0.0.1:PORT SIP/2.0", 400),
    ("OPTIONS <sip:127.0.0.1:PORT> SIP/2.0", 400),
    ("OPTIONS nonsense:127.0.0.1 SIP/2.0", 416),
    ("FOO sip:127.0.0.1:PORT SIP/2.0", 405),
]

NOT_SIP = [b"hello", b"\0" * 40, bytes(range(256)), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]


# Lines of an INVITE that the server works with, and that nobody could.
INVITE_FAULTS = ["Session-Expires: soon", "Min-SE: -1", "Contact: *", "Record-Route: sip:x:y"]


def options(phone, server):
    uri = f"sip:127.0.0.1:{server.port}"
    return phone.request("OPTIONS", uri, "sip:x@example.net", uri)


def fault_is_named(server, transport, fault):
    name, line, status, word = fault
    phone = SipSocket(server.port, transport)
    text = options(phone, server)
    changed = re.sub(rf"(?m)^{name}: [^\r]*\r\n", line and line + "\r\n", text)
    assert changed != text, "the fault was not put in"
    phone.send(changed)
    answer = phone.receive_final()
    assert answer is not None and answer.status == status, answer and answer.start_line
    assert word.lower() in answer.reason.lower(), answer.start_line
    assert re.match(rf'399 \S+ "{word}', answer.one("warning"), re.I), answer.raw
    for copied in ("Via", "From", "To", "Call-ID", "CSeq"):
        assert (answer.one(copied) is None) == (copied == name and not line), answer.raw
    if transport == "tcp" and word and name != "Content-Length":
        phone.send(text)
        assert phone.receive_final().status == 200, "the connection is of no use after a 400"
    phone.close()


def invite_fault_is_named(server, transport, line):
    phone = SipSocket(server.port, transport)
    uri = f"sip:bob@127.0.0.1:{server.port}"
    phone.send(phone.request("INVITE", uri, "sip:alice@127.0.0.1", uri, headers=[line]))
    answer = phone.receive_final()
    assert answer is not None and answer.status == 400, answer and answer.start_line
    assert line.partition(":")[0] in answer.reason, answer.start_line
    phone.close()


def start_line_gets(server, transport, line, status):
    phone = SipSocket(server.port, transport)
    text = options(phone, server)
    changed = line.replace("PORT", str(server.port)) + text[text.index("\r\n"):]
    if line.startswith("FOO"):
        changed = changed.replace("1 OPTIONS", "1 FOO")
    phone.send(changed)
    answer = phone.receive_final()
    assert answer is not None and answer.status == status, answer and answer.start_line
    if status == 405:
        assert "OPTIONS" in answer.one("allow"), answer.raw
    phone.close()


def what_is_not_sip_is_dropped_and_counted(server):
    phone = SipSocket(server.port)
    before = server.ctl_json("status")["not_sip"]
    for data in NOT_SIP:
        phone.send(data)
    assert phone.receive(0.3) is None, "something was answered that is not SIP"
    counted = server.ctl_json("status")["not_sip"] - before
    assert counted == len(NOT_SIP), f"{counted} of {len(NOT_SIP)} were counted"
    phone.send(options(phone, server))
    assert phone.receive_final().status == 200, "no answer after noise"
    phone.close()


def what_is_never_answered(server):
    """Responses and ACKs, whole or broken, and requests whose Via cannot be read."""
    phone = SipSocket(server.port)
    good = options(phone, server)
    before = server.ctl_json("status")
    for text in (re.sub(r"(?m)^From: [^\r]*\r\n", "", good.replace("OPTIONS", "ACK")),
                 re.sub(r"(?m)^Via: [^\r]*\r\n", "", good),
                 re.sub(r"(?m)^Via: [^\r]*\r\n", "Via: nonsense\r\n", good),
                 re.sub(r"^[^\r]*", "SIP/2.0 200 OK", good),
                 re.sub(r"(?m)^CSeq: [^\r]*\r\n", "", re.sub(r"^[^\r]*", "SIP/2.0 200 OK", good))):
        phone.send(text)
    assert phone.receive(0.3) is None, "something was answered that must not be"
    after = server.ctl_json("status")
    assert after["malformed"] - before["malformed"] == 4, (before, after)
    assert after["stray_responses"] - before["stray_responses"] == 1, (before, after)
    phone.close()


def broken_message_over_tcp_is_refused_and_ended(server):
    phone = SipSocket(server.port, "tcp")
    phone.send(b"hello\r\n\r\n")
    phone.socket.settimeout(3)
    try:
        assert phone.socket.recv(1000) == b"", "noise was answered, or the connection stays"
    except ConnectionResetError:
        pass  # the server does not linger for who sends noise
    phone.close()


def wrong_password_is_challenged_again(server, transport):
    phone = SipSocket(server.port, transport)
    register(phone, server, password="wrong", expect=401)
    call = Call(phone, server, password="wrong")
    call.invite_with_credentials()
    answer = call.expect(407)
    assert answer.one("proxy-authenticate"), answer.raw
    call.ack_refusal(answer)
    phone.close()


def replayed_credentials_do_not_pass(server):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    proof = credentials(challenge_params(phone.receive_final()), *USERS[0], "REGISTER", uri)
    line = f"Authorization: {proof}"
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[line]))
    assert phone.receive_final().status == 200, "good credentials are refused"
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=3, headers=[line]))
    answer = phone.receive_final()
    assert answer.status == 401, f"the same nonce-count passed twice: {answer.start_line}"
    phone.close()


def nobody_is_called(server, transport):
    phone = SipSocket(server.port, transport)
    for callee in ("nobody", "bob"):
        call = Call(phone, server, callee=callee)
        call.invite_with_credentials()
        call.ack_refusal(call.expect(404))
    phone.close()


def refused_before_anything_else(server, transport):
    """Max-Forwards and Proxy-Require are looked at before credentials: RFC 3261 16.3."""
    phone = SipSocket(server.port, transport)
    uri = f"sip:bob@127.0.0.1:{server.port}"
    text = phone.request("INVITE", uri, "sip:alice@127.0.0.1", uri)
    phone.send(text.replace("Max-Forwards: 70", "Max-Forwards: 0"))
    assert phone.receive_final().status == 483, "Max-Forwards 0 passes"
    phone.send(phone.request("INVITE", uri, "sip:alice@127.0.0.1", uri, headers=["Proxy-Require: foo, bar"]))
    answer = phone.receive_final()
    assert answer.status == 420 and answer.one("unsupported") == "foo, bar", answer.raw
    own = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", own, "sip:alice@127.0.0.1", own, headers=["Require: foo"]))
    answer = phone.receive_final()
    assert answer.status == 420 and answer.one("unsupported") == "foo", answer.raw
    phone.close()


def unknown_method_reaches_the_phone(server):
    phone, bob = SipSocket(server.port), registered_phone(server, *USERS[1])
    call = Call(phone, server)
    phone.send(phone.request("FOO", call.uri, call.from_uri, call.uri, call.call_id, 1))
    proof = credentials(challenge_params(phone.receive_final(), "proxy-authenticate"), *USERS[0], "FOO", call.uri)
    phone.send(phone.request("FOO", call.uri, call.from_uri, call.uri, call.call_id, 2,
                             [f"Proxy-Authorization: {proof}"]))
    take_request(bob, "FOO")
    register(bob, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    phone.close()
    bob.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        for transport in ("udp", "tcp"):
            for fault in FAULTS:
                report.run(f"{transport}: {fault[1] or 'nothing'!r} for {fault[0]} is {fault[2]} (R14.2, R14.3)",
                           lambda f=fault, t=transport: fault_is_named(server, t, f))
            for line in INVITE_FAULTS:
                report.run(f"{transport}: an INVITE with {line!r} is 400 (R14.2)",
                           lambda n=line, t=transport: invite_fault_is_named(server, t, n))
            for line, status in START_LINES:
                report.run(f"{transport}: {line!r} is {status} (R14.1, R14.4)",
                           lambda g=line, s=status, t=transport: start_line_gets(server, t, g, s))
            report.run(f"{transport}: a wrong password is challenged again (R1.5)",
                       lambda t=transport: wrong_password_is_challenged_again(server, t))
            report.run(f"{transport}: unknown and offline callees are 404 (R2.3)",
                       lambda t=transport: nobody_is_called(server, t))
            report.run(f"{transport}: 483 and 420 come before a challenge (R12.3)",
                       lambda t=transport: refused_before_anything_else(server, t))
        report.run("noise over UDP is dropped and counted (R14.5)",
                   lambda: what_is_not_sip_is_dropped_and_counted(server))
        report.run("responses, ACKs and what has no Via are never answered (R14.5)",
                   lambda: what_is_never_answered(server))
        report.run("noise over TCP ends the connection (R13.5)",
                   lambda: broken_message_over_tcp_is_refused_and_ended(server))
        report.run("credentials are good for one use (R1.5)", lambda: replayed_credentials_do_not_pass(server))
        report.run("an unknown method reaches the phone (C3)", lambda: unknown_method_reaches_the_phone(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

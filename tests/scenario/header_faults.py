#!/usr/bin/env python3
"""Every header that the server reads, broken, and every header that may stand once only, twice: 400 that names it, in
the requests in which the server reads it; what it does not read is the receiver's affair. ACKs are never answered.

Usage: header_faults.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# Lines in place of the good one, or beside all others where there is none. A name twice is in TWICE.
BAD = {
    "Via": ["Via: SIP/3.0/UDP h", "Via: SIP/2.0/UDP h:99999", "v: SIP/2.0 h",
            "Via: SIP/2.0/UDP h;branch=", "Via: SIP/2.0/UDP h;branch=;rport"],
    "From": ["From: <sip:a@b>;tag=1, <sip:c@d>;tag=2", "From: sip:a@b>", "f: <>",
             "From: <sip:a@b>;tag=1;tag=2", "From: sip:a@b;tag=1;x;TAG=1"],
    "To": ["To: <sip:a@b>, <sip:c@d>", "To: sip:a b@c", "t: \"x\"", "To: <sip:a@b>;tag=1;tag=1"],
    "Call-ID": ["Call-ID: a b", "i:", "Call-ID: a@b@c", "Call-ID: @b", "i: a@"],
    "CSeq": ["CSeq: -1 METHOD", "CSeq: 4294967296 METHOD", "CSeq: 1METHOD", "CSeq: METHOD 1", "CSeq: 1 METHOD x"],
    "Max-Forwards": ["Max-Forwards:", "Max-Forwards: -1", "Max-Forwards: 256", "Max-Forwards: 7 0", "Max-Forwards: 0x10"],
    "Content-Length": ["Content-Length: -1", "Content-Length: 99999999999", "l: 0 0"],
    "Contact": ["Contact: <sip:a@b:99999>", "m: <sip:a@b>, junk junk", "Contact: <sip:a@b", "Contact: *, <sip:a@b>"],
    "Route": ["Route: <sip:a@b:x>", "Route: <http://a>", "Route: junk"],
}
BAD_CALL = {
    "Record-Route": ["Record-Route: <sip:a@b", "Record-Route: junk"],
    "Session-Expires": ["Session-Expires:", "x: -5", "Session-Expires: 99999999999", "Session-Expires: 90 90",
                        "Session-Expires: 90;", "x: 90;;refresher=uac"],
    "Min-SE": ["Min-SE:", "Min-SE: x", "Min-SE: 90;;", "Min-SE: 90; ;x"],
}
BAD_REGISTER = {
    "Path": ["Supported: path\r\nPath: <sip:a@b", "Supported: path\r\nPath: junk;lr"],
}

# A second line of each, the same or not, in all requests.
TWICE = ["From: <sip:a@b>;tag=t1", "f: <sip:a@b>;tag=2", "To: <sip:a@b>", "t: <sip:a@b>", "Call-ID: b", "i: b",
         "CSeq: 2 METHOD", "Max-Forwards: 70", "Content-Length: 0", "l: 0", "Expires: 60\r\nExpires: 60",
         "Session-Expires: 90\r\nx: 90", "Min-SE: 90\r\nMin-SE: 90", "Content-Type: text/plain\r\nc: text/plain",
         "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT", "Subject: a\r\ns: a",
         "Content-Disposition: session\r\nContent-Disposition: session", "Event: a\r\no: a"]
COMPACT = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "x": "Session-Expires",
           "c": "Content-Type", "s": "Subject", "o": "Event"}

# Broken, and nothing that a proxy goes by: they arrive as they are (16.3, RFC 4475 3.1.2.12).
NOT_OURS = ["Date: Fri, 01 Jan 2010 16:00:00 EST", "Expires: soon", "Subject:", "Warning: x", "Timestamp: now",
            "Retry-After: x", "Allow: ;", "Supported: a b", "Require: \"", "Content-Type: nonsense", "Accept: /",
            "Authorization: nonsense", "Path: junk", "Reply-To: <sip:a", "MIME-Version: x", "Priority: a b"]


def name_of(line):
    name = line.rpartition("\r\n")[2].partition(":")[0]
    return COMPACT.get(name, name)


def request(phone, server, method, headers=()):
    host = f"127.0.0.1:{server.port}"
    uri = f"sip:{host}" if method in ("OPTIONS", "REGISTER") else f"sip:bob@{host}"
    to = "sip:alice@127.0.0.1" if method == "REGISTER" else uri
    contact = f"Contact: <sip:alice@127.0.0.1:{phone.port}>"
    return phone.request(method, uri, "sip:alice@127.0.0.1", to, headers=[contact, *headers])


def replaced(phone, server, method, name, line):
    """The good line goes, if there is one, and the bad one comes in its place."""
    text, line = request(phone, server, method), line.replace("METHOD", method)
    if name == "Via":  # the topmost must be good, or nobody can be answered
        return text.replace("Max-Forwards:", f"{line}\r\nMax-Forwards:")
    changed, count = re.subn(rf"(?m)^{name}: [^\r]*", lambda _: line, text)
    return changed if count else text.replace("Max-Forwards:", f"{line}\r\nMax-Forwards:")


def is_400(phone, text, name):
    phone.send(text)
    answer = phone.receive_final()
    assert answer is not None and answer.status == 400, f"{answer and answer.start_line} to\n{text}"
    assert name.lower() in answer.reason.lower(), f"{name} is not named: {answer.start_line}"


def silent(phone, text):
    phone.send(text)
    answer = phone.receive(0.02)
    assert answer is None, answer.start_line


def check_bad(server, transport, method, name, line):
    phone = SipSocket(server.port, transport)
    is_400(phone, replaced(phone, server, method, name, line), name)
    phone.close()


def check_twice(server, transport, method, line):
    phone = SipSocket(server.port, transport)
    text = request(phone, server, method, [line.replace("METHOD", method)])
    is_400(phone, text, name_of(line))
    phone.close()


def acks_and_responses_are_silent(server):
    """Over UDP, where nothing ends a connection: each fault above in an ACK and in a response."""
    phone = SipSocket(server.port)
    texts = [replaced(phone, server, "ACK", name, line) for name, lines in {**BAD, **BAD_CALL}.items() for line in lines]
    texts += [request(phone, server, "ACK", [line.replace("METHOD", "ACK")]) for line in TWICE]
    for text in texts:
        phone.send(text)
        phone.send(re.sub(r"^[^\r]*", "SIP/2.0 200 OK", text))
    silent(phone, request(phone, server, "ACK"))
    answer = phone.receive(0.3)
    assert answer is None, answer.raw
    phone.close()


def others_pass(server, bob):
    alice = SipSocket(server.port)
    for line in NOT_OURS:
        alice.send(request(alice, server, "MESSAGE", [line]))
        got = bob.receive(2)
        assert got is not None and got.start_line.startswith("MESSAGE"), f"{line!r} does not arrive"
        assert line.strip() in [text.strip() for text in got.raw.decode().split("\r\n")], got.raw
        bob.send(response(got, "200 OK", "b"))
        assert alice.receive_final().status == 200
    alice.close()


def registered_with(server, headers):
    """The answer to a REGISTER that has passed its challenge."""
    phone = SipSocket(server.port)
    uri, aor, call_id = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1", random_token()
    lines = [*headers, f"Contact: <sip:alice@127.0.0.1:{phone.port}>"]
    phone.send(phone.request("REGISTER", uri, aor, aor, call_id, 1, lines))
    answer = phone.receive_final()
    if answer.status == 401:
        proof = credentials(challenge_params(answer), *USERS[0], "REGISTER", uri)
        phone.send(phone.request("REGISTER", uri, aor, aor, call_id, 2, [*lines, f"Authorization: {proof}"]))
        answer = phone.receive_final()
    phone.close()
    return answer


def registrar_names_it(server, name, line):
    answer = registered_with(server, [line])
    assert answer.status == 400 and name in answer.reason, answer.start_line


def malformed_expires_is_an_hour(server):
    """10.3 step 7, 20.19: a value that is no number counts as 3600."""
    for line in ("Expires: soon", "Expires: -1", "Expires:"):
        answer = registered_with(server, [line])
        assert answer.status == 200, f"{line!r}: {answer.start_line}"
        assert re.search(r";expires=(3600|3599)\b", answer.one("contact")), answer.raw
    phone = SipSocket(server.port)
    register(phone, server, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def broken_credentials_are_challenged(server):
    """22.1: credentials that nobody can read are none; a new challenge says what is wanted."""
    phone = SipSocket(server.port)
    for line in ("Authorization: nonsense", "Authorization: Digest", "Authorization: Digest username=\"alice",
                 "Authorization: Basic YTpi", "Authorization: Digest realm=x, realm=x, nonce=,"):
        phone.send(request(phone, server, "REGISTER", [line]))
        answer = phone.receive_final()
        assert answer.status in (400, 401), f"{line!r}: {answer.start_line}"
        assert answer.status == 401 or "Authorization" in answer.reason, f"{line!r}: {answer.start_line}"
    phone.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=["auth.invite=off"]) as server:
        for transport in ("udp", "tcp"):
            for method in ("OPTIONS", "REGISTER", "INVITE", "BYE"):
                table = {**BAD, **(BAD_CALL if method == "INVITE" else {})}
                for name, line in [(name, line) for name, lines in table.items() for line in lines]:
                    if method == "REGISTER" and name == "Contact" and "*" in line:
                        continue  # registering it is another matter: contacts.py
                    report.run(f"{transport}: {method} with {line!r} is 400 (R14.2, R14.3)",
                               lambda a=(transport, method, name, line): check_bad(server, *a))
                for line in TWICE:
                    report.run(f"{transport}: {method} with one more {line!r} is 400 (R14.2, R14.3)",
                               lambda a=(transport, method, line): check_twice(server, *a))
        report.run("ACKs and responses with these faults are not answered (R14.5)",
                   lambda: acks_and_responses_are_silent(server))
        bob = registered_phone(server, *USERS[1])
        report.run("what a proxy does not read passes unchanged (RFC 3261 16.3)", lambda: others_pass(server, bob))
        bob.close()
        for name, lines in BAD_REGISTER.items():
            for line in lines:
                report.run(f"REGISTER with {line!r} is 400 (R14.2)",
                           lambda a=(name, line): registrar_names_it(server, *a))
        report.run("a malformed Expires counts as an hour (RFC 3261 10.3)", lambda: malformed_expires_is_an_hour(server))
        report.run("unreadable credentials are none (RFC 3261 22.1)", lambda: broken_credentials_are_challenged(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

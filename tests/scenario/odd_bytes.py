#!/usr/bin/env python3
"""Bytes that are seldom seen: names in UTF-8, odd spellings of headers and bare LFs pass, a NUL or a bare CR where it
matters is refused; and none of them makes more than one line of log out of what was one.

Usage: odd_bytes.py BIN_DIR
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import OK, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
NAMES = ['"J\u00fcrgen \u4e2d\u6587 \U0001f4de"', '"quoted \\"\u00e9\\" and \\\\"', "Bell", '""', '"a, b <c>; d"']
ODD = ["sUbJeCt: x", "SUBJECT:x", "Subject : x", "Subject\t:\tx", "Subject   :   x", "s : x", "X-A.b!%*_+`'~: x"]
FOLDED = ["Subject: one\r\n two", "Subject:\r\n one two", "Subject: one\r\n\t  two"]


def message(phone, server, headers=(), name=""):
    uri = f"sip:bob@127.0.0.1:{server.port}"
    text = phone.request("MESSAGE", uri, "sip:alice@127.0.0.1", uri, headers=headers)
    return text.replace("From: <", f"From: {name}<").replace("To: <", f"To: {name} <")


def pass_through(server, transport, text):
    """What arrives at bob's phone, and what comes back."""
    bob, alice = registered_phone(server, *USERS[1], transport), SipSocket(server.port, transport)
    alice.send(text(alice))
    got = take_request(bob, "MESSAGE")
    bob.send(response(got, OK, "b"))
    answer = alice.receive_final()
    assert answer is not None and answer.status == 200, answer and answer.start_line
    alice.close()
    bob.close()
    return got, answer


def display_names_stay(server, transport, name):
    got, answer = pass_through(server, transport, lambda phone: message(phone, server, name=name))
    for text in (got, answer):
        assert f"\r\nFrom: {name}<sip:alice@127.0.0.1>;tag=t1\r\n".encode() in text.raw, text.raw
        assert f"\r\nTo: {name} <sip:bob@127.0.0.1:{server.port}>".encode() in text.raw, text.raw


def odd_names_are_known(server, transport, line):
    """7.3.1: case does not matter, and there may be blanks before the colon."""
    def text(phone):
        return message(phone, server, [line]).replace("CSeq:", "cSeQ\t :").replace("Call-ID:", "cALL-id  :")

    got, answer = pass_through(server, transport, text)
    assert got.one(line.partition(":")[0].strip()) == "x", got.raw
    assert "1 MESSAGE" in (answer.one("cseq"), answer.one("cSeQ\t ")), answer.raw


def folds_are_taken(server, transport, line):
    got, _ = pass_through(server, transport, lambda phone: message(phone, server, [line]))
    assert got.one("subject").split() == ["one", "two"], got.raw


def bare_lf_is_a_line_end(server, transport, change):
    """Some peers write it; what is sent on has CR LF."""
    got, _ = pass_through(server, transport, lambda phone: change(message(phone, server, ["Subject: x"])))
    assert b"\r\nSubject: x\r\n" in got.raw and not re.search(rb"(?<!\r)\n", got.raw), got.raw


def long_header_passes(server):
    """60 KB in one line, by TCP on both sides."""
    value = "y" * 60000
    got, _ = pass_through(server, "tcp", lambda phone: message(phone, server, [f"X-Long: {value}"]))
    assert got.one("x-long") == value, len(got.raw)


def is_400_or_silent(server, transport, change):
    """Broken lines are nothing that a proxy may send on; the server stays well."""
    phone, bob = SipSocket(server.port, transport), registered_phone(server, *USERS[1])
    phone.send(change(message(phone, server, ["Subject: x"])))
    answer = phone.receive(0.3)
    assert answer is None or answer.status == 400, answer.start_line
    got = bob.receive(0.1)
    assert got is None, f"it was forwarded: {got.raw}"
    phone.close()
    phone = SipSocket(server.port, transport)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, "sip:a@b", uri))
    assert phone.receive_final().status == 200, "the server does not answer any more"
    phone.close()
    bob.close()


BARE_LF = {
    "one bare LF and CR LFs": lambda text: text.replace("Subject: x\r\n", "Subject: x\n"),
    "only bare LFs": lambda text: text.replace("\r\n", "\n"),
}
BROKEN = {
    "a NUL in a name": lambda text: text.replace("Subject:", "Sub\0ject:"),
    "a NUL in a URI": lambda text: text.replace("sip:alice@", "sip:ali\0ce@", 1),
    "a NUL in the CSeq": lambda text: text.replace("1 MESSAGE", "1\0 MESSAGE", 1),
    "a bare CR in a header": lambda text: text.replace("Subject: x", "Subject: x\rInjected: y"),
    "only bare CRs": lambda text: text.replace("\r\n", "\r"),
}


def log_lines_are_whole(server):
    """Whatever came, each line of the log begins as all do, and no byte of it works on a terminal."""
    with open(server.log_path, "rb") as log:
        lines = log.read().split(b"\n")[:-1]
    assert lines, "nothing was logged"
    for line in lines:
        assert re.match(rb"\d{4}-\d\d-\d\dT\S+ \S+ \w+", line), line
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line), line


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=["auth.invite=off", "log.level=debug"]) as server:
        for transport in ("udp", "tcp"):
            for name in NAMES:
                report.run(f"{transport}: the display name {name} stays (C8)",
                           lambda a=(transport, name): display_names_stay(server, *a))
            for line in ODD:
                report.run(f"{transport}: {line!r} is known (RFC 3261 7.3.1)",
                           lambda a=(transport, line): odd_names_are_known(server, *a))
            for line in FOLDED:
                report.run(f"{transport}: {line!r} is one line (C9)",
                           lambda a=(transport, line): folds_are_taken(server, *a))
            for what, change in BARE_LF.items():
                report.run(f"{transport}: {what} end lines (RFC 3261 7.5)",
                           lambda a=(transport, change): bare_lf_is_a_line_end(server, *a))
            for what, change in BROKEN.items():
                report.run(f"{transport}: {what} goes no further (R14.5)",
                           lambda a=(transport, change): is_400_or_silent(server, *a))
        report.run("a header of 60 KB passes by TCP (R13.3)", lambda: long_header_passes(server))
        report.run("one line of log each, whatever the bytes (R14.5)", lambda: log_lines_are_whole(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

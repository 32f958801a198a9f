#!/usr/bin/env python3
"""Phones that come back under another port, connection or Call-ID, and those that must not be taken for one.

Usage: lax_phones.py BIN_DIR
"""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import contact_of, register  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a")]
TRANSPORTS = ("udp", "tcp")
UUID = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"


def ports(answer):
    """Of the contacts in the answer, in their order."""
    return [int(port) for line in answer.all("contact") for port in re.findall(r":(\d+)[;>]", line)]


def instance(phone, urn=UUID, more=""):
    return f'{contact_of(phone, "alice")};+sip.instance="<{urn}>"{more}'


def remove_all(server):
    phone = SipSocket(server.port)
    register(phone, server, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def another_call_id_is_a_refresh(server, transport):
    phone, other = (SipSocket(server.port, transport) for _ in range(2))
    contact = "<sip:alice@127.0.0.1:9001>"
    assert ports(register(phone, server, contacts=[contact], cseq=50)) == [9001]
    assert ports(register(phone, server, contacts=[contact], cseq=1)) == [9001]
    assert ports(register(other, server, contacts=[contact], cseq=1)) == [9001]
    phone.close()
    other.close()


def instance_replaces(server, transport, more, call_id_kept):
    """A phone that starts again at another port; with and without reg-id."""
    call_id = random_token() if call_id_kept else None
    phone = SipSocket(server.port, transport)
    register(phone, server, contacts=[instance(phone, more=more)], call_id=call_id)
    phone.close()
    phone = SipSocket(server.port, transport)
    found = ports(register(phone, server, contacts=[instance(phone, UUID.upper(), more)], call_id=call_id, cseq=11))
    assert found == [phone.port], found
    other = SipSocket(server.port, transport)
    found = ports(register(other, server, contacts=[instance(other, UUID[:-1] + "7", more)]))
    assert found == [phone.port, other.port], found
    found = ports(register(phone, server, contacts=[f"{instance(phone, more=more)};expires=0"]))
    assert found == [other.port], found
    phone.close()
    other.close()


def two_flows_of_an_instance_are_two(server, transport):
    phones = [SipSocket(server.port, transport) for _ in range(2)]
    for number, phone in enumerate(phones, 1):
        answer = register(phone, server, contacts=[instance(phone, more=f";reg-id={number}")])
        assert answer.one("require") is None, "outbound is not supported"
    assert ports(answer) == [phone.port for phone in phones], answer.raw
    both = [instance(phone, more=f";reg-id={number}") for number, phone in enumerate(phones, 1)]
    register(phones[0], server, contacts=both, expect=400)
    for phone in phones:
        phone.close()


def moved_phone_is_one(server, transport):
    """One Call-ID, another socket, a Contact with another port."""
    call_id = random_token()
    phone = SipSocket(server.port, transport)
    register(phone, server, call_id=call_id)
    moved = SipSocket(server.port, transport)
    answer = register(moved, server, call_id=call_id, cseq=11)
    assert ports(answer) == [moved.port], answer.raw
    register(phone, server, call_id=call_id, cseq=3, expect=500)
    phone.close()
    moved.close()


def lost_connection_is_replaced(server, transport):
    """Another Call-ID, too: the phone lost its connection and everything that it knew, and comes by `transport`."""
    phone = SipSocket(server.port, "tcp")
    register(phone, server)
    phone.close()
    time.sleep(0.2)
    again = SipSocket(server.port, transport)
    answer = register(again, server)
    assert ports(answer) == [again.port], answer.raw
    again.close()


def three_phones_are_three(server, transport):
    phones = [SipSocket(server.port, transport) for _ in range(3)]
    for _ in range(2):
        for phone in phones:
            answer = register(phone, server)
    assert sorted(ports(answer)) == sorted(phone.port for phone in phones), answer.raw
    for phone in phones:
        phone.close()


def contacts_of_one_socket_are_kept(server, transport):
    phone, call_id = SipSocket(server.port, transport), random_token()
    for number in range(3):
        answer = register(phone, server, contacts=[f"<sip:alice@127.0.0.1:{9001 + number}>"], call_id=call_id,
                          cseq=1 + 10 * number)
    assert ports(answer) == [9001, 9002, 9003], answer.raw
    remove_all(server)
    answer = register(phone, server, contacts=[f"<sip:alice@127.0.0.1:{port}>" for port in (9001, 9002, 9003)])
    assert ports(answer) == [9001, 9002, 9003], answer.raw
    phone.close()


def look_alike_makes_room(server, transport):
    """More phones than places: of those that look like the new one, the one heard of least recently goes."""
    phones = [SipSocket(server.port, transport) for _ in range(5)]
    for phone in phones[:4]:
        register(phone, server)
        time.sleep(0.01)
    register(phones[0], server)
    answer = register(phones[4], server)
    assert sorted(ports(answer)) == sorted(phones[n].port for n in (0, 2, 3, 4)), answer.raw
    refused = register(phones[1], server, contacts=["<sip:somebody@127.0.0.1:9001>"], expect=403)
    assert "max_bindings_per_aor" in refused.reason and "remove one" in refused.reason, refused.start_line
    refused = register(phones[1], server, headers=["User-Agent: another make"], expect=403)
    answer = register(phones[1], server, contacts=[])
    assert sorted(ports(answer)) == sorted(phones[n].port for n in (0, 2, 3, 4)), answer.raw
    for phone in phones:
        phone.close()


def main():
    report = Report()
    checks = [("another Call-ID is no second binding (D7)", another_call_id_is_a_refresh),
              ("two flows of an instance are two bindings (RFC 5626 6)", two_flows_of_an_instance_are_two),
              ("a phone that moved is one (D7)", moved_phone_is_one),
              ("three phones on one host are three (D11)", three_phones_are_three),
              ("several contacts of one socket are kept (D11)", contacts_of_one_socket_are_kept),
              ("a look-alike makes room (D7)", look_alike_makes_room)]
    with TipringServer(sys.argv[1], users=USERS, settings=["registrar.max_bindings_per_aor=4"]) as server:
        def run(name, check, *arguments):
            report.run(f"{name}: {', '.join(map(str, arguments))}", lambda: check(server, *arguments))
            remove_all(server)

        for transport in TRANSPORTS:
            for name, check in checks:
                run(name, check, transport)
            for more in ("", ";reg-id=1"):
                for kept in (False, True):
                    run("an instance replaces its old contact (RFC 5626 6)", instance_replaces, transport, more, kept)
            run("a lost connection is replaced (D7)", lost_connection_is_replaced, transport)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

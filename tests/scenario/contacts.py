#!/usr/bin/env python3
"""What may stand in the Contacts of a REGISTER, and how the answer gives it back: RFC 3261 10.2 and 10.3.

Usage: contacts.py BIN_DIR
"""

import email.utils
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, register, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def values(answer):
    """The contacts, without the expiry that the registrar sets."""
    return [re.sub(r";expires=\d+$", "", value) for value in answer.all("contact")]


def remove_all(server, user=USERS[0]):
    phone = SipSocket(server.port)
    register(phone, server, *user, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def refused(phone, server, contacts=(), headers=(), status=400):
    """A REGISTER that is refused; before anyone is asked who he is when it cannot be read. The answer."""
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    lines = [*headers, *(f"Contact: {contact}" for contact in contacts)]
    phone.send(phone.request("REGISTER", uri, aor, aor, headers=lines))
    answer = phone.receive_final()
    if answer.status == 401:
        return register(phone, server, contacts=contacts, headers=headers, expect=status)
    assert answer.status == status, f"{lines}: {answer.start_line}"
    return answer


def echoed_as_sent(server, transport):
    phone = SipSocket(server.port, transport)
    sent = ["<sip:alice@192.0.2.7:5062;transport=udp;ob>;q=0.50;+sip.instance=\"<urn:x:1>\";audio;methods=\"INVITE,BYE\"",
            "<sip:alice@192.0.2.8>;reg-id=1;x-y=\"a, b\"", "\"A <b>, \\\"c\\\"\" <sip:alice@192.0.2.9>;q=1"]
    answer = register(phone, server, contacts=[", ".join(sent[:2]), sent[2]])
    assert values(answer) == sent, answer.raw
    assert all(re.search(r";expires=\d+$", value) for value in answer.all("contact")), answer.raw
    assert answer.one("record-route") is None
    row = next(row for row in server.ctl_json("registrations") if "192.0.2.7" in row["contact"])
    assert row["methods"] == ["INVITE", "BYE"], row
    phone.close()


def any_uri_may_be_listed(server, transport):
    """10.2.1; none of them is called."""
    phone = SipSocket(server.port, transport)
    sent = ["<mailto:bob@example.com>", "<tel:+15551234>", "<http://example.com/~bob?a;b>",
            f"<sip:bob@192.0.2.5;transport={'tls' if transport == 'udp' else 'sctp'}>"]
    answer = register(phone, server, *USERS[1], contacts=sent)
    assert values(answer) == sent, answer.raw
    phone.close()  # with its connection, by which it could be called
    time.sleep(0.1)
    phone, caller, bob = SipSocket(server.port, transport), SipSocket(server.port), SipSocket(server.port)
    call = Call(caller, server)
    call.invite_with_credentials()
    call.ack_refusal(call.expect(404))
    answer = register(bob, server, *USERS[1], contacts=[f"<sip:bob@127.0.0.1:{bob.port}>;q=0.1"])
    assert len(answer.all("contact")) == 5, answer.raw
    call = Call(caller, server)
    call.invite_with_credentials()
    invite = take_request(bob, "INVITE")
    bob.send(response(invite, "486 Busy Here", "b"))
    take_request(bob, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    refused(phone, server, ["<tel:+15551234>;expires=0, <mailto:x y>"])
    answer = register(phone, server, *USERS[1], contacts=["<tel:+15551234>;expires=0"])
    assert len(answer.all("contact")) == 4, answer.raw
    for each in (phone, caller, bob):
        each.close()


def one_request_adds_and_removes(server, transport):
    phone = SipSocket(server.port, transport)
    register(phone, server, contacts=["<sip:a@h:1>, <sip:a@h:2>"])
    answer = register(phone, server, contacts=["<sip:a@h:1>;expires=0, <sip:a@h:3>", "<sip:a@h:2>;expires=900"])
    assert sorted(values(answer)) == ["<sip:a@h:2>", "<sip:a@h:3>"], answer.raw
    answer = register(phone, server, contacts=["<sip:a@h:2>, <sip:a@h:3>", "<sip:a@h:9>"], headers=["Expires: 0"])
    assert not answer.all("contact"), answer.raw
    phone.close()


def no_host_is_refused(server, transport):
    """Nor is the address-of-record itself; that of another user is (10.2.1)."""
    phone = SipSocket(server.port, transport)
    for host in ("224.0.1.75", "0.0.0.0", "[::]", "255.255.255.255", "127.0.0.1;maddr=239.1.2.3"):
        answer = refused(phone, server, [f"<sip:alice@{host}>"])
        assert "Contact" in answer.reason and "Contact" in answer.one("warning"), answer.raw
    for user in ("alice@", "%61lice@", ""):
        refused(phone, server, [f"<sip:{user}127.0.0.1:{server.port};transport={transport}>"], status=403)
    server.ctl("user", "set", "alice", "aliases=the boss")
    for contact in (f"sip:the%20boss@127.0.0.1:{server.port}", "sip:alice@tip.example", "sip:the%20boss@TIP.example",
                    f"sip:the%20boss@tip.example:{server.port}"):
        answer = refused(phone, server, [f"<{contact}>"], status=403)
        assert "address-of-record itself" in answer.reason, answer.start_line
    server.ctl("user", "set", "alice", "aliases=")
    assert not register(phone, server, contacts=[]).all("contact")
    register(phone, server, contacts=[f"<sip:bob@127.0.0.1:{server.port}>"])
    register(phone, server, contacts=["*"], headers=["Expires: 0"])
    phone.close()


def date_is_right(server, transport):
    phone = SipSocket(server.port, transport)
    answer = register(phone, server, contacts=[])
    told = email.utils.parsedate_to_datetime(answer.one("date")).timestamp()
    assert answer.one("date").endswith(" GMT") and abs(told - time.time()) < 3, answer.one("date")
    phone.close()


def star_rules(server, transport):
    phone = SipSocket(server.port, transport)
    register(phone, server, contacts=["<sip:a@h:1>, <sip:a@h:2>"])
    for contacts, headers in ((["*"], ["Expires: 10"]), (["*"], []), (["*, <sip:a@h:1>"], ["Expires: 0"]),
                              (["<sip:a@h:1>", "*"], ["Expires: 0"]), (["*;expires=0"], []),
                              (["*"], ["Expires: never"])):
        refused(phone, server, contacts, headers)
    assert len(register(phone, server, contacts=[]).all("contact")) == 2
    assert not register(phone, server, contacts=["*"], headers=["Expires: 0"]).all("contact")
    phone.close()


def cseq_rules(server, transport):
    """Equal and lower numbers of one Call-ID change nothing, also beside a contact that they could change."""
    phone, call_id = SipSocket(server.port, transport), random_token()
    register(phone, server, contacts=["<sip:a@h:1>"], call_id=call_id, cseq=10)  # stored with 11
    for contacts, cseq in ((["<sip:a@h:1>;expires=0"], 10), (["<sip:a@h:9>, <sip:a@h:1>;expires=300"], 9)):
        register(phone, server, contacts=contacts, call_id=call_id, cseq=cseq, expect=500)
    register(phone, server, contacts=["*"], headers=["Expires: 0"], call_id=call_id, cseq=10, expect=500)
    assert values(register(phone, server, contacts=[])) == ["<sip:a@h:1>"]
    register(phone, server, contacts=["<sip:a@h:1>;expires=0"], call_id=call_id, cseq=11)
    phone.close()


def one_bad_of_three_stores_nothing(server, transport):
    phone = SipSocket(server.port, transport)
    for bad in ("<sip:>", "<sip:a@h:x>", "nonsense", "<sip:a@h:2>;q=1.5", "<sip:a@h:2", '<sip:a@h:2>;x="a', "*"):
        answer = refused(phone, server, [f"<sip:a@h:1>, {bad}, <sip:a@h:3>"])
        assert "Contact" in answer.reason and "Contact" in answer.one("warning"), answer.raw
    register(phone, server, contacts=["<sip:a@h:1>, <sip:a@h:2>;expires=5, <sip:a@h:3>"], expect=423)
    register(phone, server, contacts=["<sip:a@h:1>, <sip:a@H:1>"], expect=400)
    assert not register(phone, server, contacts=[]).all("contact")
    phone.close()


def repeated_request_gets_its_answer_again(server, _):
    """17.2.2: over UDP, the very bytes."""
    phone = SipSocket(server.port)
    uri, aor, call_id = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1", random_token()
    phone.send(phone.request("REGISTER", uri, aor, aor, call_id))
    proof = credentials(challenge_params(phone.receive_final()), *USERS[0], "REGISTER", uri)
    text = phone.request("REGISTER", uri, aor, aor, call_id, 2, [f"Authorization: {proof}", "Contact: <sip:a@h:1>"])
    phone.send(text)
    first = phone.receive_final()
    assert first.status == 200, first.start_line
    phone.send(text)
    assert phone.receive_final().raw == first.raw
    phone.send(re.sub(r"branch=\w+", "branch=z9hG4bKcopy", text))  # it has come by another path as well
    answer = phone.receive_final()
    assert answer.status == 482, f"a merged request: {answer.start_line}"
    phone.close()


def record_route_is_ignored(server, transport):
    phone = SipSocket(server.port, transport)
    for route in ("<sip:192.0.2.1;lr>", "<sip:192.0.2.1", "nonsense"):
        answer = register(phone, server, headers=[f"Record-Route: {route}"])
        assert answer.one("record-route") is None, answer.raw
    phone.close()


def sips_rules(server, transport):
    phone = SipSocket(server.port, transport)
    answer = register(phone, server, contacts=["<sips:alice@127.0.0.1>"], expect=400)
    assert "sips" in answer.reason, answer.start_line
    answer = register(phone, server, aor="sips:alice@127.0.0.1", expect=400)
    assert "sips" in answer.reason, answer.start_line
    assert not register(phone, server, contacts=[]).all("contact")
    phone.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS, settings=['sip.domains=["tip.example"]', 'auth.realm="tipring"']) as server:
        for transport in ("udp", "tcp"):
            for name, check in [
                    ("contacts are given back as they came (D11, C23)", echoed_as_sent),
                    ("any URI may be registered, what we cannot call is not called (10.2.1)", any_uri_may_be_listed),
                    ("one REGISTER adds and removes (D13)", one_request_adds_and_removes),
                    ("a contact is somebody's, and not the address itself (C21)", no_host_is_refused),
                    ("Date is there and right (10.3 step 8)", date_is_right),
                    ("* stands alone with Expires: 0 (D8)", star_rules),
                    ("an old CSeq changes nothing (D7, C23)", cseq_rules),
                    ("one bad contact among three stores nothing (D16)", one_bad_of_three_stores_nothing),
                    ("Record-Route is ignored and never given back (D15)", record_route_is_ignored),
                    ("sips contacts and addresses go together (D12)", sips_rules)]:
                report.run(f"{name}: {transport}", lambda c=check: c(server, transport))
                remove_all(server)
                remove_all(server, USERS[1])
        report.run("a REGISTER that is repeated gets the same 200 (17.2.2)",
                   lambda: repeated_request_gets_its_answer_again(server, "udp"))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

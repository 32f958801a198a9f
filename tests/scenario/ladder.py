#!/usr/bin/env python3
"""What a call has come to, seen afterwards: the ring of all messages, a call's ladder, and a capture file for tshark.

Usage: ladder.py BIN_DIR
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import GroupServer, PASSWORDS, answered_by_carol, group_of  # noqa: E402
from sip_phone import establish, hang_up, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
ALL = []  # as it is by itself
SAVED = 1.5  # a call's record is in the file by then


def by_tcp_with_another_port_in_the_via(bin_dir):
    """A phone that connects out of any port and writes the one that it listens at: what it hears comes to the former."""
    with TipringServer(bin_dir, users=USERS, settings=ALL) as server:
        api = Api(server)
        phone = SipSocket(server.port, "tcp")
        uri = f"sip:127.0.0.1:{server.port}"
        request = phone.request("OPTIONS", uri, "sip:x@example.net", uri)
        via = f"{phone.host}:{phone.port};"
        assert request.count(via) == 1, request
        phone.send(request.replace(via, f"{phone.host}:5999;"))
        assert phone.receive_final().status == 200
        remotes = [(row["direction"], row["remote"]) for row in api.get("/api/v1/trace/messages")["messages"]]
        assert remotes == [("in", f"127.0.0.1:{phone.port}"), ("out", f"127.0.0.1:{phone.port}")], remotes
        phone.close()


def summaries(ladder):
    return [(arrow["from"], arrow["to"], arrow["summary"].split(" sip:")[0]) for arrow in ladder["messages"]]


def proxied_call(bin_dir):
    """Nobody has asked for a trace; the ladder of the call is there all the same, by its Call-ID and by its record."""
    with TipringServer(bin_dir, users=USERS, settings=ALL) as server:
        api = Api(server)
        api.load_document()
        alice, bob = (registered_phone(server, *user) for user in USERS)
        call = establish(alice, bob, server)
        hang_up(call, bob)
        time.sleep(SAVED)
        ladder = api.get(f"/api/v1/trace/calls/{call.call_id}")
        steps = summaries(ladder)
        assert steps[0] == (1, 0, "INVITE") and steps[1][2].startswith("SIP/2.0 407"), steps
        assert (0, 2, "INVITE") in steps and (2, 0, "SIP/2.0 180 Ringing") in steps and (0, 1, "SIP/2.0 200 OK") in steps, steps
        assert (1, 0, "BYE") in steps and (0, 2, "BYE") in steps, steps
        assert [p["id"] for p in ladder["participants"]][0] == "server" and len(ladder["participants"]) == 3
        told = [decision["text"] for decision in ladder["decisions"]]
        assert any("407" in text and "asks for a password" in text for text in told), told
        assert not any("180" in text or "200" in text for text in told), told
        record = api.get("/api/v1/records?limit=1")["records"][0]
        assert summaries(api.get(f"/api/v1/trace/calls/{record['call']}")) == steps
        shown = server.ctl("trace", "show", call.call_id).splitlines()
        assert " -> server  INVITE sip:bob" in shown[0] and any("! the server answers 407" in line for line in shown), shown
        assert "trace.pcap" in server.ctl("trace", "pcap", f"{server.data}/trace.pcap")
        with open(f"{server.data}/trace.pcap", "rb") as file:
            written = file.read()
        tool = [os.path.join(bin_dir, "tipringctl"), "--socket", f"{server.data}/tipring.sock", "trace", "pcap", "-"]
        assert written[:4] == b"\xd4\xc3\xb2\xa1"
        assert subprocess.run(tool, capture_output=True, timeout=10, check=True).stdout == written
        messages = api.get(f"/api/v1/trace/messages?call={call.call_id}")["messages"]
        assert len(messages) == len(steps) and "secret" not in json.dumps(messages)
        assert 'response="***' in json.dumps(messages).replace('\\"', '"')
        assert api.get("/api/v1/trace/messages?number=nobody")["messages"] == []
        of_bob = api.get(f"/api/v1/trace/messages?address=127.0.0.1:{bob.port}")["messages"]
        assert of_bob and {message["remote"] for message in of_bob} == {f"127.0.0.1:{bob.port}"}
        assert api.ask("GET", "/api/v1/trace/calls/none-such").status == 404


def group_call(bin_dir):
    """Both legs of a call that is led through the server are one ladder."""
    with GroupServer(bin_dir, {"600": group_of("bob", "carol")}, settings=ALL) as server:
        api = Api(server)
        alice = registered_phone(server, "alice", PASSWORDS["alice"])
        answered_by_carol(server, alice)
        time.sleep(SAVED)
        record = api.get("/api/v1/records?group=600")["records"][0]
        ladder = api.get(f"/api/v1/trace/calls/{record['call']}")
        assert len(ladder["call_ids"]) == 3 and len(ladder["participants"]) == 4, ladder["call_ids"]
        steps = summaries(ladder)
        assert len([step for step in steps if step[0] == 0 and step[2] == "INVITE"]) == 2, steps
        told = [decision["text"] for decision in ladder["decisions"]]
        named = [(decision.get("decision"), decision.get("values")) for decision in ladder["decisions"]]
        assert named[0] == (None, None) and "401" in told[0], told
        assert named[1][0] == "group_called" and named[1][1][:3] == ["600", "all", "2"], named
        rung = [values[0] for name, values in named if name == "member_rung"]
        assert sorted(rung) == ["bob", "carol"] and ("member_answered", ["carol"]) in named, named
        # The same by the Call-ID of any leg.
        for call_id in ladder["call_ids"]:
            assert api.get(f"/api/v1/trace/calls/{call_id}") == ladder, call_id
        shown = server.ctl("trace", "show", ladder["call_ids"][-1])
        assert "! hunt group 600, strategy all: 2 to ring, for " in shown, shown
        assert shown.index("! rings bob at") < shown.index("! carol has answered"), shown


def captured(api, query=""):
    folder = tempfile.mkdtemp(prefix="tipring-pcap-")
    try:
        answer = api.ask("GET", "/api/v1/trace.pcap" + query)
        assert answer.status == 200, answer.body
        path = os.path.join(folder, "trace.pcap")
        with open(path, "wb") as file:
            file.write(answer.body)
        done = subprocess.run(["tshark", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
                               "-o", "tcp.check_checksum:TRUE", "-Y", "sip", "-T", "fields", "-E", "separator=|",
                               "-e", "ip.src", "-e", "ipv6.src", "-e", "ip.proto", "-e", "sip.Method", "-e", "sip.Status-Code",
                               "-e", "_ws.expert.message"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tshark_reads_it(bin_dir):
    """UDP and TCP over IPv4, UDP over IPv6."""
    listen = ALL + ['sip.listen=["udp:127.0.0.1:PORT", "tcp:127.0.0.1:PORT", "udp:[::1]:PORT"]']
    server = TipringServer(bin_dir, users=USERS, settings=listen)
    server.settings = [word.replace("PORT", str(server.port)) for word in server.settings if "sip.listen=" not in word
                       or "::1" in word]
    with server:
        api = Api(server)
        alice = registered_phone(server, *USERS[0])
        bob = registered_phone(server, *USERS[1], transport="tcp")
        hang_up(establish(alice, bob, server), bob)
        other = registered_phone(server, *USERS[0], host="::1")
        messages = api.get("/api/v1/trace/messages")["messages"]
        packets = captured(api)
        assert len(packets) == len(messages), (len(packets), len(messages))
        assert {packet[2] for packet in packets} >= {"17", "6"}, {packet[2] for packet in packets}
        assert any(packet[1] == "::1" for packet in packets), "nothing of IPv6"
        for packet, message in zip(packets, messages):
            first = message["text"].split(" ")
            expected = first[1] if first[0] == "SIP/2.0" else first[0]
            assert expected in (packet[3], packet[4]), (packet, message["text"][:60])
            assert "checksum" not in packet[5].lower(), packet
        assert len(captured(api, "?number=bob")) < len(packets)
        other.close()


def only_when_asked(bin_dir):
    """With "subject" nothing is kept until somebody asks for it; with "off" nobody can."""
    with TipringServer(bin_dir, users=USERS, settings=["trace.mode=subject"]) as server:
        registered_phone(server, *USERS[0])
        assert Api(server).get("/api/v1/trace/messages")["messages"] == []
    with TipringServer(bin_dir, users=USERS, settings=["trace.mode=off"]) as server:
        answer = Api(server).ask("PUT", "/api/v1/trace?subject=alice&seconds=5")
        assert answer.status == 409, answer.body


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("a call between two phones", lambda: proxied_call(bin_dir))
    report.run("a call to a hunt group, all legs", lambda: group_call(bin_dir))
    report.run("tshark reads the capture file as SIP", lambda: tshark_reads_it(bin_dir))
    report.run("by TCP, with another port in the Via", lambda: by_tcp_with_another_port_in_the_via(bin_dir))
    report.run("the other modes", lambda: only_when_asked(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The media relay of the running server: strangers, RTCP, phones that have moved or fallen silent, and ports that run out.

Usage: media.py BIN_DIR
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from group_calls import PASSWORDS, GroupCall, GroupServer, Member, sdp, silent  # noqa: E402
from relayed_call import RELAY, Talk  # noqa: E402
from sip_phone import registered_phone, response, take_request  # noqa: E402
from sound import Ear, place_of, talk  # noqa: E402
from tipring_server import Report, wait_until  # noqa: E402


def facts(server):
    return server.ctl_json("status")


def strangers_hear_nothing(server):
    """From another address of this host, and from another port of the phones' own."""
    call = Talk(server)
    sprayers = [Ear(66), Ear(67)]
    sprayers[0].socket.close()
    sprayers[0].socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sprayers[0].socket.bind(("127.0.0.66", 0))
    before = facts(server)["media_strangers"]
    call.talk()
    for _ in range(20):
        for ear in sprayers:
            for place in call.places:
                ear.say("bleed", place)
        call.talk()
    for ear in sprayers:
        ear.socket.settimeout(0.05)
        try:
            heard = ear.hear()
        except TimeoutError:
            heard = None
        assert heard is None, heard
        ear.close()
    assert facts(server)["media_strangers"] - before == 80, facts(server)
    call.end()


def reports_and_garbage(server):
    """RTCP by the port beside, and what is no media nowhere."""
    call = Talk(server)
    call.talk()
    ears = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for i, ear in enumerate(ears):
        ear.bind(("127.0.0.1", call.ears[i].port + 1))
        ear.settimeout(1.0)
    report = struct.pack("!BBHI", 0x80, 201, 1, 1)
    host, port = call.places[0]
    ears[0].sendto(report, (host, port + 1))
    heard, sender = ears[1].recvfrom(100)
    assert heard == report and sender == (call.places[1][0], call.places[1][1] + 1), (heard, sender)
    before = facts(server)["media_garbage"]
    call.ears[0].socket.sendto(b"GET / HTTP/1.0\r\n\r\n", call.places[0])
    call.talk()  # the next thing that is heard is what was said
    assert facts(server)["media_garbage"] == before + 1
    for ear in ears:
        ear.close()
    call.end()


def quality_is_told(server):
    """While the call goes on: packets, gaps, and how long a side has been silent."""
    api = Api(server)
    api.load_document()
    call = Talk(server)
    row = api.get("/api/v1/calls")["calls"][0]
    assert row["media"] == "relayed" and row["caller_sound"]["packets"] == 0, row
    for sequence in (1, 2, 3, 5, 6):
        packet = struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, 7) + bytes(160)
        call.ears[0].socket.sendto(packet, call.places[0])

    def sound():
        return api.get("/api/v1/calls")["calls"][0]["caller_sound"]

    assert "caller_sound_packets" in server.ctl_json("calls")[0]
    wait_until(lambda: sound()["packets"] == 5, 3, lambda: f"not five packets: {sound()}")
    assert sound()["lost"] == 1, sound()
    wait_until(lambda: sound()["silent_ms"] >= 300, 3, lambda: f"not silent: {sound()}")
    assert api.get("/api/v1/calls")["calls"][0]["callee_sound"]["packets"] == 0
    call.end()


def ice_lines(port):
    return ("a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
            f"a=candidate:1 1 UDP 2130706431 127.0.0.1 {port} typ host\r\na=rtcp-mux\r\na=rtcp-rsize\r\n")


def phones_with_ice(server):
    """Told of candidates, they would go around the server, or end in an ICE mismatch (RFC 8839 3.2.5); told of none, both do without."""
    ears = [Ear(1), Ear(2)]
    session = "a=ice-options:ice2\r\na=ice-lite\r\nm=audio"
    offers = [sdp(ear.port).replace("m=audio", session) + ice_lines(ear.port) for ear in ears]
    call = Talk(server, offer=offers[0], ears=ears, answer=offers[1])
    for message in (call.bob.invite, call.answer):
        body = message.body.decode()
        assert "ice-" not in body and "candidate" not in body, body
        assert "a=rtcp-mux\r\n" in body and "a=rtcp-rsize\r\n" in body, body
        assert place_of(message)[1] not in [ear.port for ear in ears], body
    call.talk()
    # A check that a phone sends all the same passes, and nobody is confused by it.
    check = struct.pack("!HHI12s", 1, 0, 0x2112A442, b"transaction!")
    ears[0].socket.sendto(check, call.places[0])
    assert ears[1].socket.recvfrom(100)[0] == check
    call.talk()
    call.end()


def fax_takes_over(server):
    """T.38 in the place of the sound (RFC 3362): datagrams that are no RTP pass as they are."""
    call = Talk(server)
    call.talk()

    def fax(port):
        return sdp(port, version=2).replace(f"m=audio {port} RTP/AVP 0 8", f"m=image {port} udptl t38") + "a=T38FaxVersion:0\r\n"

    call.call.inside_with("INVITE", fax(call.ears[0].port))
    invite = call.bob.take("INVITE", body=fax(call.ears[1].port))
    call.call.expect(100)
    answer = call.call.expect(200)
    call.call.ack_again()
    take_request(call.bob.phone, "ACK")
    for message, place in ((answer, call.places[0]), (invite, call.places[1])):
        body = message.body.decode()
        assert f"m=image {place[1]} udptl t38\r\n" in body and "a=T38FaxVersion:0\r\n" in body, body
    for datagram in (b"\x00\x01\x03\x06\x60\x00\x00", b"\x80\xc9 any", b"\x16\xfe"):
        call.ears[0].socket.sendto(datagram, call.places[0])
        assert call.ears[1].socket.recvfrom(100)[0] == datagram
        call.ears[1].socket.sendto(datagram, call.places[1])
        assert call.ears[0].socket.recvfrom(100)[0] == datagram
    call.end()


def phone_moves(server):
    """A re-INVITE names another port: the server's own stay, and the old one hears nothing more."""
    call = Talk(server)
    call.talk()
    moved = Ear(3)
    call.call.inside_with("INVITE", sdp(moved.port, version=2))
    invite = call.bob.take("INVITE", body=sdp(call.ears[1].port))
    call.call.expect(100)
    answer = call.call.expect(200)
    call.call.ack_again()
    take_request(call.bob.phone, "ACK")
    assert (place_of(answer), place_of(invite)) == call.places
    talk(moved, call.places[0], call.ears[1], call.places[1])
    moved.close()
    call.end()


def silence_ends(server):
    call = Talk(server)
    call.talk()
    bye = take_request(call.alice, "BYE", 4.0)
    call.alice.send(response(bye, "200 OK", "alice"))
    call.bob.take("BYE")
    assert facts(server)["media_silent_calls"] == 1
    pools = {row["name"]: row["in_use"] for row in server.ctl_json("pools")}
    assert pools["relayed_calls"] == 0 and pools["media_ports"] == 0, pools
    for ear in call.ears:
        ear.close()


def hold_is_no_silence(server):
    call = Talk(server, offer=sdp(4000, direction="sendonly"))
    silent(call.alice, 2.5)
    call.end()


def ports_run_out(server):
    """Two calls have all of them: the third caller hears why, and gets his call when one has ended."""
    calls = [Talk(server), Talk(server)]
    third = GroupCall(registered_phone(server, "alice", PASSWORDS["alice"]), server, "carol", offer=sdp(4000))
    carol = Member(server, "carol")
    refusal = third.start().expect_refusal(503)
    assert 1 <= int(refusal.one("retry-after")) <= 5, refusal.raw.decode()
    silent(carol.phone, 0.1)
    calls.pop().end()
    calls.append(Talk(server))
    calls[-1].talk()
    for call in calls:
        call.end()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with GroupServer(bin_dir, {}, settings=RELAY) as server:
        for name, test in (("who sprays packets at the ports of a call hears nothing (R18.2)", strangers_hear_nothing),
                           ("RTCP passes, garbage does not (R18.2)", reports_and_garbage),
                           ("how each side sounds is told while it goes on", quality_is_told),
                           ("phones with ICE are heard through the relay (RFC 8839)", phones_with_ice),
                           ("a fax takes the place of the sound (R18.2)", fax_takes_over),
                           ("a phone that has moved is heard where it is (R18.2)", phone_moves)):
            report.run(name, lambda test=test: test(server))
    with GroupServer(bin_dir, {}, settings=[*RELAY, "media.timeout=1"]) as server:
        report.run("a call whose phones have fallen silent ends (R18.5)", lambda: silence_ends(server))
        report.run("a call on hold may be silent (R18.5)", lambda: hold_is_no_silence(server))
    with GroupServer(bin_dir, {}, settings=[*RELAY, "capacity.relayed_calls=2"]) as server:
        report.run("a call for which no place is left is 503 (R10.3)", lambda: ports_run_out(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

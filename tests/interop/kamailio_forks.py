#!/usr/bin/env python3
"""A proxy of others in front, Kamailio, forks a call: to a hunt group and to a phone, and to us twice.

Its branches have one Call-ID, and each another Via: RFC 3261 16.6, 8.2.2.2.

Usage: kamailio_forks.py BIN_DIR
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from group_calls import GroupCall, GroupServer, Member, group_of, sdp, silent  # noqa: E402
from sip_phone import Call, contact_of, response, route_set, tag_of, take_request  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, free_port, wait_until  # noqa: E402

GROUPS = {"600": group_of("bob", "carol"), "601": group_of("bob")}

# Where a call goes stands in two headers of its INVITE.
CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "corex.so"
modparam("rr", "enable_full_lr", 1)

request_route {
	if (is_method("OPTIONS") && uri == myself) {
		sl_send_reply("200", "OK");
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans()) t_relay();
		exit;
	}
	if (has_totag()) {
		if (loose_route()) t_relay();
		else if (is_method("ACK") && t_check_trans()) t_relay();
		exit;
	}
	t_check_trans();
	record_route();
	$ru = $hdr(X-First);
	append_branch();
	$ru = $hdr(X-Second);
	t_relay();
}
"""


class Kamailio:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tipring-kamailio-")
        self.port = free_port()
        config = os.path.join(self.folder, "kamailio.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["kamailio", "-f", config, "-m", "64", "-M", "8", "-l", f"udp:127.0.0.1:{self.port}", "-DD", "-E",
                 "-Y", self.folder, "-w", self.folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.probe = SipSocket(self.port, timeout=0.3)
        wait_until(self.is_ready, 20, self.read_log)
        return self

    def is_ready(self):
        uri = f"sip:127.0.0.1:{self.port}"
        self.probe.send(self.probe.request("OPTIONS", uri, "sip:probe@elsewhere.example", uri))
        try:
            answer = self.probe.receive()
        except OSError:
            return False
        return answer is not None and answer.status == 200

    def read_log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-3000:]

    def __exit__(self, *fault):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Street:
    """carl is a stranger, calls by way of the proxy, and is called back by nobody; dave is a phone of the proxy's."""

    def __init__(self, server, proxy):
        self.server, self.proxy = server, proxy
        self.carl = SipSocket(proxy.port)
        self.dave = SipSocket(proxy.port)
        self.bob, self.carol = Member(server, "bob"), Member(server, "carol")
        self.dave_invite = None

    def group(self, name="600", more=""):
        return f"sip:{name}@127.0.0.1:{self.server.port}{more}"

    def call(self, first, second):
        uri = f"sip:hall@127.0.0.1:{self.proxy.port}"
        call = GroupCall(self.carl, self.proxy, "hall", offer=sdp(4000), uri=uri, from_uri="sip:carl@elsewhere.example",
                         headers=[f"X-First: {first}", f"X-Second: {second}"])
        call.send_invite()
        return call

    def call_both(self):
        """The group and dave ring."""
        call = self.call(self.group(), f"sip:dave@127.0.0.1:{self.dave.port}")
        self.dave_invite = take_request(self.dave, "INVITE")
        for member in (self.bob, self.carol):
            member.take_invite()
            member.ring()
        self.dave.send(response(self.dave_invite, "180 Ringing", "dave"))
        return call

    def dave_answers(self):
        lines = [f"Contact: {contact_of(self.dave, 'dave')}", "Content-Type: application/sdp"]
        self.dave.send(response(self.dave_invite, "200 OK", "dave", lines, sdp(6000)))

    def dave_is_cancelled(self):
        cancel = take_request(self.dave, "CANCEL")
        self.dave.send(response(cancel, "200 OK", "dave"))
        self.dave.send(response(self.dave_invite, "487 Request Terminated", "dave"))
        take_request(self.dave, "ACK")

    def is_over(self):
        pools = {row["name"]: row["in_use"] for row in self.server.ctl_json("pools")}
        return pools["b2bua_calls"] == pools["b2bua_legs"] == 0

    def quiet(self):
        for phone in (self.carl, self.dave, self.bob.phone, self.carol.phone):
            silent(phone, 0.1)
        wait_until(self.is_over, 5, lambda: self.server.ctl("pools"))


def final_of(call, status):
    """The next final response, whatever rings before; to its INVITE."""
    answer = call.phone.receive_final()
    assert answer is not None and answer.status == status, answer and answer.raw.decode()
    if status < 300:
        call.answer = answer
    return answer


def end(call, other_phone):
    Call.inside(call, "BYE")
    other_phone.send(response(take_request(other_phone, "BYE"), "200 OK"))
    final_of(call, 200)


def bob_answers(street, call):
    """The others who ring are cancelled, those of the proxy's too."""
    street.bob.answer(body=sdp(5000))
    street.carol.take_cancel()
    take_request(street.bob.phone, "ACK")
    final_of(call, 200)
    Call.ack(call)
    street.dave_is_cancelled()


def the_group_answers(street):
    call = street.call_both()
    bob_answers(street, call)
    end(call, street.bob.phone)


def the_phone_answers(street):
    """The group's branch is cancelled: whoever rings there stops."""
    before = street.server.ctl_json("group", "show", "600")
    call = street.call_both()
    street.dave_answers()
    final_of(call, 200)
    Call.ack(call)
    take_request(street.dave, "ACK")
    for member in (street.bob, street.carol):
        member.take_cancel()
    end(call, street.dave)
    after = street.server.ctl_json("group", "show", "600")
    assert after["abandoned"] == before["abandoned"] + 1, after


def both_answer(street):
    """dave's answer crosses his CANCEL: the caller gets both, and ends one after the other (16.7 step 5, 13.2.2.4)."""
    call = street.call_both()
    street.bob.answer(body=sdp(5000))
    street.carol.take_cancel()
    cancel = take_request(street.dave, "CANCEL")
    street.dave_answers()
    street.dave.send(response(cancel, "200 OK", "dave"))
    answers = [final_of(call, 200), final_of(call, 200)]
    assert tag_of(answers[1].one("to")) == "dave" != tag_of(answers[0].one("to"))
    for call.answer, phone in zip(answers, (street.bob.phone, street.dave)):
        Call.ack(call)
        take_request(phone, "ACK")
    for call.answer, phone in zip(answers, (street.bob.phone, street.dave)):
        end(call, phone)


def the_caller_gives_up(street):
    call = street.call_both()
    # Several processes of Kamailio pass the 180s on: one may come behind the 487 else.
    while (answer := call.phone.receive(0.3)) is not None:
        assert answer.status < 200, answer.raw.decode()
    call.cancel()
    street.dave_is_cancelled()
    for member in (street.bob, street.carol):
        member.take_cancel()
    statuses = sorted(call.phone.receive_final().status for _ in range(2))
    assert statuses == [200, 487], statuses
    call.phone.send(call._request("ACK", call.uri, call.cseq, branch=call.branch))


def comes_twice(street):
    """Both branches lead to us, to one group or to two: the copy that comes first rings, the other is 482 (8.2.2.2)."""
    for other in (street.group("600", ";x=y"), street.group("601")):
        call = street.call(street.group(), other)
        street.bob.take_invite()
        rows = street.server.ctl_json("calls")
        assert len(rows) == 1, rows
        rung = [street.bob]
        if rows[0]["callee"].startswith("sip:600@"):
            rung.append(street.carol)
            street.carol.take_invite()
        for member in rung:
            member.ring()
        street.bob.answer(body=sdp(5000))
        for member in rung[1:]:
            member.take_cancel()
        take_request(street.bob.phone, "ACK")
        final_of(call, 200)
        Call.ack(call)
        end(call, street.bob.phone)


def within_the_call(street):
    """Requests of both sides, by the proxy's Route: a re-INVITE, an INFO of the callee's, and his BYE."""
    call = street.call_both()
    bob_answers(street, call)
    routes = [f"Route: {value}" for value in route_set(call.answer)]
    assert routes and str(street.proxy.port) in routes[0], routes
    call.inside_with("INVITE", sdp(4000, direction="sendonly", version=2), routes)
    again = street.bob.take("INVITE", body=sdp(5000, direction="recvonly", version=2))
    assert b"a=sendonly" in again.body, again.raw
    take_request(street.bob.phone, "ACK")
    assert b"a=recvonly" in final_of(call, 200).body
    call.inside_with("ACK", "", routes, cseq=call.cseq)
    street.bob.send("INFO", headers=["X-Light: on"])
    info = take_request(call.phone, "INFO")
    assert info.one("x-light") == "on" and len(info.all("via")) == 2, info.raw
    call.phone.send(response(info, "200 OK"))
    assert street.bob.phone.receive_final().status == 200
    street.bob.send("BYE")
    call.phone.send(response(take_request(call.phone, "BYE"), "200 OK"))
    assert street.bob.phone.receive_final().status == 200


CASES = [
    ("the group answers, the phone is cancelled", the_group_answers),
    ("the phone answers, the group stops ringing", the_phone_answers),
    ("both answer: two dialogs for the caller", both_answer),
    ("the caller gives up", the_caller_gives_up),
    ("both branches are ours: merged requests", comes_twice),
    ("within the call", within_the_call),
]


def main():
    if shutil.which("kamailio") is None:
        print("kamailio is not installed: nothing was tested")
        return 1
    report = Report()
    with GroupServer(sys.argv[1], GROUPS, settings=["routing.accept_foreign=true"]) as server, Kamailio() as proxy:
        street = Street(server, proxy)
        for name, case in CASES:
            if not report.run(name, lambda case=case: (case(street), street.quiet())):
                street = Street(server, proxy)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

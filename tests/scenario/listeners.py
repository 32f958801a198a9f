#!/usr/bin/env python3
"""sip.listen is changed while the server runs: SIGHUP opens what is new, closes what is gone, and leaves the rest alone.

Usage: listeners.py BIN_DIR
"""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from configured_server import ConfiguredServer  # noqa: E402
from sip_phone import (Call, OK, answer_call, establish, hang_up, register, registered_phone, response,  # noqa: E402
                       take_request)
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, free_port, listening_ports, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def text_of(entries):
    return "[sip]\nlisten = [" + ", ".join(f'"{entry}"' for entry in entries) + "]\n"


class Listening(ConfiguredServer):
    """A server whose configuration file says where it listens: entries such as "udp:127.0.0.1:5060"."""

    def __init__(self, bin_dir, entries, settings=()):
        super().__init__(bin_dir, USERS, text_of(entries), settings)
        self.server.settings = self.server.settings[1:]  # not the listeners of other tests
        self.server.port = port_of(entries[0])

    def change(self, *entries):
        """Writes the entries, sends the signal, and gives what the log says about it."""
        return self.reload(text_of(entries))


def port_of(entry):
    return int(entry.rsplit(":", 1)[1])


def udp(port, host="127.0.0.1"):
    return f"udp:{host}:{port}"


def tcp(port, host="127.0.0.1"):
    return f"tcp:{host}:{port}"


def options_answer(port, transport="udp", timeout=0.5):
    """The answer to OPTIONS at this port, or None."""
    try:
        phone = SipSocket(port, transport, timeout=timeout)
    except OSError:
        return None
    phone.send(phone.request("OPTIONS", f"sip:127.0.0.1:{port}", "sip:x@127.0.0.1", "sip:x@127.0.0.1"))
    try:
        return phone.receive()
    except OSError:
        return None
    finally:
        phone.close()


def a_port_is_added_and_one_removed(bin_dir):
    kept, gone, new = free_port(), free_port(), free_port()
    with Listening(bin_dir, [udp(kept), udp(gone)]) as it:
        assert options_answer(gone).status == 200
        news = it.change(udp(kept), tcp(kept), udp(new))
        assert f"listening transport=tcp address=127.0.0.1:{kept}" in news, news
        assert f"listening_ended transport=udp address=127.0.0.1:{gone}" in news, news
        assert "configuration_changed key=sip.listen" in news and "restart_needed" not in news, news
        assert options_answer(kept).status == 200 and options_answer(kept, "tcp").status == 200
        assert options_answer(new).status == 200
        assert options_answer(gone) is None
        assert gone not in listening_ports("udp"), "the port that was removed is still open"
        news = it.change(udp(kept))
        assert options_answer(kept, "tcp") is None and options_answer(kept).status == 200
        assert kept not in listening_ports("tcp"), news


def what_stands_on_the_kept_port_goes_on(bin_dir):
    kept, gone, new = free_port(), free_port(), free_port()
    with Listening(bin_dir, [udp(kept), udp(gone)]) as it:
        alice = registered_phone(it.server, *USERS[0])
        bob = registered_phone(it.server, *USERS[1])
        call = establish(alice, bob, it.server)
        it.change(udp(new), udp(kept))
        hang_up(call, bob)
        again = establish(alice, bob, it.server)
        it.change(udp(kept), tcp(new))
        hang_up(again, bob)
        assert len(it.server.ctl_json("registrations")) == 2
        alice.close()
        bob.close()


def a_call_survives_that_its_port_goes(bin_dir):
    """The caller's port goes; both sides hang up along a Route that names it."""
    kept, gone = free_port(), free_port()
    for who_hangs_up in ("caller", "callee"):
        with Listening(bin_dir, [udp(kept), udp(gone)]) as it:
            bob = registered_phone(it.server, *USERS[1])
            alice = SipSocket(gone)
            call = establish(alice, bob, it.server)
            it.change(udp(kept))
            alice.server = ("127.0.0.1", kept)  # where a phone that tries again finds the server
            if who_hangs_up == "caller":
                hang_up(call, bob)
            else:
                invite = call.answer  # the dialog as the callee has it
                route = [f"Route: {value}" for value in invite.all("record-route")]
                bye = bob.request("BYE", f"sip:alice@127.0.0.1:{alice.port}", call.uri, call.from_uri, call.call_id, 1,
                                  route, from_tag="callee", to_tag=call.from_tag)
                bob.send(bye)
                alice.send(response(take_request(alice, "BYE"), OK))
                assert bob.receive_final().status == 200
            alice.close()
            bob.close()


def two_ports_are_swapped(bin_dir):
    one, other = free_port(), free_port()
    with Listening(bin_dir, [udp(one), tcp(other)]) as it:
        it.change(tcp(one), udp(other))
        assert options_answer(other).status == 200 and options_answer(one, "tcp").status == 200
        assert options_answer(one) is None and options_answer(other, "tcp") is None


def a_wildcard_becomes_one_address_and_back(bin_dir):
    port = free_port()
    with Listening(bin_dir, [udp(port, "0.0.0.0"), tcp(port, "0.0.0.0")]) as it:
        alice = registered_phone(it.server, *USERS[0])
        bob = registered_phone(it.server, *USERS[1])
        call = establish(alice, bob, it.server)
        it.change(udp(port), tcp(port))
        assert options_answer(port).status == 200 and options_answer(port, "tcp").status == 200
        elsewhere = SipSocket(port, host="127.0.0.2", timeout=0.5)
        elsewhere.send(elsewhere.request("OPTIONS", f"sip:127.0.0.2:{port}", "sip:x@127.0.0.1", "sip:x@127.0.0.1"))
        try:
            assert elsewhere.receive() is None, "it still listens on all addresses"
        except ConnectionRefusedError:
            pass
        hang_up(call, bob)
        it.change(udp(port, "0.0.0.0"))
        elsewhere.send(elsewhere.request("OPTIONS", f"sip:127.0.0.2:{port}", "sip:x@127.0.0.1", "sip:x@127.0.0.1"))
        assert elsewhere.receive(3).status == 200
        for phone in (alice, bob, elsewhere):
            phone.close()


def a_port_in_use_changes_nothing(bin_dir):
    kept, new = free_port(), free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, Listening(bin_dir, [udp(kept, "0.0.0.0")]) as it:
        taken.bind(("127.0.0.1", 0))
        in_use = taken.getsockname()[1]
        news = it.change(udp(kept), tcp(new), udp(in_use))
        assert " ERROR listen_refused" in news, news
        assert f"cannot listen on udp:127.0.0.1:{in_use}: Address already in use" in news, news
        assert "configuration_changed" not in news, news
        assert options_answer(kept).status == 200, "the wildcard that had to give way did not come back"
        assert new not in listening_ports("tcp"), "a part of the change stays"
        news = it.change(udp(kept, "192.0.2.1"))
        assert "192.0.2.1" in news and "Cannot assign requested address" in news, news
        taken.close()
        news = it.change(udp(kept), tcp(new), udp(in_use))
        assert "configuration_changed key=sip.listen" in news, news
        assert options_answer(new, "tcp").status == 200 and options_answer(in_use).status == 200


def what_is_under_way_is_finished(bin_dir):
    """A call that rings over the port that goes is answered over it, then the port is closed."""
    kept, gone = free_port(), free_port()
    with Listening(bin_dir, [udp(kept), udp(gone)]) as it:
        bob = registered_phone(it.server, *USERS[1])
        alice = SipSocket(gone)
        call = Call(alice, it.server)
        call.invite_with_credentials()
        invite = take_request(bob, "INVITE")
        bob.send(response(invite, "180 Ringing", "callee"))
        call.expect(100)
        call.expect(180)
        it.change(udp(kept))
        assert gone in listening_ports("udp"), "the call that rings has lost its port"
        bob.send(response(invite, OK, "callee", [f"Contact: <sip:bob@127.0.0.1:{bob.port}>"]))
        call.expect(200)
        wait_until(lambda: gone not in listening_ports("udp"), 3, lambda: "the port stays open")
        alice.server = ("127.0.0.1", kept)
        call.ack()
        take_request(bob, "ACK")
        hang_up(call, bob)
        alice.close()
        bob.close()


def what_rings_too_long_goes_on_elsewhere(bin_dir):
    kept, gone = free_port(), free_port()
    with Listening(bin_dir, [udp(kept), udp(gone)], settings=["sip.stop_limit=1"]) as it:
        bob = registered_phone(it.server, *USERS[1])
        alice = SipSocket(gone)
        call = Call(alice, it.server)
        call.invite_with_credentials()
        invite = take_request(bob, "INVITE")
        bob.send(response(invite, "180 Ringing", "callee"))
        call.expect(100)
        call.expect(180)
        it.change(udp(kept))
        wait_until(lambda: gone not in listening_ports("udp"), 3, lambda: "the port stays open beyond the limit")
        bob.send(response(invite, "486 Busy Here", "callee"))
        call.expect(486)
        alice.close()
        bob.close()


def a_connection_outlives_its_listener(bin_dir):
    kept, gone = free_port(), free_port()
    with Listening(bin_dir, [udp(kept), tcp(gone), tcp(kept)]) as it:
        alice = SipSocket(gone, "tcp")
        register(alice, it.server, *USERS[0])
        bob = registered_phone(it.server, *USERS[1])
        call = establish(alice, bob, it.server)
        it.change(udp(kept), tcp(kept))
        assert options_answer(gone, "tcp") is None
        back = Call(bob, it.server, caller="bob", callee="alice", password="secret-b")
        back.invite_with_credentials()
        invite = answer_call(alice)
        assert f"SIP/2.0/TCP 127.0.0.1:{kept}" in invite.all("via")[0], invite.all("via")
        back.expect(100), back.expect(180), back.expect(200)
        back.ack()
        take_request(alice, "ACK")
        hang_up(back, alice)
        hang_up(call, bob)  # along a Route that names the port that has gone
        alice.close()
        bob.close()


def changes_under_traffic_lose_nothing(bin_dir):
    kept, turn = free_port(), free_port()
    with Listening(bin_dir, [udp(kept), tcp(kept)]) as it:
        phone = SipSocket(kept)
        stopped = threading.Event()

        def change_often():
            while not stopped.is_set():
                it.change(udp(kept), tcp(kept), udp(turn), tcp(turn))
                it.change(udp(kept), tcp(kept))

        changer = threading.Thread(target=change_often)
        changer.start()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            register(phone, it.server, *USERS[0])
        stopped.set()
        changer.join()
        pools = {pool["name"]: pool for pool in it.server.ctl_json("pools")}
        assert pools["tcp_connections"]["in_use"] == 0, pools["tcp_connections"]
        phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for name, check in (
            ("a port is added, another removed (F54)", a_port_is_added_and_one_removed),
            ("registrations and calls on the kept port go on (F54)", what_stands_on_the_kept_port_goes_on),
            ("a call survives that its port goes", a_call_survives_that_its_port_goes),
            ("two ports are swapped", two_ports_are_swapped),
            ("a wildcard becomes one address, and back", a_wildcard_becomes_one_address_and_back),
            ("a port in use changes nothing and is told (R6.5)", a_port_in_use_changes_nothing),
            ("what is under way is finished, then the port goes", what_is_under_way_is_finished),
            ("what rings too long goes on elsewhere", what_rings_too_long_goes_on_elsewhere),
            ("a connection outlives its listener", a_connection_outlives_its_listener),
            ("changes under traffic lose nothing", changes_under_traffic_lose_nothing)):
        report.run(name, lambda c=check: c(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Who gets a place for a TCP connection when they are few, and whose connection lasts.

Usage: tcp_places.py BIN_DIR
"""

import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, establish, hang_up, register, registered_phone, response  # noqa: E402
from sip_socket import Answer, SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]
ELSEWHERE = "127.0.9.9"
NOBODY_IS_SAFE = "security.safe_sources=[]"


def in_use(server, pool="tcp_connections"):
    return next(row["in_use"] for row in server.ctl_json("pools") if row["name"] == pool)


def counted(server, name):
    return server.ctl_json("status")[name]


def is_served(phone, server):
    uri = f"sip:127.0.0.1:{server.port}"
    try:
        phone.send(phone.request("OPTIONS", uri, uri, uri))
        answer = phone.receive_final(1.0)
    except OSError:
        return False
    return answer is not None and answer.status == 200


def connect(server, source=None):
    """A connection that the server serves, or None."""
    try:
        phone = SipSocket(server.port, "tcp", source=source)
    except OSError:
        return None
    if is_served(phone, server):
        return phone
    phone.close()
    return None


def close_all(server, phones):
    for phone in phones:
        phone.close()
    wait_until(lambda: in_use(server) == 0, 5, lambda: f"{in_use(server)} connections are left in the pool")


def share_of_a_source(server):
    phones = [connect(server) for _ in range(3)]
    assert all(phones), "fewer than tcp.connections_per_source"
    for _ in range(5):
        assert connect(server) is None, "more than tcp.connections_per_source"
    others = [connect(server, ELSEWHERE) for _ in range(3)]
    assert all(others), "another source suffers"
    assert all(is_served(phone, server) for phone in phones), "connections that stood are gone"
    assert counted(server, "connections_refused_source") == 5
    lines = server.log_lines("connection_refused_source")
    assert len(lines) == 1 and "tcp.connections_per_source" in lines[0], lines
    phones.pop().close()
    wait_until(lambda: in_use(server) == 5, 3, lambda: "a closed connection is not given back")
    phones.append(connect(server))
    assert phones[-1] is not None, "no place though one was left"
    close_all(server, phones + others)
    assert in_use(server, "tcp_sources") == 0


def share_changes_at_run_time(server):
    """It is raised and lowered; who stands stays."""
    phones = [connect(server) for _ in range(3)]
    for limit in (4, 2):
        with open(server.config, "w", encoding="utf-8") as file:
            file.write(f"[tcp]\nconnections_per_source = {limit}\n")
        server.process.send_signal(signal.SIGHUP)
        wanted = f"configuration_changed key=tcp.connections_per_source value={limit}"
        wait_until(lambda: wanted in server.read_log(), 3, lambda: f"no line {wanted}")
        if limit == 4:
            phones.append(connect(server))
    assert all(phones) and all(is_served(phone, server) for phone in phones), "a standing connection is gone"
    phones.pop().close()
    wait_until(lambda: in_use(server) == 3, 3, lambda: "a closed connection is not given back")
    assert connect(server) is None, "more than the lowered limit"
    close_all(server, phones)


def strangers_make_room(server, capacity):
    """First who has said nothing, then the oldest; registered phones never."""
    bob = registered_phone(server, *USERS[1], "tcp")
    silent = [SipSocket(server.port, "tcp", source=ELSEWHERE) for _ in range(capacity - 2)]
    speaker = connect(server)
    assert speaker is not None
    newcomers = [connect(server, ELSEWHERE) for _ in range(3 * capacity)]
    assert all(newcomers), "a newcomer finds no place"
    assert not is_served(speaker, server), "the oldest stranger is still there"
    assert all(not is_served(phone, server) for phone in silent), "one who said nothing is still there"
    assert in_use(server) == capacity
    alice = SipSocket(server.port)
    call = establish(alice, bob, server, asked=False)
    hang_up(call, bob)
    displaced = counted(server, "closed_displaced")
    assert displaced == 3 * capacity, displaced
    datagrams = SipSocket(server.port)
    assert is_served(datagrams, server), "UDP suffers"
    close_all(server, [alice, datagrams, bob, speaker, *silent, *newcomers])


def known_phones_stay(server, capacity):
    phones = [SipSocket(server.port, "tcp") for _ in range(capacity)]
    for phone in phones:
        register(phone, server)
    before = counted(server, "connections_refused")
    for _ in range(3):
        assert connect(server) is None, "there was a place though none was left"
    assert counted(server, "connections_refused") == before + 3
    assert all(is_served(phone, server) for phone in phones), "a registered phone has lost its connection"
    listener = listening()
    alice = SipSocket(server.port)
    contact = f"<sip:bob@127.0.0.1:{listener.getsockname()[1]};transport=tcp>"
    register(alice, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(alice, server, *USERS[1], contacts=[contact])
    call = Call(alice, server)
    call.send_invite()
    answer = alice.receive_final()
    assert answer.status == 503 and "capacity.tcp_connections" in answer.reason, answer.start_line
    call.ack_refusal(answer)
    phones.pop().close()
    wait_until(lambda: in_use(server) == capacity - 1, 3, lambda: "a closed connection is not given back")
    reached_over_new_connection(server, alice, listener)
    register(phones[0], server, contacts=["*"], headers=["Expires: 0"])
    close_all(server, phones)
    alice.close()


def listening():
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.settimeout(3)
    return listener


def reached_over_new_connection(server, alice, listener):
    call = Call(alice, server)
    call.send_invite()
    link, _ = listener.accept()
    link.settimeout(3)
    invite = Answer(link.recv(65536))
    assert invite.start_line.startswith("INVITE "), "no INVITE on the new connection"
    link.sendall(response(invite, "486 Busy Here", "b").encode())
    answer = alice.receive_final()
    assert answer is not None and answer.status == 486, answer and answer.start_line
    call.ack_refusal(answer)
    link.close()
    listener.close()


def strangers_make_room_for_a_callee(server, capacity):
    """All places are taken by strangers, and a phone can be reached by a new connection only."""
    listener = listening()
    alice = SipSocket(server.port)
    contact = f"<sip:bob@127.0.0.1:{listener.getsockname()[1]};transport=tcp>"
    register(alice, server, *USERS[1], contacts=["*"], headers=["Expires: 0"])
    register(alice, server, *USERS[1], contacts=[contact])
    strangers = [connect(server, ELSEWHERE) for _ in range(capacity)]
    assert all(strangers)
    reached_over_new_connection(server, alice, listener)
    close_all(server, strangers)
    alice.close()


def registered_phone_outlasts_the_idle_time(server):
    """tcp.idle_timeout is shorter than the registration: the INVITE still finds the connection of the REGISTER."""
    bob = registered_phone(server, *USERS[1], "tcp")
    other = connect(server)
    time.sleep(11.5)
    assert other.receive(0.5) is None and not is_served(other, server), "an idle connection is still there"
    assert counted(server, "closed_idle") == 1
    alice = SipSocket(server.port)
    call = establish(alice, bob, server, asked=False)
    hang_up(call, bob)
    for phone in (bob, other, alice):
        phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    few = ["capacity.tcp_connections=6", 'auth.invite="off"']
    share = [NOBODY_IS_SAFE, "tcp.connections_per_source=3"]
    with TipringServer(bin_dir, users=USERS, settings=[*few, *share]) as server:
        report.run("a source has its share of the connections, others go on (R5.5, R13.4)",
                   lambda: share_of_a_source(server))
    changing = TipringServer(bin_dir, users=USERS, settings=[*few, NOBODY_IS_SAFE])
    changing.config = os.path.join(changing.data, "tipring.toml")
    with open(changing.config, "w", encoding="utf-8") as file:
        file.write("[tcp]\nconnections_per_source = 3\n")
    with changing as server:
        report.run("the share of a source changes at run time (R11.2)", lambda: share_changes_at_run_time(server))
    with TipringServer(bin_dir, users=USERS, settings=few) as server:
        report.run("strangers make room for others, registered phones do not (R5.5, R13.4)",
                   lambda: strangers_make_room(server, 6))
        report.run("a callee gets the place of a stranger (R5.5)", lambda: strangers_make_room_for_a_callee(server, 6))
        report.run("phones that are known keep all places, and who comes then is refused (R5.5, R13.5)",
                   lambda: known_phones_stay(server, 6))
    with TipringServer(bin_dir, users=USERS, settings=['auth.invite="off"', "tcp.idle_timeout=10"]) as server:
        report.run("a registered phone's connection outlasts the idle time (R13.4)",
                   lambda: registered_phone_outlasts_the_idle_time(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

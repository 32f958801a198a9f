#!/usr/bin/env python3
"""A server whose system has no file descriptor left: what stands goes on, and it waits without being busy.

Usage: descriptors.py BIN_DIR
"""

import contextlib
import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from phones import Call, Phone, SipSocket, expect  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]


def open_files(server):
    return {int(name) for name in os.listdir(f"/proc/{server.process.pid}/fd")}


def first_free_file(server):
    """The least number that no descriptor has, once none is to be closed any more: tipringctl's connection may get in
    between on a busy machine, and leaves a gap then."""
    seen = [open_files(server)]

    def settled():
        seen.append(open_files(server))
        return len(seen) > 25 and all(files == seen[-1] for files in seen[-25:])  # half a second

    wait_until(settled, 20, lambda: f"its descriptors come and go: {seen[-25:]}")
    return min(set(range(len(seen[-1]) + 1)) - seen[-1])


def limit_files(server, count):
    pid = server.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, hard))


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as stat:
        words = stat.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def refused_by_the_system(server):
    return server.ctl_json("status")["connections_refused_system"]


def serve_udp(server):
    phone = SipSocket(server.port)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, uri, uri))
    expect(phone.receive_final(), 200)
    phone.close()


def without_descriptors(server):
    alice, bob = (Phone(server, *user, "tcp") for user in USERS[:2])
    for phone in (alice, bob):
        phone.register()
    standing = Call(alice, bob.aor).invite().ring(bob).answer(bob)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    carol = Phone(server, *USERS[2], "udp")
    carol.register([f"Contact: <sip:carol@127.0.0.1:{listener.getsockname()[1]};transport=tcp>"])

    everyday = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[0]
    limit_files(server, first_free_file(server))
    links = []
    for _ in range(50):
        link = socket.socket()
        link.settimeout(3)
        with contextlib.suppress(ConnectionResetError):  # refused while it was connecting
            link.connect(("127.0.0.1", server.port))
            links.append(link)
    time.sleep(0.3)
    before = cpu_seconds(server)
    time.sleep(2)
    busy = cpu_seconds(server) - before
    assert busy < 0.3, f"the server was busy for {busy:.2f} s of 2"
    serve_udp(server)
    standing.hang_up(bob)
    Call(alice, bob.aor).invite().ring(bob).refuse(bob)
    # A callee that only a new connection could reach: the caller is told at once.
    call = Call(alice, carol.aor).invite()
    began = time.monotonic()
    call.acknowledge_failure(alice.expect_final(503))
    assert time.monotonic() - began < 1, "the refusal took its time"

    limit_files(server, everyday)
    wait_until(lambda: all(ended(link) for link in links), 3, lambda: "a refused connection hangs")
    late = Phone(server, *USERS[2], "tcp")
    late.register()
    for phone in (alice, bob, carol, late):
        phone.unregister()
        phone.close()
    assert refused_by_the_system(server) >= 50, refused_by_the_system(server)
    lines = server.log_lines(" connection_refused ")
    assert 1 <= len(lines) <= 2 and "descriptor" in lines[0], lines
    listener.close()


def ended(link):
    """Whether a refused connection has been reset; it may wait in the kernel's queue for a moment."""
    link.setblocking(False)
    try:
        return link.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        report.run("without a descriptor calls go on, and others are refused in peace (R5.5, R13.5)",
                   lambda: without_descriptors(server))
        report.run("the server is alive", lambda: serve_udp(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

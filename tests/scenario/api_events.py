#!/usr/bin/env python3
"""What happens, as it happens: live events to several who look on; and the end of the log.

Usage: api_events.py BIN_DIR
"""

import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from configured_server import ConfiguredServer  # noqa: E402
from sip_phone import OK, establish, registered_phone, response, take_request  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
PATIENCE = 10


class Stream:
    """One who looks on, over the Unix socket."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(f"{server.data}/tipring.sock")
        self.socket.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.text = b""
        self.wait_for(lambda: b"retry:" in self.text)

    def wait_for(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = self.socket.recv(4096)
            except TimeoutError:
                more = b""
            assert more and time.monotonic() < deadline, self.text[-400:]
            self.text += more

    def events(self):
        """(topic, data) of those that have come whole."""
        found = []
        for block in self.text.decode().split("\n\n")[:-1]:
            lines = [line for line in block.replace("\r", "").split("\n") if line.startswith(("event: ", "data: "))]
            if len(lines) == 2:
                found.append((lines[0][7:], json.loads(lines[1][6:])))
        return found

    def expect(self, topic, holds=lambda data: True):
        self.wait_for(lambda: any(name == topic and holds(data) for name, data in self.events()))

    def close(self):
        self.socket.close()


def changes_are_told(server):
    streams = [Stream(server) for _ in range(3)]
    time.sleep(1.2)  # they have seen where things stand
    alice, bob = registered_phone(server, "alice", "secret-a"), registered_phone(server, "bob", "secret-b")
    for stream in streams:
        stream.expect("registration", lambda data: data.get("registrations") == 2)
    establish(alice, bob, server, headers=["Supported: timer"])
    for stream in streams:
        stream.expect("call", lambda data: data.get("calls_answered") == 1)
        stream.expect("log", lambda data: data["level"] == "info")
    server.ctl("group", "add", "600", "members=alice")
    streams[0].expect("group", lambda data: data.get("groups") == 1)
    streams[1].expect("changed", lambda data: data.get("groups", 0) >= 1)
    api = Api(server)
    streams[2].expect("record")  # at the call's beginning
    written = api.get("/api/v1/status")["status"]["records_written"]
    assert api.ask("DELETE", f"/api/v1/calls/{api.get('/api/v1/calls')['calls'][0]['id']}").status == 200
    for phone in (alice, bob):
        phone.send(response(take_request(phone, "BYE"), OK))
    streams[2].expect("record", lambda data: data["records_written"] > written)
    for stream in streams:
        stream.close()


def a_configuration_changed_by_hand_is_told(bin_dir):
    with ConfiguredServer(bin_dir, USERS) as it:
        stream = Stream(it.server)
        it.reload("[log]\nlevel = \"debug\"\n")
        stream.expect("changed", lambda data: data == {"config": 1})
        stream.close()


def nothing_is_told_where_nothing_happens(server):
    def dialogs():
        return next(pool["in_use"] for pool in server.ctl_json("pools") if pool["name"] == "dialogs")

    def records():
        return Api(server).get("/api/v1/records")["records"]

    wait_until(lambda: dialogs() == 0, 10, lambda: f"{dialogs()} dialogs stay")
    wait_until(lambda: all("ended_ms" in record for record in records()), 10, records)  # the last is in the file
    stream = Stream(server)
    time.sleep(1.5)
    stream.socket.setblocking(False)
    try:
        while more := stream.socket.recv(4096):
            stream.text += more
    except BlockingIOError:
        pass
    told = [topic for topic, _ in stream.events() if topic not in ("pools", "log")]
    assert told == [], stream.events()
    stream.close()


def the_end_of_the_log_is_shown(server):
    api = Api(server)
    api.load_document()
    lines = api.get("/api/v1/log")["log"]
    assert any(line["text"].startswith("started version=") for line in lines), lines[:3]
    assert [line["number"] for line in lines] == sorted(line["number"] for line in lines)
    last = api.get("/api/v1/log?limit=2")["log"]
    assert len(last) == 2 and api.get(f"/api/v1/log?after={last[0]['number']}")["log"][0]["number"] == last[1]["number"]
    assert all(line["level"] in ("error", "warning") for line in api.get("/api/v1/log?level=warning")["log"])
    assert api.ask("GET", "/api/v1/log?level=loud").json()["field"] == "level"


def main():
    report = Report()
    with TipringServer(sys.argv[1], USERS) as server:
        report.run("changes are told to all who look on", lambda: changes_are_told(server))
        report.run("nothing is told where nothing happens", lambda: nothing_is_told_where_nothing_happens(server))
        report.run("the end of the log is shown", lambda: the_end_of_the_log_is_shown(server))
    report.run("a configuration changed by hand is told at once",
               lambda: a_configuration_changed_by_hand_is_told(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

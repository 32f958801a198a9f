#!/usr/bin/env python3
"""A collector gets every traced message in HEPv3, whole and with its secrets masked.

Usage: hep.py BIN_DIR
"""

import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from sip_phone import establish, hang_up, registered_phone  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
FIXED = {1: 1, 2: 1, 3: 4, 4: 4, 5: 16, 6: 16, 7: 2, 8: 2, 9: 4, 10: 4, 11: 1, 12: 4}


class Collector:
    def __init__(self, family=socket.AF_INET, host="127.0.0.1"):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]

    def packets(self):
        self.socket.settimeout(0.5)
        packets = []
        try:
            while True:
                packets.append(decoded(self.socket.recv(65536)))
        except socket.timeout:
            return packets

    def close(self):
        self.socket.close()


def decoded(packet):
    """All chunks by their numbers, each of the length that the specification gives it."""
    assert packet[:4] == b"HEP3" and struct.unpack(">H", packet[4:6])[0] == len(packet), packet[:6]
    chunks, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack(">HHH", packet[at:at + 6])
        assert vendor == 0 and kind not in chunks and length >= 6 and at + length <= len(packet), (vendor, kind, length)
        chunks[kind] = packet[at + 6:at + length]
        assert len(chunks[kind]) == FIXED.get(kind, len(chunks[kind])), (kind, length)
        at += length
    return chunks


def number(chunks, kind):
    return int.from_bytes(chunks[kind], "big")


def every_message(bin_dir):
    collector = Collector()
    settings = ["trace.mode=all", f"trace.hep=127.0.0.1:{collector.port}"]
    with TipringServer(bin_dir, users=USERS, settings=settings) as server:
        alice = registered_phone(server, *USERS[0])
        bob = registered_phone(server, *USERS[1], transport="tcp")
        hang_up(establish(alice, bob, server), bob)
        packets = collector.packets()
        messages = Api(server).get("/api/v1/trace/messages")["messages"]
        assert len(packets) == len(messages) > 15, (len(packets), len(messages))
        for chunks, message in zip(packets, messages):
            assert set(chunks) == {1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 15}, set(chunks)
            assert chunks[15].decode() == message["text"], message["number"]
            assert number(chunks, 1) == 2 and number(chunks, 11) == 1 and number(chunks, 12) == 2001
            assert number(chunks, 2) == (17 if message["transport"] == "udp" else 6), message
            ends = [f"{socket.inet_ntoa(chunks[ip])}:{number(chunks, port)}" for ip, port in ((3, 7), (4, 8))]
            assert ends[message["direction"] == "out"] == message["remote"], (ends, message["remote"])
            assert number(chunks, 9) * 1000 + number(chunks, 10) // 1000 == message["time_ms"]
            assert abs(number(chunks, 9) - time.time()) < 60
        everything = "".join(message["text"] for message in messages)
        assert 'response="***' in everything and 'nonce="***' in everything
    collector.close()


def over_ipv6(bin_dir):
    collector = Collector(socket.AF_INET6, "::1")
    server = TipringServer(bin_dir, users=USERS, settings=["trace.mode=all", f"trace.hep=[::1]:{collector.port}"])
    server.settings[0] = f'sip.listen=["udp:[::1]:{server.port}"]'
    with server:
        registered_phone(server, *USERS[0], host="::1")
        packets = collector.packets()
        messages = Api(server).get("/api/v1/trace/messages")["messages"]
        assert len(packets) == len(messages) >= 4, (len(packets), len(messages))
        for chunks in packets:
            assert set(chunks) == {1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 15} and number(chunks, 1) == 10, set(chunks)
            assert socket.inet_ntop(socket.AF_INET6, chunks[5]) == "::1"
    collector.close()


def nobody_listens(bin_dir):
    """The server does not mind."""
    collector = Collector()
    collector.close()
    settings = ["trace.mode=all", f"trace.hep=127.0.0.1:{collector.port}"]
    with TipringServer(bin_dir, users=USERS, settings=settings) as server:
        phones = [registered_phone(server, *user) for user in USERS]
        for _ in range(5):
            hang_up(establish(*phones, server), phones[1])


def refused_by_check(bin_dir):
    for value in ("homer.example:9060", "127.0.0.1", "127.0.0.1:0", "::1:9060"):
        done = subprocess.run([os.path.join(bin_dir, "tipringd"), "--set", f"trace.hep={value}", "--check"],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode != 0 and "trace.hep" in done.stdout + done.stderr, (value, done.stderr)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    report.run("every message, whole and in order", lambda: every_message(bin_dir))
    report.run("IPv6", lambda: over_ipv6(bin_dir))
    report.run("a collector that is not there", lambda: nobody_listens(bin_dir))
    report.run("values that --check refuses", lambda: refused_by_check(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

"""Sockets by which torture messages come, and what comes back."""

import random
import re
import select
import socket
import time

from forwarding import Message


class Sources:
    """An address of its own on loopback for each message, so that the port that its Via names is free."""

    def __init__(self):
        self.network = f"127.{random.randrange(16, 250)}"
        self.last = random.randrange(1000, 30000)

    def next(self):
        self.last += 1
        return f"{self.network}.{self.last // 250}.{self.last % 250 + 1}"


def with_free_port(text, host):
    """The message, with another port in its topmost Via where another program at `host` has the one that it names."""
    message = Message(text)
    if not message.via_port() or is_free(host, message.via_port()):
        return text
    name, port = re.escape(message.sent_by()[0]), random.randrange(20000, 30000)
    while not is_free(host, port):
        port = random.randrange(20000, 30000)
    via = re.sub(rb"(%s)(\s*:\s*\d+)?" % name, lambda found: found.group(1) + b":%d" % port, message.raw_top_via, count=1)
    return text.replace(message.raw_top_via, via, 1)


def is_free(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


class Reader:
    """Messages out of a stream."""

    def __init__(self, link):
        self.link, self.pending, self.last = link, b"", b""

    def message(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            end = self.pending.find(b"\r\n\r\n")
            if end >= 0:
                size = int(re.search(rb"(?i)\r\nContent-Length: *(\d+)", self.pending[:end]).group(1))
                if len(self.pending) >= end + 4 + size:
                    self.last, self.pending = self.pending[:end + 4 + size], self.pending[end + 4 + size:]
                    return self.last
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.link], [], [], left)[0]:
                return None
            try:
                more = self.link.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.pending += more

    def final(self, timeout):
        while True:
            raw = self.message(timeout)
            if raw is None or not raw.startswith(b"SIP/2.0 1"):
                return raw


def receive(link, transport, timeout):
    if transport == "tcp":
        return Reader(link).message(timeout)
    link.settimeout(timeout)
    try:
        return link.recv(65536)
    except socket.timeout:
        return None


def final(link, transport):
    if transport == "tcp":
        raw = Reader(link).final(3)
    else:
        raw = b"SIP/2.0 1"
        while raw is not None and raw.startswith(b"SIP/2.0 1"):
            raw = receive(link, transport, 3)
    assert raw is not None, "no answer comes"
    return raw


def ended(link):
    """The server has ended the connection, and said nothing more."""
    link.settimeout(3)
    try:
        return link.recv(65536) == b""
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False

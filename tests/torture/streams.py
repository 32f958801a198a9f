"""Messages in pieces over TCP: each must get the answer that the whole gets."""

import time

from answers import check_status
from links import Reader, ended
from messages import CASES, NOTHING


class Stream:
    """One message on one connection, sent again and again in pieces; each answer must be that to the whole."""

    def __init__(self, case, outcome, bench):
        self.case, self.outcome, self.bench = case, outcome, bench
        self.text = case.wire()
        self.link = None
        self.split = 0
        self.connect()
        self.send(self.text)
        self.finish()

    def connect(self):
        if self.link:
            self.link.close()
        self.link, _ = self.bench.connect(self.text)

    def send(self, piece):
        try:
            self.link.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            assert self.outcome.closes, "the connection has ended"  # it may end before the last of the body was sent

    def start(self, split):
        self.split = split
        self.send(self.text[:split])

    def go_on(self):
        self.send(self.text[self.split:])

    def finish(self):
        if self.outcome.kind == "nothing":
            return
        if self.outcome.kind == "answer":
            raw = Reader(self.link).final(3)
            assert raw is not None, f"no answer after a split at {self.split}"
            check_status(raw, self.outcome)
        if self.outcome.kind == "closed":
            assert ended(self.link), f"the connection stays after a split at {self.split}"
        if self.outcome.closes:
            self.connect()  # the server waits half a second for who was refused to go away by himself

    def still_in_step(self):
        """Responses are not answered: an OPTIONS behind all of them is."""
        self.link.sendall(b"OPTIONS sip:127.0.0.1:%d SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKlast\r\n"
                          b"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: last\r\n"
                          b"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n" % self.bench.server.port)
        raw = Reader(self.link).final(3)
        assert raw is not None and raw.startswith(b"SIP/2.0 200"), "the stream is out of step"


def split_streams(bench):
    """All messages at once, a connection each, as far as each use of them ends the same way."""
    return [Stream(case, case.digest_tcp, bench) for case in CASES if case.name not in ("clerr", "dblreq")]


def split_everywhere(bench):
    streams = split_streams(bench)
    for split in range(1, max(len(stream.text) for stream in streams)):
        live = [stream for stream in streams if split < len(stream.text)]
        for stream in live:
            stream.start(split)
        time.sleep(0.001)  # so that the two pieces are read apart
        for stream in live:
            stream.go_on()
        for stream in live:
            stream.finish()
    finish_streams(streams)


def byte_by_byte(bench):
    streams = split_streams(bench)
    for at in range(max(len(stream.text) for stream in streams)):
        for stream in streams:
            if at < len(stream.text):
                stream.send(stream.text[at:at + 1])
        time.sleep(0.0002)
        for stream in streams:
            if at == len(stream.text) - 1:
                stream.finish()
    finish_streams(streams)


def finish_streams(streams):
    for stream in streams:
        if stream.outcome is NOTHING:
            stream.still_in_step()
        stream.link.close()

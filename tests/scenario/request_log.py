#!/usr/bin/env python3
"""The request log: a line for each request that was answered, as tools for the logs of web servers read them.

Usage: request_log.py BIN_DIR
"""

import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from metrics_text import read_metrics  # noqa: E402
from sip_phone import Call, answer_call, establish, hang_up, register, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
# The common log format of web servers, as tools that read it have it.
COMMON = re.compile(r'^(?P<host>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d '
                    r'[+-]\d{4})\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)$')
CLASSIC = re.compile(r'^(?P<host>\S+) (?P<from>\S+) (?P<to>\S+) \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" '
                     r'(?P<status>\d{3})$')


class LoggingServer(TipringServer):
    """One with a request log beside its database."""

    def __init__(self, bin_dir, style=None, settings=(), **options):
        super().__init__(bin_dir, users=USERS, **options)
        self.requests_path = os.path.join(self.data, "requests.log")
        self.settings.append(f"log.request_file={self.requests_path}")
        if style:
            self.settings.append(f"log.request_format={style}")
        self.settings += settings

    def requests(self, count):
        """The lines, when there are so many."""
        wait_until(lambda: len(self.text().splitlines()) >= count, 5,
                   lambda: f"{count} lines were expected: {self.text()}")
        lines = self.text().splitlines()
        assert len(lines) == count, f"{count} lines were expected: {self.text()}"
        return lines

    def text(self):
        with open(self.requests_path, encoding="utf-8") as file:
            return file.read()


def options_request(server, phone, uri=None, headers=()):
    uri = uri or f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, "sip:al@example.net", "sip:bo@example.net", headers=headers))
    answer = phone.receive_final()
    assert answer is not None, "OPTIONS was not answered"
    return answer


def a_call(server):
    alice = SipSocket(server.port)
    bob = registered_phone(server, *USERS[1])
    call = establish(alice, bob, server)
    hang_up(call, bob)
    alice.close()
    bob.close()


def classic_lines(bin_dir):
    with LoggingServer(bin_dir) as server:
        a_call(server)
        lines = [CLASSIC.match(line) for line in server.requests(7)]
        assert all(lines), server.text()
        seen = [(line["request"].split()[0], line["status"]) for line in lines]
        assert seen == [("REGISTER", "401"), ("REGISTER", "200"), ("REGISTER", "401"), ("REGISTER", "200"),
                        ("INVITE", "407"), ("INVITE", "200"), ("BYE", "200")], seen
        assert " 100 " not in server.text() and " 180" not in server.text(), "provisional answers have a line"
        invite = lines[5]
        assert (invite["host"], invite["from"]) == ("127.0.0.1", "sip:alice@127.0.0.1"), invite.group(0)
        assert invite["to"] == f"sip:bob@127.0.0.1:{server.port}", invite.group(0)
        logged = time.mktime(time.strptime(invite["time"], "%d/%b/%Y:%H:%M:%S +0000")) - time.timezone
        assert abs(logged - time.time()) < 10, invite["time"]


def common_lines(bin_dir):
    with LoggingServer(bin_dir, "common") as server:
        a_call(server)
        lines = [COMMON.match(line) for line in server.requests(7)]
        assert all(lines), server.text()
        assert lines[5]["user"] == "alice", lines[5].group(0)
        assert lines[4]["user"] == "-", lines[4].group(0)


def own_format(bin_dir):
    style = "%h %P %p %v %{User-Agent}i %407{Proxy-Authenticate}o %!407{Call-ID}i %{Proxy-Authorization}i %{ms}T %s"
    with LoggingServer(bin_dir, style, ['sip.domains=["example.com"]']) as server:
        alice = SipSocket(server.port)
        bob = registered_phone(server, *USERS[1], domain="example.com")
        before = len(server.requests(4))
        call = Call(alice, server, headers=['User-Agent: "x" \\ y\tz'], domain="example.com")
        call.invite_with_credentials()
        call.expect(100)
        time.sleep(0.3)
        answer_call(bob, status_line="486 Busy Here")
        wait_until(lambda: len(server.text().splitlines()) >= before + 2, 5, server.text)
        challenged, busy = server.text().splitlines()[before:before + 2]
        port, pid = server.port, server.process.pid
        head = f'127.0.0.1 {pid} {port} example.com \\"x\\" \\\\ y\\tz'
        assert challenged.startswith(f"{head} Digest *** - - "), challenged
        assert challenged.endswith(" 407"), challenged
        assert busy.startswith(f"{head} - {call.call_id} Digest *** "), busy
        waited, status = busy.split()[-2:]
        assert status == "486" and 290 <= int(waited) < 3000, busy
        for secret in ("nonce", "response=", "secret"):
            assert secret not in server.text(), server.text()
        alice.close()
        bob.close()


def clf_records(bin_dir):
    with LoggingServer(bin_dir, "sip-clf") as server:
        phone = SipSocket(server.port)
        options_request(server, phone)
        wait_until(lambda: server.text().count("\n") == 4, 5, server.text)
        text = server.text()
        size = int(text[1:7], 16)
        asked, answered = text[:size], text[size:]
        assert int(answered[1:7], 16) == len(answered) and asked[0] == answered[0] == "A", text
        fields = asked.split("\n")[1].split("\t")
        assert fields[1] == "RSRUU" and answered.split("\n")[1].split("\t")[1] == "rSSUU", text
        assert fields[2:4] == ["1 OPTIONS", "-"] and fields[6] == f"127.0.0.1:{phone.port}", fields
        assert fields[5] == f"127.0.0.1:{server.port}", fields
        pointers = [int(asked[8 + 4 * i:12 + 4 * i], 16) for i in range(13)]
        for pointer, field in zip(pointers, fields[2:]):
            assert asked[pointer:].startswith(field), (pointer, field)
        phone.close()


def rotation_and_reopening(bin_dir):
    with LoggingServer(bin_dir, settings=["log.file_size=1", "log.files_kept=1"]) as server:
        phone = SipSocket(server.port)
        for _ in range(3):
            options_request(server, phone)
        server.requests(3)
        os.rename(server.requests_path, server.requests_path + ".moved")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: " reloaded " in server.read_log(), 5, server.read_log)
        options_request(server, phone)
        wait_until(lambda: os.path.exists(server.requests_path), 5, lambda: "it was not opened anew")
        server.requests(1)
        # Lines of nearly a kilobyte fill a mebibyte; each OPTIONS waits for its answer, so none is lost.
        long_uri = f"sip:{'x' * 900}@127.0.0.1:{server.port}"
        for number in range(1300):
            options_request(server, phone, long_uri)
            if number % 50 == 0:
                time.sleep(0.01)
        both = (server.requests_path + ".1", server.requests_path)  # for a moment the new one is not there
        wait_until(lambda: all(os.path.exists(path) for path in both), 5, lambda: "no older file")
        assert os.path.getsize(server.requests_path + ".1") <= 1 << 20
        assert not os.path.exists(server.requests_path + ".2")
        assert all(CLASSIC.match(line) for line in server.text().splitlines()), "a line is not whole"
        metrics = read_metrics(server)
        written, lost = (metrics.value("tipring_request_log_lines_total", fate=fate) for fate in ("written", "lost"))
        assert written + lost == 1304 and written > 650, (written, lost)  # a busy machine keeps the log's thread waiting
        phone.close()


def flood_is_counted(bin_dir):
    """What comes faster than the disk takes it is lost and counted, and nothing waits for it."""
    with LoggingServer(bin_dir) as server:
        done = subprocess.run([os.path.join(bin_dir, "tipring-load"), "options", "--server", f"127.0.0.1:{server.port}",
                               "--count", "20000", "--json"], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        def count():
            metrics = read_metrics(server)
            return [metrics.value("tipring_request_log_lines_total", fate=fate) for fate in ("written", "lost")]
        wait_until(lambda: len(server.text().splitlines()) == count()[0], 5,
                   lambda: f"{len(server.text().splitlines())} lines, counted {count()}")
        answered = read_metrics(server).total("tipring_requests_answered_total", method="OPTIONS")
        assert sum(count()) == answered >= 20000, (count(), answered)


def off_is_off(bin_dir):
    with TipringServer(bin_dir) as server:
        plan = subprocess.run([os.path.join(bin_dir, "tipringd"), "--plan", *server._settings()], capture_output=True,
                              text=True, check=True).stdout
        assert "request_log" not in plan, plan
        phone = SipSocket(server.port)
        options_request(server, phone)
        assert read_metrics(server).value("tipring_request_log_lines_total", fate="written") == 0
        phone.close()


def bad_formats(bin_dir):
    for style, told in (("%h %q", 'at character 5 of this one: there is no %q'),
                        ("%{From i", 'at character 2 of this one: "{" has no "}"'),
                        ("%{%Q}t", "at character 6 of this one: a time that there is not")):
        done = subprocess.run([os.path.join(bin_dir, "tipringd"), "--check", "--set", f"log.request_format={style}"],
                              capture_output=True, text=True, check=False)
        assert done.returncode != 0 and told in done.stderr and "log.request_format" in done.stderr, done.stderr
    done = subprocess.run([os.path.join(bin_dir, "tipringd"), "--check", "--set", "log.request_file=x", "--set", "log.file=x"],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "log.request_file" in done.stderr, done.stderr


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for name, check in [("the classic line: host, From, To, time, request, status (V29)", classic_lines),
                        ("the common line, as tools for web servers read it (V29)", common_lines),
                        ("a format of one's own, and no credentials in it (V30)", own_format),
                        ("records of RFC 6873 are found by their pointers (V29)", clf_records),
                        ("the file rotates, and is opened anew when it was moved (V22)", rotation_and_reopening),
                        ("every answered request is a line or a lost one (R5.5)", flood_is_counted),
                        ("where there is none nothing of it is there", off_is_off),
                        ("a bad format is refused with its place (R11.5)", bad_formats)]:
        report.run(name, lambda check=check: check(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Registrations and calls between two SIPp processes through the running server.

Usage: sipp_calls.py BIN_DIR

Each scenario file beside this one plays one side. SIPp's exit code tells whether all its calls went as written, its
statistics whether anything came that the scenario does not know.
"""

import concurrent.futures
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

LEGS = [("u1", "u1"), ("t1", "t1"), ("u1", "t1"), ("t1", "u1")]
NAMES = {"u1": "udp", "t1": "tcp", "tn": "tcp, a connection for each call,"}
USERS = [(f"phone{i}", f"secret-{i}") for i in range(100)]
TIMERS_S = 32  # Timers J, L and M: the longest that a finished transaction is remembered (RFC 3261 17, RFC 6026)

# What must be zero in SIPp's statistics, whatever its exit code.
UNWANTED = ["FailedCall(C)", "FailedUnexpectedMessage(C)", "FailedMaxUDPRetrans(C)", "FailedCallRejected(C)",
            "FailedCmdNotSent(C)", "FailedRegexpDoesntMatch(C)", "OutOfCallMsgs(C)", "DeadCallMsgs(C)",
            "FatalErrors(C)"]

next_user = iter(range(len(USERS)))
user_lock = threading.Lock()


def take_user():
    with user_lock:
        return USERS[next(next_user)]


class Sipp:
    """One SIPp process that plays a scenario."""

    def __init__(self, scenario, transport, remote="", options=()):
        self.scenario = scenario
        self.transport = transport
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix=f"tipring-{scenario}-")
        arguments = ["sipp", *([remote] if remote else []), "-sf", os.path.join(HERE, scenario + ".xml"),
                     "-i", "127.0.0.1", "-p", str(self.port), "-t", transport, "-nostdin",
                     "-max_socket", "1000", "-timeout", "20", "-timeout_error", "-trace_stat", "-stf", f"{self.folder}/stat.csv", "-fd", "1",
                     "-trace_err", "-error_file", f"{self.folder}/errors.log", *options]
        self.screen = open(f"{self.folder}/screen.log", "wb")
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.screen, stderr=self.screen,
                                        cwd=self.folder)

    def wait_until_bound(self):
        table = "/proc/net/udp" if self.transport == "u1" else "/proc/net/tcp"
        wanted = f"0100007F:{self.port:04X}"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open(table, encoding="ascii") as lines:
                if any(line.split()[1] == wanted for line in lines):
                    return
            time.sleep(0.01)
        raise AssertionError(f"{self.scenario} does not listen: {self.read('errors.log')}{self.read('screen.log')}")

    def finish(self, calls):
        """Waits for the end, and checks that all calls went as the scenario says; the statistics."""
        code = self.process.wait(60)
        assert code == 0, f"{self.scenario} ended with {code}: {self.read('errors.log')[:1500]}"
        with open(f"{self.folder}/stat.csv", encoding="ascii") as file:
            statistics = list(csv.DictReader(file, delimiter=";"))[-1]
        assert int(statistics["SuccessfulCall(C)"]) == calls, f"{self.scenario}: {statistics['SuccessfulCall(C)']}"
        for name in UNWANTED:
            assert int(statistics[name]) == 0, f"{self.scenario}: {name} {statistics[name]} {self.read('errors.log')}"
        return statistics

    def read(self, name):
        path = f"{self.folder}/{name}"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        self.screen.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def caller_options(server, caller, callee_name, calls, rate):
    name, password = caller
    return ["-s", callee_name, "-key", "caller", name, "-au", name, "-ap", password, "-m", str(calls), "-r", str(rate),
            # Without it SIPp writes a digest over "sip:HOST:PORT", which is not the Request-URI of a call.
            "-auth_uri", f"{callee_name}@127.0.0.1:{server.port}"]


def run_call(server, uac, uas, legs, calls=1, rate=10):
    """Both sides of `calls` calls; the statistics of both."""
    caller, callee = take_user(), take_user()
    sides = []
    try:
        sides.append(Sipp(uas, legs[1], options=["-m", str(calls)]))
        sides[0].wait_until_bound()
        desk = SipSocket(server.port)
        register(desk, server, *callee, contacts=[f"<sip:x@127.0.0.1:{sides[0].port};transport={NAMES[legs[1]]}>"])
        desk.close()
        sides.append(Sipp(uac, legs[0], f"127.0.0.1:{server.port}",
                          caller_options(server, caller, callee[0], calls, rate)))
        uac_statistics = sides[1].finish(calls)
        return uac_statistics, sides[0].finish(calls)
    finally:
        for side in sides:
            side.close()


def run_alone(server, uac, transport, callee_name, options=()):
    """One side whose peer is the server itself."""
    name, password = take_user()
    side = Sipp(uac, transport, f"127.0.0.1:{server.port}",
                ["-s", callee_name, "-key", "caller", name, "-au", name, "-ap", password, "-m", "1", *options])
    try:
        side.finish(1)
    finally:
        side.close()


def refused_with_404(server, transport, callee_name):
    run_alone(server, "uac-refused-404", transport, callee_name,
              ["-auth_uri", f"{callee_name}@127.0.0.1:{server.port}"])


def repeats_200(server, uac, legs):
    _, uas = run_call(server, uac, "uas-retransmits-200", legs)
    assert int(uas["Retransmissions(C)"]) > 0, "the 200 was never sent again"


def held(server):
    """What is in use of each pool that calls take from, the buffers for receiving among them."""
    lasting = {"users", "user_texts", "bindings", "binding_texts"}
    return {pool["name"]: pool["in_use"] for pool in server.ctl_json("pools")
            if pool["in_use"] and pool["name"] not in lasting}


def warmed_up(server):
    """What the server holds when it has received one datagram and has nothing to do."""
    phone = SipSocket(server.port)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, uri, uri))
    assert phone.receive_final().status == 200, "OPTIONS is not answered"
    phone.close()
    return held(server)


def pools_are_empty(server, idle, since):
    assert server.ctl_json("status")["requests_forwarded"] > 0, "nothing was forwarded: the check would mean nothing"
    assert "server_transactions" not in idle, idle
    deadline = since + TIMERS_S + 8
    while held(server) != idle and time.monotonic() < deadline:
        time.sleep(0.25)
    assert held(server) == idle, f"in use: {held(server)}, before the calls: {idle}"


def many_calls(server):
    for legs in LEGS[:3]:
        yield (f"300 calls at 100 a second over {NAMES[legs[0]]} to {NAMES[legs[1]]} (R5.2)",
               lambda g=legs: run_call(server, "uac-invite-digest", "uas-answer", g, calls=300, rate=100))
    yield ("100 calls over as many connections at once (R13.1, R13.2)",
           lambda: run_call(server, "uac-invite-digest", "uas-answer", ("tn", "u1"), calls=100, rate=100))


def checks_with_digest(server):
    for transport in ("u1", "t1"):
        over = NAMES[transport]
        yield (f"register, refresh and leave over {over} (R1.1, R1.2, R1.3)",
               lambda t=transport: run_alone(server, "uac-register-digest", t, ""))
        yield (f"a caller without session timers over {over} is 421 (R8.1, R8.2, R12.1, R12.4, R19.1, R19.4)",
               lambda t=transport: run_alone(server, "uac-421-no-timer", t, "nobody"))
        yield (f"an interval below Min-SE over {over} is 422 (R12.2, R19.2)",
               lambda t=transport: run_alone(server, "uac-422-min-se", t, "nobody"))
        yield (f"a call to an unknown user over {over} is 404 (R2.3)",
               lambda t=transport: refused_with_404(server, t, "nobody"))
        yield (f"a call to a user without a phone over {over} is 404 (R2.3, C2)",
               lambda t=transport: refused_with_404(server, t, take_user()[0]))
    for legs in LEGS:
        over = f"{NAMES[legs[0]]} to {NAMES[legs[1]]}"
        yield (f"a call over {over}, the caller hangs up (R2.2, R2.5, R3.2)",
               lambda g=legs: run_call(server, "uac-invite-digest", "uas-answer", g))
        yield (f"a call over {over}, the callee hangs up (R3.2)",
               lambda g=legs: run_call(server, "uac-invite-callee-hangs-up", "uas-answer-hang-up", g))
        yield (f"a call over {over} is cancelled while it rings (R3.4)",
               lambda g=legs: run_call(server, "uac-cancel", "uas-ring-cancelled", g))


def checks_without_digest(server):
    for transport in ("u1", "t1"):
        yield (f"OPTIONS to the server over {NAMES[transport]} (R4.1)",
               lambda t=transport: run_alone(server, "uac-options", t, ""))
    pairs = [("the callee is busy (R4.2)", "uac-refused-486", "uas-busy-486"),
             ("OPTIONS is answered by the phone (R4.1)", "uac-options-to-user", "uas-options"),
             ("183 with SDP, 199 and 180 reach the caller (R2.4)", "uac-early-media", "uas-183-sdp-then-199"),
             ("answers above 1300 bytes keep the transport (R7.4, C5)", "uac-big-reply", "uas-big-reply"),
             ("a caller of RFC 2543 (R5.4)", "uac-rfc2543", "uas-answer"),
             ("a caller of RFC 2543 is refused (R5.4)", "uac-rfc2543-refused", "uas-busy-486")]
    for legs in LEGS:
        for what, uac, uas in pairs:
            yield (f"{NAMES[legs[0]]} to {NAMES[legs[1]]}: {what}",
                   lambda a=uac, s=uas, g=legs: run_call(server, a, s, g))
    yield ("udp to udp: the 200 is sent until the ACK comes (R2.5)",
           lambda: repeats_200(server, "uac-late-ack", ("u1", "u1")))
    yield ("tcp to udp: the ACK is lost once (R4.2)", lambda: repeats_200(server, "uac-lost-ack", ("t1", "u1")))


def run_side_by_side(report, checks):
    """Most of each check is waiting for processes to start and end."""
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        for name, check in [(name, workers.submit(check)) for name, check in checks]:
            report.run(name, check.result)


def main():
    bin_dir = sys.argv[1]
    report = Report()
    # A machine that stands still for a moment has all calls of the moment begin together.
    loaded = ["capacity.transactions=4096", "capacity.calls=1000"]
    with TipringServer(bin_dir, users=USERS, settings=loaded) as busy, \
            TipringServer(bin_dir, users=USERS, settings=['auth.invite="off"']) as quiet:
        idle = [warmed_up(server) for server in (busy, quiet)]
        run_side_by_side(report, many_calls(busy))
        run_side_by_side(report, checks_with_digest(busy))
        finished = time.monotonic()
        run_side_by_side(report, checks_without_digest(quiet))
        report.run("every pool is empty when the timers have run out (R3.3)",
                   lambda: pools_are_empty(busy, idle[0], finished))
        report.run("the same without digest (R3.3)", lambda: pools_are_empty(quiet, idle[1], time.monotonic()))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

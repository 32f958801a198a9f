#!/usr/bin/env python3
"""What the log tells of refusals: one line for each, whatever it holds, and no flood of them.

Usage: log.py BIN_DIR
"""

import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import register  # noqa: E402
from sip_socket import SipSocket, random_token  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]
FLOOD = 4000  # packets of each kind
AT_ONCE, A_SECOND = 20, 2  # lines of one kind: core/log_bursts.h


def lines_of(server, *words):
    return [line for line in server.read_log().split("\n") if all(word in line for word in words)]


def line_of(server, call_id, level="INFO"):
    """The one line of a refusal."""
    wait_until(lambda: lines_of(server, call_id), 5, lambda: f"no line with {call_id}")
    time.sleep(0.1)
    lines = lines_of(server, call_id)
    assert len(lines) == 1, lines
    assert re.match(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {level} refused ", lines[0]), lines[0]
    return lines[0]


def refused(server, transport, request_line_uri, status, call_id, headers=(), from_uri="sip:alice@127.0.0.1",
            method="OPTIONS", change=lambda text: text):
    phone = SipSocket(server.port, transport)
    text = phone.request(method, request_line_uri, from_uri, request_line_uri, call_id, 1, headers)
    phone.send(change(text))
    answer = phone.receive_final()
    assert answer is not None and answer.status == status, answer and answer.start_line
    phone.close()
    return phone


def a_refusal_has_one_line(server, transport):
    call_id = random_token()
    uri = f"sip:bob@127.0.0.1:{server.port}"
    phone = refused(server, transport, uri, 400, call_id, ["Contact: <sip:a@b>junk"])
    line = line_of(server, call_id)
    for field in ("status=400", "method=OPTIONS", f"source=127.0.0.1:{phone.port}", f"transport={transport}",
                  "from=alice", "to=bob", f"call_id={call_id}"):
        assert f" {field}" in line, f"no {field} in {line}"
    assert re.search(r' reason="[^"]*Contact[^"]*"', line), line


def a_refused_registration_has_one_line(server, _):
    """Beyond the places of a user: decided with a transaction open."""
    phone = SipSocket(server.port)
    call_id = random_token()
    register(phone, server, *USERS[0], contacts=["<sip:a@127.0.0.1:9>", "<sip:b@127.0.0.1:9>"], call_id=call_id,
             expect=403)
    line = line_of(server, call_id)
    assert "status=403 method=REGISTER" in line and "max_bindings_per_aor" in line, line
    phone.close()


def challenges_have_none(server, transport):
    call_id = random_token()
    refused(server, transport, f"sip:127.0.0.1:{server.port}", 401, call_id, method="REGISTER")
    time.sleep(0.2)
    assert not lines_of(server, call_id), lines_of(server, call_id)


def hostile_values_stay_in_one_line(server, transport):
    """Folds, ESC, quotes and UTF-8 in From and Call-ID."""
    mark = random_token()
    before = len(server.read_log().split("\n"))
    evil = f"{mark}\r\n 2026-01-01T00:00:00.000Z ERROR forged=\"1\" \x1b[2J \x9b"

    def change(text):
        text = re.sub(r"Call-ID: [^\r]*", lambda _: f"Call-ID: {evil}", text)
        return re.sub(r"From: [^\r]*", 'From: "B\u00f6rje \\\\" \x1b[31m" <sip:b\u00f6%22rje@h>;tag=1', text)

    refused(server, transport, f"sip:bob@127.0.0.1:{server.port}", 400, mark, change=change)
    wait_until(lambda: lines_of(server, mark), 5, lambda: "no line")
    time.sleep(0.1)
    text = server.read_log()
    assert len(text.split("\n")) == before + 1, text.split("\n")[before - 1:]
    line = lines_of(server, mark)[0]
    assert " INFO refused status=400" in line and not re.search("[\x00-\x1f\x7f-\x9f]", line), repr(line)
    assert '\\"1\\"' in line and "\\x1b[2J" in line, line


def a_long_value_is_cut(server, transport):
    call_id = random_token()
    refused(server, transport, f"sip:bob@127.0.0.1:{server.port}", 400, call_id, ["Contact: <sip:a@b>junk"],
            from_uri="sip:" + "u" * 300 + "@127.0.0.1")
    assert f"from={'u' * 64}\u2026 to=bob" in line_of(server, call_id)


def level_changes_at_run_time(server, config):
    with open(config, "w", encoding="utf-8") as file:
        file.write("[log]\nlevel = \"debug\"\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: lines_of(server, " reloaded "), 5, lambda: "no reload")
    call_id = random_token()
    refused(server, "udp", f"sip:127.0.0.1:{server.port}", 401, call_id, method="REGISTER")
    line_of(server, call_id, "DEBUG")
    SipSocket(server.port).send(b"\x00nothing of SIP\x1b")
    wait_until(lambda: lines_of(server, " DEBUG dropped "), 5, lambda: "no line of what was dropped")
    assert r'begins="\x00nothing of SIP\x1b"' in lines_of(server, " DEBUG dropped ")[0]


def flood_texts(server, phone):
    """For each kind a maker of packets and the status that its answer has."""
    uri = f"sip:127.0.0.1:{server.port}"
    user = f"sip:bob@127.0.0.1:{server.port}"
    wrong = 'Authorization: Digest username="alice", realm="x", nonce="y", uri="z", response="' + "0" * 32 + '"'
    return [
        lambda: phone.request("OPTIONS", uri, "sip:x@h", uri, headers=["Contact: <sip:a@b>junk"]),
        lambda: phone.request("FOO", uri, "sip:x@h", uri),
        lambda: phone.request("OPTIONS", user, "sip:x@h", user, headers=["Proxy-Require: nothing-known"]),
        lambda: phone.request("REGISTER", uri, "sip:alice@127.0.0.1", "sip:alice@127.0.0.1", headers=[wrong]),
        lambda: b"\x01 no SIP at all",
    ]


def a_flood_is_bounded(server):
    phone = SipSocket(server.port)
    phone.socket.settimeout(0.5)
    began = time.monotonic()
    before = len(server.read_log().split("\n"))
    status_before = server.ctl_json("status")
    refusals = 0
    for make in flood_texts(server, phone):
        for i in range(FLOOD):
            phone.send(make())
            if i % 50 == 49:
                while (answer := phone.receive(0.02)) is not None:
                    refusals += 400 <= answer.status != 401
    wait_until(lambda: len(lines_of(server, "log_suppressed")) >= 3, 8, lambda: "the log does not tell of the rest")
    seconds = time.monotonic() - began
    lines = len(server.read_log().split("\n")) - before
    kinds = 3  # 401 and what is no SIP have lines at debug only
    bound = kinds * (AT_ONCE + A_SECOND * seconds) + seconds  # and the summaries
    assert kinds * AT_ONCE <= lines <= bound, f"{lines} lines in {seconds} s, {bound} allowed"
    status = server.ctl_json("status")
    suppressed = status["log_lines_suppressed"] - status_before["log_lines_suppressed"]
    refused_lines = len(lines_of(server, " refused status="))
    assert suppressed > FLOOD, suppressed
    assert status["log_lines_dropped"] == 0, status
    told = sum(int(re.search(r"suppressed=(\d+)", line).group(1)) for line in lines_of(server, "log_suppressed"))
    assert told <= status["log_lines_suppressed"], f"{told} told, {status['log_lines_suppressed']} counted"
    assert refused_lines + suppressed >= refusals, f"{refused_lines} lines, {suppressed} suppressed, {refusals} refusals"
    phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    checks = [("a refusal has one line with all its fields (R6.2)", a_refusal_has_one_line),
              ("a refused registration has one line", a_refused_registration_has_one_line),
              ("a first challenge has none", challenges_have_none),
              ("hostile values stay in one line (G3)", hostile_values_stay_in_one_line),
              ("a long value is cut", a_long_value_is_cut)]
    with TipringServer(bin_dir, users=USERS, settings=["registrar.max_bindings_per_aor=1"]) as server:
        for name, check in checks:
            for transport in ("udp", "tcp"):
                report.run(f"{name}, {transport}", lambda: check(server, transport))
    with TipringServer(bin_dir, users=USERS) as server:
        report.run("a flood is bounded and counted (R6.1)", lambda: a_flood_is_bounded(server))
    config = os.path.join(os.path.dirname(server.data), f"tipring-log-{random_token()}.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[log]\nlevel = \"info\"\n")
    with TipringServer(bin_dir, users=USERS, config=config) as server:
        report.run("SIGHUP changes the level (R6.1)", lambda: level_changes_at_run_time(server, config))
    os.remove(config)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What /metrics counts is what SIPp counts, to the last call, in a form that Prometheus reads.

Usage: metrics.py BIN_DIR
"""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from metrics_text import check_with_promtool, get, read_metrics  # noqa: E402
from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from sipp_calls import Sipp, caller_options  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

CALLS = 40
RATE = 40
CALLER = ("100", "secret")
CALLEE = ("200", "secret-2")
DASHBOARD = os.path.join(HERE, "..", "..", "config", "grafana-dashboard.json")


class Change:
    """How far samples have risen since it was made."""

    def __init__(self, server):
        self.server = server
        self.before = read_metrics(server)

    def __call__(self, sample, **labels):
        return read_metrics(self.server).total(sample, **labels) - self.before.total(sample, **labels)

    def expect(self, count, sample, **labels):
        wait_until(lambda: self(sample, **labels) == count, 5,
                   lambda: f"{sample}{labels}: {self(sample, **labels)}, and SIPp has counted {count}")


def play(server, uac, uas):
    """`CALLS` calls of which each side plays its scenario; SIPp's count on both sides."""
    sides = []
    try:
        sides.append(Sipp(uas, "u1", options=["-m", str(CALLS)]))
        sides[0].wait_until_bound()
        desk = SipSocket(server.port)
        register(desk, server, *CALLEE, contacts=["*"], headers=["Expires: 0"])
        register(desk, server, *CALLEE, contacts=[f"<sip:x@127.0.0.1:{sides[0].port}>"])
        desk.close()
        change = Change(server)
        sides.append(Sipp(uac, "u1", f"127.0.0.1:{server.port}",
                          caller_options(server, CALLER, CALLEE[0], CALLS, RATE)))
        counts = [int(side.finish(CALLS)["SuccessfulCall(C)"]) for side in (sides[1], sides[0])]
        assert counts == [CALLS, CALLS], counts
        return change
    finally:
        for side in sides:
            side.close()


def answered(server):
    change = play(server, "uac-invite-digest", "uas-answer")
    change.expect(CALLS, "tipring_calls_total", outcome="answered")
    change.expect(CALLS, "tipring_requests_answered_total", method="INVITE", code="200")
    change.expect(CALLS, "tipring_requests_answered_total", method="INVITE", code="407")
    change.expect(CALLS, "tipring_requests_answered_total", method="BYE", code="200")
    change.expect(2 * CALLS, "tipring_requests_received_total", method="INVITE")
    change.expect(2 * CALLS, "tipring_requests_received_total", method="ACK")
    change.expect(CALLS, "tipring_call_duration_seconds_count")
    change.expect(2 * CALLS, "tipring_request_duration_seconds_count", method="INVITE")
    assert change("tipring_calls_total") == CALLS, "calls have another outcome besides"
    assert read_metrics(server).total("tipring_calls_active") == 0, "calls are left"


def busy(server):
    change = play(server, "uac-busy-digest", "uas-busy-486")
    change.expect(CALLS, "tipring_calls_total", outcome="busy")
    change.expect(CALLS, "tipring_requests_answered_total", method="INVITE", code="486")
    change.expect(CALLS, "tipring_responses_received_total", code="486")
    assert change("tipring_calls_total") == CALLS, "calls have another outcome besides"


def cancelled(server):
    change = play(server, "uac-cancel", "uas-ring-cancelled")
    change.expect(CALLS, "tipring_calls_total", outcome="cancelled")
    change.expect(CALLS, "tipring_requests_answered_total", method="INVITE", code="487")
    change.expect(CALLS, "tipring_requests_answered_total", method="CANCEL", code="200")
    assert change("tipring_calls_total") == CALLS, "calls have another outcome besides"


def registered(server):
    change = Change(server)
    side = Sipp("uac-register-digest", "u1", f"127.0.0.1:{server.port}",
                ["-s", "", "-key", "caller", CALLER[0], "-au", CALLER[0], "-ap", CALLER[1], "-m", str(CALLS), "-l", "1",
                 "-r", str(RATE)])
    try:
        side.finish(CALLS)
    finally:
        side.close()
    # The scenario registers and leaves, and is challenged for both.
    change.expect(CALLS, "tipring_binding_changes_total", change="added")
    change.expect(CALLS, "tipring_binding_changes_total", change="removed")
    change.expect(2 * CALLS, "tipring_register_results_total", result="accepted")
    change.expect(2 * CALLS, "tipring_register_results_total", result="challenged")
    assert change("tipring_storage_commit_duration_seconds_count") > 0, "nothing was written"


def on_line(server):
    phone = SipSocket(server.port)
    change = Change(server)
    before = server.ctl_json("status")
    for contact in ("<sip:a@127.0.0.1:7001>", "<sip:b@127.0.0.1:7002>"):
        register(phone, server, *CALLER, contacts=[contact], call_id="c" + contact, cseq=1)
    assert (change("tipring_users_on_line"), change("tipring_bindings")) == (1, 2), "two phones of one user"
    status = server.ctl_json("status")
    assert [status[name] - before[name] for name in ("users_on_line", "registrations")] == [1, 2], (before, status)
    register(phone, server, *CALLER, contacts=[contact], call_id="c" + contact, cseq=3)
    assert change("tipring_binding_changes_total", change="refreshed") == 1
    register(phone, server, *CALLER, contacts=["*"], headers=["Expires: 0"])
    assert (change("tipring_users_on_line"), change("tipring_bindings")) == (0, 0), "the user has gone"
    phone.close()


def wrong_password(server):
    phone = SipSocket(server.port)
    change = Change(server)
    register(phone, server, CALLER[0], "not it", expect=401)
    phone.close()
    assert change("tipring_authentication_failures_total") == 1


def odd_names(server):
    """Methods of strangers have one name, whatever they are, and answers keep to their class."""
    phone = SipSocket(server.port)
    uri = f"sip:127.0.0.1:{server.port}"
    change = Change(server)
    for method in ('FOO', "X%22{}", "LONG" * 20):
        phone.send(phone.request(method, uri, "sip:x@example.net", uri))
        assert phone.receive_final().status >= 400
    phone.close()
    assert change("tipring_requests_received_total", method="other") == 3
    assert change("tipring_requests_answered_total", method="other") == 3
    methods = {dict(labels)["method"] for name, labels in read_metrics(server).samples
               if name == "tipring_requests_received_total"}
    assert len(methods) == 15, methods


def pools_agree(server):
    metrics = read_metrics(server)
    pools = server.ctl_json("pools")
    assert len(pools) > 20, pools
    for pool in pools:
        labels = {"pool": pool["name"], "slot_bytes": str(pool["item_bytes"])}
        for field in ("capacity", "high_water"):
            assert metrics.value(f"tipring_pool_{field}", **labels) == pool[field], pool


def process_is_true(server):
    metrics = read_metrics(server)
    pid = server.process.pid
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        resident = int(re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.M).group(1)) * 1024
    assert abs(metrics.value("process_resident_memory_bytes") - resident) < 1 << 20, resident
    # The connection over which we ask is one more.
    assert abs(metrics.value("process_open_fds") - len(os.listdir(f"/proc/{pid}/fd"))) <= 2
    started = metrics.value("process_start_time_seconds")
    assert abs(started - os.stat(f"/proc/{pid}").st_mtime) < 5, started
    assert metrics.value("process_cpu_seconds_total") > 0


def promtool_agrees(server):
    text = get(f"{server.data}/tipring.sock")[2]
    assert len(text) < 256 << 10, f"{len(text)} bytes"
    if not check_with_promtool(text):
        print("     (promtool is not here; the test's own reader is as strict)")


def is_read_only(server):
    status, _, _ = get(f"{server.data}/tipring.sock", "/metrics?x=1")
    assert status == 200
    status, _, _ = get(f"{server.data}/tipring.sock", "/metrics/")
    assert status == 404


def expressions(node):
    """Every query of a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def dashboard_is_whole(server):
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    labels = {}  # of each sample's name: its labels, and their values
    for name, pairs in read_metrics(server).samples:
        for label, value in pairs:
            labels.setdefault(name, {}).setdefault(label, set()).add(value)
        labels.setdefault(name, {})
    queries = list(expressions(dashboard["panels"]))
    assert len(queries) >= 20, len(queries)
    for query in queries:
        asked = re.findall(r"\b((?:tipring|process)_\w+)\{([^}]*)\}", query)
        assert asked, f"asks for nothing of the server: {query}"
        for name, selector in asked:
            assert name in labels, f"{name} of the dashboard is not there: {query}"
            for label, value in re.findall(r'(\w+)="([^"]*)"', selector):
                assert value in labels[name].get(label, ()), f"{name} has no {label} {value}: {query}"
        for label in re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query))):
            assert label in labels[asked[0][0]], f"{asked[0][0]} has no {label}: {query}"
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(places) == len(set(places)), "two panels in one place"


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=[CALLER, CALLEE], settings=["security.safe_sources=[]"]) as server:
        report.run("answered calls are those of SIPp", lambda: answered(server))
        report.run("busy calls are those of SIPp", lambda: busy(server))
        report.run("cancelled calls are those of SIPp", lambda: cancelled(server))
        report.run("registrations are those of SIPp (R6.4)", lambda: registered(server))
        report.run("users on line and their phones", lambda: on_line(server))
        report.run("wrong passwords", lambda: wrong_password(server))
        report.run("what strangers invent makes no new names (R5.5)", lambda: odd_names(server))
        report.run("the pools are those of tipringctl", lambda: pools_agree(server))
        report.run("the process is told as the system knows it", lambda: process_is_true(server))
        report.run("Prometheus' own tool finds no fault", lambda: promtool_agrees(server))
        report.run("nothing but the one path", lambda: is_read_only(server))
        report.run("the dashboard asks for nothing that is not there", lambda: dashboard_is_whole(server))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

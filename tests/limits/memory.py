#!/usr/bin/env python3
"""The memory table of the design holds: the plan, and the whole process idle and after load, by profile.

Usage: memory.py BIN_DIR CONFIG_DIR

The load fills what the profile promises: every user with two phones, all calls at once, all TCP connections, and messages
of 60 KiB. PSS is read while it stands and after it.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from phones import Call, Phone, SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

MIB = 1 << 20
# MiB: the plan, and the whole process (PSS), idle and with every place taken. How much of the program's file counts is up to
# the kernel, which maps what it has of it around each page that is called for: 5 to 6 MiB of the tiny one, idle.
LIMITS = {"tiny": (3, 6.25, 6.5), "default": (10, 14, 14.5)}
# Bytes of the plan. One of b2bua_calls: two and a half legs of our own, and the call that they make.
SHARES = {"bindings": 450, "calls": 4096, "b2bua_calls": 7424}
RELAYED_CALL = 4608  # with its part of a second stream
CALLS = {"tiny": 8, "default": 64}
FILES = {"tiny": "tiny.toml", "default": "tipring.toml", "full": "full.toml"}
# The loop's memory is there from the start. What may come after are pages of stacks, and the C library's arenas of the
# other threads.
GROWTH_MAX = MIB


class Plan:
    """What `tipringd --plan` prints."""

    def __init__(self, bin_dir, arguments):
        self.text = subprocess.run([os.path.join(bin_dir, "tipringd"), "--plan", *arguments], capture_output=True,
                                   text=True, check=True).stdout
        lines = self.text.splitlines()
        rows = [line.rsplit(maxsplit=3) for line in lines[1:-1]]
        self.capacity = {name: int(capacity) for name, capacity, _, _ in rows}
        self.bytes = sum(int(row[3]) for row in rows)
        self.total = lines[-1]

    def __getitem__(self, name):
        return self.capacity[name]


def memory_of(pid):
    """PSS, anonymous and resident memory in bytes.

    The libraries' share of the first depends on who else uses them; of the last it is all of them.
    """
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        fields = dict(re.findall(r"^(\w+): +(\d+) kB$", rollup.read(), re.MULTILINE))
    return tuple(int(fields[name]) * 1024 for name in ("Pss", "Pss_Anon", "Rss"))


def expect_most(what, value, most):
    assert value <= most, f"{what}: {value / MIB:.2f} MiB, and {most / MIB:.0f} is the limit"


def full_registrations(server, plan):
    """Two phones for each user, which is all that there is room for."""
    phones = []
    for user, password in server.users:
        for _ in range(2):
            phone = Phone(server, user, password, "udp")
            phone.register()
            phones.append(phone)
    in_use = {pool["name"]: pool["in_use"] for pool in server.ctl_json("pools")}
    assert in_use["bindings"] == 2 * plan["users"], in_use
    return phones


def full_connections(server, count):
    """One OPTIONS on each; the connections stay."""
    sockets = [SipSocket(server.port, "tcp") for _ in range(count)]
    uri = f"sip:127.0.0.1:{server.port}"
    for phone in sockets:
        phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
    for phone in sockets:
        answer = phone.receive_final()
        assert answer is not None and answer.status == 200, answer
    return sockets


def large_messages(server):
    uri = f"sip:127.0.0.1:{server.port}"
    for transport in ("udp", "tcp"):
        phone = SipSocket(server.port, transport)
        for _ in range(20):
            phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri, body="x" * 60000))
            answer = phone.receive_final()
            assert answer is not None and answer.status == 200, answer
        phone.close()


def all_calls(phones, count):
    """As many calls as the profile has, at once."""
    calls = []
    for i in range(count):
        caller, callee = phones[4 * i], phones[4 * i + 3]  # a user's newest phone is the one that is called
        calls.append((Call(caller, callee.aor).invite().ring(callee), callee))
    for call, callee in calls:
        call.answer(callee)
    return calls


def check_process(server, plan, calls_max, pss_most, full_most, figures):
    """Idle, full, and emptied again."""
    pid = server.process.pid
    idle, idle_anonymous, _ = memory_of(pid)
    phones = full_registrations(server, plan)
    sockets = full_connections(server, plan["tcp_connections"] - 1)
    large_messages(server)
    calls = all_calls(phones, calls_max)
    full, full_anonymous, resident = memory_of(pid)
    for call, callee in calls:
        call.hang_up(callee)
    for phone in phones + sockets:
        phone.close()
    after, _, _ = memory_of(pid)
    figures.append(f"PSS {idle / MIB:.1f} MiB idle, {full / MIB:.1f} MiB full, {after / MIB:.1f} MiB after; "
                   f"{full_anonymous / MIB:.1f} MiB anonymous, {resident / MIB:.1f} MiB resident")
    expect_most("PSS idle", idle, pss_most)
    expect_most("PSS while full", full, full_most)
    expect_most("PSS after load", after, full_most)
    expect_most("growth of anonymous memory", full_anonymous - idle_anonymous, GROWTH_MAX)


def check_profile(bin_dir, config_dir, name):
    plan_most, pss_most, full_most = (MIB * limit for limit in LIMITS[name])
    config = os.path.join(config_dir, FILES[name])
    plan = Plan(bin_dir, ["--config", config])
    expect_most("plan", plan.bytes, plan_most)
    users = [(f"u{i}", f"p{i}") for i in range(plan["users"])]
    with TipringServer(bin_dir, users=users, config=config, settings=["store.commit_window=1"]) as server:
        figures = []
        try:
            check_process(server, plan, CALLS[name], pss_most, full_most, figures)
        finally:
            print(f"{name}: {plan.total}; {', '.join(figures)}", flush=True)


def check_shares(bin_dir):
    """What one more of each takes, read from the plan at two capacities."""
    base = Plan(bin_dir, []).bytes
    for key, more in (("users", 1000), ("bindings", 2000), ("calls", 64), ("b2bua_calls", 64), ("transactions", 512),
                      ("tcp_connections", 256)):
        doubled = Plan(bin_dir, ["--set", f"capacity.{key}={2 * more}"]).bytes
        each = (doubled - base) / more
        print(f"one more of capacity.{key}: {each:.0f} bytes", flush=True)
        assert each <= SHARES.get(key, each), f"capacity.{key}: {each:.0f} bytes each, {SHARES[key]} is the limit"
    ports = ["--set", "media.ports=30000-31023"]
    each = (Plan(bin_dir, ["--set", "capacity.relayed_calls=128", *ports]).bytes - base) / 64
    print(f"one more of capacity.relayed_calls: {each:.0f} bytes", flush=True)
    assert each <= RELAYED_CALL, f"capacity.relayed_calls: {each:.0f} bytes each, {RELAYED_CALL} is the limit"


def main():
    bin_dir, config_dir = sys.argv[1:3]
    report = Report()
    for name in LIMITS:
        report.run(f"the {name} profile stays within its memory", lambda: check_profile(bin_dir, config_dir, name))
    print(f"full: {Plan(bin_dir, ['--config', os.path.join(config_dir, FILES['full'])]).total}")
    report.run("one more of each takes no more than it may", lambda: check_shares(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

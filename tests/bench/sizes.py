"""Sizes rather than times: what Tipring and Kamailio take for a registration, a call, and for being there; and the parser.

Each function yields rows: name, title, both figures, target and whether it is met.
"""

import os
import re
import subprocess
import time

import harness
from harness import BenchError, Kamailio, Load, Tipring

TRANSACTION_SECONDS = 7  # after which Kamailio has given back what a transaction took


def plan_bytes(bin_dir, *settings):
    arguments = [word for setting in settings for word in ("--set", setting)]
    text = subprocess.run([os.path.join(bin_dir, "tipringd"), "--plan", *arguments], capture_output=True, text=True,
                          check=True).stdout
    return sum(int(line.rsplit(maxsplit=1)[1]) for line in text.splitlines()[1:-1])


def share_of_plan(bin_dir, key, less, more):
    """Bytes of the plan for one more, from two capacities."""
    return (plan_bytes(bin_dir, f"{key}={more}") - plan_bytes(bin_dir, f"{key}={less}")) / (more - less)


def size_row(name, title, tipring, limit, unit, kamailio=None):
    return {"row": name, "title": title, "tipring": tipring, "kamailio": kamailio, "target": f"<= {limit} {unit}",
            "unit": unit, "verdict": "met" if tipring <= limit else "not met"}


def kamailio_registration_bytes(session, count):
    """Growth of Kamailio's shared memory for each registration."""
    with Kamailio(session.cores, control=True) as server:
        with Load(session.options.bin, session.cores, server, "register", "--count", count, "--users", count) as load:
            before = server.shared_memory_used()
            report = load.run()
        if report["done"] != count:
            raise BenchError(f"kamailio: {harness.lost(report)}")
        time.sleep(TRANSACTION_SECONDS)
        return (server.shared_memory_used() - before) / count


def kamailio_call_bytes(session, count):
    """Growth of Kamailio's shared memory for each call that stands, with its dialog module and without transactions."""
    with Kamailio(session.cores, dialogs=True, control=True) as server:
        words = ["call", "--count", count, "--rate", 500, "--users", 100, "--hold-ms", 600000]
        with Load(session.options.bin, session.cores, server, *words) as load:
            before = server.shared_memory_used()
            load.begin()
            time.sleep(count / 500 + TRANSACTION_SECONDS)
            grown = server.shared_memory_used() - before
            load.process.kill()  # the calls would stand for ten minutes
        return grown / count


def memory_rows(session):
    bin_dir = session.options.bin
    registration = call = None
    if "kamailio" in session.options.servers and not session.options.smoke:
        registration = kamailio_registration_bytes(session, max(100, int(10000 * session.options.scale)))
        call = kamailio_call_bytes(session, max(100, int(2000 * session.options.scale)))
    yield size_row("memory-registration", "memory per registration, plan",
                   share_of_plan(bin_dir, "capacity.bindings", 2000, 20000), 450, "bytes", registration)
    yield size_row("memory-call", "memory per call, plan",
                   share_of_plan(bin_dir, "capacity.calls", 64, 6400), 4096, "bytes", call)


def idle_rows(session):
    os.sync()  # pages of a program just written count as its own otherwise
    kamailio = None
    if "kamailio" in session.options.servers:
        with Kamailio(session.cores) as server:
            time.sleep(1)
            kamailio = server.pss_bytes() / 2**20
    for profile, file, limit in (("tiny", "tiny.toml", 6), ("default", "tipring.toml", 14)):
        config = os.path.join(harness.ROOT, "config", file)
        with Tipring(session.options.bin, session.cores, config=config) as server:
            time.sleep(1)
            yield size_row(f"idle-{profile}", f"idle, {profile} profile, PSS", server.pss_bytes() / 2**20, limit, "MiB",
                           kamailio)


def parser_figures(bin_dir, rounds, cores):
    """The columns of bench_parser's line for INVITE, as numbers."""
    text = subprocess.run([os.path.join(bin_dir, "bench_parser"), str(rounds)], capture_output=True, text=True,
                          check=True, preexec_fn=cores.on_server_core).stdout
    heads, *lines = text.splitlines()
    columns = [head.strip() for head in re.split(r"\s{2,}", heads.strip())]
    invite = next(line.split() for line in lines if line.startswith("INVITE"))
    return dict(zip(columns[1:], map(float, invite[1:])))


def parser_rows(session):
    invite = parser_figures(session.options.bin, max(1000, int(200000 * session.options.scale)), session.cores)
    yield size_row("parser", f"INVITE of {invite['bytes']:.0f} bytes, parsed and checked",
                   invite["parse+check ns"] / 1000, 0.4, "us")

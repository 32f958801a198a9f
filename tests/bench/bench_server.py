#!/usr/bin/env python3
"""What the running server costs: CPU microseconds per OPTIONS, registration and call, over UDP and TCP.

    tests/bench/bench_server.py build/release/bin
    tests/bench/bench_server.py build/release/bin --rate 500 --only call-udp
    tests/bench/bench_server.py build/release/bin --json

The operations: `options` (answered by the server itself), `refresh` (REGISTER, 401, REGISTER, 200), `register` (the same
with a new contact, on disk before it is answered), `call` (INVITE, 407, ACK, INVITE, 100, 180, 200, ACK, BYE, 200 on the
caller's leg, and the callee's leg). The server's loop has a core of its own, the load has the others; the operations run
in turn, so that what else the machine does meets all of them alike. A figure is the median of the rounds, with the least
and the greatest beside it.

`loop` is the thread that does all of SIP, `others` are disk, log and administration. `busy` is the share of the time that
the loop was at work. The busier, the more messages it takes with one system call: with --rate the figures are those of a
server that wakes up for every message.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from tipring_server import TipringServer  # noqa: E402

OPERATIONS = ("options", "refresh", "register", "call")
# How many of one cost about as much as others of another.
COUNTS = {"options": 20000, "refresh": 8000, "register": 4000, "call": 2000}
# More than an office needs: calls hold their transactions for 32 seconds (Timer L), and the registrations that may wait
# for the disk at one time go by the number of users.
SETTINGS = ["capacity.users=4096", "capacity.bindings=8192", "capacity.calls=4096", "capacity.transactions=65536",
            "capacity.tcp_connections=2048", "auth.nonce_lifetime=600"]


class Cpu:
    """Nanoseconds of CPU that a process has used: its loop's thread, and all others."""

    def __init__(self, pid):
        self.loop = self.others = 0
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as figures:
                used = int(figures.read().split()[0])
            if int(thread) == pid:
                self.loop = used
            else:
                self.others += used


def give_cores(server_pid):
    """The loop's thread has the first core; the server's other threads and the load have the rest. What the load has."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return set(cores)
    for thread in os.listdir(f"/proc/{server_pid}/task"):
        os.sched_setaffinity(int(thread), {cores[0]} if int(thread) == server_pid else set(cores[1:]))
    return set(cores[1:])


class Bench:
    def __init__(self, server, options):
        self.server, self.options = server, options
        self.pid = server.process.pid
        self.cores = give_cores(self.pid)

    def run(self, operation, transport):
        """One round; figures in microseconds for each operation."""
        loads = min(len(self.cores), 3)
        phones = self.options.phones // loads
        count = max(int(COUNTS[operation] * self.options.scale), self.options.phones) // loads
        each = [str(phones), str(count), str(self.options.rate / loads)]
        started = [self.start(operation, transport, str(2 * phones * i), *each) for i in range(loads)]
        for load in started:
            if load.stdout.readline() != "ready\n":
                raise RuntimeError(f"{operation} over {transport}: the load did not get ready")
        before = Cpu(self.pid)
        for load in started:
            load.stdin.write("\n")
            load.stdin.flush()
        elapsed_us = max(self.finish(load, count) for load in started)
        after = Cpu(self.pid)
        count *= loads
        loop, others = after.loop - before.loop, after.others - before.others
        return {"loop": loop / count / 1000, "others": others / count / 1000, "busy": loop / 10 / elapsed_us,
                "rate": count * 1e6 / elapsed_us}

    def start(self, operation, transport, *numbers):
        command = [os.path.join(self.server.bin_dir, "bench_load"), operation, transport, str(self.server.port),
                   *numbers]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                preexec_fn=lambda: os.sched_setaffinity(0, self.cores))

    @staticmethod
    def finish(load, count):
        """Microseconds that it took."""
        words = load.communicate(timeout=600)[0].split()
        if load.returncode != 0 or words[:4] != ["done", str(count), "failed", "0"]:
            raise RuntimeError(f"{' '.join(load.args[1:])}: {' '.join(words) or 'it broke off'}")
        return float(words[5])


def summary(name, rounds):
    loop = [figures["loop"] for figures in rounds]

    def median(key):
        return round(statistics.median(figures[key] for figures in rounds), 2)

    operation, transport = name
    return {"operation": operation, "transport": transport, "loop_us": median("loop"),
            "loop_us_min": round(min(loop), 2), "loop_us_max": round(max(loop), 2), "others_us": median("others"),
            "busy_percent": round(median("busy")), "per_second": round(median("rate")), "rounds": len(rounds)}


def print_table(rows):
    print(f"{'operation':<10} {'over':<5} {'loop µs':>9} {'least':>9} {'greatest':>9} {'others µs':>10} {'busy':>6}"
          f" {'per second':>11}")
    for row in rows:
        print(f"{row['operation']:<10} {row['transport']:<5} {row['loop_us']:>9.1f} {row['loop_us_min']:>9.1f}"
              f" {row['loop_us_max']:>9.1f} {row['others_us']:>10.1f} {row['busy_percent']:>5}%"
              f" {row['per_second']:>11}")
    for row in rows:
        print("bench " + " ".join(f"{key}={value}" for key, value in row.items()))


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", help="where tipringd and bench_load are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--phones", type=int, default=64, help="operations at a time")
    parser.add_argument("--rate", type=float, default=0, help="operations per second; 0: one after the other")
    parser.add_argument("--scale", type=float, default=1, help="of the number of operations in a round")
    parser.add_argument("--only", help="one of them, such as call-udp")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the server")
    parser.add_argument("--json", action="store_true", help="prints JSON instead of the table")
    return parser.parse_args()


def main():
    options = read_arguments()
    names = [(operation, transport) for operation in OPERATIONS for transport in ("udp", "tcp")
             if options.only in (None, f"{operation}-{transport}")]
    users = [(f"u{i}", "secret") for i in range(2 * options.phones)]
    rounds = {name: [] for name in names}
    with TipringServer(options.bin_dir, users=users, settings=SETTINGS + options.set) as server:
        bench = Bench(server, options)
        for _ in range(options.rounds):
            for name in names:
                rounds[name].append(bench.run(*name))
    rows = [summary(name, rounds[name]) for name in names]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print_table(rows)
    # A server that seems to work for nothing was not measured.
    return 0 if rows and all(row["loop_us"] > 0 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

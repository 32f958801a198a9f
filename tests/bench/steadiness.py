"""Runs on cores that keep their speed. A virtual machine's share caches and arithmetic with strangers, and slow down at times.

On each core a filler runs when nothing else wants to, so that the core stays awake and where it is, and times a fixed piece of
arithmetic again and again. A run during which that was slow is taken again: what is looked at is the core, and not the
run's own figures.
"""

import collections
import contextlib
import hashlib
import os
import select
import subprocess
import sys
import time

from harness import BenchError

PIECE_ROUNDS = 400  # some 0.2 to 0.5 ms
PIECES_MAX = 100000  # kept, the last ones
SLOWER_MAX = 1.07  # beside a busy neighbour a piece takes 1.3 to 2 times as long
STEADY_SHARE = 0.9  # of a run's pieces
FIRST_SECONDS = 2  # in which the best is looked for
GLANCE_SECONDS = 0.03
WAIT_SECONDS_MAX = 5
TRIES_MAX = 40


class Filler:
    """The filler on one core, a process of its own."""

    def __init__(self, core):
        self.process = subprocess.Popen([sys.executable, __file__, str(core)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.best_ns = None

    def pieces(self):
        """Nanoseconds of CPU of each piece since the last time, in ascending order."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BenchError("what watches a core has ended")
        return sorted(int(word) for word in line.split())

    def was_steady(self):
        times = self.pieces()
        if not times:
            return True  # the core was never free, and never slept
        middle = times[len(times) // 2]
        self.best_ns = min(self.best_ns or middle, middle)
        return times[int(STEADY_SHARE * (len(times) - 1))] <= SLOWER_MAX * self.best_ns

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Steadiness:
    """Use as a context manager: the fillers of the server's and the load's core."""

    def __init__(self, cores, is_hurried=False):
        """`is_hurried`: one try each, which is taken as it comes, for tests of the harness."""
        self.is_hurried = is_hurried
        self.tries_max, self.wait_s = (1, GLANCE_SECONDS) if is_hurried else (TRIES_MAX, WAIT_SECONDS_MAX)
        self.first_s = GLANCE_SECONDS if is_hurried else FIRST_SECONDS
        self.fillers = [Filler(core) for core in sorted(cores.server) + sorted(cores.load)]

    def __enter__(self):
        end = time.monotonic() + self.first_s
        while time.monotonic() < end:
            self.glance(self.fillers)
        return self

    def __exit__(self, *_):
        for filler in self.fillers:
            filler.stop()

    @staticmethod
    def glance(fillers):
        """Whether the cores are steady now."""
        for filler in fillers:
            filler.pieces()
        time.sleep(GLANCE_SECONDS)
        return all([filler.was_steady() for filler in fillers])

    def run(self, load, is_load_timed=False, prepare=None):
        """load.run() on a steady core of the server, and on one of the load where that is timed too; `prepare()` before each try."""
        fillers = self.fillers if is_load_timed else self.fillers[:1]
        for tries in range(1, self.tries_max + 1):
            if prepare:
                prepare()
            end = time.monotonic() + self.wait_s
            while not self.glance(fillers) and time.monotonic() < end:
                pass
            report = load.run()
            steady = all([filler.was_steady() for filler in fillers])
            report["tries"], report["steady"] = tries, steady or self.is_hurried
            if report["steady"]:
                break
        return report


class Plain:
    """Runs on the cores as they are."""

    @staticmethod
    def run(load, is_load_timed=False, prepare=None):
        del is_load_timed
        if prepare:
            prepare()
        return load.run()


def add_argument(parser):
    parser.add_argument("--steady", action="store_true",
                        help="for virtual machines: keep the cores awake, and take a run again during which the server's was "
                        "slower than it can be")


def runner(options, cores):
    """A context manager, for what runs the loads."""
    return Steadiness(cores, options.smoke) if options.steady else contextlib.nullcontext(Plain())


def told_of(report):
    """For the line of a run."""
    if "steady" not in report:
        return ""
    return f", try {report['tries']}" if report["steady"] else ", never steady"


def fill(core):
    """What a filler does until its standard input ends."""
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    times = collections.deque(maxlen=PIECES_MAX)
    while True:
        start = time.thread_time_ns()
        hashlib.pbkdf2_hmac("sha256", b"piece", b"", PIECE_ROUNDS)
        times.append(time.thread_time_ns() - start)
        if select.select([0], [], [], 0)[0]:
            if not os.read(0, 64):
                return
            print(*times, flush=True)
            times.clear()


if __name__ == "__main__":
    fill(int(sys.argv[1]))

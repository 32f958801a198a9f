"""Runs on cores that keep their speed. A virtual machine's share caches and arithmetic with strangers, and slow down at times.

On each core a filler runs when nothing else wants to, so that the core stays awake and where it is, and times a fixed piece of
arithmetic again and again. A run during which that was slow is taken again. The run's own figures are not looked at; but a
filler sees only the time that the server leaves, so how many tries each server has needed is told.
"""

import collections
import contextlib
import hashlib
import os
import select
import signal
import subprocess
import sys
import time

from harness import BenchError, lost

PIECE_ROUNDS = 400  # some 0.2 to 0.5 ms
PIECES_KEPT_MAX = 100000
PIECES_OF_BEST = 30
PIECES_MIN = 10  # fewer say nothing
SLOWER_MAX = 1.07  # on the average; beside a busy neighbour a piece takes 1.3 to 2 times as long
FIRST_SECONDS = 2  # in which the best is looked for
GLANCE_SECONDS = 0.03
WAIT_SECONDS_MAX = 10
RUN_SECONDS_MAX = 60  # for all tries


class Filler:
    """The filler on one core, a process of its own that ends with its standard input."""

    def __init__(self, core):
        self.process = subprocess.Popen([sys.executable, __file__, str(core)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.best_ns = None

    def pieces(self):
        """Nanoseconds of CPU of each piece since the last time."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise BenchError("what watches a core has ended")
        return [int(word) for word in line.split()]

    def was_steady(self):
        """Since the last time; None when the core was hardly free, and so nobody knows."""
        times = self.pieces()
        if len(times) >= PIECES_OF_BEST:
            middle = sorted(times)[len(times) // 2]
            self.best_ns = min(self.best_ns or middle, middle)
        if len(times) < PIECES_MIN or self.best_ns is None:
            return None
        return sum(times) <= SLOWER_MAX * self.best_ns * len(times)

    def stop(self):
        self.process.kill()  # it holds nothing
        self.process.communicate()


class Steadiness:
    """Use as a context manager: the fillers of the server's and the load's core."""

    def __init__(self, cores, is_hurried=False):
        """`is_hurried`: one try each, which is taken as it comes, for tests of the harness."""
        self.is_hurried = is_hurried
        self.fillers = [Filler(core) for core in sorted(cores.server) + sorted(cores.load)]

    def __enter__(self):
        end = time.monotonic() + (GLANCE_SECONDS if self.is_hurried else FIRST_SECONDS)
        while time.monotonic() < end:
            self.glance(self.fillers)
        return self

    def __exit__(self, *_):
        for filler in self.fillers:
            filler.stop()

    @staticmethod
    def glance(fillers):
        """Whether the cores are steady now, and known to be."""
        for filler in fillers:
            filler.pieces()
        time.sleep(GLANCE_SECONDS)
        return all([filler.was_steady() for filler in fillers])

    def wait(self, fillers):
        end = time.monotonic() + (0 if self.is_hurried else WAIT_SECONDS_MAX)
        while not (steady := self.glance(fillers)) and time.monotonic() < end:
            pass
        return steady

    def try_once(self, load, fillers, prepare):
        """The report, and whether the cores were steady meanwhile: before and after where nobody knows."""
        before = self.wait(fillers)
        if prepare:
            prepare()
        for filler in fillers:
            filler.pieces()
        report = load.run()
        during = [filler.was_steady() for filler in fillers]
        if None in during:
            return report, before and self.glance(fillers) and False not in during
        return report, all(during)

    def run(self, load, is_load_timed=False, prepare=None, tries_max=None):
        """load.run() on a steady core of the server, and on one of the load where that is timed too.

        `prepare()` is called before each try. The report says how many there were, and whether the last one was steady.
        """
        fillers = self.fillers if is_load_timed else self.fillers[:1]
        end = time.monotonic() + (0 if self.is_hurried else RUN_SECONDS_MAX)
        tries, losses = 0, []
        while True:
            report, steady = self.try_once(load, fillers, prepare)
            tries += 1
            if steady or tries == tries_max or time.monotonic() >= end:
                break
            losses.append(lost(report))
        report["tries"], report["steady"] = tries, bool(steady or self.is_hurried)
        report["lost_before"] = [text for text in losses if text]
        return report


class Plain:
    """Runs on the cores as they are."""

    @staticmethod
    def run(load, is_load_timed=False, prepare=None, tries_max=None):
        del is_load_timed, tries_max
        if prepare:
            prepare()
        return load.run()


def add_argument(parser):
    parser.add_argument("--steady", action="store_true",
                        help="for virtual machines: keep the cores awake, and take a run again, for up to a minute, during which "
                        "the server's core was slower than it can be; a run that never met a steady one is left out. Takes "
                        "two to ten times as long, and short runs are more often steady")


def runner(options, cores):
    """A context manager, for what runs the loads."""
    return Steadiness(cores, options.smoke) if options.steady else contextlib.nullcontext(Plain())


def told_of(report):
    """For the line of a run."""
    if "steady" not in report:
        return ""
    return f", try {report['tries']}" if report["steady"] else f", never steady in {report['tries']} tries"


def counts(report):
    """Whether the figures are made of it too."""
    return report.get("steady", True)


def fill(core):
    """What a filler does until its standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    times = collections.deque(maxlen=PIECES_KEPT_MAX)
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

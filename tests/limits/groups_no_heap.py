#!/usr/bin/env python3
"""Calls to hunt groups, and all that happens within them, make no heap call on the loop's thread; nor do their media.

Usage: groups_no_heap.py BIN_DIR HEAP_COUNTER_LIBRARY
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "scenario")]

import groups_calls  # noqa: E402
import groups_media  # noqa: E402
import groups_redirects  # noqa: E402
import groups_sessions  # noqa: E402
from group_calls import GroupServer  # noqa: E402
from heap_count import HeapCount  # noqa: E402
from tipring_server import Report  # noqa: E402

# What asks the operators' side, which has a heap of its own, is tested elsewhere.
LEFT_OUT = {groups_calls.at_random, groups_calls.tallies, groups_redirects.counted_for_who_redirects,
            groups_sessions.listed_and_ended}


def calls_of(module):
    """All cases of a scenario, one after the other."""
    def load(server):
        office = module.office_of(server)
        for _, case in module.CASES:
            if case not in LEFT_OUT:
                case(office)
                office.quiet()
    return load


def sound(server):
    groups_media.connect(server, "600", ["bob", "carol", "dave", "erin"], True)


def expect_none(server, heap, load):
    load(server)  # what is made on first use is made now
    before = heap.calls()
    heap.arm()
    load(server)
    calls = heap.calls() - before
    assert calls == 0, f"{calls} heap calls on the loop thread, by\n{heap.callers()}"


def run(bin_dir, library, report, name, groups, load, mode="direct"):
    heap = HeapCount(library)
    try:
        settings = [f"media.mode={mode}", "log.level=debug", "store.commit_window=1"]
        with GroupServer(bin_dir, groups, settings=settings, preload=heap.preload) as server:
            heap.open(server)
            report.run(f"no heap call during {name}", lambda: expect_none(server, heap, load))
    finally:
        heap.remove()


def main():
    bin_dir, library = sys.argv[1:3]
    report = Report()
    run(bin_dir, library, report, "calls to groups", groups_calls.GROUPS, calls_of(groups_calls))
    run(bin_dir, library, report, "redirections", groups_redirects.GROUPS, calls_of(groups_redirects))
    run(bin_dir, library, report, "what is said within them", groups_sessions.GROUPS, calls_of(groups_sessions))
    run(bin_dir, library, report, "relayed sound", groups_media.GROUPS, sound, "relay")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

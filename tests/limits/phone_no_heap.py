#!/usr/bin/env python3
"""While a call of an embedded stack stands, its thread makes no heap call: sound both ways, reports, a recording, and the
tone that is played.

Usage: phone_no_heap.py BIN_DIR HEAP_COUNTER
"""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from heap_count import HeapCount  # noqa: E402
from tipring_phone import TipringPhone  # noqa: E402
from tipring_server import Report, free_port  # noqa: E402


def phone(name, port, *options, preload=None):
    made = TipringPhone(sys.argv[1], f"sip:{name}@127.0.0.1:{port}", "--no-register", "--play", "tone:700",
                        "--listen", f"udp:127.0.0.1:{port},tcp:127.0.0.1:{port}", *options, preload=preload)
    made.wait_for("listening")
    return made


def standing_call(heap, folder):
    a_port, b_port = free_port(), free_port()
    with phone("bert", b_port, "--answer", "--record", f"{folder}/heard.wav", preload=heap.preload) as bert, \
            phone("anna", a_port) as anna:
        heap.open(bert)
        anna.command(f"call sip:bert@127.0.0.1:{b_port}")
        bert.wait_for("answered")
        time.sleep(3)  # the first report has gone out
        before = heap.calls()
        heap.arm()
        time.sleep(8)  # and at least one more
        calls = heap.calls() - before
        assert calls == 0, f"{calls} heap calls on the stack's thread, by\n{heap.callers()}"
        assert bert.hears_soon(700)


def main():
    report = Report()
    heap = HeapCount(sys.argv[2])
    try:
        with tempfile.TemporaryDirectory(prefix="tipring-test-") as folder:
            report.run("no heap call while a call stands", lambda: standing_call(heap, folder))
    finally:
        heap.remove()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The media relay makes no heap call: not for a packet, and not for a call that begins or ends.

Usage: relay_no_heap.py BIN_DIR HEAP_COUNTER

bench_relay looks at the counter itself.
"""

import os
import subprocess
import sys

from heap_count import HeapCount


def main():
    bin_dir, library = sys.argv[1:]
    count = HeapCount(library)
    try:
        relay = subprocess.run([os.path.join(bin_dir, "bench_relay"), "10", "20", "1"], env={**os.environ, **count.preload},
                               capture_output=True, text=True, timeout=50)
    finally:
        count.remove()
    print(relay.stdout, relay.stderr)
    counted = relay.stdout.endswith("\n0 heap calls\n")
    if relay.returncode != 0 or not counted:
        print("FAILED the relay makes no heap call")
        sys.exit(1)
    print("ok the relay makes no heap call")


if __name__ == "__main__":
    main()

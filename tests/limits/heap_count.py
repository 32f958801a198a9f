"""Reads what heap_counter.cpp has counted in a server, and names who called."""

import mmap
import os
import re
import shutil
import struct
import subprocess
import tempfile

STACKS, FRAMES = 16, 24
HEAD = struct.Struct("<QQQ")  # calls, armed, stacks
STACK = struct.Struct(f"<{FRAMES}Q")


class HeapCount:
    """The counter of one running server. Use `preload` as its environment."""

    def __init__(self, library):
        # The loader takes a list of libraries apart at spaces and colons, which a checkout's path may hold.
        self.folder = tempfile.mkdtemp(prefix="tipring-heap-", dir="/tmp")
        self.path = os.path.join(self.folder, "count")
        link = os.path.join(self.folder, "heap_counter.so")
        os.symlink(os.path.abspath(library), link)
        self.preload = {"LD_PRELOAD": link, "TIPRING_HEAP_COUNT_FILE": self.path}
        self.map = None
        self.pid = None

    def open(self, server):
        self.pid = server.process.pid
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), HEAD.size + STACKS * STACK.size)
        assert self.calls() > 0, "the counter does not count: nothing was allocated at start-up"

    def remove(self):
        shutil.rmtree(self.folder)

    def calls(self):
        return HEAD.unpack_from(self.map, 0)[0]

    def arm(self):
        """From now on the first calls leave their stacks."""
        HEAD.pack_into(self.map, 0, self.calls(), 1, 0)

    def callers(self):
        """The stacks of the calls since arm(), each once, as text."""
        kept = HEAD.unpack_from(self.map, 0)[2]
        stacks = {STACK.unpack_from(self.map, HEAD.size + i * STACK.size) for i in range(kept)}
        modules = self._modules()
        return "\n--\n".join("\n".join(self._name(frame, modules) for frame in stack[2:] if frame) for stack in stacks)

    def _modules(self):
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps:
            rows = [re.match(r"(\w+)-(\w+) \S+ (\w+) \S+ \S+ +(/.*)", line) for line in maps]
        return [(int(row[1], 16), int(row[2], 16), int(row[3], 16), row[4]) for row in rows if row]

    @staticmethod
    def _name(address, modules):
        for start, end, offset, path in modules:
            if start <= address < end:
                inside = hex(address - start + offset - 1)  # the call, not the line after it
                done = subprocess.run(["addr2line", "-Cfpe", path, inside], capture_output=True, text=True)
                return f"{os.path.basename(path)}+{inside} {done.stdout.strip()}"
        return hex(address)

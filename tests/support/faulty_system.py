"""Makes the system fail for one program: faulty_system.cpp, and the numbers that it reads."""

import os
import struct
import subprocess


class FaultySystem:
    """Use `preload` as the environment of a TipringServer; then set faults by name while it runs."""

    NAMES = ("sync_delay_ms", "sync_errno", "write_errno", "wall_offset_s", "eventfds_left")
    NONE = {"eventfds_left": -1}

    def __init__(self, library, folder):
        self.path = os.path.join(folder, "faults")
        # The loader takes a list of libraries apart at spaces and colons, which a checkout's path may hold.
        link = os.path.join(folder, "faulty_system.so")
        os.symlink(os.path.abspath(library), link)
        self.preload = {"LD_PRELOAD": link, "TIPRING_FAULTS_FILE": self.path}
        with open(self.path, "wb") as file:
            file.write(b"".join(struct.pack("=q", self.NONE.get(name, 0)) for name in self.NAMES))
        self.file = open(self.path, "r+b", buffering=0)

    def set(self, **faults):
        for name, value in faults.items():
            os.pwrite(self.file.fileno(), struct.pack("=q", value), 8 * self.NAMES.index(name))

    def clear(self):
        self.set(**{name: self.NONE.get(name, 0) for name in self.NAMES})


class SmallDisk:
    """A file system of its own below `folder`, of `size` bytes, for one server that is started within."""

    def __init__(self, folder, size):
        self.folder = folder
        self.size = size
        self.server = None

    @staticmethod
    def is_possible():
        """Whether this machine lets us mount in a namespace of our own."""
        return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0

    def wrap(self, command):
        """The command that mounts the disk and then becomes `command`."""
        script = f'mount -t tmpfs -o size={self.size} tmpfs "$0" && exec "$@"'
        return ["unshare", "-rm", "sh", "-c", script, self.folder, *command]

    def path(self, name, pid):
        """As seen from outside."""
        return f"/proc/{pid}/root{self.folder}/{name}"

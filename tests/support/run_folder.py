"""Runs tipringd where it is to end by itself."""

import os
import shutil
import subprocess
import tempfile

from tipring_server import free_port


class Folder:
    """A folder for one test's files, and the program run in it."""

    def __init__(self, bin_dir):
        self.binary = os.path.join(bin_dir, "tipringd")
        self.path = tempfile.mkdtemp(prefix="tipring-config-")
        self.port = free_port()

    def file(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *arguments, **options):
        """Runs the program, which must end by itself; its exit code and what it told."""
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=10,
                              cwd=self.path, **options)
        return done.returncode, done.stderr

    def run_with_store(self, store, settings=(), **options):
        """The same with a log, which must tell of a failed start too; what was told besides."""
        code, told = self.run("--set", f'sip.listen=["udp:127.0.0.1:{self.port}"]', "--set", f"store.path={store}",
                              "--set", f"admin.socket={self.path}/tipring.sock", "--set", "log.level=error",
                              *(word for setting in settings for word in ("--set", setting)), **options)
        lines = told.splitlines(keepends=True)
        logged = [line for line in lines if " ERROR start_failed fault=" in line]
        assert len(logged) == 1, f"the log tells nothing, or more than once: {told}"
        return code, "".join(line for line in lines if line not in logged)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

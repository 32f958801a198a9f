"""A real tipringd with a configuration file, which a test rewrites while it runs."""

import os
import signal
import tempfile
import time

from tipring_server import TipringServer


class ConfiguredServer:
    """A server with a configuration file that the test rewrites."""

    def __init__(self, bin_dir, users, text="", settings=()):
        self.folder = tempfile.TemporaryDirectory(prefix="tipring-test-")
        self.path = os.path.join(self.folder.name, "tipring.toml")
        self.write(text)
        self.server = TipringServer(bin_dir, users=users, config=self.path, settings=settings)

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def reload(self, text=None):
        """Rewrites the file, sends the signal, and gives what the log says about it."""
        if text is not None:
            self.write(text)
        before = len(self.server.read_log())
        self.server.process.send_signal(signal.SIGHUP)
        return self.wait_for_log(before, ("reloaded", "reload_refused"))

    def wait_for_log(self, start, words, timeout=5.0):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            news = self.server.read_log()[start:]
            if any(f" {word} " in news for word in words):
                return news
            time.sleep(0.02)
        raise AssertionError(f"none of {words} in: {self.server.read_log()[start:]}")

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *reason):
        self.server.__exit__(*reason)
        self.folder.cleanup()

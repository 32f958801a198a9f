"""Starts a real tipringd for a test, with its own data folder and free ports on loopback."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


issued_ports = set()


def can_bind(kind, port):
    with socket.socket(socket.AF_INET, kind) as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that is free for UDP and TCP on 127.0.0.1, and that was not given out before.

    It lies below the range from which the kernel takes ports for sockets that name none, so that nothing takes it
    between this look and its use, and below the ports that the server gives to media (media.ports); by chance, since other
    tests may run at the same time.
    """
    while True:
        port = random.randrange(10240, 30000)
        if port in issued_ports:
            continue
        issued_ports.add(port)
        if can_bind(socket.SOCK_STREAM, port) and can_bind(socket.SOCK_DGRAM, port):
            return port


def listening_ports(transport):
    """The ports on which somebody on this machine listens, as the kernel tells."""
    ports = set()
    for family in ("", "6"):
        with open(f"/proc/net/{transport}{family}", encoding="ascii") as table:
            for line in list(table)[1:]:
                words = line.split()
                if transport == "udp" or words[3] == "0A":
                    ports.add(int(words[1].rsplit(":", 1)[1], 16))
    return ports


def wait_until(condition, seconds, fault):
    """Waits until `condition()` holds; `fault()` says what did not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, fault()
        time.sleep(0.02)


class Started:
    """A context manager whose start() may fail half way: what it has begun is ended then too."""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self


class TipringServer(Started):
    """A running server. Use as a context manager; it ends its own process and removes its folder."""

    def __init__(self, bin_dir, users=(), settings=(), port=None, preload=None, data=None, config=None, wrap=None):
        self.bin_dir = bin_dir
        self.port = port or free_port()
        self.keep_data = data is not None
        self.data = data or tempfile.mkdtemp(prefix="tipring-test-")
        self.users = list(users)
        self.settings = [
            f'sip.listen=["udp:127.0.0.1:{self.port}", "tcp:127.0.0.1:{self.port}"]',
            f"store.path={self.data}/tipring.db",
            f"admin.socket={self.data}/tipring.sock",
            *settings,
        ]
        self.preload = preload
        self.wrap = wrap  # what makes a command of the command that starts the server
        self.config = config
        self.process = None
        self.log_path = os.path.join(self.data, "tipringd.log")

    def _settings(self):
        config = ["--config", self.config] if self.config else []
        return config + [word for setting in self.settings for word in ("--set", setting)]

    def ctl(self, *words, text_in=None, check=True):
        """Runs tipringctl against this server; its standard output."""
        done = subprocess.run(
            [os.path.join(self.bin_dir, "tipringctl"), "--socket", f"{self.data}/tipring.sock", *words],
            input=text_in, capture_output=True, text=True, timeout=30)
        if check and done.returncode != 0:
            raise RuntimeError(f"tipringctl {' '.join(words)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def ctl_json(self, *words):
        return json.loads(self.ctl("--json", *words))

    def import_users(self):
        lines = "".join(f"{name},{password}\n" for name, password in self.users)
        done = subprocess.run(
            [os.path.join(self.bin_dir, "tipringctl"), "--offline", *self._settings(), "user", "import", "-"],
            input=lines, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"import failed: {done.stdout} {done.stderr}")

    def start(self):
        if self.users:
            self.import_users()
        environment = dict(os.environ)
        if self.preload:
            environment.update(self.preload)
        self.log = open(self.log_path, "ab")
        command = [os.path.join(self.bin_dir, "tipringd"), *self._settings()]
        self.process = subprocess.Popen(
            self.wrap(command) if self.wrap else command,
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"tipringd ended with {self.process.returncode}:\n{self.read_log()}")
            if self.is_ready():
                return self
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"tipringd does not get ready:\n{self.read_log()}")

    def is_ready(self):
        """Whether the socket for tipringctl, which the server opens last, answers."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(5)
            try:
                admin.connect(f"{self.data}/tipring.sock")
                admin.sendall(b"GET /api/v1/pools HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return admin.recv(4096).startswith(b"HTTP/1.1 200")
            except OSError:
                return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        """Ends the server with SIGTERM; its exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        code = self.process.returncode if self.process else None
        self.log.close()
        return code

    def read_log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def log_lines(self, *words, least=1):
        """The lines that have all of these words, once there are so many: the log is written a little later than the
        events that it tells of."""
        def found():
            return [line for line in self.read_log().splitlines() if all(word in line for word in words)]
        wait_until(lambda: len(found()) >= least, 5, lambda: f"no line with {words}")
        return found()

    def __exit__(self, kind, value, trace):
        if self.process:
            self.stop()
        if kind is not None and os.path.exists(self.log_path):
            print("--- end of the server's log ---")
            print("\n".join(self.read_log().splitlines()[-60:]), flush=True)
        if not self.keep_data:
            shutil.rmtree(self.data, ignore_errors=True)


class Report:
    """Counts checks and prints the closing line that the test runner adds up."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, name, check):
        """Whether the check passed."""
        try:
            check()
        except Exception as fault:  # noqa: BLE001 - every fault fails this one check only
            self.failed += 1
            print(f"FAILED {name}: {fault}", flush=True)
            return False
        self.passed += 1
        print(f"passed {name}", flush=True)
        return True

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0

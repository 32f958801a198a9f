"""A tipring-phone for tests: one process, driven by its standard input. And what a recording sounds like."""

import json
import math
import os
import queue
import struct
import subprocess
import threading
import time
import wave


class TipringPhone:
    """Keeps every event it was told of. Use as a context manager; it ends its own process."""

    def __init__(self, bin_dir, aor, *options, password=None, preload=None):
        environment = {**os.environ, **(preload or {})}
        environment.pop("TIPRING_PASSWORD", None)
        if password is not None:
            environment["TIPRING_PASSWORD"] = password
        self.name = aor
        self.events = []
        self.process = subprocess.Popen(
            [os.path.join(bin_dir, "tipring-phone"), "--json", *options, aor], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=environment)
        self.arrived = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.arrived.put(json.loads(line))
        self.arrived.put(None)

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def wait_for(self, name, seconds=15, **fields):
        """The next event of that name with those fields; what comes before it has been seen then."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                event = self.arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.name}: no {name} {fields} but {self.events[-8:]}") from None
            assert event is not None, f"{self.name} has ended: {self.events[-8:]}"
            self.events.append(event)
            if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                return event

    def hears(self, hertz, least=0.9, call=0):
        """Whether the last second of sound was this tone."""
        self.command(f"hear {hertz} {call}" if call else f"hear {hertz}")
        return self.wait_for("heard", hertz=hertz)["share"] >= least

    def hears_soon(self, hertz, least=0.9, rounds=4):
        """On a busy machine a second may not be enough for offers and answers, and for sound from then on."""
        for _ in range(rounds):
            if self.hears(hertz, least):
                return True
            self.command("sleep 0.7")
        return False

    def close(self):
        """Its exit code."""
        if self.process.poll() is None:
            try:
                self.command("quit")
                self.process.stdin.close()
            except OSError:
                pass
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} does not end when it is told to") from None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
            return
        self.process.kill()  # what went wrong is said already
        self.process.wait()


def read_wav(path):
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000), file.getparams()
        frames = file.readframes(file.getnframes())
    return struct.unpack(f"<{len(frames) // 2}h", frames)


def tone_share(samples, hertz):
    """How much of the energy is at that frequency (Goertzel)."""
    energy = sum(sample * sample for sample in samples)
    if energy == 0:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hertz / 8000)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    return 2 * power / (energy * len(samples))

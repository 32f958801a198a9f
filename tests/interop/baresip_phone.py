"""A real phone for tests: one baresip process, driven by its control socket."""

import json
import math
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import wave

from tipring_server import free_port

MODULE_DIRECTORIES = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules",
                      "/usr/local/lib/baresip/modules"]


def module_directory():
    for directory in MODULE_DIRECTORIES:
        if os.path.exists(os.path.join(directory, "account.so")):
            return directory
    listing = subprocess.run(["dpkg", "-L", "baresip-core"], capture_output=True, text=True).stdout
    for line in listing.splitlines():
        if line.endswith("/account.so"):
            return os.path.dirname(line)
    raise RuntimeError("baresip's modules were not found")


def write_tone(path, tone, seconds=30, rate=8000):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * tone * i / rate)))
                                  for i in range(seconds * rate)))
    return path


def main_tone(path):
    """By the zero crossings of the last half second that is not silent."""
    with wave.open(path, "rb") as file:
        rate = file.getframerate()
        frames = file.readframes(file.getnframes())
    samples = struct.unpack(f"<{len(frames) // 2}h", frames[:len(frames) // 2 * 2])
    loud = [i for i, sample in enumerate(samples) if abs(sample) > 1000]
    if not loud:
        return 0
    part = samples[max(loud[-1] - rate // 2, 0):loud[-1]]
    crossings = sum(1 for before, after in zip(part, part[1:]) if before < 0 <= after)
    return crossings * rate / max(len(part), 1)


class Phone:
    """Registers `user` at the server and takes or makes calls. Keeps every event it was told of."""

    def __init__(self, user, password, server_port, transport, answer=False, tone=None):
        """`tone`: in Hz, what it plays into its calls; what it hears is then recorded."""
        self.user, self.server_port = user, server_port
        self.folder = tempfile.mkdtemp(prefix=f"tipring-phone-{user}-")
        self.events = []
        self.pending = b""
        account = (f"<sip:{user}@127.0.0.1:{server_port};transport={transport}>;auth_user={user};"
                   f"auth_pass={password};regint=120;audio_codecs=PCMU/8000/1")
        if answer:
            account += ";answermode=auto"
        self._write("accounts", account + "\n")
        self._write("contacts", "")
        source = "aubridge,tipring"
        modules = []
        if tone:
            source = f"aufile,{write_tone(os.path.join(self.folder, 'tone.wav'), tone)}"
            modules = ["module aufile.so", "module sndfile.so", f"snd_path {self.folder}"]
        self.control = self._start(source, modules)

    def _start(self, source, modules):
        """baresip takes the port above its own too, for TLS, which another test may have: then it starts with others."""
        for _ in range(4):
            self.control_port, self.sip_port = free_port(), free_port()
            self._write_config(source, modules)
            self.output = open(os.path.join(self.folder, "output"), "wb")
            self.process = subprocess.Popen(["baresip", "-f", self.folder], stdin=subprocess.DEVNULL,
                                            stdout=self.output, stderr=self.output)
            control = self._connect()
            if control is not None:
                return control
            self.process.kill()
            self.process.wait(5)
            if "Address already in use" not in self.read_output():
                break
        raise RuntimeError(f"baresip of {self.user} does not start:\n{self.read_output()}")

    def _write_config(self, source, modules):
        self._write("config", "\n".join([
            f"sip_listen 127.0.0.1:{self.sip_port}",
            "net_interface 127.0.0.1",
            "audio_player aubridge,tipring",
            f"audio_source {source}",
            "audio_alert aubridge,tipring2",
            "ausrc_srate 8000", "auplay_srate 8000", "audio_channels 1",
            f"module_path {module_directory()}",
            "module g711.so", "module aubridge.so", *modules,
            "module_tmp account.so", "module_app ctrl_tcp.so", "module_app menu.so",
            f"ctrl_tcp_listen 127.0.0.1:{self.control_port}",
        ]) + "\n")

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def _connect(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                control = socket.create_connection(("127.0.0.1", self.control_port), timeout=1)
                control.settimeout(0.1)
                return control
            except OSError:
                time.sleep(0.05)
        return None

    def command(self, command, params=""):
        text = json.dumps({"command": command, "params": params, "token": "t"})
        self.control.sendall(f"{len(text)}:{text},".encode())

    def poll(self):
        """Reads what the phone has to say (netstrings of JSON)."""
        try:
            self.pending += self.control.recv(65536)
        except (socket.timeout, ConnectionResetError):
            return
        while b":" in self.pending:
            size, _, rest = self.pending.partition(b":")
            if len(rest) < int(size) + 1:
                return
            message = json.loads(rest[:int(size)])
            self.pending = rest[int(size) + 1:]
            if message.get("event"):
                self.events.append((message["type"], message.get("param", "")))

    def saw(self, kind):
        return any(event == kind for event, _ in self.events)

    def wait_for(self, kind, seconds=15):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.poll()
            if self.saw(kind):
                return
        raise AssertionError(f"{self.user} saw no {kind} but {self.events}\n{self.read_output()[-1500:]}")

    def wait_for_output(self, text, seconds=15):
        """For what happens before the control socket is connected: the phone registers as soon as it starts."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.read_output():
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.user} did not print {text!r}:\n{self.read_output()[-1500:]}")

    def read_output(self):
        self.output.flush()
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def heard(self):
        """The strongest tone in what it has heard, in Hz; 0 for silence."""
        records = [name for name in os.listdir(self.folder) if name.endswith("-dec.wav")]
        assert records, f"{self.user} has recorded nothing"
        return main_tone(os.path.join(self.folder, records[0]))

    def close(self):
        self.control.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)

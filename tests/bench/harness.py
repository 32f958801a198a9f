"""What the benchmarks share: the servers on one core, the load on another, and what the servers used meanwhile."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from tipring_server import Started, TipringServer, free_port  # noqa: E402

RUN_SECONDS_MAX = 600
SMOKE_SECONDS_MAX = 210  # less than CTest gives
# The same work as Kamailio's configuration: REGISTER is challenged, INVITE is not, and no single message is logged.
# Finished transactions of calls rest for 32 seconds (Timer L), so that a thousand calls a second need room.
SETTINGS = ["auth.invite=off", "session_timer.mode=off", "log.level=warning", "auth.nonce_lifetime=600",
            "capacity.calls=4096", "capacity.transactions=65536", "capacity.tcp_connections=2048",
            "capacity.receive_batch=32"]


class BenchError(Exception):
    """A fault that the person at the keyboard reads."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def conclude(name, work, seconds_max=None):
    """Runs `work()`, which gives the faults that it went on after. The exit code: 1 for these, 2 for what ended it.

    Whatever went wrong stands at the end of the output. `seconds_max` lets it end by itself before one who waits
    ends it, who could not say what it waited for.
    """
    def on_alarm(*_):
        raise BenchError(f"not done after {seconds_max} s")

    def on_end(*_):
        raise BenchError("stopped")

    signal.signal(signal.SIGTERM, on_end)  # with the servers that were started
    signal.signal(signal.SIGINT, on_end)
    if seconds_max:
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(seconds_max)
    try:
        code, faults = 1, work()
    except (BenchError, AssertionError, RuntimeError, OSError, subprocess.SubprocessError) as fault:
        code, faults = 2, [f"{place_of(fault)}: {fault}"]
    sys.stdout.flush()
    for fault in faults:
        print(f"{name}: {fault}", file=sys.stderr, flush=True)
    return code if faults else 0


def place_of(fault):
    """Where in the benchmarks it happened."""
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.startswith(HERE)]
    return " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(frames[-3:]))


def lost(report):
    """What a report says of operations that were not done, in runs too that are taken again; empty when all were."""
    undone = report["started"] - report["done"]
    reasons = {name: count for name, count in report["failures"].items() if count and name != "refused"}
    reasons.update({f"refused with {status}": count for status, count in report["refusals"].items()})
    told = ", ".join(f"{name} ({count})" for name, count in reasons.items())
    texts = report.get("lost_before", []) + [f"{undone} of {report['started']} operations were lost: {told}"] * bool(undone)
    return "; ".join(texts)


def install(*packages):
    """The Debian packages that are missing, as tools/run does it. True when all are there."""
    script = '. "$0"; need_packages "$@"'
    done = subprocess.run(["bash", "-c", script, os.path.join(ROOT, "tools", "lib", "build.sh"), *packages], check=False)
    return done.returncode == 0


def arguments_of(doc, cores="server"):
    """What the benchmarks take alike. `cores`: "server" lets one choose the server's and the load's, "" none."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", metavar="FOLDER",
                        help="where tipringd and the others are; without it they are built in build/release")
    if cores:
        parser.add_argument("--server-core", type=int, metavar="N", help="the server's core (the first one)")
        parser.add_argument("--load-core", type=int, metavar="N", help="the load's core (the last one)")
    return parser


def need_programs(options, *names):
    """In --bin, or else what is built of the source that this belongs to."""
    if options.bin is None:
        say("Building the programs …")
        script = ('cd "$0" && . tools/lib/build.sh && need_packages "${build_packages[@]}" && configure release && '
                  'compile release "$@"')
        if subprocess.run(["bash", "-c", script, ROOT, *names], check=False).returncode != 0:
            raise BenchError("the programs cannot be built")
        options.bin = os.path.join(ROOT, "build", "release", "bin")
    for name in names:
        if not os.path.exists(os.path.join(options.bin, name)):
            raise BenchError(f"there is no {name} in {options.bin}")


def need_packages(*packages):
    if packages and not install(*packages):
        raise BenchError("packages are missing")


def need_writable(*paths):
    """Before the work, not after it."""
    for path in paths:
        if path and path != "-":
            is_new = not os.path.exists(path)
            with open(path, "a", encoding="utf-8"):
                pass
            if is_new:
                os.remove(path)


def tell_of_others(name):
    """A server that its package has started takes time from the cores that are measured."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
                found = comm.read().strip() == name
        except OSError:
            continue
        if found:
            say(f"another {name} is running (process {pid}) and may take time from what is measured; systemctl stop {name} "
                "ends it")
            return


class Cores:
    """One core for the server under test, another one for the load."""

    def __init__(self, server=None, load=None):
        free = sorted(os.sched_getaffinity(0))
        self.server = {free[0] if server is None else server}
        self.load = {free[-1] if load is None else load}
        for core in self.server | self.load:
            if core not in free:
                raise BenchError(f"there is no core {core} for this process, but {', '.join(map(str, free))}")
        if self.server == self.load:
            say("server and load share one core, and the times say little")

    def on_server_core(self):
        os.sched_setaffinity(0, self.server)

    def on_load_core(self):
        os.sched_setaffinity(0, self.load)


def children_of(pid):
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(name), *children_of(int(name))]
    return found


def cpu_ns_of(pid):
    """Each thread, and its nanoseconds of CPU."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as figures:
            yield int(thread), int(figures.read().split()[0])


class Server(Started):
    """A server under test. Use as a context manager."""

    name = ""
    pid = 0
    port = 0

    def processes(self):
        return [self.pid, *children_of(self.pid)]

    def cpu_ns(self):
        """Nanoseconds of CPU of all threads of all processes, and of the first process's first thread alone."""
        used = {thread: ns for pid in self.processes() for thread, ns in cpu_ns_of(pid)}
        return sum(used.values()), used[self.pid]

    def pss_bytes(self):
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                total += int(re.search(r"^Pss: +(\d+) kB$", rollup.read(), re.MULTILINE)[1]) * 1024
        return total


class Tipring(Server):
    name = "tipring"

    def __init__(self, bin_dir, cores, users=0, settings=(), config=None):
        names = [(f"u{i}", "secret") for i in range(users)]
        room = [f"capacity.users={max(1024, users)}", f"capacity.bindings={2 * max(1024, users)}"]
        self.server = TipringServer(bin_dir, users=names, settings=(SETTINGS + room if config is None else []) +
                                    list(settings), config=config,
                                    wrap=lambda command: ["taskset", "-c", core_list(cores.server), *command])

    def start(self):
        self.server.start()
        self.port = self.server.port
        self.pid = self.server.process.pid

    def __exit__(self, *fault):
        self.server.__exit__(*fault)

    def pool(self, name):
        """How many are in use."""
        return {pool["name"]: pool["in_use"] for pool in self.server.ctl_json("pools")}[name]


PACKAGED_CONFIG = "/etc/kamailio/kamailio.cfg"
# What is changed in the configuration that the package installs: one worker, no line for a single message or call, the
# password check of its AUTH route with passwords from memory, no questions to name servers.
PACKAGED_CHANGES = (
    ("\nchildren=8\n", "\nchildren=1\nalias=127.0.0.1:5060\nauto_aliases=no\ndns=no\nrev_dns=no\n"),
    ("\ndebug=DBGLEVEL\n", "\ndebug=0\n"),
    ('loadmodule "counters.so"\n',
     'loadmodule "counters.so"\nloadmodule "auth.so"\nmodparam("auth", "nonce_expire", 600)\n'
     'modparam("auth", "qop", "auth")\nmodparam("usrloc", "hash_size", 16)\n'
     '#!ifdef WITH_DIALOG\nloadmodule "dialog.so"\nmodparam("dialog", "dlg_flag", 4)\n#!endif\n'
     'modparam("ctl", "binrpc", CTL)\n'),
    ("\troute(AUTH);\n",
     '\tif (is_method("REGISTER")) {\n\t\tif (!pv_www_authenticate("$fd", "secret", "0")) {\n'
     '\t\t\twww_challenge("$fd", "1");\n\t\t\texit;\n\t\t}\n\t}\n\troute(AUTH);\n'),
    ("\t\tsetflag(FLT_ACC); # do accounting\n",
     "\t\tsetflag(FLT_ACC); # do accounting\n#!ifdef WITH_DIALOG\n\t\tsetflag(4);\n#!endif\n"),
)


def packaged_config():
    """The text of Kamailio's configuration as its package installs it, with PACKAGED_CHANGES."""
    with open(PACKAGED_CONFIG, encoding="utf-8") as config:
        text = config.read()
    for old, new in PACKAGED_CHANGES:
        if text.count(old) != 1:
            raise BenchError(f"{PACKAGED_CONFIG} is not as Debian installs it: {old.strip()!r} stands there "
                             f"{text.count(old)} times; --script least does without it")
        text = text.replace(old, new)
    return text


class Kamailio(Server):
    """One worker, and its fast memory manager: with the one that it is packaged for it takes five to seven times as long.

    Its script is the one that its package installs, or the least one that does the work (kamailio.cfg).
    """

    name = "kamailio"
    script = "packaged"

    def __init__(self, cores, dialogs=False, control=False):
        self.folder = tempfile.mkdtemp(prefix="tipring-bench-")
        self.cores, self.process = cores, None
        packaged = self.script == "packaged"
        self.control = f"unix:{self.folder}/ctl" if control or packaged else None
        self.config = os.path.join(HERE, "kamailio.cfg")
        if packaged:
            self.config = os.path.join(self.folder, "kamailio.cfg")
            with open(self.config, "w", encoding="utf-8") as config:
                config.write(packaged_config())
        self.defines = ["-A", "WITH_DIALOG"] if dialogs else []
        if self.control:
            self.defines += ["-A", "WITH_CTL", "-A", f'CTL="{self.control}"']

    @staticmethod
    def is_installed():
        return shutil.which("kamailio") is not None

    def start(self):
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["kamailio", "-f", self.config, "-x", "fm", "-X", "fm", "-m", "1024", "-M", "64",
                 "-l", f"udp:{address}", "-l", f"tcp:{address}", "-DD", "-E", "-Y", self.folder, *self.defines],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.cores.on_server_core)
        self.pid = self.process.pid
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + 20
        request = (f"OPTIONS sip:127.0.0.1:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKr\r\n"
                   f"From: <sip:a@127.0.0.1>;tag=a\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\n"
                   "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.settimeout(0.2)
            while time.monotonic() < deadline and self.process.poll() is None:
                phone.sendto(request, ("127.0.0.1", self.port))
                try:
                    if phone.recv(2048).startswith(b"SIP/2.0 200"):
                        return
                except OSError:
                    time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            raise BenchError(f"kamailio does not get ready:\n{log.read()[-3000:]}")

    def __exit__(self, *fault):
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def shared_memory_used(self):
        """Bytes of its shared memory in use, with its own bookkeeping."""
        done = subprocess.run(["kamcmd", "-s", self.control, "core.shmmem"], capture_output=True, text=True, timeout=10,
                              check=False)
        found = re.search(r"real_used: (\d+)", done.stdout)
        if found is None:
            raise BenchError(f"kamcmd core.shmmem: {done.stdout}{done.stderr}")
        return int(found[1])


class Echo(Server):
    """The program that only receives and sends."""

    name = "echo"

    def __init__(self, bin_dir, cores, transport="udp"):
        self.command, self.cores, self.process = [os.path.join(bin_dir, "bench_echo"), transport], cores, None

    def start(self):
        self.port = free_port()
        self.process = subprocess.Popen([*self.command, str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True, preexec_fn=self.cores.on_server_core)
        self.pid = self.process.pid
        if self.process.stdout.readline() != "ready\n":
            raise BenchError("bench_echo does not get ready")

    def __exit__(self, *fault):
        stop(self.process)
        if self.process:
            self.process.stdout.close()


def core_list(cores):
    return ",".join(str(core) for core in sorted(cores))


def stop(process):
    """One that has been started, and not ended."""
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


class Load(Started):
    """A tipring-load that has prepared its phones and waits. run() puts the load on once, any number of times."""

    def __init__(self, bin_dir, cores, server, *arguments):
        self.server = server
        self.command = [os.path.join(bin_dir, "tipring-load"), *[str(word) for word in arguments],
                        "--server", f"127.0.0.1:{server.port}", "--json", "--wait"]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, preexec_fn=cores.on_load_core)

    def start(self):
        first = self.process.stdout.readline()
        if first != "ready\n":
            output = first + self.process.stdout.read()
            fault = self.process.stderr.read()
            self.process.wait(RUN_SECONDS_MAX)
            raise BenchError(f"{self.server.name}: {' '.join(self.command)}\n{output}{fault}".rstrip())

    def __exit__(self, kind, *fault):
        if kind is not None:
            self.process.kill()  # what it still does matters to nobody
        self.process.stdin.close()
        stop_reading = self.process.stderr.read()
        self.process.wait(RUN_SECONDS_MAX)
        self.process.stdout.close()
        self.process.stderr.close()
        if stop_reading:
            print(stop_reading, end="", file=sys.stderr)

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self):
        line = self.process.stdout.readline()
        if not line:
            raise BenchError(f"{self.server.name}: {' '.join(self.command)} broke off, exit code "
                             f"{self.process.wait(RUN_SECONDS_MAX)}")
        return json.loads(line)

    def run(self, settle_s=0.0):
        """The report of one run, with the server's CPU microseconds for each operation."""
        before, first_before = self.server.cpu_ns()
        self.begin()
        report = self.finish()
        if settle_s:
            time.sleep(settle_s)
        after, first_after = self.server.cpu_ns()
        operations = max(1, report["done"])
        report["server"] = self.server.name
        report["cpu_us"] = (after - before) / operations / 1000
        report["first_thread_us"] = (first_after - first_before) / operations / 1000
        report["busy"] = (first_after - first_before) / 1000 / max(1, report["elapsed_us"])
        report["again"] = report["requests_again"] + report["responses_again"] + report["received_again"]
        return report


def machine():
    """What the figures were measured on, for the report."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(("model name", "Model")):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
            "time": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())}

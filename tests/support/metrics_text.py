"""Reads and checks the text format of Prometheus, as strictly as its writers promise it."""

import http.client
import re
import shutil
import socket
import subprocess

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^\n]*)\})? (\S+)$')
KINDS = {"counter", "gauge", "histogram"}


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(path, target="/metrics"):
    """Status, content type and text of what stands behind a Unix socket."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


def parse_labels(text, line):
    labels = {}
    while text:
        found = LABEL.match(text)
        assert found, f"labels: {line}"
        name, value, comma = found.groups()
        assert name not in labels, f"the label {name} is there twice: {line}"
        labels[name] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), value)
        text = text[found.end():]
        assert bool(text) == bool(comma), f"a comma too many or too few: {line}"
    return labels


class Metrics:
    """All samples of one answer. Fails on whatever breaks the format or its conventions."""

    def __init__(self, text):
        assert text.endswith("\n"), "the last line has no end"
        self.kinds = {}
        self.samples = {}  # (name, labels as sorted pairs) to value
        family = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                family, _, told = line[7:].partition(" ")
                assert NAME.fullmatch(family) and told, f"help: {line}"
                assert family not in self.kinds, f"{family} comes twice"
                self.kinds[family] = None
                continue
            if line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                assert name == family and self.kinds[name] is None and kind in KINDS, f"type: {line}"
                self.kinds[name] = kind
                continue
            self._add(family, line)
        for name in self.kinds:
            self._check_family(name)

    def _add(self, family, line):
        found = SAMPLE.match(line)
        assert found, f"no sample: {line!r}"
        name, labels, value = found.groups()
        kind = self.kinds[family]
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        assert any(name == family + suffix for suffix in suffixes), f"{name} among those of {family}"
        key = (name, tuple(sorted(parse_labels(labels or "", line).items())))
        assert key not in self.samples, f"twice: {line}"
        self.samples[key] = float(value)

    def _check_family(self, name):
        kind = self.kinds[name]
        assert kind, f"{name} has no type"
        assert (kind == "counter") == name.endswith("_total"), f"{kind} {name}"
        assert not re.search(r"_(ms|us|milliseconds|kib|kb|minutes)(_|$)", name), f"no base unit: {name}"
        if kind == "histogram":
            assert name.endswith("_seconds"), name
            self._check_buckets(name)

    def _check_buckets(self, name):
        series = {}
        for (sample, labels), value in self.samples.items():
            if sample == name + "_bucket":
                bound = float(dict(labels)["le"].replace("+Inf", "inf"))
                others = tuple(pair for pair in labels if pair[0] != "le")
                series.setdefault(others, []).append((bound, value))
        for labels, buckets in series.items():
            assert buckets == sorted(buckets), f"{name}{labels}: {buckets}"
            counts = [count for _, count in buckets]
            assert counts == sorted(counts), f"{name}{labels} falls: {counts}"
            assert buckets[-1][0] == float("inf"), f"{name}{labels} has no end"
            assert counts[-1] == self.samples[(name + "_count", labels)], f"{name}{labels}"
            assert (name + "_sum", labels) in self.samples, f"{name}{labels} has no sum"

    def value(self, sample, **labels):
        """Of one sample; 0 where it has never been counted."""
        return self.samples.get((sample, tuple(sorted(labels.items()))), 0)

    def total(self, sample, **labels):
        """The sum of all samples that have these labels."""
        wanted = set(labels.items())
        return sum(value for (name, have), value in self.samples.items() if name == sample and wanted <= set(have))



def read_metrics(server):
    status, kind, text = get(f"{server.data}/tipring.sock")
    assert status == 200, f"{status}: {text}"
    assert kind.startswith("text/plain; version=0.0.4"), kind
    return Metrics(text)


def check_with_promtool(text):
    """By Prometheus' own tool, where it is there; whether it was."""
    tool = shutil.which("promtool")
    if tool is None:
        return False
    done = subprocess.run([tool, "check", "metrics"], input=text, text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return True

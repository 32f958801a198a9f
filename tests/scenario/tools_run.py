#!/usr/bin/env python3
"""tools/run as its user sees it. Building and installing are left out: in a copy of tools/ the programs of this build
stand where its own would be, and `cmake`, `dpkg-query`, `apt-get` and `id` are stand-ins where a check says so.

Usage: tools_run.py BIN_DIR
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, free_port  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Clone:
    """A folder with a space in its name that looks like a clone that was built."""

    def __init__(self, bin_dir):
        self.folder = tempfile.mkdtemp(prefix="tipring clone ")
        self.top = os.path.join(self.folder, "tip ring")
        shutil.copytree(os.path.join(TOP, "tools"), os.path.join(self.top, "tools"))
        os.makedirs(os.path.join(self.top, "build", "release"))
        os.symlink(os.path.abspath(bin_dir), os.path.join(self.top, "build", "release", "bin"))
        self.stubs = os.path.join(self.folder, "stubs")
        os.mkdir(self.stubs)
        self.stub("cmake", 'echo "cmake $*" >> "$(dirname "$0")/../built"')
        self.stub("dpkg-query", "echo installed")
        self.data = os.path.join(self.folder, "da ta")
        self.port = free_port()
        self.running = None

    def stub(self, name, script):
        path = os.path.join(self.stubs, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)

    def built(self):
        return os.path.exists(os.path.join(self.folder, "built"))

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def words(self, options):
        return [os.path.join(self.top, "tools", "run"), *options]

    def environment(self):
        return {**os.environ, "PATH": self.stubs + os.pathsep + os.environ["PATH"]}

    def usual(self, *more):
        return ["--data", self.data, "--port", str(self.port), "--listen", "127.0.0.1", *more]

    def run(self, *options, cwd=None):
        """A start that is expected to end by itself."""
        return subprocess.run(self.words(options), env=self.environment(), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, cwd=cwd or self.folder)

    def start(self, *options, cwd=None):
        """A start that is expected to serve; what it printed before that."""
        self.output = self.path("output", "")
        with open(self.output, "wb") as output:
            self.running = subprocess.Popen(self.words(options), env=self.environment(), stdout=output, stderr=output,
                                            stdin=subprocess.DEVNULL, cwd=cwd or self.folder)
        deadline = time.monotonic() + 20
        # The last line of a start: the configuration is logged in the order of its file.
        while "key=admin.socket value=" not in self.read_output():
            if self.running.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it does not serve: {self.read_output()}")
            time.sleep(0.05)
        return self.read_output()

    def read_output(self):
        with open(self.output, encoding="utf-8") as output:
            return output.read()

    def command_line(self):
        with open(f"/proc/{self.running.pid}/cmdline", encoding="utf-8") as file:
            return file.read().split("\0")

    def stop(self, how=signal.SIGTERM):
        self.running.send_signal(how)
        code = self.running.wait(15)
        self.running = None
        return code

    def check(self, check):
        """Runs one check; what it leaves running ends with it."""
        try:
            check(self)
        finally:
            if self.running is not None:
                self.running.kill()
                self.running.wait()
                self.running = None

    def close(self):
        shutil.rmtree(self.folder)


def registers(port, user, password, status=200):
    phone = SipSocket(port)
    uri, aor = f"sip:127.0.0.1:{port}", f"sip:{user}@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    challenge = challenge_params(phone.receive_final())
    proof = credentials(challenge, user, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[
        f"Contact: <sip:{user}@127.0.0.1:{phone.port}>", f"Authorization: {proof}"]))
    answer = phone.receive_final()
    phone.close()
    assert answer is not None and answer.status == status, f"{user}: {answer and answer.start_line}"


def two_users_are_made_and_kept(clone):
    output = clone.start(*clone.usual())
    passwords = re.search(r"password +([a-z0-9]{12}) +([a-z0-9]{12})\n", output)
    assert passwords, output
    assert f"port        {clone.port}\n" in output, output
    registers(clone.port, "100", passwords.group(1))
    registers(clone.port, "101", passwords.group(2))
    # The command that it names works as it stands.
    command = re.search(r"^  (.*tipringctl.*) user password 100$", output, re.M).group(1)
    listing = subprocess.run(f"{command} user list --quiet", shell=True, capture_output=True, text=True, timeout=30)
    assert listing.stdout == "100\n101\n", listing
    for secret in passwords.groups():
        assert clone.read_output().count(secret) == 1, "a password is in the log"
        assert not any(secret in word for word in clone.command_line()), clone.command_line()
    assert clone.stop() == 0, clone.read_output()
    output = clone.start(*clone.usual())
    assert "Keeping the users" in output and "password" not in output.split(" INFO ")[0], output
    registers(clone.port, "100", passwords.group(1))
    assert clone.stop(signal.SIGINT) == 0, clone.read_output()


def the_page_is_open_on_this_host(clone):
    output = clone.start(*clone.usual())
    page = re.search(r"The page is at (https://127\.0\.0\.1:(84\d\d)) ", output)
    command = re.search(r"shown by: (.* admin setup-code)$", output, re.M).group(1)
    code = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=30).stdout.strip()
    assert re.fullmatch(r"([0-9A-F]{4}-){3}[0-9A-F]{4}", code), code
    connection = http.client.HTTPSConnection("127.0.0.1", int(page.group(2)), timeout=20,
                                             context=ssl._create_unverified_context())
    connection.request("POST", "/api/v1/setup", json.dumps({"code": code, "name": "boss", "password": "a long password"}))
    assert connection.getresponse().status == 201
    connection.close()
    clone.stop()
    # A port that is taken is passed over.
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(page.group(2))))
        other.listen()
        again = re.search(r"The page is at (https://127\.0\.0\.1:\d+) ", clone.start(*clone.usual()))
        assert again.group(1) != page.group(1), again
        clone.stop()
    assert "The page is at" not in clone.start(*clone.usual("--set", f'admin.listen=["http://127.0.0.1:{free_port()}"]'))
    clone.stop()


def the_server_takes_the_place_of_the_script(clone):
    clone.start(*clone.usual())
    assert clone.command_line()[0].endswith("/tipringd"), clone.command_line()
    again = clone.run(*clone.usual())
    assert again.returncode == 1 and "a server runs already" in again.stderr, again
    clone.stop()


def users_of_options_and_file(clone):
    users = clone.path("users.csv", "\ufeffcarla,pw-one, with comma\r\n\r\ndora@example.org,pw-two\r\n")
    output = clone.start(*clone.usual("--users", "users.csv", "--user", "emil:pw-three:x", "--user", "carla:pw-four",
                                      "--domain", "example.com", "--domain", "example.org"))
    for secret in ("with comma", "pw-one", "pw-two", "pw-three", "pw-four"):
        assert secret not in output.split(" INFO ", 1)[1], "a password is in the log"
        assert not any(secret in word for word in clone.command_line()), clone.command_line()
    registers(clone.port, "emil", "pw-three:x")
    registers(clone.port, "carla", "pw-four")
    registers(clone.port, "carla", "pw-one, with comma", status=401)
    clone.stop()
    os.remove(users)


def bad_lines_store_nothing(clone):
    clone.path("bad.csv", "frida,ok\nno comma here\n:x,y\nfrida,twice\n")
    refused = clone.run(*clone.usual("--users", "bad.csv", "--user", "gert:x"))
    assert refused.returncode == 1, refused
    for line in (2, 3, 4):
        assert f"bad.csv, line {line}: " in refused.stderr, refused.stderr
    assert "no comma here" not in refused.stderr, "what may be a password is shown"
    listing = subprocess.run([os.path.join(clone.top, "build/release/bin/tipringctl"), "--offline", "--set",
                              f"store.path={clone.data}/tipring.db", "user", "list", "-q"],
                             capture_output=True, text=True, timeout=30)
    assert "frida" not in listing.stdout and "gert" not in listing.stdout, listing


def settings_and_config(clone):
    config = clone.path("my.toml", '[sip]\ndomains = ["example.net"]\n[log]\nlevel = "debug"\n')
    output = clone.start(*clone.usual("--config", "my.toml", "--set", "auth.realm=my realm",
                                      "--set=registrar.max_expires=1800", "--set", "registrar.default_expires=600",
                                      "--user", "h:i"))
    assert 'key=sip.domains value="[\\"example.net\\"]"' in clone.read_output(), output
    assert 'key=auth.realm value="\\"my realm\\""' in clone.read_output(), output
    assert "key=registrar.max_expires value=1800" in clone.read_output(), output
    clone.stop()
    with open(config, "a", encoding="utf-8") as file:
        file.write("colour = 3\n")
    wrong = clone.run(*clone.usual("--config", config))
    assert wrong.returncode == 2 and f"{config}:5: log.colour: unknown key" in wrong.stderr, wrong


def what_is_set_is_kept(clone):
    clone.start(*clone.usual("--user", "k:l"))
    done = subprocess.run([os.path.join(clone.top, "build/release/bin/tipringctl"), "--socket", f"{clone.data}/tipring.sock",
                           "config", "set", "registrar.max_expires=1800", "registrar.default_expires=600"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done
    clone.stop()
    clone.start(*clone.usual())
    assert "key=registrar.max_expires value=1800" in clone.read_output(), clone.read_output()


def paths_of_the_configuration_are_used(clone):
    folder = clone.path("elsewhere")
    os.mkdir(folder)
    config = clone.path("own.toml", f'[sip]\nlisten = ["udp:127.0.0.1:{clone.port}"]\n'
                        f'[store]\npath = "{folder}/own.db"\n[admin]\nsocket = "{folder}/own.sock"\n')
    environment = {"XDG_DATA_HOME": clone.path("share"), "HOME": clone.folder}
    os.environ.update(environment)
    clone.stub("id", "echo 1000")
    clone.start("--config", config, "--user", "k:l")
    registers(clone.port, "k", "l")
    clone.stop()
    os.remove(os.path.join(clone.stubs, "id"))
    assert os.path.exists(f"{folder}/own.db") and not os.path.exists(f"{clone.folder}/share/tipring/tipring.db")


def wrong_options(clone):
    if clone.built():
        os.remove(os.path.join(clone.folder, "built"))
    cases = [
        (["--nonsense"], "unknown option --nonsense"),
        (["--usr=100:secret"], "unknown option --usr;"),
        (["stray"], "unknown option stray"),
        (["--data"], "--data needs a value"),
        (["--data", ""], "--data needs a value"),
        (["--port", "0"], "--port 0"),
        (["--port", "65536"], "--port 65536"),
        (["--port", "sip"], "--port sip"),
        (["--listen", "my.host"], "--listen my.host"),
        (["--user", "secret"], "NAME:PASSWORD"),
        (["--user", "a,b:secret"], "without a comma"),
        (["--user", ":secret"], "NAME:PASSWORD"),
        (["--user", "a:"], "NAME:PASSWORD"),
        (["--users", "none.csv"], "--users none.csv: there is no such file"),
        (["--users", "."], "--users .: cannot be read"),
        (["--config", "none.toml"], "--config none.toml: there is no such file"),
    ]
    for options, message in cases:
        done = clone.run(*options)
        assert done.returncode == 2 and message in done.stderr, (options, done)
        assert "secret" not in done.stdout + done.stderr, (options, done)
    assert not clone.built(), "something was built before the options were looked at"
    for options, message in [(["--set", "sip.listne=x"], "did you mean sip.listen?"),
                             (["--set", "auth.nonce_lifetime=0"], "from 1 to 86400"),
                             (["--listen", "999.1.1.1"], "TRANSPORT:ADDRESS:PORT"),
                             (["--domain", "a b"], "must be a domain name")]:
        done = clone.run(*clone.usual(*options))
        assert done.returncode == 2 and message in done.stderr, (options, done)
        assert "Enter this" not in done.stdout, (options, done)
    helped = clone.run("--help")
    assert helped.returncode == 0 and "--users FILE.csv" in helped.stdout and "set -" not in helped.stdout, helped


def taken_port(clone):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", clone.port))
        done = clone.run(*clone.usual("--user", "m:n"))
    assert done.returncode == 1 and f"cannot listen on udp:127.0.0.1:{clone.port}: Address already in use" in done.stderr, done


def bad_data_folder(clone):
    done = clone.run("--data", clone.path("a file", "x") + "/below")
    assert done.returncode == 1 and "cannot make the data folder" in done.stderr, done
    done = clone.run("--data", "/proc/tipring")
    assert done.returncode == 1 and "cannot make the data folder /proc/tipring" in done.stderr, done
    done = clone.run("--data", "/proc")
    assert done.returncode == 1 and "cannot write into the data folder /proc" in done.stderr, done


def missing_packages(clone):
    clone.stub("dpkg-query", 'for word; do :; done; [ "$word" = libevent-dev ] || echo installed')
    clone.stub("id", "echo 1000")
    done = clone.run(*clone.usual())
    assert done.returncode == 1, done
    assert "apt-get install --no-install-recommends libevent-dev\n" in done.stderr, done
    clone.stub("id", "echo 0")
    clone.stub("apt-get", 'echo "apt-get $*" >> "$(dirname "$0")/../apt"; case $1 in install) echo no network; exit 100 ;; esac')
    done = clone.run(*clone.usual())
    assert done.returncode == 1 and "no network" in done.stderr, done
    assert "Could not install: libevent-dev" in done.stderr, done
    with open(clone.path("apt"), encoding="utf-8") as calls:
        assert re.fullmatch(r"apt-get update\napt-get install .*libevent-dev\n", calls.read())
    for name in ("id", "apt-get"):
        os.remove(os.path.join(clone.stubs, name))
    clone.stub("dpkg-query", "echo installed")


def failed_build(clone):
    clone.stub("cmake", 'echo "x.cpp:1: error: it is broken"; exit 1')
    done = clone.run(*clone.usual())
    assert done.returncode == 1 and "it is broken" in done.stderr and "failed" in done.stderr, done
    clone.stub("cmake", ":")


def main():
    report = Report()
    clone = Clone(sys.argv[1])
    checks = [
        ("without users, two are made; a second start keeps them", two_users_are_made_and_kept),
        ("the page is open on this host, at a port that is free", the_page_is_open_on_this_host),
        ("the server has the script's process id, and only one has a data folder", the_server_takes_the_place_of_the_script),
        ("users of options and of a file register; no password is in the log", users_of_options_and_file),
        ("wrong lines of a file are named, and nothing is stored", bad_lines_store_nothing),
        ("--set and --config reach the server; a wrong key ends with 2 (R11.5)", settings_and_config),
        ("what is set at run time is there at the next start", what_is_set_is_kept),
        ("without --data the configuration says where things are (R11.1)", paths_of_the_configuration_are_used),
        ("wrong options end with 2 and say what is wanted", wrong_options),
        ("a taken port ends with 1 and is named", taken_port),
        ("a data folder that cannot be ends with 1 and is named", bad_data_folder),
        ("missing packages are installed by root, and named to others", missing_packages),
        ("a build that fails says why", failed_build),
    ]
    try:
        for name, check in checks:
            report.run(name, lambda check=check: clone.check(check))
    finally:
        clone.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The Debian package: what is in it, whether it can be installed, and whether the server in it runs.

Usage: package.py BIN_DIR

Made from the build as it is. What only some machines have (lintian, systemd-analyze) is asked when it is there.
"""

import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from tipring_server import Report, TipringServer, free_port  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

FILES = """
/etc/tipring/tipring.toml
/lib/systemd/system/tipring.service
/usr/bin/tipring-phone
/usr/bin/tipringctl
/usr/lib/sysusers.d/tipring.conf
/usr/lib/tmpfiles.d/tipring.conf
/usr/sbin/tipringd
/usr/share/bash-completion/completions/tipring-phone
/usr/share/bash-completion/completions/tipringctl
/usr/share/bash-completion/completions/tipringd
/usr/share/doc/tipring/changelog.Debian.gz
/usr/share/doc/tipring/changelog.gz
/usr/share/doc/tipring/copyright
/usr/share/lintian/overrides/tipring
/usr/share/man/man1/tipring-phone.1.gz
/usr/share/man/man1/tipringctl.1.gz
/usr/share/man/man5/tipring.toml.5.gz
/usr/share/man/man8/tipringd.8.gz
/usr/share/zsh/vendor-completions/_tipring-phone
/usr/share/zsh/vendor-completions/_tipringctl
/usr/share/zsh/vendor-completions/_tipringd
""".split()


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **{"timeout": 60, **more})


def done(*words, **more):
    result = run(*words, **more)
    assert result.returncode == 0, (words, result.stdout, result.stderr)
    return result.stdout


def make_package(build, folder):
    done("cpack", "-G", "DEB", "--config", f"{build}/CPackConfig.cmake", "-B", folder)
    packages = [name for name in os.listdir(folder) if name.endswith(".deb")]
    assert len(packages) == 1, packages
    return os.path.join(folder, packages[0])


def contents(package):
    rows = [line.split(None, 5) for line in done("dpkg-deb", "--contents", package).splitlines()]
    files = sorted(row[5][1:] for row in rows if row[0].startswith("-"))
    assert files == sorted(FILES), set(files) ^ set(FILES)
    for mode, owner, *_, name in rows:
        program = name.startswith(("./usr/bin/", "./usr/sbin/")) or mode.startswith("d")
        assert owner == "root/root" and mode[1:] == ("rwxr-xr-x" if program else "rw-r--r--"), (mode, owner, name)


def control(package, folder):
    done("dpkg-deb", "--control", package, f"{folder}/control")
    assert open(f"{folder}/control/conffiles", encoding="utf-8").read().split() == ["/etc/tipring/tipring.toml"]
    fields = done("dpkg-deb", "--field", package)
    assert re.search(r"^Depends: .*adduser", fields, re.M) and "libc6 (>=" in fields, fields
    assert "libevent" not in fields and "libsqlite" not in fields, fields  # they are inside
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(f"{folder}/control/{script}", os.X_OK), script
        done("sh", "-n", f"{folder}/control/{script}")


def lintian(package):
    if shutil.which("lintian") is None:
        return
    told = run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
               "initial-upload-closes-no-bugs,bogus-mail-host", package)
    assert told.returncode == 0 and not re.search("^[EW]:", told.stdout, re.M), told.stdout + told.stderr


def unit(root):
    path = f"{root}/lib/systemd/system/tipring.service"
    text = open(path, encoding="utf-8").read()
    assert "ExecStart=/usr/sbin/tipringd --config /etc/tipring/tipring.toml\n" in text, text
    assert "\nType=notify\n" in text and "\nWatchdogSec=30\n" in text and "\nRestart=on-failure\n" in text, text
    if shutil.which("systemd-analyze") is None:
        return
    # The program is not installed here, but there is one like it.
    own = f"{root}/tipring.service"
    with open(own, "w", encoding="utf-8") as copy:
        copy.write(text.replace("/usr/sbin/tipringd", f"{root}/usr/sbin/tipringd"))
    told = run("systemd-analyze", "verify", "--man=no", own)
    faults = [line for line in told.stderr.splitlines() if "tipring" in line]
    assert told.returncode == 0 and not faults, told.stderr
    told = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", path)
    assert told.returncode == 0, told.stdout[-400:] + told.stderr


class Notified:
    """What the service manager is told."""

    def __init__(self, folder):
        self.path = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)

    def count(self, state, seconds):
        """How often the state is told in this time; nothing else may be."""
        told = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                told.append(self.socket.recv(256).decode())
        assert set(told) <= {state}, told
        return len(told)

    def expect(self, *states):
        for state in states:
            told = self.socket.recv(256).decode()
            assert told == state, (told, state)


def server_runs(root, folder):
    """With its own configuration; only the places are others, since there is one machine for all tests."""
    port = free_port()
    notified = Notified(folder)
    os.mkdir(f"{folder}/state")
    with open(f"{folder}/state/nonce.key", "wb") as key:
        key.write(os.urandom(32))
    with open(f"{root}/etc/tipring/tipring.toml", encoding="utf-8") as sample:
        text = sample.read()
    for place in ("/var/lib/tipring/", "/run/tipring/"):
        assert place in text, place
        text = text.replace(place, f"{folder}/state/")
    page = free_port()
    assert 'listen = ["https://0.0.0.0:8443", "https://[::]:8443"]\n' in text
    text = text.replace(":8443", f":{page}")
    text = text.replace("[sip]\n", f'[sip]\nlisten = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]\n')
    config = f"{folder}/tipring.toml"
    with open(config, "w", encoding="utf-8") as own:
        own.write(text)
    daemon, tool = f"{root}/usr/sbin/tipringd", f"{root}/usr/bin/tipringctl"
    assert done(daemon, "--config", config, "--check") == "The configuration is good.\n"
    with open(f"{folder}/log", "wb") as log:
        server = subprocess.Popen([daemon, "--config", config], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                  env={**os.environ, "NOTIFY_SOCKET": notified.path})
    try:
        notified.expect("READY=1")
        assert "uptime_s" in done(tool, "--config", config, "status")
        connection = http.client.HTTPSConnection("127.0.0.1", page, timeout=20, context=ssl._create_unverified_context())
        connection.request("GET", "/api/v1/users")  # there is nothing before somebody has used the code
        assert json.loads(connection.getresponse().read())["code"] == "setup_needed"
        connection.close()
        assert re.fullmatch(r"([0-9A-F]{4}-){3}[0-9A-F]{4}\n", done(tool, "--config", config, "admin", "setup-code"))
        assert "created" in done(tool, "--config", config, "user", "add", "100", "--generate")
        server.send_signal(signal.SIGHUP)
        notified.expect("RELOADING=1", "READY=1")
        server.send_signal(signal.SIGTERM)
        notified.expect("STOPPING=1")
        assert server.wait(20) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
        notified.socket.close()
    assert done(tool, "--config", config, "--offline", "user", "list", "-q") == "100\n"


LIFE = """
set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" "$2/root" || exit 77
mount -t tmpfs tmpfs "$2/root/run"
mount --rbind /dev "$2/root/dev"
mount --rbind /proc "$2/root/proc"
rm -rf "$2/root/var/lib/tipring" "$2/root/etc/tipring"  # a server that was tried here, as the copy shows it
cp "$1" "$2/root/package.deb"
exec chroot "$2/root" sh -ec '
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
  dpkg --install --force-depends /package.deb
  test "$(stat -c "%U %a" /var/lib/tipring)" = "tipring 700"
  test "$(stat -c "%U %a %s" /var/lib/tipring/nonce.key)" = "tipring 600 32"
  test "$(getent passwd tipring | cut -d: -f7)" = /usr/sbin/nologin
  runuser -u tipring -- tipringd --config /etc/tipring/tipring.toml --check
  runuser -u tipring -- tipringctl --offline user add 100 --generate
  echo "# mine" >> /etc/tipring/tipring.toml
  cp /var/lib/tipring/nonce.key /key
  dpkg --install --force-depends /package.deb
  tail -n 1 /etc/tipring/tipring.toml | grep -qx "# mine"
  cmp /key /var/lib/tipring/nonce.key
  dpkg --remove tipring
  test -s /var/lib/tipring/tipring.db
  test ! -e /usr/sbin/tipringd
  dpkg --install --force-depends /package.deb
  test "$(runuser -u tipring -- tipringctl --offline user list --quiet)" = 100
  dpkg --purge tipring
  test ! -e /var/lib/tipring
  test ! -e /etc/tipring
  # The server was tried as root before: tools/run makes these, and ends by starting tipringd as it is started here.
  dpkg-deb --extract /package.deb /tried
  umask 022
  mkdir -m 700 /var/lib/tipring
  (umask 077 && head -c 32 /dev/urandom > /var/lib/tipring/nonce.key)
  set -- --set store.path=/var/lib/tipring/tipring.db --set admin.socket=/var/lib/tipring/tipring.sock
  echo "100,of root" | /tried/usr/bin/tipringctl --offline "$@" user import -
  set -- "$@" --set auth.nonce_key_file=/var/lib/tipring/nonce.key
  /tried/usr/sbin/tipringd "$@" --set "sip.listen=[\\"udp:127.0.0.1:$PORT\\"]" &
  until [ -S /var/lib/tipring/tipring.sock ]; do kill -0 $!; sleep 0.1; done
  kill $!
  wait $!
  echo other > /root/other
  ln /root/other /var/lib/tipring/other
  cp /var/lib/tipring/nonce.key /key
  dpkg --install --force-depends /package.deb
  test "$(stat -c "%U %a" /var/lib/tipring)" = "tipring 700"
  test "$(stat -c %U /root/other)" = root
  cmp /key /var/lib/tipring/nonce.key
  test "$(runuser -u tipring -- tipringctl --offline user list --quiet)" = 100
  runuser -u tipring -- tipringctl --offline user add 101 --generate
  runuser -u tipring -- tipringd --config /etc/tipring/tipring.toml --check
  runuser -u tipring -- test -r /var/lib/tipring/nonce.key
  # What root makes with the tool where an installation has been is for its user; other files of root are taken over.
  rm /var/lib/tipring/tipring.db*
  tipringctl --offline user add 102 --generate
  test "$(stat -c %U /var/lib/tipring/tipring.db)" = tipring
  chown root:root /var/lib/tipring/tipring.db
  dpkg --install --force-depends /package.deb
  test "$(runuser -u tipring -- tipringctl --offline user list --quiet)" = 102
  echo whole life
'
"""


def loop_is_watched(bin_dir, folder):
    """WATCHDOG=1 twice in each WATCHDOG_USEC, from the loop; nothing without it, or when another process is meant."""
    def told(**environment):
        place = tempfile.mkdtemp(dir=folder)
        notified = Notified(place)
        with TipringServer(bin_dir, preload={"NOTIFY_SOCKET": notified.path, **environment}) as server:
            notified.expect("READY=1")
            turning = notified.count("WATCHDOG=1", 1)
            server.process.send_signal(signal.SIGSTOP)
            notified.count("WATCHDOG=1", 0.1)
            standing = notified.count("WATCHDOG=1", 0.5)
            server.process.send_signal(signal.SIGCONT)
        return turning, standing

    turning, standing = told(WATCHDOG_USEC="200000")
    assert 6 <= turning <= 11 and standing == 0, (turning, standing)
    assert told() == (0, 0)
    assert told(WATCHDOG_USEC="200000", WATCHDOG_PID="1") == (0, 0)
    assert told(WATCHDOG_USEC="soon") == (0, 0)


def life_of_the_package(package, folder):
    """Installed, upgraded, removed, installed anew and purged, on a copy of this system that vanishes afterwards."""
    place = f"{folder}/system"
    os.mkdir(place)
    result = run("unshare", "--mount", "sh", "-c", LIFE, "sh", package, place, timeout=200,
                 env={**os.environ, "PORT": str(free_port())})
    if result.returncode == 77 or "Operation not permitted" in result.stderr:
        print("(this system lets nobody mount an overlay: not tried)")
        return
    assert result.returncode == 0 and result.stdout.endswith("whole life\n"), result.stdout + result.stderr


def tool_prints_what_it_made(folder):
    """tools/package with a cmake that does nothing and a cpack that makes a file: the rest is its own."""
    tree, out, programs = (os.path.join(folder, name) for name in ("tree", "packages", "programs"))
    shutil.copytree(f"{TOP}/tools", f"{tree}/tools")
    os.mkdir(out)
    os.mkdir(programs)
    for name, line in (("cmake", "exit 0"), ("cpack", 'mkdir -p "$6/_CPack_Packages" && touch "$6/tipring_2_all.deb"')):
        with open(f"{programs}/{name}", "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{line}\n")
        os.chmod(f"{programs}/{name}", 0o755)
    for name in ("tipring_1_all.deb", "tipring_2_all.deb", "tipring_2_all.deb.note"):
        with open(f"{out}/{name}", "w", encoding="utf-8") as file:
            file.write("old")
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")
    printed = done(f"{tree}/tools/package", out, env=environment)
    assert printed == f"{out}/tipring_2_all.deb\n", printed
    assert os.path.getsize(f"{out}/tipring_2_all.deb") == 0, "the old package is still there"
    assert sorted(os.listdir(out)) == ["tipring_1_all.deb", "tipring_2_all.deb", "tipring_2_all.deb.note"]


def main():
    build = os.path.dirname(os.path.abspath(sys.argv[1]))
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tipring-package-") as folder:
        package, root = [], f"{folder}/unpacked"
        if report.run("the package is made", lambda: package.append(make_package(build, f"{folder}/out"))):
            done("dpkg-deb", "--extract", package[0], root)
            report.run("it has what it should, and nothing else", lambda: contents(package[0]))
            report.run("its scripts, conffile and dependencies", lambda: control(package[0], folder))
            report.run("lintian has nothing to say", lambda: lintian(package[0]))
            report.run("the unit is good and hardened", lambda: unit(root))
            report.run("the server in it runs and tells the service manager", lambda: server_runs(root, folder))
            if os.geteuid() == 0:
                report.run("it is installed, upgraded, removed and purged", lambda: life_of_the_package(package[0], folder))
        report.run("the loop tells the service manager that it turns", lambda: loop_is_watched(sys.argv[1], folder))
        report.run("tools/package prints what it made, and nothing that lay there", lambda: tool_prints_what_it_made(folder))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""A running server reads its configuration anew on SIGHUP; `--check` tells beforehand whether it can.

Usage: reload.py BIN_DIR
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from configured_server import ConfiguredServer  # noqa: E402
from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, wait_until  # noqa: E402

USERS = [("alice", "secret-a")]


def contact(phone, expires):
    return [f"<sip:alice@127.0.0.1:{phone.port}>;expires={expires}"]


def new_values_count_at_once(bin_dir):
    with ConfiguredServer(bin_dir, USERS, "[registrar]\nmin_expires = 60\n") as it:
        phone = SipSocket(it.server.port)
        register(phone, it.server, *USERS[0], contacts=contact(phone, 90))
        news = it.reload("[registrar]\nmin_expires = 300\n[sip]\ndomains = [\"late.example.com\"]\n"
                         "[auth]\nrealm = \"tipring\"\n")
        assert "configuration_changed key=registrar.min_expires value=300" in news, news
        assert "reloaded changes=2 waiting_for_restart=1" in news, news
        answer = register(phone, it.server, *USERS[0], contacts=contact(phone, 90), expect=423)
        assert answer.one("min-expires") == "300", answer.raw
        register(phone, it.server, *USERS[0], contacts=contact(phone, 300), aor="sip:alice@late.example.com")
        phone.close()


def what_waits_for_a_start_is_named(bin_dir):
    with ConfiguredServer(bin_dir, USERS) as it:
        news = it.reload("[capacity]\nusers = 500\n[store]\ncommit_window = 20\n[sip]\ndomains = [\"example.com\"]\n")
        assert "restart_needed key=capacity.users value=500" in news, news
        assert "restart_needed key=store.commit_window value=20" in news, news
        assert "restart_needed key=auth.realm value=example.com" in news, news
        assert "configuration_changed key=sip.domains" in news, news
        assert "reloaded changes=1 waiting_for_restart=3" in news, news
        again = it.reload()
        assert "restart_needed key=capacity.users" in again, "it is forgotten that a start is due"
        assert "configuration_changed" not in again, again


def users_of_the_new_first_domain_are_taken(bin_dir):
    """tipringctl and phones mean the same user by the first domain, also when it is a new one."""
    domains = "[auth]\nrealm = \"fixed\"\n[sip]\ndomains = [%s]\n"
    with ConfiguredServer(bin_dir, USERS, domains % '"old.example.com"') as it:
        it.reload(domains % '"new.example.com", "old.example.com"')
        it.server.ctl("user", "add", "carol@new.example.com", text_in="secret-c\n")
        it.server.ctl("user", "add", "dora@old.example.com", text_in="secret-d\n")
        phone = SipSocket(it.server.port)
        register(phone, it.server, "carol", "secret-c", aor="sip:carol@new.example.com")
        register(phone, it.server, "dora", "secret-d", aor="sip:dora@old.example.com")
        register(phone, it.server, "dora", "secret-d", aor="sip:dora@new.example.com", expect=(401, 403, 404))
        names = {(row["name"], row.get("domain", "")) for row in it.server.ctl_json("user", "list")}
        assert names == {("alice", ""), ("carol", ""), ("dora", "old.example.com")}, names
        phone.close()


def bad_file_changes_nothing(bin_dir):
    with ConfiguredServer(bin_dir, USERS, "[registrar]\nmin_expires = 300\n") as it:
        phone = SipSocket(it.server.port)
        news = it.reload("[registrar]\nmin_expires = 60\nmax_expirse = 7200\n")
        assert f"{it.path}:3: registrar.max_expirse: unknown key" in news, news
        register(phone, it.server, *USERS[0], contacts=contact(phone, 90), expect=423)
        os.remove(it.path)
        assert "cannot be read" in it.reload()
        register(phone, it.server, *USERS[0], contacts=contact(phone, 90), expect=423)
        it.reload("[registrar]\nmin_expires = 60\n")
        register(phone, it.server, *USERS[0], contacts=contact(phone, 90))
        phone.close()


def moved_log_file_is_opened_anew(bin_dir):
    folder = tempfile.TemporaryDirectory(prefix="tipring-test-")
    path = os.path.join(folder.name, "tipring.log")
    with ConfiguredServer(bin_dir, USERS, settings=[f"log.file={path}"]) as it:
        def has_line(event):
            with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as log:
                return f" {event} " in log.read()

        wait_until(lambda: has_line("serving"), 5, lambda: "nothing is written to the file")
        os.rename(path, path + ".moved")
        it.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: has_line("reloaded"), 5, lambda: "nothing is written to the new file")
    folder.cleanup()


def many_signals_under_traffic_do_no_harm(bin_dir):
    with ConfiguredServer(bin_dir, USERS) as it:
        phone = SipSocket(it.server.port)
        for round_number in range(60):
            it.write(f"[registrar]\nmax_bindings_per_aor = {11 + round_number % 2}\n")
            it.server.process.send_signal(signal.SIGHUP)
            register(phone, it.server, *USERS[0])
        news = it.reload("[registrar]\nmax_bindings_per_aor = 20\n")
        assert "configuration_changed key=registrar.max_bindings_per_aor value=20" in news, news
        phone.close()


def check_tells_all_faults(bin_dir):
    program = os.path.join(bin_dir, "tipringd")
    good = subprocess.run([program, "--check"], capture_output=True, text=True, timeout=10)
    assert good.returncode == 0 and good.stdout == "The configuration is good.\n", good
    bad = subprocess.run([program, "--check", "--set", "sip.listne=x", "--set", "auth.nonce_lifetime=0"],
                         capture_output=True, text=True, timeout=10)
    assert bad.returncode == 2, bad
    assert len(bad.stderr.splitlines()) == 2 and "did you mean sip.listen?" in bad.stderr, bad.stderr
    tight = subprocess.run([program, "--check", "--set", "memory.limit=1"], capture_output=True, text=True, timeout=10)
    assert tight.returncode == 2 and "memory.limit: the plan takes" in tight.stderr, tight


def main():
    bin_dir = sys.argv[1]
    report = Report()
    for name, check in (
            ("new values count at once, without a start (R11.3)", new_values_count_at_once),
            ("what waits for the next start is named, each time", what_waits_for_a_start_is_named),
            ("the first domain may change, for tipringctl too", users_of_the_new_first_domain_are_taken),
            ("a file with a fault changes nothing, and is told with its line", bad_file_changes_nothing),
            ("a log file that was moved away is opened anew", moved_log_file_is_opened_anew),
            ("many signals under traffic do no harm", many_signals_under_traffic_do_no_harm),
            ("--check tells all faults and starts nothing", check_tells_all_faults)):
        report.run(name, lambda c=check: c(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""tipringctl for what the page is otherwise needed for: its accounts, tokens, settings, log and restart.

Usage: ctl_admin.py BIN_DIR
"""

import http.client
import json
import os
import re
import select
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402

PASSWORD = "correct horse battery"


class Tool:
    def __init__(self, bin_dir, server):
        self.command = [f"{bin_dir}/tipringctl", "--socket", f"{server.data}/tipring.sock"]

    def run(self, *words, text=None):
        return subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=60, input=text or "")

    def done(self, *words, text=None):
        told = self.run(*words, text=text)
        assert told.returncode == 0 and told.stderr == "", (words, told)
        return told.stdout

    def refused(self, message, *words, text=None, code=1):
        told = self.run(*words, text=text)
        assert told.returncode == code and message in told.stderr and told.stdout == "", (words, told)


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body and json.dumps(body), {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text.startswith(b"{") else text


def signs_in(port, name, password):
    return ask(port, "POST", "/api/v1/session", {"name": name, "password": password})


def the_setup_code_is_good_once(tool, server, port):
    code = tool.done("admin", "setup-code").strip()
    assert code == re.findall(r"code=(\S+)", server.log_lines("admin_setup_code code=")[-1])[0]
    assert json.loads(tool.done("--json", "admin", "setup-code")) == {"code": code}
    assert ask(port, "POST", "/api/v1/setup", {"code": code, "name": "boss", "password": PASSWORD})[0] == 201
    tool.refused("there is an administrator already", "admin", "setup-code")


def accounts_are_made_changed_and_removed(tool, port):
    assert tool.done("admin", "add", "eye", "role=viewer", text=PASSWORD + "\n") == "administrator eye created\n"
    rows = {row["name"]: row["role"] for row in json.loads(tool.done("--json", "admin", "list"))}
    assert rows == {"boss": "administrator", "eye": "viewer"}, rows
    assert re.search(r"^boss +administrator +20\d\d-", tool.done("admin", "list"), re.M)
    assert signs_in(port, "eye", PASSWORD)[1]["session"]["role"] == "viewer"
    assert tool.done("admin", "set", "eye", "role=administrator") == "administrator eye changed\n"
    assert signs_in(port, "eye", PASSWORD)[1]["session"]["role"] == "administrator"
    assert tool.done("admin", "passwd", "eye", text='other "horse\\ battery\n') == "administrator eye changed\n"
    assert signs_in(port, "eye", PASSWORD)[0] == 401
    assert signs_in(port, "eye", 'other "horse\\ battery')[0] == 200
    made = json.loads(tool.done("--json", "admin", "add", "made", "--generate"))
    assert made["result"] == "created" and signs_in(port, "made", made["password"])[0] == 200, made
    assert tool.done("admin", "remove", "made") == "administrator made removed\n"
    assert signs_in(port, "made", made["password"])[0] == 401


def what_is_wrong_with_an_account_is_said(tool):
    tool.refused("the administrator exists already", "admin", "add", "boss", text=PASSWORD + "\n")
    tool.refused("there is no such administrator", "admin", "passwd", "nobody", text=PASSWORD + "\n")
    tool.refused("there is no such administrator", "admin", "remove", "nobody")
    tool.refused("password: 10 to 128 bytes", "admin", "add", "x", text="short\n")
    tool.refused("administrator or viewer", "admin", "add", "x", "role=king", text=PASSWORD + "\n")
    tool.refused("there is no field colour", "admin", "add", "x", "colour=red", text=PASSWORD + "\n", code=2)
    tool.refused("never given on the command line", "admin", "add", "x", PASSWORD, code=2)
    tool.refused("never given on the command line", "admin", "passwd", "x", PASSWORD, code=2)
    tool.refused("the running server", "--offline", "admin", "list", code=2)
    assert tool.done("admin", "remove", "eye")
    tool.refused("the last administrator stays", "admin", "remove", "boss")
    tool.refused("the last administrator stays", "admin", "set", "boss", "role=viewer")


def tokens_do_what_they_are_for(tool, port):
    text = tool.done("admin", "token", "add", "monitor", "scopes=metrics,system", "days=30")
    assert text.startswith("token monitor created\ntoken: tpr_"), text
    key = text.split("token: ")[1].strip()
    asks = lambda path: ask(port, "GET", path, Authorization=f"Bearer {key}")[0]  # noqa: E731
    assert (asks("/metrics"), asks("/api/v1/status"), asks("/api/v1/users")) == (200, 200, 403)
    row = json.loads(tool.done("--json", "admin", "token", "list"))[0]
    assert (row["name"], row["role"], row["scopes"]) == ("monitor", "viewer", "system,metrics"), row
    tool.done("admin", "token", "add", "ever", "scopes=users", "role=administrator")
    listing = tool.done("admin", "token", "list")
    assert re.search(r"^NAME +ROLE +SCOPES +CREATED +EXPIRES", listing, re.M) and key not in listing, listing
    assert tool.done("admin", "token", "remove", "monitor") == "token monitor removed\n"
    assert asks("/metrics") == 401
    tool.refused("there is no such token", "admin", "token", "remove", "monitor")
    tool.refused("there is a token of that name", "admin", "token", "add", "ever", "scopes=users")
    tool.refused("scopes", "admin", "token", "add", "other", "scopes=everything")


def changes_are_in_the_audit_log(tool):
    rows = json.loads(tool.done("--json", "admin", "audit"))
    assert any(row["action"] == "DELETE /api/v1/tokens/monitor" and row["who"] == "local" for row in rows), rows
    assert any(row["action"] == "POST /api/v1/setup" and row["who"] == "boss" and row["source"] == "127.0.0.1"
               for row in rows), rows
    assert [row["at_ms"] for row in rows] == sorted((row["at_ms"] for row in rows), reverse=True)
    assert len(json.loads(tool.done("--json", "admin", "audit", "-n", "3"))) == 3
    for i in range(110):
        tool.done("user", "add", f"u{i}", text="x\n") if i == 0 else tool.done("user", "set", "u0", f"display_name={i}")
    assert len(json.loads(tool.done("--json", "admin", "audit", "--lines", "105"))) == 105
    assert "PUT /api/v1/users//u0" in tool.done("admin", "audit", "--lines", "2")
    tool.refused("--lines must be", "admin", "audit", "--lines", "none", code=2)
    assert PASSWORD not in json.dumps(rows)


def the_configuration_is_shown_checked_and_changed(tool, path):
    shown = tool.done("config", "show", "log.level")
    assert re.search(r'^log\.level +"info" +.*tipring\.toml:2$', shown, re.M), shown
    assert len(tool.done("config", "show", "registrar").splitlines()) > 5
    assert {row["key"] for row in json.loads(tool.done("--json", "config", "show", "log.level"))} == {"log.level"}
    tool.refused("there is no key or section nothing", "config", "show", "nothing")
    tool.refused("did you mean log.level?", "config", "show", "log.levle")
    assert tool.done("config", "check") == "the file is right\n"
    told = tool.done("config", "check", "log.level=debug", "capacity.users=77")
    assert told == ("the changes are right\nwould count at once: log.level\n"
                    "would need a restart: capacity.users\n"), told
    tool.refused("log.level: must be", "config", "check", "log.level=loud")
    told = tool.done("config", "set", "log.level=debug", 'sip.domains=["a.example", "b.example"]', "capacity.users=77",
                     'routing.emergency=["112"]')
    assert "in force: log.level, routing.emergency, sip.domains\n" in told and "restart`: capacity.users\n" in told, told
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert 'level = "debug"' in text and 'domains = ["a.example", "b.example"]' in text and "users = 77" in text, text
    assert re.search(r"^capacity\.users +1000 .* 77$", tool.done("config", "show", "capacity.users"), re.M)
    assert tool.done("config", "check") == "the file is right\nnot in force yet: capacity.users\n"
    assert tool.done("config", "set", "log.level=") == "in force: log.level\n"
    for fault, words in (("there is no such key", ["log.loud=1"]), ("must be", ["capacity.users=many"])):
        tool.refused(fault, "config", "set", *words)
    tool.refused("must be KEY=VALUE", "config", "set", "log.level", code=2)


def who_is_never_blocked_is_a_setting(tool, server):
    """security.safe_sources, read and changed as any other, and in force at once."""
    def guess(times):
        for i in range(times):
            phone = SipSocket(server.port)
            uri = f"sip:127.0.0.1:{server.port}"
            phone.send(phone.request("REGISTER", uri, "sip:u0@127.0.0.1", "sip:u0@127.0.0.1"))
            challenge = phone.receive_final()
            if challenge.status == 401:
                proof = credentials(challenge_params(challenge), "u0", f"wrong {i}", "REGISTER", uri)
                phone.send(phone.request("REGISTER", uri, "sip:u0@127.0.0.1", "sip:u0@127.0.0.1", cseq=2,
                                         headers=[f"Authorization: {proof}"]))
                phone.receive_final()
            phone.close()
    assert tool.done("config", "set", 'security.safe_sources=["127.0.0.1"]') == "in force: security.safe_sources\n"
    assert '["127.0.0.1"]' in tool.done("config", "show", "security.safe_sources")
    guess(12)
    assert tool.done("blocks") == "no blocks\n"
    tool.refused("security.safe_sources", "config", "set", 'security.safe_sources=["nowhere"]')
    tool.done("config", "set", "security.safe_sources=[]")
    guess(12)
    assert "127.0.0.1" in tool.done("blocks")


def the_log_is_shown_and_followed(tool, server):
    text = tool.done("log", "-n", "500")
    assert re.search(r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d INFO started version=", text, re.M), text
    assert len(tool.done("log", "-n", "4").splitlines()) == 4
    assert json.loads(tool.done("--json", "log", "-n", "1"))["text"]
    follower = subprocess.Popen([*tool.command, "log", "-n", "1", "-f"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b""
    try:
        os.set_blocking(follower.stdout.fileno(), False)

        def told():
            nonlocal seen
            if select.select([follower.stdout], [], [], 0)[0]:
                seen += follower.stdout.read() or b""
            return b"admin_token_refused" in seen
        wait_until(lambda: told() or seen.count(b"\n") > 0, 20, lambda: seen)
        ask(server.page, "GET", "/api/v1/users", Authorization="Bearer wrong")
        wait_until(told, 20, lambda: seen)
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


def a_restart_is_asked_for(bin_dir):
    with TipringServer(bin_dir) as server:
        Tool(bin_dir, server).refused("systemd", "restart")
    with TipringServer(bin_dir, preload={"NOTIFY_SOCKET": "/nowhere/notify", "INVOCATION_ID": "1"}) as server:
        assert Tool(bin_dir, server).done("restart") == "the server restarts\n"
        assert server.process.wait(10) == 3


def main():
    report, bin_dir = Report(), sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="tipring-ctl-") as folder:
        path = f"{folder}/tipring.toml"
        with open(path, "w", encoding="utf-8") as file:
            file.write('[log]\nlevel = "info"\n')
        page = free_port()
        with TipringServer(bin_dir, config=path, settings=[f'admin.listen=["http://127.0.0.1:{page}"]']) as server:
            server.page = page
            server.log_lines("admin_setup_code")
            tool = Tool(bin_dir, server)
            report.run("the setup code is good once", lambda: the_setup_code_is_good_once(tool, server, page))
            report.run("accounts are made, changed and removed", lambda: accounts_are_made_changed_and_removed(tool, page))
            report.run("what is wrong with an account is said", lambda: what_is_wrong_with_an_account_is_said(tool))
            report.run("tokens do what they are for", lambda: tokens_do_what_they_are_for(tool, page))
            report.run("changes are in the audit log", lambda: changes_are_in_the_audit_log(tool))
            report.run("the configuration is shown, checked and changed",
                       lambda: the_configuration_is_shown_checked_and_changed(tool, path))
            report.run("who is never blocked is a setting", lambda: who_is_never_blocked_is_a_setting(tool, server))
            report.run("the log is shown and followed", lambda: the_log_is_shown_and_followed(tool, server))
            assert PASSWORD not in server.read_log()
    report.run("a restart is asked for", lambda: a_restart_is_asked_for(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""tipringctl as its user sees it, with the running server and without.

Usage: ctl.py BIN_DIR
"""

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402


class Tool:
    """tipringctl with fixed first words."""

    def __init__(self, bin_dir, *words):
        self.command = [os.path.join(bin_dir, "tipringctl"), *words]

    def run(self, *words, text=None, **more):
        given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=60, **given, **more)

    def done(self, *words, text=None):
        """What it printed; it must have succeeded, and in silence on standard error."""
        result = self.run(*words, text=text)
        assert result.returncode == 0 and result.stderr == "", (words, result)
        return result.stdout

    def refused(self, message, *words, text=None, code=1, **more):
        """It must fail with `message`, and print nothing else."""
        result = self.run(*words, text=text, **more)
        assert result.returncode == code and message in result.stderr and result.stdout == "", (words, result)
        assert result.stderr.startswith("tipringctl: "), result.stderr
        return result.stderr

    def at_terminal(self, *words, answers=()):
        """At a terminal, each prompt answered in turn: the exit status and all that the screen showed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(self.command[0], [*self.command, *words])
        screen, answers = b"", list(answers)
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                if not select.select([terminal], [], [], 0.2)[0]:
                    continue
                try:
                    more = os.read(terminal, 4096)
                except OSError:  # the other end is closed
                    break
                if not more:
                    break
                screen += more
                if answers and screen.endswith(b": "):
                    answer = answers.pop(0)
                    if callable(answer):
                        answer(pid)
                    else:
                        os.write(terminal, answer)
            else:
                os.kill(pid, signal.SIGKILL)
        finally:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(terminal)
        return status, screen.decode()


def register(server, user, password, auth_name=None):
    """The final status of a REGISTER with these credentials."""
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", f"sip:{user}@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    proof = credentials(challenge_params(phone.receive_final()), auth_name or user, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[
        f"Contact: <sip:{user}@127.0.0.1:{phone.port}>;expires=300", "User-Agent: Test phone \x1b[2J",
        f"Authorization: {proof}"]))
    answer = phone.receive_final()
    phone.close()
    return answer.status


def life_of_a_user(tool, server):
    assert tool.done("user", "list") == "no users\n"
    assert tool.done("registrations") == "no registrations\n"
    assert tool.done("user", "add", "zoe", text="first\n") == "user zoe created\n"
    assert register(server, "zoe", "first") == 200
    tool.refused("zoe: the user exists already", "user", "add", "zoe", text="other\n")
    assert tool.done("user", "passwd", "zoe", text="second\r\n") == "user zoe changed\n"
    assert register(server, "zoe", "first") == 401 and register(server, "zoe", "second") == 200
    tool.refused("nobody: there is no such user", "user", "passwd", "nobody", text="x\n")
    tool.refused("nobody: there is no such user", "user", "delete", "nobody")
    assert tool.done("user", "delete", "zoe") == "user zoe deleted\n"
    assert register(server, "zoe", "second") == 401
    assert tool.done("registrations") == "no registrations\n", "the registration outlived its user"


def listings_are_sorted_and_aligned(tool, server):
    for user in ("zed@example.org", "carla", "b\u00f6rje", "anna@example.org"):
        tool.done("user", "add", user, text="x\n")
    assert register(server, "carla", "x") == 200
    listing = tool.done("user", "list")
    assert listing == ("NAME   DOMAIN       BINDINGS  HAS PASSWORD\n"
                       "b\u00f6rje                      0          true\n"
                       "carla                      1          true\n"
                       "anna   example.org         0          true\n"
                       "zed    example.org         0          true\n"), listing
    assert tool.done("user", "list") == listing
    assert tool.done("user", "list", "--quiet") == "b\u00f6rje\ncarla\nanna@example.org\nzed@example.org\n"
    shown = tool.done("registrations")
    assert "carla" in shown and "  UDP  " in shown and "\x1b" not in shown, repr(shown)
    assert len({len(line) for line in shown.splitlines()[:1]}) == 1 and len(shown.splitlines()) == 2, shown
    status = dict(line.split(None, 1) for line in tool.done("status").splitlines())
    assert status["users"] == "4" and status["registrations"] == "1" and status["store"] == "ok", status
    assert int(status["uptime_s"]) < 600 and int(status["refused_for_capacity"]) == 0, status
    pools = tool.done("pools")
    assert re.search(r"^NAME +CAPACITY +IN USE +HIGH WATER +REFUSALS +ITEM BYTES$", pools, re.M), pools
    assert len({len(line) for line in pools.splitlines()}) == 1, pools
    assert server.ctl_json("user", "list")[0] == {
        "name": "b\u00f6rje", "domain": "", "bindings": 0, "has_password": True, "auth_name": "b\u00f6rje",
        "display_name": "", "aliases": [], "algorithms": [], "session_timer": "default"}
    for user in ("zed@example.org", "carla", "b\u00f6rje", "anna@example.org"):
        tool.done("user", "delete", user)


def fields_of_a_user(tool, server):
    """Online; the phone's credentials follow auth_name and algorithms."""
    made = tool.done("user", "add", "fay", "display_name=Fay W\u00fcst", "aliases=200,desk", "--generate")
    password = re.fullmatch(r"user fay created\npassword: ([a-z2-9]{16})\n", made).group(1)
    assert register(server, "fay", password) == 200
    assert tool.done("user", "set", "fay", "alias+=201", "alias-=desk", "session_timer=exempt") == "user fay changed\n"
    shown = dict((line.split(None, 1) + [""])[:2] for line in tool.done("user", "show", "fay").splitlines())
    assert shown["aliases"] == "200, 201" and shown["session_timer"] == "exempt", shown
    assert shown["display_name"] == "Fay W\u00fcst" and shown["bindings"] == "1", shown
    before = tool.done("user", "show", "fay", "--json")
    for word, told, code in (("algorithms=MD4", "algorithms must be MD5, SHA-256", 1),
                             ("aliases=a,a", "aliases may not name one twice", 1),
                             ("display_name=" + "x" * 129, "display_name may have at most 128 bytes", 1),
                             ("auth_name=a:b", "auth_name may not hold", 1), ("colour=red", "there is no such field", 2),
                             ("session_timer=off", "session_timer must be default or exempt", 1)):
        tool.refused(told, "user", "set", "fay", "display_name=y", word, code=code)
    assert tool.done("user", "show", "fay", "--json") == before, "a refused change changed something"
    tool.refused("there is no such user", "user", "set", "nobody", "display_name=x")
    tool.refused("there is no such user", "user", "show", "nobody")
    assert "changed" in tool.done("user", "set", "fay", "auth_name=fay-phone", text="new word\n")
    assert register(server, "fay", "new word") != 200
    assert register(server, "fay", "new word", auth_name="fay-phone") == 200
    exported = tool.done("user", "export")
    assert "fay,fay-phone,Fay W\u00fcst,\"200,201\",,exempt\n" in exported, exported
    assert tool.done("user", "import", "-", text=exported.replace("W\u00fcst", "Wynn")) == "0 users created, 1 changed\n"
    assert server.ctl_json("user", "show", "fay")["display_name"] == "Fay Wynn"
    assert register(server, "fay", "new word", auth_name="fay-phone") == 200, "the import touched the password"


def a_user_gets_another_name(tool, server):
    tool.done("user", "add", "old", "aliases=310,new", "display_name=O", text="first\n")
    tool.done("user", "add", "another", text="x\n")
    assert register(server, "old", "first") == 200
    tool.refused("another user of this domain", "user", "rename", "old", "another", text="second\n")
    assert tool.done("user", "rename", "old", "new", text="second\n") == "user old renamed to new\n"
    shown = json.loads(tool.done("--json", "user", "show", "new"))
    assert (shown["bindings"], shown["display_name"], shown["aliases"]) == (1, "O", ["310"]), shown
    tool.refused("there is no such user", "user", "show", "old")
    assert register(server, "old", "first") == 401 and register(server, "new", "second") == 200
    # With a login of its own it keeps the password, and nobody is asked for one.
    tool.done("user", "set", "new", "auth_name=login", text="third\n")
    assert tool.done("user", "rename", "new", "newer") == "user new renamed to newer\n"
    assert register(server, "newer", "third", "login") == 200
    tool.done("user", "delete", "newer")
    tool.done("user", "delete", "another")


def registrations_are_removed(tool, server):
    rows = server.ctl_json("registrations", "fay")
    assert rows and all(row["name"] == "fay" for row in rows), rows
    tool.refused("no such phone is registered", "registrations", "remove", "fay", "sip:none@127.0.0.1")
    assert "removed" in tool.done("registrations", "remove", "fay", rows[0]["contact"])
    left = server.ctl_json("registrations", "fay")
    assert len(left) == len(rows) - 1 and rows[0] not in left, left
    if left:
        tool.done("registrations", "remove", "fay")
    assert tool.done("registrations", "fay") == "no registrations\n"
    tool.refused("no such phone is registered", "registrations", "remove", "fay")
    tool.done("user", "delete", "fay")


def passwords_from_a_terminal(tool, server):
    status, screen = tool.at_terminal("user", "add", "tina", answers=[b"hidden word\n", b"hidden word\n"])
    assert status == 0 and "user tina created" in screen, (status, screen)
    assert "Password for tina: " in screen and "hidden" not in screen, screen
    assert register(server, "tina", "hidden word") == 200
    status, screen = tool.at_terminal("user", "passwd", "tina", answers=[b"one\n", b"two\n"])
    assert status == 1 and "the two passwords differ; nothing was changed" in screen, (status, screen)
    assert register(server, "tina", "hidden word") == 200
    # Ctrl-D and Ctrl-C.
    status, screen = tool.at_terminal("user", "passwd", "tina", answers=[b"\x04"])
    assert status == 1 and "no password" in screen, (status, screen)
    status, screen = tool.at_terminal("user", "passwd", "tina", answers=[b"\x03"])
    assert status == -signal.SIGINT, (status, screen)
    tool.done("user", "delete", "tina")


def passwords_from_standard_input(tool):
    tool.refused("no password on standard input", "user", "add", "uwe")
    tool.refused("at least 1 byte", "user", "add", "uwe", text="\n")
    tool.refused("at most 128 bytes", "user", "add", "uwe", text="x" * 129 + "\n")
    tool.refused("control characters", "user", "add", "uwe", text="a\tb\n")
    for words in (["user", "add", "uwe", "secret"], ["user", "add", "--password", "secret", "uwe"],
                  ["user", "passwd", "--password=secret", "uwe"]):
        told = tool.refused("a password is never given on the command line", *words, code=2)
        assert "secret" not in told, told
    assert tool.done("user", "list") == "no users\n"


def imports(tool, server, folder):
    path = os.path.join(folder, "users.csv")

    def file(text):
        with open(path, "w", encoding="utf-8", newline="") as users:
            users.write(text)
        return path

    tool.done("user", "add", "old", text="x\n")
    printed = tool.done("user", "import", file("\ufeffold,changed\r\n\r\nnew,a,b \r\nother@example.org,c"))
    assert printed == "2 users created, 1 changed\n", printed
    assert register(server, "old", "changed") == 200 and register(server, "new", "a,b ") == 200
    before = tool.done("user", "list", "-q")
    told = tool.refused("nothing was stored", "user", "import", file("fine,x\nsecret\n,x\nno:good,x\nempty,\nfine,y\n"))
    for line in (2, 3, 4, 5, 6):
        assert f"{path}, line {line}: " in told, told
    assert "line 1:" not in told and "secret" not in told, told
    tool.refused("line 1: a heading names the columns", "user", "import", "-", text="name,pass word\nx,y\n")
    tool.refused("cannot read", "user", "import", os.path.join(folder, "none"))
    tool.refused("cannot read", "user", "import", folder)
    assert tool.done("user", "list", "-q") == before, "a refused import stored something"
    # More lines than one request to the server takes, and than there is room for.
    many = "".join(f"m{number:04},x\n" for number in range(1200))
    told = tool.refused("raise capacity.users", "user", "import", file(many))
    found = re.search(r", line (\d+): .* (\d+) of 1200 users were stored", told)
    assert found, told
    stored = tool.done("user", "list", "-q").splitlines()
    assert len(stored) == server.users_max, len(stored)
    assert len([user for user in stored if user.startswith("m")]) == int(found[2]), (found[0], len(stored))
    assert f"m{int(found[1]) - 1:04}" not in stored, f"{found[0]}, which is stored"
    # The audit log has it, though it was refused in the end.
    rows = Api(server).get("/api/v1/audit")["audit"]
    assert any(row["action"].endswith("/users/import") and row["status"] >= 400 for row in rows), rows[:5]
    for user in ("old", "new", "other@example.org", *[name for name in stored if name.startswith("m")][:20]):
        tool.done("user", "delete", user)


def wrong_usage(tool):
    for words, message in [
        ([], "no command given"), (["user"], "user needs one of add"), (["user", "frob"], "unknown command user frob"),
        (["frob"], "unknown command frob"), (["--frob"], "unknown option --frob"), (["user", "add"], "add needs NAME"),
        (["status", "more"], "takes no further words"), (["--socket"], "--socket needs a value"),
        (["--quiet", "status"], "--quiet goes with user list, group list and trace on only"),
        (["--offline", "user", "list"], "--socket and --offline exclude each other"),
    ]:
        tool.refused(message, *words, code=2)
    for name in ("", "a b ", "a:b", "a,b", "a\x01b", "x" * 65, "x@exa mple"):
        told = tool.refused("a user name" if "mple" not in name else "a domain", "user", "delete", name)
        assert "\x01" not in told, told
    helped = tool.done("--help")
    for topic in (["user", "set"], ["user", "import"], ["registrations", "remove"]):
        assert tool.done("help", *topic).startswith("usage: tipringctl"), topic
    for word in ("user import FILE", "--offline", "Exit status: 0 done, 1 refused or failed, 2 wrong usage"):
        assert word in helped, helped
    assert tool.done("help") == helped and tool.done("--version").startswith("tipringctl ")


def output_that_cannot_be_written(tool):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([*tool.command, "status"], stdout=full, stderr=subprocess.PIPE, timeout=30)
    assert result.returncode == 1, result


def wrong_sockets(bin_dir, server, folder):
    Tool(bin_dir, "--socket", f"{folder}/none").refused(f"no server answers at {folder}/none", "status")
    Tool(bin_dir, "--socket", __file__).refused("no server answers", "status")
    Tool(bin_dir, "--socket", "x" * 200).refused("longer than a socket's path can be", "status")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{folder}/other")
        other.listen()

        def answer():
            connection, _ = other.accept()
            connection.sendall(b"220 mail.example ready\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        Tool(bin_dir, "--socket", f"{folder}/other").refused("is not tipringd", "status")
        thread.join()
    # The data folder and the socket in it are the server's own.
    assert os.stat(f"{server.data}/tipring.sock").st_mode & 0o077 == 0
    if os.geteuid() == 0:
        os.chmod(server.data, 0o755)
        copy = os.path.join(folder, "tipringctl")
        shutil.copy(os.path.join(bin_dir, "tipringctl"), copy)
        os.chmod(folder, 0o755)
        tool = Tool(folder, "--socket", f"{server.data}/tipring.sock")
        tool.refused("no permission to use", "status", user=65534, group=65534, extra_groups=[])


def a_server_that_hangs_or_ends(bin_dir):
    with TipringServer(bin_dir) as server:
        tool = Tool(bin_dir, "--socket", f"{server.data}/tipring.sock")
        offline = Tool(bin_dir, "--offline", "--set", f"store.path={server.data}/tipring.db")
        offline.refused("leave out --offline", "user", "list")
        server.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        try:
            waiting = subprocess.Popen([*tool.command, "status"], stderr=subprocess.PIPE, text=True)
            told = waiting.communicate(timeout=30)[1]
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert waiting.returncode == 1 and "does not answer" in told, told
        assert time.monotonic() - started < 25
        # Requests that meet the end of the server are told so, one way or the other.
        results = []

        def keep_asking():
            for number in range(10000):
                results.append(tool.run("user", "add", f"u{number}", text="x\n"))
                if results[-1].returncode != 0:
                    return

        thread = threading.Thread(target=keep_asking)
        thread.start()
        time.sleep(0.5)
        assert server.stop() == 0
        thread.join()
        told = results[-1].stderr
        assert re.search("no server answers|ended while it answered|cannot talk to the server", told), told
        stored = offline.done("user", "list", "-q").splitlines()
        created = [f"u{number}" for number, result in enumerate(results) if result.returncode == 0]
        assert created and set(created) <= set(stored), "a user that was said to be created is not there"
        tool.refused("no server answers", "status")


def without_a_server(bin_dir, folder):
    database = os.path.join(folder, "own.db")
    tool = Tool(bin_dir, "--offline", "--set", f"store.path={database}", "--set", "sip.domains=example.com")
    assert tool.done("user", "list") == "no users\n" and not os.path.exists(database)
    tool.refused("there is no such user", "user", "delete", "x")
    assert tool.done("user", "import", "-", text="b,x\na@example.com,x\n") == "2 users created, 0 changed\n"
    assert tool.done("user", "list", "-q") == "a\nb\n"
    assert os.stat(database).st_mode & 0o077 == 0, "others can read the database"
    tool.refused("line 2: user b@example.com is in line 1 already", "user", "import", "-", text="b,y\nb@example.com,z\n")
    assert tool.done("user", "add", "c", text="x\n") and tool.done("user", "delete", "a")
    made = tool.done("user", "rename", "b", "d", "--generate")
    assert re.fullmatch(r"user b renamed to d\npassword: \w{16}\n", made), made
    assert tool.done("user", "list", "-q") == "c\nd\n"
    tool.refused("only the running server knows this", "registrations", code=2)
    with open(database, "r+b") as file:
        file.write(b"this is no database")
    assert database in tool.refused("", "user", "list")
    wrong = tool.run("--set", "sip.listne=x", "user", "list")
    assert wrong.returncode == 2 and "did you mean sip.listen?" in wrong.stderr, wrong
    assert tool.done("--config", f"{folder}/none.toml", "help") == tool.done("help")
    wrong = tool.run("--config", f"{folder}/none.toml", "user", "list")
    assert wrong.returncode == 2 and "none.toml: cannot be read: No such file" in wrong.stderr, wrong


def files_made_offline(bin_dir, folder):
    """The superuser's tool makes them for whoever has the folder; what is there already stays its owner's."""
    if os.geteuid() != 0:
        return
    data = os.path.join(folder, "of-nobody")
    os.mkdir(data)
    os.chown(data, 65534, 65534)
    database = os.path.join(data, "tipring.db")
    tool = Tool(bin_dir, "--offline", "--set", f"store.path={database}", "--set", "sip.domains=example.com")
    tool.done("user", "add", "a", text="x\n")
    owners = {name: (os.stat(os.path.join(data, name)).st_uid, os.stat(os.path.join(data, name)).st_gid)
              for name in os.listdir(data)}
    assert "tipring.db" in owners and set(owners.values()) == {(65534, 65534)}, owners
    os.chown(data, 0, 0)
    tool.done("user", "add", "b", text="x\n")
    assert os.stat(database).st_uid == 65534
    # No link leads it to another's file.
    victim = os.path.join(folder, "victim")
    os.symlink(victim, os.path.join(data, "other.db"))
    Tool(bin_dir, "--offline", "--set", f"store.path={data}/other.db").run("user", "add", "c", text="x\n")
    assert not os.path.exists(victim)


def main():
    bin_dir = os.path.abspath(sys.argv[1])
    report = Report()
    folder = tempfile.mkdtemp(prefix="tipring-ctl-")
    with TipringServer(bin_dir, settings=["capacity.users=600"]) as server:
        server.users_max = 600
        tool = Tool(bin_dir, "--socket", f"{server.data}/tipring.sock")
        report.run("a user is added, changed and deleted, and phones notice (R9.2, R9.4)",
                   lambda: life_of_a_user(tool, server))
        report.run("listings are sorted, aligned and safe for the terminal",
                   lambda: listings_are_sorted_and_aligned(tool, server))
        report.run("fields of a user are set, shown, exported and imported",
                   lambda: fields_of_a_user(tool, server))
        report.run("a user gets another name, and its phones with it", lambda: a_user_gets_another_name(tool, server))
        report.run("registrations are removed by contact or all at once",
                   lambda: registrations_are_removed(tool, server))
        report.run("passwords are asked for at a terminal, unseen", lambda: passwords_from_a_terminal(tool, server))
        report.run("passwords come from standard input, never from the command line",
                   lambda: passwords_from_standard_input(tool))
        report.run("an import is stored whole, or its lines are named", lambda: imports(tool, server, folder))
        report.run("wrong usage ends with 2, a wrong name with 1", lambda: wrong_usage(tool))
        report.run("what could not be written is no success", lambda: output_that_cannot_be_written(tool))
        report.run("wrong sockets are told apart", lambda: wrong_sockets(bin_dir, server, folder))
    report.run("a server that hangs or ends is told, and what was confirmed is kept (R9.3)",
               lambda: a_server_that_hangs_or_ends(bin_dir))
    report.run("--offline works on the database itself", lambda: without_a_server(bin_dir, folder))
    report.run("--offline leaves its files to the owner of their folder", lambda: files_made_offline(bin_dir, folder))
    shutil.rmtree(folder)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

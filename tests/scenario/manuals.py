#!/usr/bin/env python3
"""Manual pages and shell completion name all that the programs take, and nothing else.

Usage: manuals.py BIN_DIR
"""

import gzip
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))

from tipring_server import Report  # noqa: E402

GROUP_FIELDS = ["display_name", "strategy", "ring_timeout_s", "member_ring_s", "no_answer_status", "no_answer_to",
                "enabled"]
MEMBER_FIELDS = ["order", "delay_s", "ring_s", "enabled"]
FIELDS = ["display_name", "auth_name", "aliases", "algorithms", "session_timer"]


def page(build, name):
    with gzip.open(f"{build}/port/appliance/{name}.gz", "rt", encoding="utf-8") as text:
        return text.read()


def help_of(bin_dir, program, *words):
    return subprocess.run([f"{bin_dir}/{program}", *words], capture_output=True, text=True, timeout=20, check=True).stdout


def commands(bin_dir):
    """Of tipringctl: from the lines of its help."""
    found = re.findall(r"^  ([a-z]+(?: [a-z-]+){0,2}?)(?=  | [A-Z\[]|$)", help_of(bin_dir, "tipringctl", "help"), re.M)
    assert {"user add", "status", "registrations remove", "group member add"} <= set(found), found
    return found


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text))


def every_key_is_in_the_manual(bin_dir, build):
    text = page(build, "tipring.toml.5")
    shown = set()
    section = ""
    for line in text.splitlines():
        if line.startswith(".Ss ["):
            section = line[5:-1]
        elif line.startswith('.It Li "'):
            shown.add(f"{section}.{line[8:].split(' ')[0]}")
    with open(f"{TOP}/src/app/config_keys.cpp", encoding="utf-8") as source:
        keys = set(re.findall(r'^    \{"([a-z_]+\.[a-z_]+)",', source.read(), re.M))
    assert len(keys) > 30 and shown == keys, shown ^ keys


def every_command_is_in_the_manual(bin_dir, build):
    text = page(build, "tipringctl.1")
    listed = re.findall(r"^\.It Cm ([a-z]+(?: [a-z-]+){0,2}?)(?= (?:Ar|Op|Oo)|$)", text, re.M)
    shown = {" ".join(word for word in item.split() if word not in ("name", "file")) for item in listed}
    assert shown == set(commands(bin_dir)), shown ^ set(commands(bin_dir))
    for field in FIELDS + GROUP_FIELDS + MEMBER_FIELDS:
        assert f".It Li {field}\n" in text, field


def every_option_is_in_the_manual(bin_dir, build):
    for program, name, words in (("tipringctl", "tipringctl.1", ["help"]), ("tipringd", "tipringd.8", ["--help"]),
                                 ("tipring-phone", "tipring-phone.1", ["--help"])):
        taken = options(help_of(bin_dir, program, *words)) | {"--help"}
        shown = {f"-{word}" for word in re.findall(r"^\.It Fl (-[a-z]+(?:-[a-z]+)*)", page(build, name), re.M)} | {"--help"}
        missing = taken - shown
        assert not missing, (program, missing)


def pages_are_well_formed(build):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("tipring-phone.1", "tipringctl.1", "tipring.toml.5", "tipringd.8"):
            path = f"{folder}/{name}"
            with open(path, "w", encoding="utf-8") as text:
                text.write(page(build, name))
            for tool in (["mandoc", "-Tlint", "-W", "warning"], ["man", "--warnings", "-l", "-Tutf8"]):
                if shutil.which(tool[0]) is None:
                    continue
                told = subprocess.run([*tool, path], capture_output=True, text=True, timeout=30,
                                      env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFOPT": ""})
                faults = told.stderr if tool[0] == "man" else told.stdout
                assert told.returncode == 0 and not faults, (tool, faults)


def complete(bin_dir, *words, given=""):
    """What bash offers after these words; the last one is being typed."""
    script = f"""
        PATH={shlex.quote(bin_dir)}:$PATH
        source {shlex.quote(TOP)}/port/appliance/completion/tipringctl
        source {shlex.quote(TOP)}/port/appliance/completion/tipringd
        source {shlex.quote(TOP)}/port/appliance/completion/tipring-phone
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "_${{1##*/}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    told = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=20)
    assert told.returncode == 0 and told.stderr == "", told
    return told.stdout.split("\n")[:-1] if told.stdout != "\n" else []


def complete_in_bash(bin_dir, *words):
    """As complete() for zsh: a word FIELD=VALUE is one word there, and a whole one is offered."""
    cut = [part for word in words[:-1] for part in word.partition("=") if part]
    last = [part for part in words[-1].partition("=") if part] or [""]
    prefix = words[-1][:words[-1].rfind("=") + 1]
    return [prefix + offered for offered in complete(bin_dir, *cut, *last)]


def complete_in_zsh(bin_dir, *words):
    """What zsh is offered after these words; the last one is being typed, and tells which match."""
    script = f"""
        path=({shlex.quote(bin_dir)} $path)
        fpath=({shlex.quote(TOP)}/port/appliance/completion/zsh)
        compadd() {{
          local -a all
          case $1 in
            -a) all=("${{(@P)2}}") ;;
            -S) all=("${{@:4}}") ;;
            *) all=("${{@:2}}") ;;
          esac
          (($#all)) && print -rl -- "${{all[@]}}"
          true
        }}
        _files() {{ print -rl -- a file }}
        autoload -Uz _tipring-phone _tipringctl _tipringd
        words=("$@") CURRENT=$#
        _$1
    """
    told = subprocess.run(["zsh", "-fc", script, "zsh", *words], capture_output=True, text=True, timeout=20)
    assert told.returncode == 0 and told.stderr == "", told
    return [word for word in told.stdout.splitlines() if word.startswith(words[-1])]


def zsh_offers_the_same(bin_dir):
    """Where bash, which has tests of its own, offers words."""
    lines = [["tipringctl", ""], ["tipringctl", "user", "s"], ["tipringctl", "help", "user", "exp"],
             ["tipringctl", "help", ""], ["tipringctl", "group", "member", ""], ["tipringctl", "admin", "token", ""],
             ["tipringctl", "admin", "set", "x", "role="], ["tipringctl", "admin", "token", "add", "x", ""], ["tipringctl", "group", "add", "6", ""],
             ["tipringctl", "group", "member", "set", "6", "2", "en"], ["tipringctl", "group", "set", "6", "strategy=r"],
             ["tipringctl", "user", "set", "anna", ""],
             ["tipringctl", "user", "set", "anna", "session_timer=e"], ["tipringctl", "status", ""],
             ["tipringctl", "user", "add", "anna", "aliases=1", "algorithms="], ["tipringctl", "--set", ""],
             ["tipringctl", "--json", "user", ""], ["tipringctl", "trace", "on", "1", "--for", "9", "--"],
             ["tipringd", "--"], ["tipringd", "--set", ""], ["tipring-phone", "--"],
             ["tipring-phone", "--transport", ""]]
    lines += [["tipringctl", *command.split(), "--"] for command in commands(bin_dir)]
    lines += [["tipringctl", command.split()[0], ""] for command in commands(bin_dir) if " " in command]
    for line in lines:
        expected = complete_in_bash(bin_dir, *line)
        assert sorted(complete_in_zsh(bin_dir, *line)) == sorted(expected), (line, complete_in_zsh(bin_dir, *line), expected)


def zsh_offers_users(bin_dir):
    with tempfile.TemporaryDirectory(prefix="tipring-complete-") as folder:
        given = ["--offline", "--set", f"store.path={folder}/own.db"]
        subprocess.run([f"{bin_dir}/tipringctl", *given, "user", "import", "-"], input="anna,x\nandy b,x\nbert,x\n",
                       text=True, check=True, capture_output=True, timeout=20)
        assert complete_in_zsh(bin_dir, "tipringctl", *given, "user", "show", "an") == ["andy b", "anna"]
        assert complete_in_zsh(bin_dir, "tipringctl", *given, "user", "rename", "bert") == ["bert"]
        assert complete_in_zsh(bin_dir, "tipringctl", "--socket", f"{folder}/none", "user", "show", "") == []
        assert complete_in_zsh(bin_dir, "tipringctl", "--config", "") == ["a", "file"]


def zsh_completes_at_a_terminal(bin_dir):
    """The real thing: compinit finds the function by its name, and Tab completes."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", PATH=f"{bin_dir}:{os.environ['PATH']}", PS1="ready> ")
        os.execvp("zsh", ["zsh", "-fi"])
    screen = b""
    try:
        folder = shlex.quote(f"{TOP}/port/appliance/completion/zsh")
        for words, expected in ((f"fpath+=({folder}); autoload -Uz compinit; compinit -u -D\n", b"ready> "),
                                ("tipringctl user exp\t", b"user export"), ("\x15tipringd --ch\t", b"--check")):
            os.write(terminal, words.encode())
            screen = b""
            deadline = time.monotonic() + 20
            while expected not in screen:
                assert time.monotonic() < deadline, screen
                if select.select([terminal], [], [], 0.2)[0]:
                    screen += os.read(terminal, 4096)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def completion_offers_every_word(bin_dir):
    first = {command.split()[0] for command in commands(bin_dir)}
    assert set(complete(bin_dir, "tipringctl", "")) == first
    for group in {command.split()[0] for command in commands(bin_dir) if " " in command}:
        second = {command.split()[1] for command in commands(bin_dir) if command.startswith(f"{group} ")}
        offered = set(complete(bin_dir, "tipringctl", group, ""))
        assert second == offered, (group, second, offered)
    for words, expected in ((["group", "set", "600"], GROUP_FIELDS), (["group", "member", "add", "600", "201"], MEMBER_FIELDS)):
        assert [word.rstrip("=") for word in complete(bin_dir, "tipringctl", *words, "")] == expected, words
    assert complete(bin_dir, "tipringctl", "group", "set", "600", "strategy", "=", "r") == ["round_robin", "random"]
    assert complete(bin_dir, "tipringctl", "help", "group", "member", "d") == ["disable"]
    assert complete(bin_dir, "tipringctl", "admin", "token", "") == ["list", "add", "remove"]
    assert complete(bin_dir, "tipringctl", "admin", "add", "x", "role", "=", "v") == ["viewer"]
    assert complete(bin_dir, "tipringctl", "user", "s") == ["set", "show"]
    assert complete(bin_dir, "tipringctl", "help", "user", "exp") == ["export"]
    fields = {word.rstrip("=+-") for word in complete(bin_dir, "tipringctl", "user", "set", "anna", "")}
    assert fields == {*FIELDS, "alias"}, fields
    assert complete(bin_dir, "tipringctl", "user", "set", "anna", "session_timer", "=", "e") == ["exempt"]
    taken = options(help_of(bin_dir, "tipringctl", "help")) | {"--help", "--version"}
    offered = {word for command in ("user list", "user set", "user export", "records", "trace on", "log", "restore")
               for word in complete(bin_dir, "tipringctl", *command.split(), "--")}
    assert offered == taken, offered ^ taken
    taken = options(help_of(bin_dir, "tipringd", "--help"))
    assert set(complete(bin_dir, "tipringd", "--")) == taken
    taken = options(help_of(bin_dir, "tipring-phone", "--help")) | {"--help", "--version"}
    assert set(complete(bin_dir, "tipring-phone", "--")) == taken, taken


def completion_offers_users(bin_dir):
    with tempfile.TemporaryDirectory(prefix="tipring-complete-") as folder:
        options_given = ["--offline", "--set", f"store.path={folder}/own.db"]
        subprocess.run([f"{bin_dir}/tipringctl", *options_given, "user", "import", "-"], input="anna,x\nandy b,x\nbert,x\n",
                       text=True, check=True, capture_output=True, timeout=20)
        # As bash cuts the line: "=" is a word of its own.
        split = ["--offline", "--set", "store.path", "=", f"{folder}/own.db"]
        assert complete(bin_dir, "tipringctl", *split, "user", "show", "an") == ["andy\\ b", "anna"]
        assert complete(bin_dir, "tipringctl", *split, "user", "delete", "bert") == ["bert"]
        assert complete(bin_dir, "tipringctl", "--socket", f"{folder}/none", "user", "show", "") == []


def main():
    bin_dir = os.path.abspath(sys.argv[1])
    build = os.path.dirname(bin_dir)
    report = Report()
    report.run("tipring.toml(5) has every key", lambda: every_key_is_in_the_manual(bin_dir, build))
    report.run("tipringctl(1) has every command and field", lambda: every_command_is_in_the_manual(bin_dir, build))
    report.run("the manuals have every option", lambda: every_option_is_in_the_manual(bin_dir, build))
    report.run("the manuals are well formed", lambda: pages_are_well_formed(build))
    report.run("bash is offered every word", lambda: completion_offers_every_word(bin_dir))
    report.run("bash is offered the users", lambda: completion_offers_users(bin_dir))
    if shutil.which("zsh") is None:
        print("(there is no zsh here: not tried)")
    else:
        report.run("zsh is offered the same words", lambda: zsh_offers_the_same(bin_dir))
        report.run("zsh is offered the users", lambda: zsh_offers_users(bin_dir))
        report.run("zsh completes at a terminal", lambda: zsh_completes_at_a_terminal(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

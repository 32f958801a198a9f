#!/usr/bin/env python3
"""tools/test over a project of a few lines whose tests pass, fail, hang and crash: what it shows and counts.

Usage: tools_test.py BIN_DIR
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from tipring_server import Report, wait_until  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

DOCTEST = "[doctest] test cases: 6 | 4 passed | {bad} failed | 1 skipped"
# Name and script of each, with what it adds to either count.
TESTS = {
    "silent": (":", 1, 0),
    "summary": ("printf '5 passed, 0 failed'", 5, 0),
    "cases": (f"echo '{DOCTEST.format(bad=0)}'", 4, 0),
    "bad_cases": (f"echo '{DOCTEST.format(bad=2)}'; exit 1", 4, 2),
    "bad_code": ("echo a reason; printf 'odd \\377 byte\\n\\n3: no number\\n'; exit 3", 0, 1),
    "bad_end": ("echo 2 passed, 0 failed; exit 1", 2, 1),
    "empty": ("echo 0 passed, 0 failed", 0, 1),
    "crash": ("kill -SEGV $$", 0, 1),
    "hang": ("echo before it hangs; sleep 100", 0, 1),
}
MISSING = "add_test(NAME missing COMMAND /nowhere/at/all)\n"


class Project:
    """A tree with tools/test in it, in a folder with a space in its name."""

    def __init__(self, folder, name):
        self.top = os.path.join(folder, name)
        shutil.copytree(os.path.join(TOP, "tools"), os.path.join(self.top, "tools"))
        self.write("tools/format", "#!/bin/sh\necho formatted\n")
        builds = [{"name": name, "generator": "Ninja", "binaryDir": f"${{sourceDir}}/build/{name}"}
                  for name in ("release", "asan", "tsan")]
        self.write("CMakePresets.json", json.dumps({"version": 3, "configurePresets": builds, "buildPresets": [
            {"name": one["name"], "configurePreset": one["name"]} for one in builds]}))
        self.stubs = os.path.join(self.top, "stubs")
        os.mkdir(self.stubs)
        self.write("stubs/dpkg-query", "#!/bin/sh\necho installed\n")
        self.write("stubs/nproc", "#!/bin/sh\necho 2\n")
        for path in ("tools/format", "stubs/dpkg-query", "stubs/nproc"):
            os.chmod(os.path.join(self.top, path), 0o755)

    def write(self, name, text):
        with open(os.path.join(self.top, name), "w", encoding="utf-8") as file:
            file.write(text)

    def tests(self, scripts, more=""):
        text = "cmake_minimum_required(VERSION 3.20)\nproject(tiny LANGUAGES NONE)\nenable_testing()\n"
        text += "add_custom_target(tsan_tests)\n" + more
        for name, script in scripts.items():
            self.write(f"{name}.sh", script + "\n")
            text += f"add_test(NAME {name} COMMAND sh ${{CMAKE_SOURCE_DIR}}/{name}.sh)\n"
        names = " ".join(scripts) + (" missing" if more else "")
        text += f"set_tests_properties({names} PROPERTIES LABELS some)\n"
        if "hang" in scripts:
            text += "set_tests_properties(hang PROPERTIES TIMEOUT 1)\n"
        self.write("CMakeLists.txt", text)

    def start(self, *words):
        environment = {**os.environ, "PATH": self.stubs + os.pathsep + os.environ["PATH"]}
        return subprocess.Popen([os.path.join(self.top, "tools", "test"), *words], env=environment, text=True,
                                errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def run(self, *words):
        process = self.start(*words)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def block(output, name):
    """What is shown of one test."""
    found = re.search(rf"^release: {name} \(\d+ s\)\n(.*?)(?=^\w+: \w+ \(|^\d+ passed)", output, re.M | re.S)
    assert found, output
    return found[1]


def everything_is_counted_and_what_failed_is_shown(project):
    project.tests({name: test[0] for name, test in TESTS.items()}, MISSING)
    code, output = project.run()
    good, bad = (sum(test[i] for test in TESTS.values()) for i in (1, 2))
    # The format is one test more, and the program that is not there one failure more.
    assert code == 1 and output.endswith(f"\n{good + 1} passed, {bad + 1} failed\n"), output
    for name, (_, _, failures) in TESTS.items():
        assert (block(output, name) != "") == (failures != 0), output
    assert "\na reason\nodd \ufffd byte\n\n3: no number\nbad_code: Failed, by CTest\n" in block(output, "bad_code"), output
    assert "before it hangs\nhang: Timeout, by CTest\n" in block(output, "hang"), output
    assert "Not Run" in block(output, "missing"), output


def two_run_at_a_time_and_stay_apart(project):
    def meet(own, other):
        """Ends when the other one has begun, and writes at the same time."""
        return (f"touch {own}; for i in 1 2 3 4 5 6 7 8 9; do echo {own} $i; sleep 0.05; done; "
                f"i=0; until [ -e {other} ] || [ $i = 100 ]; do i=$((i + 1)); sleep 0.1; done; [ -e {other} ]; echo met $?; "
                "exit 1")

    project.tests({"left": meet("left", "right"), "right": meet("right", "left")})
    code, output = project.run("left|right")
    assert code == 1 and output.endswith("\n0 passed, 2 failed\n"), output
    for name in ("left", "right"):
        lines = "".join(f"{name} {i}\n" for i in range(1, 10))
        assert lines + "met 0\n" in block(output, name), output


def only_what_the_expression_names_is_run(project):
    project.tests({"one": ":", "another": ":", "third": "exit 1"})
    assert project.run("^(one|another)$")[1].endswith("\n2 passed, 0 failed\n")
    code, output = project.run("nothing-like-it")
    assert code == 1 and output.endswith("No test's name matches nothing-like-it\n0 passed, 1 failed\n"), output
    code, output = project.run("(")
    assert code == 2 and "no regular expression: (" in output, output


def a_stop_ends_the_tests_and_is_a_failure(project):
    for how in (signal.SIGTERM, signal.SIGINT):
        begun = os.path.join(project.top, "begun")
        project.tests({"quick": "echo 3 passed, 0 failed",
                       "long": f"echo so far; sleep 100 & echo $! > '{begun}'; wait"})
        process = project.start("quick|long")
        wait_until(lambda: os.path.exists(begun) and os.path.getsize(begun), 30, lambda: "the test does not begin")
        time.sleep(0.5)  # so that the quick one has ended
        process.send_signal(how)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 1 and output.endswith("\n3 passed, 1 failed\n"), output
        assert "under way: long\n" in output and "\nso far\n" in output and "stopped before the end" in output, output
        with open(begun, encoding="ascii") as file:
            assert not runs(file.read().strip()), "what the test started runs on"
        os.remove(begun)


def a_build_that_fails_is_a_failure(project):
    project.tests({"one": ":"}, "message(FATAL_ERROR \"it is broken\")\n")
    code, output = project.run("one")
    assert code == 1 and "it is broken" in output and output.endswith("\n0 passed, 3 failed\n"), output


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tipring tools ") as folder:
        for check in (everything_is_counted_and_what_failed_is_shown, two_run_at_a_time_and_stay_apart,
                      only_what_the_expression_names_is_run, a_stop_ends_the_tests_and_is_a_failure,
                      a_build_that_fails_is_a_failure):
            report.run(check.__name__.replace("_", " "), lambda: check(Project(folder, check.__name__)))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

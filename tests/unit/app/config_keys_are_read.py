#!/usr/bin/env python3
"""Every key of the configuration is read somewhere in src/, or config/tipring.toml says that it has no effect.

Usage: config_keys_are_read.py SOURCE_FOLDER
"""

import os
import re
import sys


def keys_and_members(top):
    """The dotted name of each key, and the member of Config that it sets."""
    with open(os.path.join(top, "src/app/config_keys.cpp"), encoding="utf-8") as file:
        return re.findall(r'\{"([a-z_.]+)",\s*\w+\{TIPRING_AT\([\w:]+, ([\w.]+)\)', file.read())


def sources(top):
    """All code that could read a member: not the table of keys, its checks, and not the declarations."""
    ours = ("app/config_keys.cpp", "app/config_relations.cpp", "app/config.h")
    for folder, _, names in os.walk(os.path.join(top, "src")):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".h", ".cpp")) and not path.endswith(ours):
                with open(path, encoding="utf-8") as file:
                    yield file.read()


def is_read(member, code):
    section, _, name = ("config." + member if "." not in member else member).partition(".")
    owner = r"(?:limits_?|capacity)" if section == "capacity" else section
    return re.search(rf"\b{owner}\.{re.escape(name)}\b", code) is not None


def keys_without_effect(top):
    """The keys whose comment in the shipped file says so."""
    found, comment, section = set(), "", ""
    with open(os.path.join(top, "config/tipring.toml"), encoding="utf-8") as file:
        for line in file:
            if match := re.match(r"\[(\w+)\]", line):
                section = match.group(1)
            elif match := re.match(r"#([a-z_]+) = ", line):
                if "has no effect" in comment:
                    found.add(f"{section}.{match.group(1)}")
            elif line.startswith("# "):
                comment += line[1:].rstrip("\n")
                continue
            if not line.startswith("#"):
                comment = ""
    return found


def main():
    top = sys.argv[1]
    keys = keys_and_members(top)
    code = "\n".join(sources(top))
    unread = {key for key, member in keys if not is_read(member, code)}
    told = keys_without_effect(top)
    for key in sorted(unread - told):
        print(f"FAILED {key} is read nowhere, and config/tipring.toml does not say that it has no effect")
    for key in sorted(told - unread):
        print(f"FAILED {key} is read, and config/tipring.toml says that it has no effect")
    failed = len(unread ^ told)
    print(f"{len(keys) - failed} passed, {failed} failed")
    return 1 if failed or not keys else 0


if __name__ == "__main__":
    sys.exit(main())

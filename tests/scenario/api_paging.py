#!/usr/bin/env python3
"""A listing of 5000 users walked page by page, while others come and go: whoever was there all the time is told of once.

Usage: api_paging.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

STANDING = [f"u{number:04}" for number in range(5000)]
SETTINGS = ["capacity.users=6000", "capacity.bindings=6000"]


def walk(api, path, between=lambda page: None):
    """The names on all pages, in the order in which they are told."""
    names, after, page = [], "", 0
    while True:
        told = api.get(path + after)
        names += [user["name"] for user in told["users"]]
        if "next" not in told:
            return names
        page += 1
        between(page)
        after = f"&after={told['next']}"


def every_user_is_told_of_once(api):
    for limit in (100, 1000):
        names = walk(api, f"/api/v1/users?limit={limit}")
        assert sorted(names) == STANDING, (limit, len(names), len(set(names)))
    found = walk(api, "/api/v1/users?limit=7&q=u01")
    assert sorted(found) == [name for name in STANDING if "u01" in name], found[:20]


def who_comes_and_goes_hides_nobody(api):
    """One is deleted behind the page and one ahead of it, and one is added, after each page."""
    gone, come = [], []

    def change(page):
        for name in (f"u{page - 1:04}", f"u{4999 - page:04}"):
            answer = api.ask("DELETE", f"/api/v1/users/{name}")
            assert answer.status == 200, (answer.status, answer.body)
            gone.append(name)
        come.append(f"new{page}")
        answer = api.ask("PUT", f"/api/v1/users/{come[-1]}?mode=create", {"password": "a good secret"})
        assert answer.status in (200, 201), (answer.status, answer.body)

    names = walk(api, "/api/v1/users?limit=250", change)
    stood = set(STANDING) - set(gone)
    assert len(gone) > 20 and len(names) == len(set(names)), "somebody was told of twice"
    assert stood <= set(names) <= set(STANDING) | set(come), sorted(stood - set(names))[:5]
    assert sorted(walk(api, "/api/v1/users?limit=1000")) == sorted(stood | set(come))


def who_is_in_trouble_is_found_among_all(api, server):
    """In one answer, wherever the server has to look."""
    wrong = (STANDING[-1], STANDING[2500])
    for name in wrong:
        register(SipSocket(server.port), server, name, "wrong", expect=401)
    answer = api.get("/api/v1/users?trouble=yes")
    assert sorted(user["name"] for user in answer["users"]) == sorted(wrong) and "next" not in answer, answer


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=[(name, "secret") for name in STANDING], settings=SETTINGS) as server:
        api = Api(server)
        report.run("who is in trouble is found among all", lambda: who_is_in_trouble_is_found_among_all(api, server))
        for name, check in (("every user is told of once", every_user_is_told_of_once),
                            ("who comes and goes hides nobody", who_comes_and_goes_hides_nobody)):
            report.run(name, lambda check=check: check(api))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

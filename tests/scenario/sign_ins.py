#!/usr/bin/env python3
"""Why a phone does not register: what its user's entry says of the last time it was let in, and of the last time it was not.

Usage: sign_ins.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from configured_server import ConfiguredServer  # noqa: E402
from sip_phone import contact_of, register, registered_phone  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def user(api, name):
    return api.get(f"/api/v1/users/{name}")["user"]


def seen_and_not(bin_dir):
    with TipringServer(bin_dir, users=USERS, settings=["security.failures=3", "security.safe_sources=[]"]) as server:
        api = Api(server)
        api.load_document()
        assert "last_seen_s" not in user(api, "alice") and "last_failure" not in user(api, "alice")
        alice = registered_phone(server, *USERS[0])
        place = f"127.0.0.1:{alice.port}"
        shown = user(api, "alice")
        assert shown["seen_at"] == place and shown["last_seen_s"] <= 2 and "last_failure" not in shown, shown
        phone = SipSocket(server.port)
        source = f"127.0.0.1:{phone.port}"
        register(phone, server, "bob", "wrong", expect=401)
        failure = user(api, "bob")["last_failure"]
        assert failure == {"reason": "wrong_password", "ago_s": failure["ago_s"], "source": source} and failure["ago_s"] <= 2
        assert "last_failure" not in user(api, "alice")
        listed = {row["name"]: row for row in api.get("/api/v1/users")["users"]}
        assert listed["bob"]["last_failure"]["source"] == source and "last_seen_s" not in listed["bob"], listed
        assert "last_failure" not in listed["alice"] and "last_seen_s" not in listed["alice"], listed
        assert [row["name"] for row in api.get("/api/v1/users?trouble=yes")["users"]] == ["bob"]
        assert api.ask("GET", "/api/v1/users?trouble=maybe").status == 400
        assert api.ask("DELETE", "/api/v1/registrations/alice").status == 200
        listed = {row["name"]: row for row in api.get("/api/v1/users")["users"]}
        assert listed["alice"]["seen_at"] == place, listed
        assert server.ctl_json("user", "show", "bob")["last_failure_reason"] == "wrong_password"
        register(phone, server, "bob", "secret-a", auth_user="alice", expect=403)
        assert user(api, "bob")["last_failure"]["reason"] == "not_its_address", user(api, "bob")
        # Whoever is let in has no fault any more.
        register(phone, server, "bob", "secret-b")
        assert "last_failure" not in user(api, "bob") and user(api, "bob")["seen_at"] == source, user(api, "bob")
        for _ in range(3):
            register(phone, server, "bob", "wrong", expect=401)
        register(phone, server, "bob", "secret-b", expect=403)
        assert user(api, "bob")["last_failure"]["reason"] == "blocked", user(api, "bob")
        # A user that is made anew knows nothing of its predecessor.
        assert api.ask("DELETE", "/api/v1/users/bob").status == 200
        assert api.ask("PUT", "/api/v1/users/carl", {"password": "secret-c"}).status == 201
        assert "last_failure" not in user(api, "carl") and "seen_at" not in user(api, "carl")


def one_too_many(bin_dir):
    """It is shown though the others go on registering, until there is room for one more."""
    limit = "[registrar]\nmax_bindings_per_aor = %d\n"
    with ConfiguredServer(bin_dir, USERS, limit % 2) as it:
        server = it.server
        api = Api(server)
        api.load_document()
        phones = [SipSocket(server.port) for _ in range(3)]
        models = [[f"User-Agent: phone {letter}"] for letter in "abc"]
        for phone, model in zip(phones, models[:2]):
            register(phone, server, headers=model)
        register(phones[2], server, headers=models[2], expect=403)
        register(phones[0], server, headers=models[0])
        failure = user(api, "alice")["last_failure"]
        assert failure["reason"] == "too_many_phones" and failure["source"] == f"127.0.0.1:{phones[2].port}", failure
        assert user(api, "alice")["seen_at"] == f"127.0.0.1:{phones[0].port}"
        # One who is let in where there was no room, and room where nobody comes back.
        register(phones[1], server, contacts=[contact_of(phones[1], "alice") + ";expires=0"])
        assert "last_failure" not in user(api, "alice"), user(api, "alice")
        register(phones[2], server, headers=models[2])
        register(phones[1], server, headers=models[1], expect=403)
        assert user(api, "alice")["last_failure"]["reason"] == "too_many_phones", user(api, "alice")
        # It comes back from another port once there is room, and is one of the two.
        register(phones[2], server, contacts=[contact_of(phones[2], "alice") + ";expires=0"])
        other_port = SipSocket(server.port)
        register(other_port, server, headers=models[1])
        assert "last_failure" not in user(api, "alice"), user(api, "alice")
        register(phones[2], server, headers=models[2], expect=403)
        assert user(api, "alice")["last_failure"]["reason"] == "too_many_phones", user(api, "alice")
        it.reload(limit % 3)
        assert "last_failure" not in user(api, "alice"), user(api, "alice")


def nobodys_names(bin_dir):
    """The last 32 are listed, with what a stranger has written made harmless."""
    with TipringServer(bin_dir, users=USERS) as server:
        api = Api(server)
        api.load_document()
        assert api.get("/api/v1/unknown") == {"unknown": []}
        phone = SipSocket(server.port)
        for _ in range(2):
            register(phone, server, "alise", "secret-a", expect=401)
        register(phone, server, "alice", "wrong", expect=401)
        rows = api.get("/api/v1/unknown")["unknown"]
        assert rows == [{**rows[0], "name": "alise", "source": f"127.0.0.1:{phone.port}", "tries": 2}], rows
        assert rows[0]["last_s"] <= 2
        odd = "x%0d%0a%3Cb%3E" + "y" * 200
        register(phone, server, "alice", "secret-a", aor=f"sip:{odd}@127.0.0.1", auth_user="odd", expect=401)
        names = [row["name"] for row in api.get("/api/v1/unknown")["unknown"]]
        assert names == ["alise", "x\\r\\n<b>" + "y" * 56], names
        for number in range(40):
            register(phone, server, f"guess{number}", "x", expect=401)
        names = [row["name"] for row in api.get("/api/v1/unknown?limit=50")["unknown"]]
        assert len(names) == 32 and "guess39" in names and "guess7" not in names and "alise" not in names, names
        assert "guess39" in server.ctl("unknown") and server.ctl_json("unknown")


def main():
    report = Report()
    report.run("seen, refused for each reason, and seen again", lambda: seen_and_not(sys.argv[1]))
    report.run("one phone more than the user may have", lambda: one_too_many(sys.argv[1]))
    report.run("names that are nobody's", lambda: nobodys_names(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The API's document and the running server: every operation is tried, its examples too, and every answer is as told.

Usage: api_document.py BIN_DIR
"""

import os
import sys
import tempfile

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from sip_phone import establish, registered_phone, take_request  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]

# What stands for the braces of paths, and the parameters that an operation needs.
PLACES = {"{user}": "alice", "{group}": "600", "{member}": "alice", "{id}": "0-1", "{call}": "1"}
NEEDED = {
    ("patch", "/api/v1/users/{user}"): "?name=anna",
    ("delete", "/api/v1/blocks"): "?source=192.0.2.7",
    ("put", "/api/v1/trace"): "?subject=alice&seconds=5",
}
# Accounts, records and streams have tests of their own, which hold them against the document likewise.
ELSEWHERE = {"accounts", "records"}
STREAMS = {"/api/v1/events"}
# What makes the server end or change as a whole.
NOT_HERE = {"/api/v1/restart", "/api/v1/restore"}

# Times that run.
CHANGING = {"/api/v1/status", "/api/v1/calls", "/api/v1/registrations", "/api/v1/registrations/{user}", "/api/v1/log",
            "/api/v1/trace"}


def target_of(method, path):
    target = path
    for place, value in PLACES.items():
        target = target.replace(place, value)
    return target + NEEDED.get((method, path), "")


def operations(api):
    for path, methods in api.document["paths"].items():
        for method, operation in methods.items():
            if operation["x-scope"] not in ELSEWHERE and path not in STREAMS | NOT_HERE:
                yield method, path, operation


def the_document_is_whole(api):
    """Every reference leads somewhere, every schema is one, every example is as its schema says."""
    components = {"components": api.document["components"]}

    def look(node):
        if isinstance(node, list):
            for item in node:
                look(item)
        if isinstance(node, dict):
            if "$ref" in node:
                api.resolve(node)
            if "schema" in node:
                schema = {**components, **node["schema"]}
                jsonschema.Draft202012Validator.check_schema(node["schema"])
                if "example" in node:
                    jsonschema.validate(node["example"], schema, jsonschema.Draft202012Validator)
            for value in node.values():
                look(value)

    look(api.document)
    names = [operation["operationId"] for methods in api.document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names)), "an operationId stands twice"


def everything_can_be_read(api):
    for method, path, _ in operations(api):
        if method != "get":
            continue
        answer = api.ask("GET", target_of(method, path))
        # A call may have been here, and its record be on the way to the disk.
        assert answer.status in ((200, 404) if "{call}" in path else (200,)), (path, answer.status, answer.body)
        if "ETag" in answer.headers and path not in CHANGING:
            again = api.ask("GET", target_of(method, path), If_None_Match=answer.headers["ETag"])
            assert again.status == 304, (path, again.status)


def every_example_works(api):
    tried = 0
    for method, path, operation in operations(api):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if "example" in content and method != "patch":
                answer = api.ask(method.upper(), target_of(method, path), content["example"])
                assert answer.status in (200, 201), (method, path, answer.status, answer.body)
                tried += 1
            assert kind in ("application/json", "text/plain", "application/octet-stream"), kind
        if method == "put" and "requestBody" not in operation:
            assert api.ask("PUT", target_of(method, path)).status == 200, path
    assert tried >= 4, tried
    for method, path in (("PATCH", "/api/v1/groups/600"), ("PATCH", "/api/v1/groups/600/members/alice"),
                         ("PATCH", "/api/v1/users/bob?name=anna"), ("PATCH", "/api/v1/config")):
        _, operation = api.operation(method, path)
        example = operation["requestBody"]["content"]["application/json"]["example"]
        assert api.ask(method, path, example).status == 200


def every_removal_works(api, server):
    assert api.ask("DELETE", "/api/v1/registrations/alice").status == 200
    for method, path, _ in operations(api):
        if method == "delete":
            answer = api.ask("DELETE", target_of(method, path))
            assert answer.status in (200, 404), (path, answer.status, answer.body)
    for path in ("/api/v1/users/alice", "/api/v1/groups/600"):
        assert f"delete {path.replace('alice', '{user}').replace('600', '{group}')} 200" in api.seen, api.seen
        assert api.ask("GET", path).status == 404
    assert server.ctl("user", "list", "--quiet").split() == ["801", "802", "anna"]


def every_operation_was_tried(api):
    missing = []
    for method, path, _ in operations(api):
        if not any(line.startswith(f"{method} {path} ") for line in api.seen):
            missing.append(f"{method} {path}")
    assert not missing, missing


def a_call_is_shown_and_ended(api, server):
    alice, bob = registered_phone(server, "alice", "secret-a"), registered_phone(server, "bob", "secret-b")
    establish(alice, bob, server, headers=["Supported: timer"])
    rows = api.get("/api/v1/calls")["calls"]
    assert len(rows) == 1 and rows[0]["state"] == "confirmed", rows
    assert api.ask("DELETE", f"/api/v1/calls/{rows[0]['id']}").status == 200
    take_request(alice, "BYE")
    take_request(bob, "BYE")


def refusals_name_the_field(api):
    def refused(method, target, body, status, field, code="invalid"):
        answer = api.ask(method, target, body)
        problem = answer.json()
        assert answer.status == status and problem["status"] == status, (target, problem)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.headers["Content-Type"]
        assert (problem["code"], problem.get("field")) == (code, field), problem

    refused("PUT", "/api/v1/users/new", {}, 400, "body")
    refused("PUT", "/api/v1/users/new", {"password": "x", "aliases": "a:b"}, 400, "aliases")
    refused("PUT", "/api/v1/users/new?mode=create", {"display_name": "x"}, 400, "password")
    refused("PUT", "/api/v1/groups/9", {"strategy": "loud"}, 400, "strategy")
    refused("PUT", "/api/v1/groups/9", {"ring_timeout_s": [1]}, 400, "ring_timeout_s")
    refused("GET", "/api/v1/users?limit=0", None, 400, "limit")
    refused("GET", "/api/v1/users?after=x", None, 400, "after")
    refused("GET", "/api/v1/nothing", None, 404, None, "no_such_path")
    refused("GET", "/api/v1/users/nobody", None, 404, None, "not_found")
    answer = api.ask("POST", "/api/v1/calls", "")
    assert answer.status == 405 and answer.headers["Allow"] == "GET", (answer.status, answer.headers)


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tipring-api-") as folder:
        config = os.path.join(folder, "tipring.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("# Nothing yet.\n")
        check_all(report, TipringServer(sys.argv[1], USERS, config=config))
    return report.close()


def check_all(report, server):
    with server:
        api = Api(server)
        api.load_document()
        report.run("the document is whole", lambda: the_document_is_whole(api))
        report.run("refusals name the field (RFC 9457)", lambda: refusals_name_the_field(api))
        report.run("a call is shown and ended", lambda: a_call_is_shown_and_ended(api, server))
        report.run("every example works", lambda: every_example_works(api))
        report.run("everything can be read, once for who has it", lambda: everything_can_be_read(api))
        report.run("every removal works", lambda: every_removal_works(api, server))
        report.run("every operation was tried", lambda: every_operation_was_tried(api))


if __name__ == "__main__":
    sys.exit(main())

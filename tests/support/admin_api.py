"""The admin API as a program sees it, each answer held against the API's own document."""

import http.client
import json
import re
import socket

import jsonschema


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Api:
    """Speaks to the server's Unix socket. With the document loaded, answers must be as it says."""

    def __init__(self, server):
        self.socket = f"{server.data}/tipring.sock"
        self.document = None
        self.seen = set()  # "get /api/v1/users 200"

    def ask(self, method, target, body=None, **headers):
        connection = UnixConnection(self.socket)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                headers["Content_Type"] = "application/json"
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, body.encode() if isinstance(body, str) else body, named)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        if self.document:
            self.check(method, target, answer)
        return answer

    def get(self, target):
        answer = self.ask("GET", target)
        assert answer.status == 200, (target, answer.status, answer.body)
        return answer.json()

    def load_document(self):
        self.document = self.get("/api/v1/openapi.json")

    def resolve(self, node):
        if "$ref" in node:
            found = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return found
        return node

    def operation(self, method, target):
        """The path of the document that the target is one of, and what it says of the method."""
        path = target.split("?")[0]
        for pattern in sorted(self.document["paths"], key=len, reverse=True):
            operations = self.document["paths"][pattern]
            shape = re.sub(r"\\\{[a-z]+\\\}", ".*", re.escape(pattern))
            if re.fullmatch(shape, path) and method.lower() in operations:
                return pattern, operations[method.lower()]
        return None, None

    def check(self, method, target, answer):
        pattern, operation = self.operation(method, target)
        if operation is None:
            assert answer.status in (404, 405), (method, target, answer.status, answer.body)
            return
        status = str(answer.status)
        told = operation["responses"]
        response = told.get(status) or told.get(status[0] + "XX")
        assert response, f"{method} {pattern} does not tell of {status}: {answer.body}"
        self.seen.add(f"{method.lower()} {pattern} {status}")
        content = self.resolve(response).get("content")
        if not content:
            assert not answer.body, (method, target, answer.body)
            return
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind in content, (method, target, kind)
        if kind.endswith("json") and "schema" in content[kind]:
            schema = {"components": self.document["components"], **content[kind]["schema"]}
            try:
                jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)
            except jsonschema.ValidationError as fault:
                raise AssertionError(f"{method} {target}: {fault.json_path}: {fault.message}") from None

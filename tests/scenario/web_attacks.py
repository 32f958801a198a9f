#!/usr/bin/env python3
"""What strangers do to a web server, done to ours, in the clear and by TLS, while phones go on registering.

Usage: web_attacks.py BIN_DIR
"""

import http.client
import json
import os
import re
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402

PASSWORD = "correct horse battery"


class Site:
    """One of the server's ports. `connect()` is for bytes as they are, `ask()` for whole requests."""

    def __init__(self, server, port, encrypted):
        self.server, self.port, self.encrypted = server, port, encrypted
        self.context = ssl._create_unverified_context()

    def connect(self, source="127.0.0.1"):
        plain = socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))
        return self.context.wrap_socket(plain) if self.encrypted else plain

    def send(self, data, end=False, source="127.0.0.1"):
        """All that is answered to these bytes, until the server closes or has nothing more to say."""
        with self.connect(source) as client:
            try:
                client.sendall(data)
                if end:
                    client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has answered and closed before it had all
            return read(client, 3)

    def ask(self, method, target, body=None, source="127.0.0.1", **headers):
        kind = http.client.HTTPSConnection if self.encrypted else http.client.HTTPConnection
        connection = kind("127.0.0.1", self.port, timeout=20, source_address=(source, 0), **({"context": self.context} if self.encrypted else {}))
        try:
            connection.request(method, target, body if isinstance(body, (bytes, type(None))) else json.dumps(body),
                               {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, answer.headers, text

    def origin(self):
        return f"http{'s' if self.encrypted else ''}://127.0.0.1:{self.port}"

    def sign_in(self, name="boss", password=PASSWORD, **headers):
        status, told, text = self.ask("POST", "/api/v1/session", {"name": name, "password": password}, **headers)
        if status != 200:
            return status, {}
        return status, {"Cookie": told["Set-Cookie"].split(";")[0], "X_Tipring_CSRF": json.loads(text)["session"]["csrf"]}


def read(client, quiet=3):
    text = b""
    client.settimeout(quiet)
    try:
        while more := client.recv(65536):
            text += more
    except OSError:
        pass
    return text


def statuses(text):
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d+) ", text, re.M)]


def lives(site):
    """Another host is answered, and phones are at once."""
    status, _, text = site.ask("GET", "/api/v1/health", source="127.0.0.2")
    assert status == 200, (status, text)
    phone = SipSocket(site.server.port)
    phone.send(phone.request("OPTIONS", f"sip:127.0.0.1:{site.server.port}", "sip:a@b", "sip:a@b"))
    assert phone.receive_final().status == 200
    phone.close()


def nothing_without_a_session(site):
    document = json.loads(site.ask("GET", "/api/v1/openapi.json")[2])
    free = {("get", "/api/v1/health"), ("get", "/api/v1/openapi.json"), ("get", "/api/v1/session"), ("post", "/api/v1/session"),
            ("get", "/api/v1/setup"), ("post", "/api/v1/setup")}
    looked_at = 0
    for path, methods in document["paths"].items():
        for method in methods:
            status, told, text = site.ask(method.upper(), re.sub(r"\{\w+\}", "1", path), b"{}" if method != "get" else None)
            if (method, path) in free:
                continue
            assert status == 401 and "WWW-Authenticate" in told, (method, path, status, text)
            looked_at += 1
    assert looked_at > 40, looked_at
    told = b"".join(site.ask("GET", path)[2] for path in ("/api/v1/session", "/api/v1/setup"))
    assert b"boss" not in told and b'"code"' not in told, told


def paths_lead_nowhere_else(site):
    """Out of the page's files, however it is written."""
    for path in ("/../etc/passwd", "/assets/../../etc/passwd", "/assets/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                 "/%252e%252e%252fetc%252fpasswd", "/..\\..\\etc\\passwd", "/assets/..%5c..%5cetc%5cpasswd", "//etc/passwd",
                 "/assets//../../../etc/passwd", "/%c0%ae%c0%ae/etc/passwd", "/assets/app.css%00.html", "/assets/%00",
                 "/assets/js/../../../tipring.db", "/tipring.db", "/admin.key", "/.git/config", "/assets/.", "/assets/"):
        told = site.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert statuses(told)[:1] and statuses(told)[0] in (400, 404), (path, told[:200])
        assert b"root:" not in told and b"SQLite format" not in told and b"PRIVATE KEY" not in told, (path, told[:200])
    # Neither do they lead round the roles.
    for path in ("/api/v1/users/../health", "/api/v1/health/../users", "/api//v1/users", "/api/v1/%75sers", "/API/v1/users",
                 "/api/v1/users/", "/api/v1/users%2f", "/api/v1/users?x=/api/v1/health", "/api/v1/health%00/users", "/./api/v1/users"):
        told = site.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert statuses(told)[0] in (400, 401, 403, 404) and b'"users"' not in told, (path, told[:300])


def what_is_too_large_is_refused(site):
    cases = [(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414}),
             (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n", {431}),
             (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(200)) + b"\r\n", {431}),
             (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 5000, {431}),
             (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 100000, {413}),
             (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", {413}),
             (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {400})]
    for data, expected in cases:
        told = statuses(site.send(data))
        assert len(told) == 1 and told[0] in expected, (data[:60], told)
    deep = b'{"name":' + b"[" * 400_000
    assert site.ask("POST", "/api/v1/session", deep)[0] == 400
    lives(site)


def nobody_smuggles(site):
    """A request that two readers take for different ones is refused, and the connection with it."""
    inner = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
    cases = [head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
             head + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + inner,
             head + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner,
             head + b"Content-Length: %d, 0\r\n\r\n" % len(inner) + inner,
             head + b"Content-Length: +0\r\n\r\n" + inner,
             head + b"Content-Length: 0x0\r\n\r\n" + inner,
             head + b"Content-Length : 0\r\n\r\n" + inner,
             head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
             head + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n" + inner,
             head + b"Transfer-Encoding: xchunked\r\n\r\n" + inner,
             head + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + inner,
             head + b"X: y\r\n Content-Length: 0\r\n\r\n" + inner,
             b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n" + inner,
             b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n" + inner,
             b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n" + inner,
             b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
             b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + inner,
             b"GET / HTTP/1.1\r\n\r\n" + inner,
             b"GET /  HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
             b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
             b"CONNECT elsewhere:25 HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
             b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner,
             b"GET / HTTP/2.0\r\nHost: x\r\n\r\n" + inner,
             b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner]
    for data in cases:
        told = statuses(site.send(data))
        assert len(told) == 1 and told[0] in (400, 405, 411, 413, 501, 505), (data[:120], told)
    # A body is a body, whatever it looks like.
    told = statuses(site.send(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(inner) + inner))
    assert told == [400], told


def a_body_is_a_body(site):
    """Whatever the method, the version and the form of the target: what looks like a request in a body is never answered,
    and what follows the body is, or the connection is closed."""
    inner = b"GET /api/v1/none HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    methods = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"Post",
               b"PROPFIND", b"MOVE", b"LINK", b"X" * 40)
    for number, method in enumerate(methods):
        for target in (b"/api/v1/users", b"*", b"http://x/api/v1/users", b"HTTP://x/", b"//x/", b"/?" + b"a" * 3000):
            for version in (b"1.1", b"1.0", b"1.2"):
                for body in (b"", inner):
                    head = b"%s %s HTTP/%s\r\nHost: x\r\nConnection: keep-alive\r\n" % (method, target, version)
                    length = b"Content-Length: %d\r\n" % len(body)
                    begun = time.monotonic()
                    told = statuses(site.send(head + length + b"\r\n" + body + last, source=f"127.0.1.{number + 1}"))
                    assert told[:1] and told[1:] in ([], [200]), (head, length, told)
                    assert time.monotonic() - begun < 2.5, ("neither answered nor closed", head, told)


def pipelined_requests_keep_their_order(site):
    many = b"".join(b"GET /api/v1/%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"health" if i % 2 else b"none") for i in range(30))
    last = b"GET /api/v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses(site.send(many + last)) == [404, 200] * 15 + [401]


def nothing_given_comes_back_as_a_header(site):
    for target in ("/x%0d%0aSet-Cookie:%20a=b", "/api/v1/users?after=%0d%0aX-Evil:%201", "/%0d%0a%0d%0a<script>"):
        status, told, _ = site.ask("GET", target)
        assert status in (400, 401, 404) and "X-Evil" not in told and "Set-Cookie" not in told, (target, dict(told))
    for host in ("evil.example", "x\tset-cookie: a=b", "<script>", "a" * 500):
        told = site.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert host.encode() not in told and b"Location:" not in told.split(b"\r\n\r\n")[0], told[:300]


def methods_are_what_they_say(site):
    status, keys = site.sign_in()
    assert status == 200
    for header in ("X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override"):
        status, _, text = site.ask("GET", "/api/v1/users/kept?_method=DELETE", Cookie=keys["Cookie"], **{header: "DELETE"})
        assert status == 200 and b"kept" in text, (header, status)
    for method in ("TRACE", "OPTIONS", "PROPFIND", "DEBUG"):
        assert site.ask(method, "/api/v1/users/kept", **keys)[0] in (400, 405, 501), method
    assert site.ask("GET", "/api/v1/users/kept", **keys)[0] == 200


def markup_stays_text(site):
    """Of an administrator, and of a phone."""
    _, keys = site.sign_in()
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    assert site.ask("PUT", "/api/v1/users/evil", {"password": "of the phone 1", "display_name": evil}, **keys)[0] == 201
    phone = SipSocket(site.server.port)
    phone.send(phone.request("OPTIONS", f"sip:127.0.0.1:{site.server.port}", "sip:a@b", "sip:a@b",
                             headers=["User-Agent: " + evil]))
    phone.receive_final()
    phone.close()
    for path in ("/api/v1/users/evil", "/api/v1/users", "/api/v1/log", f"/api/v1/users?q={'%3Cscript'}", "/<script>alert(1)</script>"):
        status, told, text = site.ask("GET", path.replace("<", "%3C").replace(">", "%3E"), Cookie=keys["Cookie"])
        assert told["Content-Type"].split(";")[0] in ("application/json", "application/problem+json"), (path, dict(told))
        assert told["X-Content-Type-Options"] == "nosniff" and told["X-Frame-Options"] == "DENY", dict(told)
        assert "default-src 'none'" in told["Content-Security-Policy"] and "unsafe" not in told["Content-Security-Policy"]
        assert status == 404 or json.loads(text) is not None
    assert json.loads(site.ask("GET", "/api/v1/users/evil", **keys)[2])["user"]["display_name"] == evil
    assert site.ask("DELETE", "/api/v1/users/evil", **keys)[0] == 200


def sessions_are_not_stolen(site):
    name = "__Host-tipring" if site.encrypted else "tipring"
    planted = f"{name}={'a' * 64}"
    status, told, _ = site.ask("POST", "/api/v1/session", {"name": "boss", "password": PASSWORD}, Cookie=planted)
    cookie = told["Set-Cookie"]
    assert status == 200 and "a" * 64 not in cookie and cookie.startswith(f"{name}="), cookie
    wanted = {"Path=/", "HttpOnly", "SameSite=Strict"} | ({"Secure"} if site.encrypted else set())
    assert wanted <= set(cookie.split("; ")) and "Domain" not in cookie, cookie
    assert ("Strict-Transport-Security" in told) == site.encrypted
    assert site.ask("GET", "/api/v1/users", Cookie=planted)[0] == 401
    whole = cookie.split(";")[0]
    for wrong in (whole[:-1], whole + "a", whole[:-1] + ("0" if whole[-1] != "0" else "1"), f"{name}=", whole.upper()):
        assert site.ask("GET", "/api/v1/users", Cookie=wrong)[0] == 401, wrong
    assert site.ask("GET", f"/api/v1/users?{whole}")[0] == 401


def other_origins_change_nothing(site):
    _, keys = site.sign_in()
    target, body = "/api/v1/users/forged", {"password": "of the phone 1"}
    other = "http" if site.encrypted else "https"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": site.origin() + ".evil.example"},
                    {"Origin": site.origin().replace("127.0.0.1", "localhost")}, {"Origin": f"{other}://127.0.0.1:{site.port}"},
                    {"Sec_Fetch_Site": "cross-site"}, {"X_Tipring_CSRF": "0" * 32}):
        assert site.ask("PUT", target, body, **{**keys, **headers})[0] == 403, headers
    assert site.ask("PUT", target, body, Cookie=keys["Cookie"])[0] == 403
    assert site.ask("GET", target, **keys)[0] == 404
    status, told, _ = site.ask("GET", "/api/v1/users", Origin="https://evil.example", **keys)
    assert "Access-Control-Allow-Origin" not in told, dict(told)


def guessing_takes_longer_and_longer(site):
    # What was forgotten by then does not count: a right password forgives.
    wait_until(lambda: site.sign_in()[0] == 200, 70, lambda: "no sign-in")
    told = []
    for i in range(30):
        status, headers, _ = site.ask("POST", "/api/v1/session", {"name": f"guess-{i}", "password": "wrong horse battery"})
        told.append(status)
        if status == 429:
            assert int(headers["Retry-After"]) >= 1
            break
    assert told[-1] == 429 and set(told[:-1]) == {401} and len(told) <= 12, told
    lives(site)
    assert site.server.log_lines("admin_sign_in_refused")
    wait_until(lambda: site.sign_in()[0] == 200, 70, lambda: "who knows the password is kept out")
    _, keys = site.sign_in()
    rows = json.loads(site.ask("GET", "/api/v1/audit", **keys)[2])["audit"]
    assert any(row["who"] == "guess-0" and row["status"] == 401 and row["source"] == "127.0.0.1" for row in rows), rows[:5]


def slow_clients_keep_nobody_out(site):
    """As many as there are places, and more: heads and bodies byte by byte, and readers that take nothing."""
    stop = threading.Event()
    clients = []
    try:
        for i in range(40):
            try:
                client = site.connect()
                client.sendall((b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                                b"Content-Length: 1000\r\n\r\n{", b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 40)[i % 3])
                clients.append(client)
            except OSError:
                pass  # displaced at once

        def drip():
            while not stop.wait(0.2):
                for client in clients:
                    try:
                        client.send(b"a")
                    except OSError:
                        pass
        dripping = threading.Thread(target=drip)
        dripping.start()
        before = resident(site.server)
        for _ in range(20):
            lives(site)
        assert resident(site.server) < before + 16_000, "memory grows"
    finally:
        stop.set()
        dripping.join()
        for client in clients:
            client.close()
    wait_until(lambda: descriptors(site.server) < 80, 20, lambda: f"{descriptors(site.server)} descriptors are open")


def a_flood_is_bounded(site):
    """One source has so many requests a second; beyond are 429, and phones go on, and so do others."""
    told, source = {}, "127.0.0.3"
    deadline = time.monotonic() + 8
    while 429 not in told and time.monotonic() < deadline:
        many = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        with site.connect(source) as client:
            try:
                client.sendall(many)
            except OSError:
                pass
            for status in statuses(read(client, 0.5)):
                told[status] = told.get(status, 0) + 1
    assert told.get(429) and set(told) <= {200, 429}, told
    assert site.ask("GET", "/api/v1/health")[0] == 200
    wait_until(lambda: site.ask("GET", "/api/v1/health", source=source)[0] == 200, 20, lambda: "the flood has not ended")
    lives(site)


def resident(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def main():
    report, ports = Report(), (free_port(), free_port())
    settings = [f'admin.listen=["http://127.0.0.1:{ports[0]}", "https://127.0.0.1:{ports[1]}"]']
    with TipringServer(sys.argv[1], users=[("kept", "x")], settings=settings) as server:
        server.ctl("admin", "add", "boss", text_in=f"{PASSWORD}\n")
        memory = resident(server)
        for port, encrypted in ((ports[0], False), (ports[1], True)):
            site, by = Site(server, port, encrypted), "by HTTPS" if encrypted else "by HTTP"
            for name, check in (("there is nothing without a session", nothing_without_a_session),
                                ("paths lead nowhere else", paths_lead_nowhere_else),
                                ("what is too large is refused", what_is_too_large_is_refused),
                                ("nobody smuggles a request", nobody_smuggles),
                                ("a body is a body", a_body_is_a_body),
                                ("pipelined requests keep their order", pipelined_requests_keep_their_order),
                                ("nothing given comes back as a header", nothing_given_comes_back_as_a_header),
                                ("methods are what they say", methods_are_what_they_say),
                                ("markup stays text", markup_stays_text),
                                ("sessions are not stolen", sessions_are_not_stolen),
                                ("other origins change nothing", other_origins_change_nothing),
                                ("slow clients keep nobody out", slow_clients_keep_nobody_out),
                                ("a flood is bounded", a_flood_is_bounded),
                                ("guessing takes longer and longer", guessing_takes_longer_and_longer)):
                report.run(f"{name}, {by}", lambda check=check: check(site))
        assert resident(server) < memory + 24_000, (memory, resident(server))
        assert PASSWORD not in server.read_log() and "wrong horse" not in server.read_log()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

"""The administration over TCP as the page asks for it, with a session of its own."""

import http.client
import json

from tipring_server import wait_until

PASSWORD = "correct horse battery"


class Browser:
    """Keeps its cookie and the session's secret against forged requests, as the page does."""

    def __init__(self, port, **headers):
        self.port, self.cookie, self.csrf, self.headers = port, None, None, headers

    def ask(self, method, path, body=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent.setdefault("X-Tipring-CSRF", self.csrf)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        self.set_cookie = answer.headers.get("Set-Cookie", "")
        return answer.status, json.loads(text) if text.startswith(b"{") else {}

    def status(self, *words, **headers):
        return self.ask(*words, **headers)[0]

    def sign_in(self, name, password=PASSWORD):
        """As often as it takes: no more than ten passwords are checked at once, and then two or three in a second."""
        def tried():
            nonlocal status, answer
            status, answer = self.ask("POST", "/api/v1/session", {"name": name, "password": password})
            return status != 429
        status, answer = 429, {}
        wait_until(tried, 20, lambda: answer)
        if status == 200:
            self.keep(answer)
        return status

    def keep(self, answer):
        self.cookie = self.set_cookie.split(";")[0]
        self.csrf = answer["session"]["csrf"]

#!/usr/bin/env python3
"""Who may use the administration over TCP: setup code, sessions, requests forged by other sites, tokens.

Usage: web_access.py BIN_DIR
"""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from browser import PASSWORD, Browser  # noqa: E402
from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402


def nothing_before_setup(server, port):
    stranger = Browser(port)
    for path in ("users", "status", "config", "calls", "records", "trace", "admins", "tokens", "audit", "log"):
        status, answer = stranger.ask("GET", f"/api/v1/{path}")
        assert status == 403 and answer["code"] == "setup_needed", (path, status, answer)
    assert stranger.status("GET", "/metrics") == 403
    assert "code" not in stranger.ask("GET", "/api/v1/setup")[1]["setup"]
    forged = {"code": "0000-0000-0000-0000", "name": "boss", "password": PASSWORD}
    assert stranger.status("POST", "/api/v1/setup", forged) == 401
    code = re.findall(r"code=(\S+)", server.log_lines("admin_setup_code code=")[-1])[0]
    right = {**forged, "code": code}
    assert stranger.status("POST", "/api/v1/setup", right, Origin="http://evil.example") == 403
    status, answer = stranger.ask("POST", "/api/v1/setup", right)
    assert status == 201, (status, answer)
    assert "HttpOnly" in stranger.set_cookie and "SameSite=Strict" in stranger.set_cookie, stranger.set_cookie
    assert Browser(port).status("POST", "/api/v1/setup", right) == 409
    assert Browser(port).status("GET", "/api/v1/users") == 401


def a_session_is_new_and_ends(port):
    browser = Browser(port)
    browser.cookie = "tipring=" + "a" * 64  # what somebody else has put there
    planted = browser.cookie
    assert browser.sign_in("boss", "wrong horse battery") == 401
    assert browser.sign_in(PASSWORD, "boss") == 401  # typed in the wrong place; the log has none of it in the end
    assert browser.status("GET", "/api/v1/users") == 401
    wait_until(lambda: browser.sign_in("boss") == 200, 10, lambda: "no sign-in after a wrong one")
    assert browser.cookie != planted
    assert browser.status("GET", "/api/v1/users") == 200
    first = browser.cookie
    assert browser.sign_in("boss") == 200 and browser.cookie != first
    assert Browser(port, Cookie=first).status("GET", "/api/v1/users") == 401
    last = browser.cookie
    assert browser.status("DELETE", "/api/v1/session") == 204
    assert Browser(port, Cookie=last).status("GET", "/api/v1/users") == 401


def other_sites_change_nothing(port):
    browser = Browser(port)
    assert browser.sign_in("boss") == 200
    user = {"password": "of the phone 1"}
    path = "/api/v1/users/forged"
    for headers in ({"X_Tipring_CSRF": "0" * 32}, {"X_Tipring_CSRF": ""}, {"Origin": "http://evil.example"},
                    {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                    {"Authorization": "Basic eDp5", "X_Tipring_CSRF": ""},
                    {"Authorization": "Bearer ", "X_Tipring_CSRF": ""}):
        assert browser.status("PUT", path, user, **headers) == 403, headers
    assert browser.status("GET", path) == 404
    assert browser.status("PUT", path, user, Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin") == 201


def tokens_do_what_they_are_for(server, port):
    browser = Browser(port)
    assert browser.sign_in("boss") == 200

    def token(name, role, scopes):
        status, answer = browser.ask("POST", "/api/v1/tokens", {"name": name, "role": role, "scopes": scopes})
        assert status == 201, (status, answer)
        return Browser(port, Authorization=f"Bearer {answer['token']['token']}")

    reader = token("reader", "viewer", ["users"])
    assert reader.status("GET", "/api/v1/users") == 200
    assert reader.status("PUT", "/api/v1/users/x", {"password": "of the phone 1"}) == 403
    for path in ("/api/v1/config", "/api/v1/calls", "/api/v1/trace", "/metrics", "/api/v1/tokens"):
        assert reader.status("GET", path) == 403, path
    writer = token("writer", "administrator", ["users"])
    assert writer.status("PUT", "/api/v1/users/x", {"password": "of the phone 1"}) == 201
    assert writer.status("GET", "/api/v1/admins") == 403
    assert Browser(port, Authorization="Bearer 0123").status("GET", "/api/v1/users") == 401
    told = len(server.log_lines("admin_token_refused"))
    wait_until(lambda: Browser(port, Authorization="Bearer 0123").status("GET", "/api/v1/users") == 401
               and len(server.log_lines("admin_token_refused")) > told, 10, lambda: "who goes on with a wrong token is told once")
    assert browser.status("DELETE", "/api/v1/tokens/writer") == 200
    assert writer.status("GET", "/api/v1/users") == 401
    told = json.dumps(browser.ask("GET", "/api/v1/tokens")[1])
    assert "reader" in told and reader.headers["Authorization"].split()[1] not in told


def a_viewer_looks_on(port):
    browser = Browser(port)
    assert browser.sign_in("boss") == 200
    assert browser.status("PUT", "/api/v1/admins/eye", {"password": "looks at calls only", "role": "viewer"}) == 201
    eye = Browser(port)
    assert eye.sign_in("eye", "looks at calls only") == 200
    assert eye.status("GET", "/api/v1/calls") == 200
    assert eye.status("PUT", "/api/v1/users/y", {"password": "of the phone 1"}) == 403
    assert eye.status("GET", "/api/v1/tokens") == 403
    assert browser.status("DELETE", "/api/v1/admins/boss") == 409
    assert browser.status("DELETE", "/api/v1/admins/eye") == 200
    assert eye.status("GET", "/api/v1/calls") == 401


class Stream:
    """A page that looks on."""

    def __init__(self, port, browser):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {**browser.headers, **({"Cookie": browser.cookie} if browser.cookie else {})}
        self.connection.request("GET", "/api/v1/events", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status

    def goes_on(self):
        """A line of it comes; at its end there is none."""
        try:
            return self.answer.readline() != b""
        except (ConnectionError, http.client.HTTPException):
            return False

    def ends(self):
        while self.goes_on():
            pass  # or it takes longer than the socket waits


def a_stream_ends_with_what_it_came_by(server, port):
    boss, other = Browser(port), Browser(port)
    assert boss.sign_in("boss") == 200 and other.sign_in("boss") == 200
    stays, goes = Stream(port, boss), Stream(port, other)
    assert other.status("DELETE", "/api/v1/session") == 204
    goes.ends()
    assert boss.status("PUT", "/api/v1/admins/eye", {"password": "looks at calls only", "role": "viewer"}) == 201

    def eye(password="looks at calls only"):
        browser = Browser(port)
        assert browser.sign_in("eye", password) == 200
        return browser, Stream(port, browser)
    for change in (lambda: boss.status("PUT", "/api/v1/admins/eye", {"role": "administrator"}),
                   lambda: boss.status("PUT", "/api/v1/admins/eye", {"password": "another horse battery"})):
        _, stream = eye()
        assert change() == 200
        stream.ends()
    _, stream = eye("another horse battery")
    assert boss.status("DELETE", "/api/v1/admins/eye") == 200
    stream.ends()
    answer = boss.ask("POST", "/api/v1/tokens", {"name": "looker", "role": "viewer", "scopes": ["system"]})[1]
    stream = Stream(port, Browser(port, Authorization=f"Bearer {answer['token']['token']}"))
    assert boss.status("DELETE", "/api/v1/tokens/looker") == 200
    stream.ends()
    server.process.send_signal(signal.SIGHUP)  # a line of the log is an event
    assert stays.goes_on() and stays.goes_on(), "the stream of who has not signed out has ended"


def a_role_that_is_taken_is_gone_at_once(port):
    """From oneself too, whose session goes on."""
    boss = Browser(port)
    assert boss.sign_in("boss") == 200
    assert boss.status("PUT", "/api/v1/admins/next", {"password": PASSWORD, "role": "administrator"}) == 201
    following = Browser(port)
    assert following.sign_in("next") == 200
    assert following.status("PUT", "/api/v1/admins/next", {"role": "viewer"}) == 200
    assert following.status("GET", "/api/v1/calls") == 200
    assert following.status("GET", "/api/v1/tokens") == 403
    assert boss.status("DELETE", "/api/v1/admins/next") == 200


def a_tag_does_not_outlive_a_restart(server, port):
    """What was seen before it may have been changed meanwhile by whoever had the file."""
    browser = Browser(port)
    assert browser.sign_in("boss") == 200
    assert browser.status("PUT", "/api/v1/users/tagged", {"password": "of the phone 1"}) == 201
    seen = browser.ask("GET", "/api/v1/users/tagged")[1]["user"]["revision"]
    change = ("PUT", "/api/v1/users/tagged", {"display_name": "x"})
    assert browser.status(*change, If_Match='"0123456789abcdef"') == 412
    server.stop()
    server.start()
    assert browser.status("GET", "/api/v1/users") == 401, "a session has outlived a restart"
    browser = Browser(port)
    assert browser.sign_in("boss") == 200
    assert browser.status(*change, If_Match=f'"{seen}"') == 412
    now = browser.ask("GET", "/api/v1/users/tagged")[1]["user"]["revision"]
    assert now != seen and browser.status(*change, If_Match=f'"{now}"') == 200


def secrets_are_kept(server):
    log = server.read_log()
    assert PASSWORD not in log and "of the phone 1" not in log and "looks at calls only" not in log


def a_preset_code_is_good_once(bin_dir):
    port = free_port()
    server = TipringServer(bin_dir, settings=[f'admin.listen=["http://127.0.0.1:{port}"]'])
    path = f"{server.data}/code"
    server.settings.append(f"admin.setup_code_file={path}")

    def refused(text, fault):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([f"{bin_dir}/tipringd", *server._settings()], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and fault in done.stderr, (text, done.returncode, done.stderr)

    refused("1234567\n", f"admin.setup_code_file: {path} must hold a code of 8 to 64 bytes")
    refused("x" * 65, "must hold a code of 8 to 64 bytes")
    with open(path, "w", encoding="utf-8") as file:
        file.write("  label of the box 4711\n")
    account = {"name": "boss", "password": PASSWORD}
    with server:
        server.log_lines("admin_setup_code", 'code="label of the box 4711"')
        assert server.ctl("admin", "setup-code") == "label of the box 4711\n"
        assert Browser(port).status("POST", "/api/v1/setup", {**account, "code": "label of the box 4712"}) == 401
        assert Browser(port).status("POST", "/api/v1/setup", {**account, "code": "label of the box 4711"}) == 201
        assert server.stop() == 0
        os.remove(path)  # nobody needs it any more
        server.start()
        server.log_lines("no_setup_code_file", path)
        assert Browser(port).status("POST", "/api/v1/setup", {**account, "code": "label of the box 4711"}) == 409
        assert Browser(port).sign_in("boss") == 200


def a_taken_port_is_the_page_s_alone(bin_dir):
    """The exchange runs without the page, says so, and opens the page when it can."""
    taken, other = free_port(), free_port()
    with socket.create_server(("127.0.0.1", taken)) as somebody:
        settings = [f'admin.listen=["https://127.0.0.1:{taken}", "http://127.0.0.1:{other}"]']
        with TipringServer(bin_dir, users=[("alice", "secret")], settings=settings) as server:
            phone = SipSocket(server.port)
            register(phone, server, "alice", "secret")
            told = server.log_lines("ERROR page_not_open", f"address=127.0.0.1:{taken}", "Address already in use")
            assert len(told) == 1 and "admin.listen" in told[0] and "SIGHUP" in told[0], told
            assert server.ctl_json("status")["page"] == f"not open at 127.0.0.1:{taken}"
            assert Browser(other).ask("GET", "/api/v1/users")[1]["code"] == "setup_needed"
            server.process.send_signal(signal.SIGHUP)
            server.log_lines("ERROR page_not_open", least=2)
            somebody.close()
            server.process.send_signal(signal.SIGHUP)
            server.log_lines("page_open", f"address=127.0.0.1:{taken}")
            assert server.ctl_json("status")["page"] == "ok"
            page = http.client.HTTPSConnection("127.0.0.1", taken, timeout=20, context=ssl._create_unverified_context())
            page.request("GET", "/api/v1/users")
            assert json.loads(page.getresponse().read())["code"] == "setup_needed"
            page.close()
            register(phone, server, "alice", "secret")
            phone.close()
            words = [f"{bin_dir}/tipringd", *server._settings(), "--set", 'admin.listen=["127.0.0.1:844x"]', "--check"]
            done = subprocess.run(words, capture_output=True, text=True, timeout=20)
            assert done.returncode == 2 and "admin.listen" in done.stderr, done


def main():
    report, port = Report(), free_port()
    with TipringServer(sys.argv[1], settings=[f'admin.listen=["http://127.0.0.1:{port}"]']) as server:
        server.log_lines("admin_setup_code")
        report.run("there is nothing but the setup before it", lambda: nothing_before_setup(server, port))
        report.run("a session has an id of its own, and ends", lambda: a_session_is_new_and_ends(port))
        report.run("requests that other sites forge change nothing", lambda: other_sites_change_nothing(port))
        report.run("a token does what it is for", lambda: tokens_do_what_they_are_for(server, port))
        report.run("a viewer changes nothing, and is gone at once", lambda: a_viewer_looks_on(port))
        report.run("a stream ends with what it came by", lambda: a_stream_ends_with_what_it_came_by(server, port))
        report.run("a role that is taken is gone at once", lambda: a_role_that_is_taken_is_gone_at_once(port))
        report.run("a tag does not outlive a restart", lambda: a_tag_does_not_outlive_a_restart(server, port))
        report.run("the log has no password", lambda: secrets_are_kept(server))
    report.run("a preset setup code is good once", lambda: a_preset_code_is_good_once(sys.argv[1]))
    report.run("a taken port is the page's alone", lambda: a_taken_port_is_the_page_s_alone(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

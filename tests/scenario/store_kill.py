#!/usr/bin/env python3
"""kill -9 at random moments under load: what was answered is there after the restart, and nothing else.

Usage: store_kill.py BIN_DIR [SEED]
Twenty rounds; two hundred with TIPRING_LONG=1.
"""

import http.client
import json
import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import Call, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402

ROUNDS = 200 if os.environ.get("TIPRING_LONG") else 20
PHONES = 10
HURRY = ["log.level=warning"]


class Gone(Exception):
    """The server went before it answered."""


class AdminConnection(http.client.HTTPConnection):
    """The socket of tipringctl: quicker than a process for each change."""

    def __init__(self, path):
        super().__init__("localhost", timeout=3)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(3)
        self.sock.connect(self.path)

    def ask(self, method, target, body=None):
        try:
            self.request(method, target, body)
            answer = self.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException) as fault:
            raise Gone from fault


class Phone:
    """One user's phone. `told` are the contacts that a 200 has promised; `asked` is what it waits for, or None."""

    def __init__(self, name, transport, chance):
        self.name, self.transport, self.chance = name, transport, chance
        self.password = "secret"
        self.told = {}  # the user part of each contact, with its Call-ID and the last CSeq
        self.asked = None
        self.answers = 0
        self.socket = None
        self.contact_port = free_port()  # stays the same whatever the socket's is

    def connect(self, server):
        if self.socket is not None:
            self.socket.close()
        self.server = server
        self.socket = SipSocket(server.port, self.transport, timeout=5.0)
        self.uri = f"sip:127.0.0.1:{server.port}"
        self.challenge, self.count = None, 0

    def ask(self, contacts, call_id, cseq, headers=()):
        """REGISTER, with a new challenge where one is due; the final answer."""
        aor = f"sip:{self.name}@127.0.0.1"
        lines = [f"Contact: {contact}" for contact in contacts] + list(headers)
        for attempt in range(3):
            proof = []
            if self.challenge is not None:
                self.count += 1
                proof = ["Authorization: " + credentials(self.challenge, self.name, self.password, "REGISTER", self.uri,
                                                         nc=self.count)]
            try:
                self.socket.send(self.socket.request("REGISTER", self.uri, aor, aor, call_id, cseq + attempt,
                                                     lines + proof))
                answer = self.socket.receive_final()
            except OSError as fault:
                raise Gone from fault
            if answer is None:
                raise Gone
            if answer.status != 401:
                assert answer.status == 200, f"{self.name}: {answer.start_line}"
                return answer, cseq + attempt
            self.challenge, self.count = challenge_params(answer), 0
        raise AssertionError(f"{self.name} is challenged again and again")

    def contact(self, token, *params):
        return f"<sip:{token}@127.0.0.1:{self.contact_port};transport={self.transport}>" + "".join(params)

    def act(self):
        """One change: a new contact, a refresh, a move, or a farewell."""
        kind = self.chance.choice(["add", "refresh", "move", "remove", "remove all"])
        old = self.chance.choice(sorted(self.told)) if self.told else None
        token, call_id = random_token(), random_token()
        if kind == "refresh" and old:
            call_id, cseq = self.told[old]
            self.change(dict(self.told), [self.contact(old)], call_id, cseq + 1, old)
        elif kind == "move" and old:
            after = {key: value for key, value in self.told.items() if key != old}
            self.change({**after, token: None}, [self.contact(old, ";expires=0"), self.contact(token)], call_id, 1, token)
        elif kind == "remove" and old:
            after = {key: value for key, value in self.told.items() if key != old}
            self.change(after, [self.contact(old, ";expires=0")], call_id, 1)
        elif kind == "remove all" and old:
            self.change({}, ["*"], call_id, 1, headers=["Expires: 0"])
        elif len(self.told) < 4:
            self.change({**self.told, token: None}, [self.contact(token)], call_id, 1, token)

    def change(self, after, contacts, call_id, cseq, token=None, headers=()):
        self.asked = after
        _, cseq = self.ask(contacts, call_id, cseq, headers)
        if token is not None:
            after[token] = (call_id, cseq)
        self.told, self.asked = after, None
        self.answers += 1

    def run_until_gone(self):
        self.socket.socket.settimeout(0.4)
        try:
            while True:
                self.act()
        except Gone:
            pass

    def check(self, rows):
        """What the server holds is what it promised, or what it was about to."""
        held = {row["contact"].split(":")[1].split("@")[0] for row in rows if row["name"] == self.name}
        good = [set(self.told)] + ([set(self.asked)] if self.asked is not None else [])
        assert held in good, f"{self.name}: promised {sorted(self.told)}, asked {self.asked}, held {sorted(held)}"
        answer, _ = self.ask([], random_token(), 1)
        fetched = {value.split(":")[1].split("@")[0] for value in answer.all("contact")}
        assert fetched == held, f"{self.name}: {fetched} is fetched, {held} is held"
        # A refresh may be forgotten, so its CSeq may be as well.
        self.told = {token: (self.told.get(token) or (random_token(), 1)) for token in held}
        self.asked = None


class Clerk:
    """Adds, changes and removes users. `told` is every user with the password that was acknowledged."""

    def __init__(self, chance):
        self.chance = chance
        self.told = {}
        self.asked = None
        self.last = 0
        self.answers = 0

    def run_until_gone(self, path):
        connection = AdminConnection(path)
        try:
            while True:
                self.act(connection)
        except Gone:
            connection.close()

    def act(self, connection):
        old = self.chance.choice(sorted(self.told)) if self.told else None
        kind = self.chance.choice(["add", "add", "password", "remove"])
        if kind == "remove" and old:
            self.asked = (old, None)
            status, answer = connection.ask("DELETE", f"/api/v1/users/{old}")
        else:
            if kind == "add" or not old:
                self.last += 1
                old = f"clerk{self.last}"
            self.asked = (old, random_token())
            status, answer = connection.ask("PUT", f"/api/v1/users/{old}", json.dumps({"password": self.asked[1]}))
        assert status in (200, 201), f"{self.asked}: {status} {answer}"
        self.settle(self.asked[1])
        self.answers += 1

    def settle(self, password):
        self.told.pop(self.asked[0], None)
        if password is not None:
            self.told[self.asked[0]] = password
        self.asked = None

    def check(self, server):
        held = {row["name"] for row in server.ctl_json("user", "list") if row["name"].startswith("clerk")}
        if self.asked is not None and (self.asked[0] in held) != (self.asked[0] in self.told):
            self.settle(self.asked[1])
        assert held == set(self.told), f"lost {set(self.told) - held}, invented {held - set(self.told)}"
        names = self.chance.sample(sorted(self.told), min(2, len(self.told)))
        # A change that was not answered may have been made: which password holds has to be known for later lives.
        if self.asked is not None and self.asked[0] in self.told and self.asked[0] not in names:
            names.append(self.asked[0])
        for name in names:
            self.check_password(server, name)
        self.asked = None

    def check_password(self, server, name):
        trial = Phone(name, "udp", self.chance)
        trial.connect(server)
        try:
            if self.asked is not None and self.asked[0] == name:
                try:
                    trial.password = self.asked[1]
                    trial.ask([], random_token(), 1)
                    return self.settle(self.asked[1])
                except AssertionError:
                    trial.challenge = None
            trial.password = self.told[name]
            trial.ask([], random_token(), 1)
        finally:
            trial.socket.close()


def is_called(server, phones, chance):
    """One of those that are registered is reached; by TCP only where its connection is new."""
    registered = [phone for phone in phones if phone.told and phone.transport == "udp"]
    if not registered:
        return
    callee = chance.choice(registered)
    token = sorted(callee.told)[0]
    callee.ask(["*"], random_token(), 1, ["Expires: 0"])
    callee.told, callee.contact_port = {}, callee.socket.port
    callee.change({token: None}, [callee.contact(token)], random_token(), 1, token)
    server.kill()
    server.start()
    caller = SipSocket(server.port)
    call = Call(caller, server, caller="caller", callee=callee.name, password="secret")
    call.invite_with_credentials()
    invite = take_request(callee.socket, "INVITE")
    callee.socket.send(response(invite, "486 Busy Here", "b"))
    take_request(callee.socket, "ACK")
    call.expect(100)
    call.ack_refusal(call.expect(486))
    caller.close()


def one_life(server, phones, clerk, chance):
    for phone in phones:
        phone.connect(server)
    threads = [threading.Thread(target=phone.run_until_gone) for phone in phones]
    threads.append(threading.Thread(target=clerk.run_until_gone, args=(f"{server.data}/tipring.sock",)))
    faults = []
    threading.excepthook = lambda args: faults.append(args.exc_value)
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.05, 0.45))
    server.kill()
    for thread in threads:
        thread.join(10)
    assert not faults, faults
    server.start()
    rows = server.ctl_json("registrations")
    names = {phone.name for phone in phones}
    assert {row["name"] for row in rows} <= names, "a registration was invented"
    for phone in phones:
        phone.connect(server)
        phone.check(rows)
    clerk.check(server)


def lives_and_deaths(bin_dir, seed):
    chance = random.Random(seed)
    phones = [Phone(f"phone{i}", "tcp" if i % 3 == 0 else "udp", random.Random(seed + i)) for i in range(PHONES)]
    clerk = Clerk(random.Random(seed + 1000))
    users = [(phone.name, phone.password) for phone in phones] + [("caller", "secret")]
    with TipringServer(bin_dir, users=users, settings=HURRY) as server:
        server.users = []  # they are in the file from now on
        for _ in range(ROUNDS):
            one_life(server, phones, clerk, chance)
        is_called(server, phones, chance)
    answers = sum(phone.answers for phone in phones)
    print(f"{ROUNDS} lives, {answers} answered registrations, {clerk.answers} changes of users")
    assert answers > 20 * ROUNDS and clerk.answers > 5 * ROUNDS, "too little has happened"


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    print(f"seed {seed}")
    report = Report()
    report.run("kill -9 loses and invents nothing (R9.2, R9.3, R9.4)", lambda: lives_and_deaths(sys.argv[1], seed))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

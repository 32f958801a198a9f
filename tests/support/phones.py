"""Phones that call each other through a server, one step after the other in one thread.

What a step should bring is asserted, so a test that gets through has seen every message.
"""

import re
import socket
import struct

from sip_socket import SipSocket, challenge_params, credentials, random_token

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n")


def expect(message, wanted):
    """`wanted` is a status, or the method of a request."""
    found = message and (message.status or message.start_line.split(" ")[0])
    assert found == wanted, f"expected {wanted}, got {message and message.raw}"
    return message


class PhoneSocket(SipSocket):
    """Of `user`. What another server still sends to a phone that has had the port before is passed over, and so is a
    request that has come before: where the machine is busy, the server sends it again before the phone has answered."""

    def __init__(self, user, server_port, transport):
        super().__init__(server_port, transport)
        self.user, self.call_ids, self.sent, self.requests = user, set(), None, set()

    def send(self, data):
        self.call_ids.update(re.findall(r"(?im)^call-id: *(\S+)", data))
        self.sent = data
        super().send(data)

    def send_again(self):
        """What was sent last, as after a timer."""
        super().send(self.sent)

    def receive(self, timeout=None):
        while True:
            message = super().receive(timeout)
            if message is None or (self.is_mine(message) and self.is_new(message)):
                return message

    def is_mine(self, message):
        if message.status:
            return message.one("call-id") in self.call_ids
        return message.start_line.split(" ")[1].startswith(f"sip:{self.user}@")

    def is_new(self, message):
        if message.status:
            return True
        request = (message.one("cseq"), re.search(r"branch=([^;,\s]+)", message.one("via"))[1])
        known = request in self.requests
        self.requests.add(request)
        return not known

    def forget(self, method):
        """The requests of this method: one that comes again is taken."""
        self.requests = {request for request in self.requests if not request[0].endswith(f" {method}")}


class Phone:
    def __init__(self, server, user, password, transport):
        self.server, self.server_port = server, server.port
        self.user, self.password, self.transport = user, password, transport
        self.aor = f"sip:{user}@127.0.0.1"
        self.wire = PhoneSocket(user, server.port, transport)
        if transport == "tcp":  # two messages in a row do not wait for the server's delayed acknowledgement
            self.wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.contact = f"Contact: <sip:{user}@127.0.0.1:{self.wire.port};transport={transport}>"

    def close(self):
        self.wire.close()

    def tear(self):
        """Ends a TCP connection without a farewell: RST."""
        self.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.close()

    def expect(self, wanted):
        return expect(self.wire.receive(), wanted)

    def expect_final(self, wanted):
        return expect(self.wire.receive_final(), wanted)

    def ask_for_challenge(self, headers=None):
        """REGISTER and its challenge, as a phone that has just been switched on: with a new Call-ID."""
        self.uri, self.call_id, self.cseq = f"sip:127.0.0.1:{self.server_port}", random_token(), 0
        self.headers = headers or [self.contact]
        self._ask_for_challenge()

    def _ask_for_challenge(self):
        self._send_register()
        self.challenge = challenge_params(self.expect_final(401))

    def _send_register(self, *more):
        self.cseq += 1
        self.wire.send(self.wire.request("REGISTER", self.uri, self.aor, self.aor, self.call_id, self.cseq,
                                         [*self.headers, *more]))

    def answer_challenge(self):
        """REGISTER with credentials; the answer is still to come."""
        proof = credentials(self.challenge, self.user, self.password, "REGISTER", self.uri)
        self._send_register(f"Authorization: {proof}")

    def ask_to_register(self, headers=None):
        self.ask_for_challenge(headers)
        self.answer_challenge()

    def register(self, headers=None):
        self.ask_to_register(headers)
        return self.expect_final(200)

    def refresh(self):
        """The last registration once more."""
        self._ask_for_challenge()
        self.answer_challenge()
        return self.expect_final(200)

    def unregister(self):
        self.register(["Contact: *", "Expires: 0"])

    def respond(self, request, status, reason, to_tag, body=""):
        copied = [line for line in request.raw.decode().split("\r\n\r\n")[0].split("\r\n")[1:]
                  if line.split(":")[0].lower() in ("via", "record-route", "from", "call-id", "cseq")]
        to = request.one("to")
        to += "" if ";tag=" in to else f";tag={to_tag}"
        kind = ["Content-Type: application/sdp"] if body else []
        self.wire.send("\r\n".join([f"SIP/2.0 {status} {reason}", *copied, f"To: {to}", self.contact, *kind,
                                    f"Content-Length: {len(body)}", "", body]))


class Call:
    """A call of `caller` to the address-of-record `to`."""

    def __init__(self, caller, to):
        self.caller, self.to = caller, to
        self.call_id, self.tag = random_token(), random_token()
        self.cseq = 1
        self.target, self.routes, self.to_tag = to, [], None

    def _send(self, method, cseq=None, headers=(), body="", branch=None):
        headers = [*(f"Route: {route}" for route in self.routes), self.caller.contact, *headers]
        if body:
            headers.append("Content-Type: application/sdp")
        self.caller.wire.send(self.caller.wire.request(
            method, self.target, self.caller.aor, self.to, self.call_id, cseq or self.cseq, headers, body, branch,
            self.tag, self.to_tag))

    def acknowledge_failure(self, response):
        self.to_tag = response.one("to").partition(";tag=")[2]
        self._send("ACK", branch=self.branch)
        self.to_tag = None

    def invite(self, password=None):
        """INVITE, its challenge, and INVITE again with credentials."""
        timer = ["Supported: timer", "Session-Expires: 1800"]
        self.branch = "z9hG4bK" + random_token()
        self._send("INVITE", headers=timer, body=SDP, branch=self.branch)
        challenged = self.caller.expect_final(407)
        self.acknowledge_failure(challenged)
        proof = credentials(challenge_params(challenged, "proxy-authenticate"), self.caller.user,
                            password or self.caller.password, "INVITE", self.target)
        self.cseq += 1
        self.branch = "z9hG4bK" + random_token()
        self._send("INVITE", headers=[*timer, f"Proxy-Authorization: {proof}"], body=SDP, branch=self.branch)
        return self

    def message(self):
        """MESSAGE with credentials; the answer is still to come."""
        self._send("MESSAGE")
        proof = credentials(challenge_params(self.caller.expect_final(407), "proxy-authenticate"), self.caller.user,
                            self.caller.password, "MESSAGE", self.target)
        self.cseq += 1
        self._send("MESSAGE", headers=[f"Proxy-Authorization: {proof}"])

    def expect_refusal(self, status):
        self.acknowledge_failure(self.caller.expect_final(status))

    def ring(self, callee):
        self.caller.expect(100)
        self.received = callee.expect("INVITE")
        callee.respond(self.received, 180, "Ringing", "c1")
        self.caller.expect(180)
        return self

    def answer(self, callee):
        callee.respond(self.received, 200, "OK", "c1", SDP)
        return self.acknowledge(self.caller.expect(200), callee)

    def acknowledge(self, answered, callee):
        """The 200 to the INVITE, which begins the dialog."""
        self.to_tag = answered.one("to").partition(";tag=")[2]
        self.target = answered.one("contact").strip("<>")
        self.routes = list(reversed(answered.all("record-route")))
        self._send("ACK")
        callee.expect("ACK")
        return self

    def offer(self, callee, body):
        """A re-INVITE, and its answer."""
        self.cseq += 1
        self._send("INVITE", headers=["Supported: timer"], body=body)
        callee.respond(callee.expect("INVITE"), 200, "OK", "c1", SDP)
        self.caller.expect_final(200)
        self._send("ACK")
        callee.expect("ACK")

    def refuse(self, callee):
        callee.respond(self.received, 486, "Busy Here", "c1")
        callee.expect("ACK")
        self.expect_refusal(486)

    def cancel(self, callee):
        self.cancel_alone()
        cancelled = callee.expect("CANCEL")
        callee.respond(cancelled, 200, "OK", "c1")
        callee.respond(self.received, 487, "Request Terminated", "c1")
        callee.expect("ACK")
        self.expect_refusal(487)

    def cancel_alone(self):
        """CANCEL, whatever becomes of it at the callee."""
        self._send("CANCEL", branch=self.branch)
        self.caller.expect(200)

    def expect_failure(self):
        """Any failure that tells of a callee that cannot be reached."""
        response = self.caller.wire.receive_final()
        assert response and response.status in (408, 480, 487, 500, 502, 503), response and response.raw
        self.acknowledge_failure(response)

    def hang_up(self, callee, headers=()):
        self.cseq += 1
        self._send("BYE", headers=headers)
        callee.respond(callee.expect("BYE"), 200, "OK", "c1")
        self.caller.expect(200)


def whole_call(caller, callee):
    Call(caller, callee.aor).invite().ring(callee).answer(callee).hang_up(callee)


def cancelled_call(caller, callee):
    Call(caller, callee.aor).invite().ring(callee).cancel(callee)


def busy_call(caller, callee):
    Call(caller, callee.aor).invite().ring(callee).refuse(callee)


def unknown_user(caller, _):
    Call(caller, "sip:nobody@127.0.0.1").invite().expect_refusal(404)


def wrong_password(caller, callee):
    Call(caller, callee.aor).invite(password="wrong").expect_refusal(407)

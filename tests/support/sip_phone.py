"""A phone by hand: registers, and makes and takes calls message by message."""

import re

from sip_socket import SipSocket, challenge_params, credentials, random_token

OK = "200 OK"


def register(phone, server, user="alice", password="secret-a", contacts=None, headers=(), call_id=None, cseq=1,
             aor=None, auth_user=None, algorithm=None, expect=200, domain=None, scheme="sip"):
    """REGISTER, and again with credentials after the challenge; the final answer."""
    uri = f"{scheme}:{domain or f'{phone.server_host}:{server.port}'}"
    aor = aor or f"sip:{user}@{domain or phone.server_host}"
    call_id = call_id or random_token()
    lines = list(headers)
    for contact in contacts if contacts is not None else [contact_of(phone, user)]:
        lines.append(f"Contact: {contact}")
    phone.send(phone.request("REGISTER", uri, aor, aor, call_id, cseq, lines))
    answer = phone.receive_final()
    assert answer is not None, "no answer to REGISTER"
    assert answer.status == 401, f"expected a challenge, got {answer.start_line}"
    proof = credentials(challenge_params(answer, algorithm=algorithm), auth_user or user, password, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, call_id, cseq + 1, [*lines, f"Authorization: {proof}"]))
    answer = phone.receive_final()
    assert answer is not None, "no answer to REGISTER with credentials"
    wanted = expect if isinstance(expect, tuple) else (expect,)
    assert answer.status in wanted, f"expected {expect}, got {answer.start_line}"
    return answer


def registered_phone(server, user, password, transport="udp", host="127.0.0.1", domain=None):
    """A phone that listens where it is registered, the user's only one."""
    phone = SipSocket(server.port, transport, host=host)
    register(phone, server, user, password, contacts=["*"], headers=["Expires: 0"], domain=domain)
    register(phone, server, user, password, domain=domain)
    return phone


def contact_of(phone, user):
    return f"<sip:{user}@{phone.host}:{phone.port};transport={phone.transport}>"


def response(request, status_line, to_tag=None, headers=(), body=""):
    """The text of a response to a received request: RFC 3261 8.2.6."""
    lines = [f"SIP/2.0 {status_line}"]
    for name in ("Via", "Record-Route", "From"):
        lines += [f"{name}: {value}" for value in request.all(name)]
    to = request.one("to")
    lines.append(f"To: {to}" + (f";tag={to_tag}" if to_tag and ";tag=" not in to else ""))
    lines += [f"Call-ID: {request.one('call-id')}", f"CSeq: {request.one('cseq')}", *headers,
              f"Content-Length: {len(body.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def uri_of(name_addr):
    return re.search(r"<([^>]+)>", name_addr).group(1)


def tag_of(name_addr):
    found = re.search(r";tag=([^;\s]+)", name_addr)
    return found.group(1) if found else None


def route_set(answer):
    """A caller's: RFC 3261 12.1.2."""
    values = [value for line in answer.all("record-route") for value in re.split(r",\s*(?=<)", line)]
    return values[::-1]


class Call:
    """The caller's side of one call: INVITE with credentials, then requests inside the dialog."""

    def __init__(self, phone, server, caller="alice", callee="bob", password="secret-a", headers=(), domain=None,
                 uri=None, from_uri=None):
        self.phone = phone
        self.uri = uri or f"sip:{callee}@{domain or f'{phone.server_host}:{server.port}'}"
        self.from_uri = from_uri or f"sip:{caller}@{domain or phone.server_host}"
        self.caller = caller
        self.password = password
        self.headers = [f"Contact: {contact_of(phone, caller)}", *headers]
        self.call_id = random_token()
        self.from_tag = random_token()
        self.cseq = 0
        self.branch = None
        self.answer = None

    def _request(self, method, uri, cseq, headers=(), to_tag=None, branch=None):
        return self.phone.request(method, uri, self.from_uri, self.uri, self.call_id, cseq, headers,
                                  branch=branch, from_tag=self.from_tag, to_tag=to_tag)

    def send_invite(self, extra=()):
        """Sends an INVITE under a new branch; returns its text."""
        self.cseq += 1
        self.branch = "z9hG4bK" + random_token()
        self.invite = self._request("INVITE", self.uri, self.cseq, [*self.headers, *extra], branch=self.branch)
        self.phone.send(self.invite)
        return self.invite

    def ack_refusal(self, answer):
        """The ACK to a response other than 2xx: RFC 3261 17.1.1.3."""
        self.phone.send(self._request("ACK", self.uri, self.cseq, to_tag=tag_of(answer.one("to")), branch=self.branch))

    def invite_with_credentials(self):
        """INVITE, 407, ACK, INVITE with credentials."""
        self.send_invite()
        challenge = self.phone.receive_final()
        assert challenge is not None and challenge.status == 407, challenge and challenge.start_line
        self.ack_refusal(challenge)
        proof = credentials(challenge_params(challenge, "proxy-authenticate"), self.caller, self.password, "INVITE",
                            self.uri)
        return self.send_invite([f"Proxy-Authorization: {proof}"])

    def expect(self, status, timeout=3.0):
        answer = self.phone.receive(timeout)
        assert answer is not None, f"nothing came, {status} was expected"
        assert answer.status == status, f"{status} was expected, not {answer.raw.decode()}"
        if 200 <= status < 300 and answer.one("cseq").endswith("INVITE"):
            self.answer = answer
        return answer

    def cancel(self):
        self.phone.send(self._request("CANCEL", self.uri, self.cseq, branch=self.branch))

    def inside(self, method, cseq=None, headers=(), branch=None):
        """Sends a request inside the dialog by its route set: RFC 3261 12.2.1.1."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        routes = [f"Route: {value}" for value in route_set(self.answer)]
        text = self._request(method, uri_of(self.answer.one("contact")), cseq, [*routes, *headers],
                             to_tag=tag_of(self.answer.one("to")), branch=branch)
        self.phone.send(text)
        return text

    def ack(self):
        return self.inside("ACK", cseq=int(self.answer.one("cseq").split()[0]))


def take_request(phone, method, timeout=3.0):
    """The next request, which must be of this method."""
    request = phone.receive(timeout)
    assert request is not None, f"no {method} came"
    assert request.start_line.startswith(method + " "), f"{method} was expected, not {request.raw.decode()}"
    return request


def answer_call(phone, tag="callee", headers=(), status_line=OK):
    """Takes an INVITE, rings, and answers with its final response; the INVITE."""
    invite = take_request(phone, "INVITE")
    phone.send(response(invite, "180 Ringing", tag))
    phone.send(response(invite, status_line, tag, [f"Contact: {contact_of(phone, 'callee')}", *headers]))
    return invite


def establish(caller, callee_phone, server, asked=True, **options):
    """A standing call between two phones; the caller's side of it. `asked`: callers must prove who they are."""
    call = Call(caller, server, **options)
    if asked:
        call.invite_with_credentials()
    else:
        call.send_invite()
    answer_call(callee_phone)
    call.expect(100)
    call.expect(180)
    call.expect(200)
    call.ack()
    take_request(callee_phone, "ACK")
    return call


def hang_up(call, callee):
    call.inside("BYE")
    callee.send(response(take_request(callee, "BYE"), OK))
    call.expect(200)

"""Hunt groups for tests: callers and members by hand, message by message."""

import sqlite3

from sip_phone import OK, Call, contact_of, registered_phone, response, tag_of, take_request
from sip_socket import challenge_params, credentials, random_token
from tipring_server import TipringServer

PASSWORDS = {"alice": "secret-a", "bob": "secret-b", "carol": "secret-c", "dave": "secret-d", "erin": "secret-e"}
MEMBERS = ("bob", "carol", "dave", "erin")
STRATEGIES = ("all", "sequential", "round-robin", "longest-idle", "random")


def sdp(port, host="127.0.0.1", codecs="0 8", direction="sendrecv", version=1, video=None):
    """A session description with one audio stream, and maybe one of video."""
    family = "IP6" if ":" in host else "IP4"
    text = (f"v=0\r\no=phone 7 {version} IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {codecs}\r\na={direction}\r\n")
    if video is not None:
        text += f"m=video {video} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    return text


SDP_LINE = "Content-Type: application/sdp"


class GroupServer(TipringServer):
    """A server whose groups are in its file before it starts: {name: (fields, [(member, fields)])}."""

    def __init__(self, bin_dir, groups, settings=(), **options):
        users = list(PASSWORDS.items())
        super().__init__(bin_dir, users=users, settings=settings, **options)
        self.groups = groups

    def import_users(self):
        super().import_users()
        with sqlite3.connect(f"{self.data}/tipring.db") as base:
            for name, (fields, members) in self.groups.items():
                row = {"domain": "", "name": name, **fields}
                group = insert(base, "hunt_groups", row)
                for place, (member, more) in enumerate(members, 1):
                    insert(base, "group_members", {"group_id": group, "name": member, "place": place, **more})


def insert(base, table, row):
    names = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    return base.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())).lastrowid


def group_of(*members, strategy="all", **fields):
    """The fields and members of a group as GroupServer takes them."""
    pairs = [member if isinstance(member, tuple) else (member, {}) for member in members]
    return ({"strategy": STRATEGIES.index(strategy), **fields}, pairs)


class GroupCall(Call):
    """A call to a group: challenged with 401, with an offer unless there is none."""

    def __init__(self, phone, server, group="600", caller="alice", offer=None, headers=(), **options):
        super().__init__(phone, server, caller, group, PASSWORDS[caller], headers, **options)
        self.offer = offer

    def _request(self, method, uri, cseq, headers=(), to_tag=None, branch=None, body=""):
        return self.phone.request(method, uri, self.from_uri, self.uri, self.call_id, cseq, headers, branch=branch,
                                  from_tag=self.from_tag, to_tag=to_tag, body=body)

    def send_invite(self, extra=()):
        self.cseq += 1
        self.branch = "z9hG4bK" + random_token()
        lines = [*self.headers, *extra] + ([SDP_LINE] if self.offer else [])
        self.invite = self._request("INVITE", self.uri, self.cseq, lines, branch=self.branch, body=self.offer or "")
        self.phone.send(self.invite)
        return self.invite

    def start(self):
        """INVITE, 401, ACK, INVITE with credentials, 100."""
        self.send_invite()
        challenge = self.phone.receive_final()
        assert challenge is not None and challenge.status == 401, challenge and challenge.raw.decode()
        self.ack_refusal(challenge)
        self.answer_challenge(challenge)
        self.expect(100)
        return self

    def answer_challenge(self, challenge):
        proof = credentials(challenge_params(challenge), self.caller, self.password, "INVITE", self.uri)
        self.send_invite([f"Authorization: {proof}"])

    def expect_refusal(self, status):
        answer = self.expect(status)
        self.ack_refusal(answer)
        return answer

    def inside_with(self, method, body, headers=(), cseq=None):
        """A request inside the dialog with a session description, or with none."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        target = self.answer.one("contact")
        target = target[target.index("<") + 1:target.index(">")]
        contact = [f"Contact: {contact_of(self.phone, self.caller)}"] if method in ("INVITE", "UPDATE") else []
        lines = [*contact, *headers] + ([SDP_LINE] if body else [])
        self.branch = "z9hG4bK" + random_token()
        self.phone.send(self._request(method, target, cseq, lines, to_tag=tag_of(self.answer.one("to")),
                                      branch=self.branch, body=body))


    def inside_plain(self, method, headers, body):
        """A request inside the dialog with a body of another kind."""
        self.cseq += 1
        target = self.answer.one("contact")
        target = target[target.index("<") + 1:target.index(">")]
        self.branch = "z9hG4bK" + random_token()
        self.phone.send(self._request(method, target, self.cseq, headers, to_tag=tag_of(self.answer.one("to")),
                                      branch=self.branch, body=body))

    def ack_again(self):
        """To the 2xx of a re-INVITE."""
        self.inside_with("ACK", "", cseq=self.cseq)

    def ack_with(self, answer):
        """With the answer to the offer that the 2xx has brought."""
        self.inside_with("ACK", answer, cseq=self.cseq)

    def ack_last_invite(self):
        """To a refusal of a re-INVITE: its branch and number."""
        target = self.answer.one("contact")
        target = target[target.index("<") + 1:target.index(">")]
        self.phone.send(self._request("ACK", target, self.cseq, to_tag=tag_of(self.answer.one("to")),
                                      branch=self.branch))

    def cancel_inside(self):
        target = self.answer.one("contact")
        target = target[target.index("<") + 1:target.index(">")]
        self.phone.send(self._request("CANCEL", target, self.cseq, to_tag=tag_of(self.answer.one("to")),
                                      branch=self.branch))


class Member:
    """A phone of a member."""

    def __init__(self, server, user, tag=None, transport="udp", host="127.0.0.1"):
        self.user = user
        self.tag = tag or f"tag-{user}-{random_token()}"
        self.phone = registered_phone(server, user, PASSWORDS[user], transport, host)
        self.invite = None
        self.cseq = 100
        self.branch = None

    def take_invite(self, timeout=3.0):
        self.invite = take_request(self.phone, "INVITE", timeout)
        return self.invite

    def ring(self, status_line="180 Ringing", headers=(), body=""):
        self.answer(status_line, headers, body)

    def answer(self, status_line=OK, headers=(), body=""):
        lines = [f"Contact: {contact_of(self.phone, self.user)}", *headers] + ([SDP_LINE] if body else [])
        self.phone.send(response(self.invite, status_line, self.tag, lines, body))

    def refuse(self, status_line):
        self.answer(status_line)
        return take_request(self.phone, "ACK")

    def take_cancel(self, timeout=3.0):
        """CANCEL, which is answered, and the 487 that follows."""
        cancel = take_request(self.phone, "CANCEL", timeout)
        self.phone.send(response(cancel, OK, self.tag))
        self.answer("487 Request Terminated")
        take_request(self.phone, "ACK")
        return cancel

    def take(self, method, status_line=OK, headers=(), body="", timeout=3.0):
        """Takes a request and answers it."""
        return self.reply(take_request(self.phone, method, timeout), method, status_line, headers, body)

    def reply(self, request, method, status_line=OK, headers=(), body=""):
        lines = [*headers] + ([SDP_LINE] if body else [])
        if method in ("INVITE", "UPDATE"):
            lines.append(f"Contact: {contact_of(self.phone, self.user)}")
        self.phone.send(response(request, status_line, self.tag, lines, body))
        return request

    def send_ack(self, answer):
        """To the final response to a re-INVITE of his own."""
        failed = answer.status >= 300
        self.send("ACK", cseq=self.cseq, branch=self.branch if failed else None)

    def send(self, method, body="", headers=(), cseq=None, branch=None, kind=SDP_LINE):
        """A request of the member's within the dialog that it has answered."""
        self.cseq = cseq or self.cseq + 1
        self.branch = branch or "z9hG4bK" + random_token()
        target = self.invite.one("contact")
        target = target[target.index("<") + 1:target.index(">")]
        contact = [f"Contact: {contact_of(self.phone, self.user)}"] if method in ("INVITE", "UPDATE") else []
        lines = [*contact, *headers] + ([kind] if body else [])
        from_uri = self.invite.one("to")
        to_uri = self.invite.one("from")
        strip = lambda value: value[value.index("<") + 1:value.index(">")]  # noqa: E731
        self.phone.send(self.phone.request(method, target, strip(from_uri), strip(to_uri), self.invite.one("call-id"),
                                           self.cseq, lines, body, branch=self.branch, from_tag=self.tag, to_tag=tag_of(to_uri)))


def answered_by_carol(server, caller):
    """A call to the group 600, in which bob and carol ring. The call, and carol as its member."""
    bob, carol = Member(server, "bob"), Member(server, "carol")
    call = GroupCall(caller, server, "600", offer=sdp(4000)).start()
    for member in (bob, carol):
        member.take_invite()
        member.ring()
    call.expect(180)
    carol.answer(body=sdp(5000))
    take_request(carol.phone, "ACK")
    call.expect(200)
    call.ack()
    bob.take_cancel()
    return call, carol


def silent(phone, seconds=0.3):
    """Nothing comes for so long."""
    message = phone.receive(seconds)
    assert message is None, f"nothing was expected: {message.raw.decode()}"

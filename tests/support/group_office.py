"""An office for tests of hunt groups: alice calls, and the others have a phone each and ring."""

from group_calls import PASSWORDS, GroupCall, Member, sdp, silent
from sip_phone import registered_phone, take_request


class Office:
    """What one message is about is in GroupCall and Member; here is what most calls have in common."""

    def __init__(self, server, *members):
        self.server = server
        self.alice = registered_phone(server, "alice", PASSWORDS["alice"])
        self.members = [Member(server, name) for name in members]
        for member in self.members:
            setattr(self, member.user, member)
        self.before = self.calls()  # what a case that has failed has left behind
        self.phones = [self.alice, *(member.phone for member in self.members)]  # that quiet() listens to

    def call(self, group="600", offer=sdp(4000), phone=None, **options):
        """alice calls, by this phone of hers; whoever is rung has the INVITE still to take."""
        return GroupCall(phone or self.alice, self.server, group, offer=offer, **options).start()

    def ring(self, group="600", members=None, **options):
        """The same, and these ring: all of the office, unless named."""
        call = self.call(group, **options)
        for member in members or self.members:
            member.take_invite()
            member.ring()
        call.expect(180)
        return call

    def answer(self, call, member, body=sdp(5000), others=()):
        """He answers the INVITE that he has taken; those who ring beside him are cancelled. alice's 200."""
        member.answer(body=body)
        for other in others:
            other.take_cancel()
        take_request(member.phone, "ACK")
        final = call.expect(200)
        call.ack()
        return final

    def join(self, group, member, body=sdp(5000), **options):
        """A call that he answers, who alone is rung."""
        call = self.call(group, **options)
        member.take_invite()
        self.answer(call, member, body)
        return call

    def end(self, call, member):
        """alice hangs up."""
        call.inside_with("BYE", "")
        member.take("BYE")
        call.expect(200)

    def talk(self, call, member, body=sdp(5000)):
        """He answers, and alice hangs up."""
        self.answer(call, member, body)
        self.end(call, member)

    def pools(self):
        return {row["name"]: row for row in self.server.ctl_json("pools")}

    def calls(self):
        """The Call-IDs of those that stand or ring."""
        return {row["call_id"] for row in self.server.ctl_json("calls")}

    def quiet(self):
        """Nothing is left over in anybody's socket, and no call of this office stands."""
        for phone in self.phones:
            silent(phone, 0.02)
        left = self.calls() - self.before
        assert not left, left


def run_cases(report, make_office, cases):
    """Each (name, function) on an office, which is quiet afterwards."""
    office = make_office()
    for name, case in cases:
        if not report.run(name, lambda case=case: (case(office), office.quiet())):
            office = make_office()  # what is left of a failed case goes to sockets that nobody reads

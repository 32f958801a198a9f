"""A call from user to user whose sound goes through the server."""

from group_calls import PASSWORDS, GroupCall, Member, sdp
from sip_phone import registered_phone, take_request
from sound import Ear, place_of, talk

RELAY = ("media.mode=relay", "routing.anchor=always")


class Talk:
    """Alice and Bob, whose call is relayed and answered."""

    def __init__(self, server, offer=None, answer=None, ears=None):
        self.server = server
        self.alice = registered_phone(server, "alice", PASSWORDS["alice"])
        self.bob = Member(server, "bob")
        self.ears = ears or [Ear(1), Ear(2)]
        self.call = GroupCall(self.alice, server, "bob", offer=offer or sdp(self.ears[0].port)).start()
        self.bob.take_invite()
        self.bob.ring()
        self.call.expect(180)
        self.bob.answer(body=answer or sdp(self.ears[1].port))
        take_request(self.bob.phone, "ACK")
        self.answer = self.call.expect(200)
        self.call.ack()
        self.places = (place_of(self.answer), place_of(self.bob.invite))

    def talk(self):
        talk(self.ears[0], self.places[0], self.ears[1], self.places[1])

    def end(self):
        self.call.inside_with("BYE", "")
        self.bob.take("BYE")
        self.call.expect(200)
        for ear in self.ears:
            ear.close()

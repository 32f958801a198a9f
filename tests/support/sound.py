"""Sound for tests: RTP packets that are known by what they say."""

import re
import socket
import struct

PACKETS = 25


class Ear:
    """One side of a sound stream."""

    def __init__(self, ssrc, host="127.0.0.1"):
        self.ssrc = ssrc
        self.sequence = 0
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(1.0)
        self.port = self.socket.getsockname()[1]

    def say(self, text, peer):
        """A packet of 160 bytes that are known by their beginning."""
        self.sequence += 1
        header = struct.pack("!BBHII", 0x80, 0, self.sequence, 160 * self.sequence, self.ssrc)
        self.socket.sendto(header + text.encode().ljust(160, b"\xd5"), peer)

    def hear(self):
        packet, sender = self.socket.recvfrom(2048)
        return packet[12:].rstrip(b"\xd5").decode(), sender

    def close(self):
        self.socket.close()


def place_of(message):
    """Where the description of a message wants the sound."""
    body = message.body.decode()
    host = re.search(r"c=IN IP[46] (\S+)", body).group(1)
    return host, int(re.search(r"m=audio (\d+)", body).group(1))


def talk(alice_ear, alice_place, bob_ear, bob_place):
    """What one says is what the other hears, in both directions."""
    for i in range(PACKETS):
        alice_ear.say(f"alice {i}", alice_place)
        bob_ear.say(f"bob {i}", bob_place)
        heard, _ = bob_ear.hear()
        assert heard == f"alice {i}", heard
        heard, _ = alice_ear.hear()
        assert heard == f"bob {i}", heard

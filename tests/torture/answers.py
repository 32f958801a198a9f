"""What an answer must be, and what is sent because of it."""

import re

from forwarding import Message
from links import final
from sip_socket import Answer, challenge_params, credentials


def check_status(raw, outcome):
    start = Answer(raw).start_line
    assert start.startswith(f"SIP/2.0 {outcome.status} "), f"{outcome} was expected, not {start}"
    assert outcome.word in start, f"{outcome.word} is not named in {start}"


def check_binding(case, raw):
    """What the registrar tells of a contact is what was registered: RFC 4475 3.3.12 to 3.3.14."""
    wanted = {
        "cparam01": rb"<sip:\+19725552222@gw1\.example\.net>;[^,]*unknownparam",
        "cparam02": rb"<sip:\+19725552222@gw1\.example\.net;unknownparam>(;expires=\d+)?$",
        "regescrt": rb"<sip:user@example\.com\?Route=%3Csip:sip\.example\.com%3E>",
        "dblreq": rb"<sip:j\.user@host\.example\.com>",
    }.get(case.name, rb"\"Caller\" <sip:caller@\[2001:db8::1\]>")
    contacts = Message(raw).values(b"contact")
    assert any(re.match(wanted, contact) for contact in contacts), f"{wanted} is not among {contacts}"


def with_credentials(text, link, transport):
    """The REGISTER again, as the user whom its To names."""
    message = Message(text)
    user = re.search(rb"sip:([^@;>]+)@", message.values(b"to")[0]).group(1).decode()
    uri = message.uri.decode()
    link.sendall(text)
    challenge = Answer(final(link, transport))
    line = f"Authorization: {credentials(challenge_params(challenge), user, 'secret', 'REGISTER', uri)}\r\n"
    start, end, rest = text.partition(b"\r\n")
    return start + end + line.encode() + rest


def ack(invite, response):
    """RFC 3261 17.1.1.3."""
    lines = [b"ACK " + invite.uri + b" SIP/2.0", invite.raw_top_via, b"Max-Forwards: 70",
             b"From: " + invite.values(b"from")[0], b"To: " + response.values(b"to")[0],
             b"Call-ID: " + invite.values(b"call-id")[0],
             b"CSeq: " + invite.values(b"cseq")[0].split()[0] + b" ACK", b"Content-Length: 0", b"", b""]
    return b"\r\n".join(lines)

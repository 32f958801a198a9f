"""The messages of RFC 4475 and RFC 5118, and what each of them must lead to at this server.

A case says what happens in three places. `udp`: on a server that challenges no calls, over UDP. `tcp`: the same over TCP,
where it differs. `digest`: on a server that challenges everybody and serves strangers nothing, where validation lets
the message pass at all. Outcomes:

  answer(400, "To")    a final response whose reason phrase names the header or part at fault
  NOTHING              no answer, ever
  FORWARDED            reaches the registered phone with everything unchanged that a proxy has no business with
  REGISTERED           401, and 200 with the credentials of the user
"""

import os
import re

FOLDER = os.path.dirname(os.path.abspath(__file__))


class Outcome:
    def __init__(self, kind, status=0, word="", closes=False):
        self.kind, self.status, self.word, self.closes = kind, status, word, closes

    def __repr__(self):
        return f"{self.status} {self.word}".strip() if self.status else self.kind


def answer(status, word="", closes=False):
    return Outcome("answer", status, word, closes)


NOTHING = Outcome("nothing")
FORWARDED = Outcome("forwarded")
REGISTERED = Outcome("registered")
CLOSED = Outcome("closed", closes=True)  # over TCP: the connection ends without an answer


class Case:
    def __init__(self, name, section, udp, why, tcp=None, digest=None):
        self.name, self.section, self.why = name, section, why
        self.udp = udp
        self.tcp = tcp or udp
        self.digest_udp = answer(digest) if digest else udp
        self.digest_tcp = tcp or self.digest_udp

    def read(self):
        """The bytes as they stand in the RFC's archive."""
        folder = "rfc4475" if self.section.startswith("3.") else "rfc5118"
        with open(os.path.join(FOLDER, folder, self.name + ".sip"), "rb") as file:
            return file.read()

    def wire(self):
        """The message as it goes over the wire: see README.md for what is mended."""
        text = self.read()
        if b"\r\n" not in text:
            text = text.replace(b"\n", b"\r\n")
        if b"\r\n\r\n" not in text:
            text += b"\r\n"
        if self.name in ("ipv6-in-sdp", "ipv4-mapped-ipv6", "mult-ip-in-sdp"):
            size = len(text.partition(b"\r\n\r\n")[2])
            text = re.sub(rb"(Content-Length: )\d+", rb"\g<1>%d" % size, text)
        return text


# RFC 4475. A server that is proxy and registrar, and no endpoint.
CASES = [
    Case("wsinv", "3.1.1.1", FORWARDED, "well-formed; the unknown headers leave unchanged, the Route is ours", digest=407),
    Case("intmeth", "3.1.1.2", answer(404), "well-formed; a URI that is not defined here: \"a proxy will generate a 404\"",
         digest=407),
    Case("esc01", "3.1.1.3", answer(404), "well-formed; nobody here is called sips:user@example.com", digest=403),
    Case("escnull", "3.1.1.4", answer(401), "well-formed; null-\\0-null is no user, and none whose name ends at the \\0"),
    Case("esc02", "3.1.1.5", answer(405), "well-formed, not REGISTER; this method is not for the server itself"),
    Case("lwsdisp", "3.1.1.6", FORWARDED, "\"elements should accept this request as well formed\"", digest=407),
    Case("longreq", "3.1.1.7", FORWARDED, "well-formed, however long", digest=403),
    Case("dblreq", "3.1.1.8", REGISTERED, "over UDP the octets behind the body are noise", tcp=answer(401), digest=401),
    Case("semiuri", "3.1.1.9", answer(404), "well-formed; there is no user \"user;par=u@example.net\"", digest=407),
    Case("transports", "3.1.1.10", FORWARDED, "well-formed; only the topmost transport is ours to know", digest=407),
    Case("mpart01", "3.1.1.11", FORWARDED, "well-formed; a body of octets, and a Route to a strict router", digest=403),
    Case("unreason", "3.1.1.12", NOTHING, "a well-formed response, which answers nothing of ours"),
    Case("noreason", "3.1.1.13", NOTHING, "a well-formed response, which answers nothing of ours"),
    Case("badinv01", "3.1.2.1", answer(400, "Via"), "\"should respond with a 400\""),
    Case("clerr", "3.1.2.2", answer(400, "Content-Length"), "\"should respond with a 400\" over UDP, waits over TCP",
         tcp=NOTHING),
    Case("ncl", "3.1.2.3", answer(400, "Content-Length"), "\"should respond with an error\"; over TCP framing is lost",
         tcp=answer(400, "Content-Length", closes=True)),
    Case("scalar02", "3.1.2.4", answer(400, "CSeq"), "\"should respond with a 400 due to the CSeq error\""),
    Case("scalarlg", "3.1.2.5", NOTHING, "\"will simply discard it\""),
    Case("quotbal", "3.1.2.6", answer(400, "To"), "\"should return a 400\""),
    Case("ltgtruri", "3.1.2.7", answer(400, "Request-URI"), "\"reasonable always to reject with a 400\""),
    Case("lwsruri", "3.1.2.8", answer(400), "\"should respond with a 400\"", tcp=answer(400, closes=True)),
    Case("lwsstart", "3.1.2.9", answer(400), "\"acceptable to reject this request as malformed\"",
         tcp=answer(400, closes=True)),
    Case("trws", "3.1.2.10", FORWARDED, "blanks at the end are ignored and \"must not\" be forwarded", digest=407),
    Case("escruri", "3.1.2.11", answer(400, "Request-URI"), "\"acceptable to reject this request with a 400\""),
    Case("baddate", "3.1.2.12", FORWARDED, "\"an element shouldn't\" reject a Date that it has no use for", digest=403),
    Case("regbadct", "3.1.2.13", answer(400, "Contact"), "\"reasonable to respond with a 400\""),
    Case("badaspec", "3.1.2.14", answer(400, "To"), "\"reasonable to reject this request with a 400\""),
    Case("baddn", "3.1.2.15", answer(400, "From"), "a proxy \"must not propagate the error\", so it rejects"),
    Case("badvers", "3.1.2.16", answer(505), "\"should respond with a 505\"", tcp=answer(505, closes=True)),
    Case("mismatch01", "3.1.2.17", answer(400, "CSeq"), "\"any element will respond with a 400\""),
    Case("mismatch02", "3.1.2.18", answer(400, "CSeq"), "\"a 400 is also acceptable\"; 501 would be untrue of a proxy that "
         "forwards unknown methods"),
    Case("bigcode", "3.1.2.19", NOTHING, "\"should simply drop it\"", tcp=CLOSED),
    Case("badbranch", "3.2.1", FORWARDED, "falls back to matching by RFC 2543", digest=407),
    Case("insuf", "3.3.1", answer(400, "From, To, Call-ID"), "\"ideally, it will respond with a 400\""),
    Case("unkscm", "3.3.2", answer(416), "\"will reject it with a 416\""),
    Case("novelsc", "3.3.3", answer(416), "a scheme that is never accepted here"),
    Case("unksm2", "3.3.4", answer(400, "To"), "a registrar wants a SIP or SIPS URI as address-of-record"),
    Case("bext01", "3.3.5", answer(420), "in the role of a proxy: the features of Proxy-Require"),
    Case("invut", "3.3.6", FORWARDED, "a proxy processes it as any other INVITE", digest=403),
    Case("regaut01", "3.3.7", answer(401), "a registrar that cares issues a challenge of its own"),
    Case("multi01", "3.3.8", answer(400, "CSeq"), "\"would respond with a 400\""),
    Case("mcl01", "3.3.9", answer(400, "Content-Length"), "\"should respond with an error\"; over TCP framing is lost",
         tcp=answer(400, "Content-Length", closes=True)),
    Case("bcast", "3.3.10", NOTHING, "\"proxies should drop such responses\""),
    Case("zeromf", "3.3.11", answer(483), "\"a proxy should respond 483\""),
    Case("cparam01", "3.3.12", REGISTERED, "unknownparam is the contact's, not the URI's", digest=401),
    Case("cparam02", "3.3.13", REGISTERED, "unknownparam is the URI's", digest=401),
    Case("regescrt", "3.3.14", REGISTERED, "the escaped Route is kept in the contact's URI", digest=401),
    Case("sdp01", "3.3.15", FORWARDED, "406 or 400 are an endpoint's answers; a proxy does not look", digest=403),
    Case("inv2543", "3.4.1", FORWARDED, "a legal message of RFC 2543; over TCP its body has no end",
         tcp=answer(400, "Content-Length", closes=True), digest=403),
    Case("test", "3. (archive only)", NOTHING, "no SIP-Version in the start line: not SIP", tcp=CLOSED),
    # RFC 5118.
    Case("ipv6-good", "4.1", REGISTERED, "well-formed", digest=401),
    Case("ipv6-bad", "4.2", answer(400, "Request-URI"), "\"should respond with a 400\""),
    Case("port-ambiguous", "4.3", answer(500), "well-formed, but the port is part of an address that is not ours and that "
         "no IPv4 socket reaches", digest=403),
    Case("port-unambiguous", "4.4", answer(500), "well-formed; on port 5070 of the address we are not", digest=403),
    Case("via-received-param-with-delim", "4.5", answer(481), "\"must parse\"; a BYE of a dialog that nobody knows"),
    Case("via-received-param-no-delim", "4.5", answer(200), "\"must parse\"; an OPTIONS to the server itself"),
    Case("ipv6-in-sdp", "4.6", FORWARDED, "well-formed", digest=407),
    Case("mult-ip-in-header", "4.7", FORWARDED, "well-formed", digest=407),
    Case("mult-ip-in-sdp", "4.8", FORWARDED, "well-formed", digest=407),
    Case("ipv4-mapped-ipv6", "4.9", FORWARDED, "\"must be prepared to parse it successfully\"", digest=403),
    Case("ipv6-bug-abnf-3-colons", "4.10", FORWARDED, "\"an implementation must tolerate both\"", digest=407),
    Case("ipv6-correct-abnf-2-colons", "4.10", FORWARDED, "\"an implementation must tolerate both\"", digest=407),
]

# Every address-of-record that a message calls or registers, with its password.
USERS = [(name, "secret") for name in (
    "user@example.com", "user@example.org", "j.user@example.com", "joe@example.com", "watson@example.com",
    "vivekg@chair-dnrc.example.com", "t.watson@example.org", "kumiko@example.org", "remote-target@example.com",
    "UserB@example.com", "user@host.example.net", "user@2001:db8::10", "user@2001:db8::192.0.2.1", "null-@example.com",
    "alice@example.com", "bob@example.com")]

# Those that the phone registers.
CALLED = ("user@example.com", "vivekg@chair-dnrc.example.com", "remote-target@example.com", "UserB@example.com",
          "user@host.example.net", "user@2001:db8::10", "user@2001:db8::192.0.2.1")

DOMAINS = ["example.com", "example.org", "chair-dnrc.example.com", "services.example.com", "registrar.example.com",
           "company.com", "host.example.net", "2001:db8::10", "2001:db8::192.0.2.1"]
STRANGERS = ["example.net"]  # ours as well, where everybody is let through

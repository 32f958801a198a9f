"""What a proxy may change in a request that it forwards, worked out from the bytes: RFC 3261 16.6."""

import re

COMPACT = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id", b"m": b"contact", b"l": b"content-length",
           b"c": b"content-type", b"s": b"subject", b"k": b"supported", b"e": b"content-encoding"}


def split_list(value):
    """The elements of a comma-separated list; commas in quotes and brackets do not separate."""
    found, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(value):
        char = value[at:at + 1]
        if quoted:
            if char == b"\\":
                at += 1
            elif char == b'"':
                quoted = False
        elif char == b'"':
            quoted = True
        elif char in b"<>":
            depth += 1 if char == b"<" else -1
        elif char == b"," and depth == 0:
            found.append(value[start:at].strip())
            start = at + 1
        at += 1
    return found + [value[start:].strip()]


class Message:
    """A message as lines, folds taken out (7.3.1)."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        via = re.search(rb"(?im)^(?:via|v)[ \t]*:(?:.*\r\n[ \t])*[^\r\n]*", head)
        self.raw_top_via = via.group(0) if via else b""
        head = re.sub(rb"\r\n(?=[ \t])", b"", head)
        self.start, *self.lines = head.split(b"\r\n")
        words = self.start.split(b" ")
        self.method, self.uri = words[0], words[1] if len(words) > 1 else b""

    @staticmethod
    def name_of(line):
        name = line.partition(b":")[0].strip().lower()
        return COMPACT.get(name, name)

    @staticmethod
    def value_of(line):
        return line.partition(b":")[2].strip()

    def values(self, name):
        return [self.value_of(line) for line in self.lines if self.name_of(line) == name]

    def vias(self):
        return [via for value in self.values(b"via") for via in split_list(value)]

    def top_branch(self):
        found = re.search(rb"branch\s*=\s*([^;,\s]+)", self.vias()[0]) if self.vias() else None
        return found.group(1) if found else b""

    def sent_by(self):
        """Host and port of the topmost Via; 0 where none can be read."""
        found = re.match(rb"SIP\s*/\s*\S+\s*/\s*\S+\s+(\[[^]]*\]|[^\s;:]+)\s*(?::\s*(\d+))?", self.vias()[0]) if self.vias() else None
        return (found.group(1), int(found.group(2) or 5060)) if found else (b"", 0)

    def via_port(self):
        return self.sent_by()[1]


def without(value, name):
    return re.sub(rb";\s*%s(\s*=\s*[^;,\s]*)?" % name, b"", value)


def fixed_via(via, source):
    """The topmost Via with what we learned of the sender: 18.2.1 and RFC 3581 4. Ports are left out."""
    return without(without(via, b"received"), b"rport") + b";received=" + source.encode()


def plain_via(via):
    return re.sub(rb";rport=\d+", b"", via)


def check_answer(request, raw, source):
    """A response carries the Via, From, To, Call-ID and CSeq of its request: 8.2.6.2."""
    response = Message(raw)
    wanted = request.vias()
    if wanted:
        wanted[0] = fixed_via(wanted[0], source)
        got = [plain_via(via) for via in response.vias()]
        assert got == [via for via in wanted if via], f"Via: {wanted} was expected, not {got}"
    for name in (b"from", b"call-id", b"cseq"):
        wanted = request.values(name)[:1]
        assert response.values(name) == wanted, f"{name}: {wanted} was expected, not {response.values(name)}"
    to, got = request.values(b"to")[:1], response.values(b"to")
    assert len(got) == len(to), raw
    if to:
        tag = re.fullmatch(re.escape(to[0]) + rb"(;tag=[\w.~*!%'+`-]+)?", got[0])
        assert tag, f"To: {to} was expected, not {got}"
        assert (tag.group(1) is None) == bool(re.search(rb";\s*tag\s*=", to[0])), f"a tag too many or too few: {got}"


def expected_lines(case, request, source):
    """The lines that must arrive, but for our own Via and Record-Route."""
    lines, seen = [], set()
    for line in request.lines:
        name, value = request.name_of(line), request.value_of(line)
        if name == b"via" and name not in seen:
            top, *rest = split_list(value)
            line = b"Via: " + b", ".join([fixed_via(top, source), *rest])
        elif name == b"max-forwards":
            line = b"Max-Forwards: %d" % (int(value) - 1)
        elif name == b"route":
            line = b"Route: <" + request.uri + b">" if case.name == "mpart01" else None
        seen.add(name)
        if line is not None:
            lines.append(line)
    if b"max-forwards" not in seen:
        lines.append(b"Max-Forwards: 70")
    if b"max-breadth" not in seen:
        lines.append(b"Max-Breadth: 60")  # RFC 5393 5.3.3.1
    if b"content-length" not in seen:
        lines.append(b"Content-Length: %d" % len(request.body))
    return lines


def check_forwarded(case, request, arrived, source, phone):
    is_routed = case.name == "mpart01"
    host = rb"127\.0\.0\.1" if is_routed else re.escape(phone.host.encode())
    uri = b"sip:127.0.0.1:5080" if is_routed else rb"sip:\S+@%s:%d" % (host, phone.port)
    pattern = re.escape(request.method) + b" " + uri + rb" SIP/2\.0"
    assert re.fullmatch(pattern, arrived.start), arrived.start
    lines = list(arrived.lines)
    own = lines.pop(0)
    assert re.fullmatch(rb"Via: SIP/2\.0/UDP %s:\d+;branch=z9hG4bK\S+(;rport)?" % host, own), own
    if request.method == b"INVITE" and not re.search(rb";\s*tag\s*=", request.values(b"to")[0]):
        count = len(lines)
        lines = [line for line in lines if not re.match(rb"Record-Route: <sip:%s:\d+;" % host, line)]
        assert len(lines) < count, f"no Record-Route in {arrived.lines}"
    wanted = expected_lines(case, request, source)
    lines = [plain_via(line) if Message.name_of(line) == b"via" else line for line in lines]
    differing = [pair for pair in zip(wanted, lines) if pair[0] != pair[1]]
    assert not differing and len(wanted) == len(lines), f"{differing} in {lines}"
    body = request.body if b"content-length" not in [request.name_of(line) for line in request.lines] else \
        request.body[:int(request.values(b"content-length")[0])]
    assert arrived.body == body, "the body has changed"


def response_to(request, status):
    """RFC 3261 8.2.6."""
    lines = [b"SIP/2.0 " + status]
    for name in (b"via", b"record-route", b"from", b"to", b"call-id", b"cseq"):
        for value in request.values(name):
            tag = b";tag=phone" if name == b"to" and not re.search(rb";\s*tag\s*=", value) else b""
            lines.append(name.title() + b": " + value + tag)
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])

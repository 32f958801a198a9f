"""A few lines of SIP by hand, for tests that send exact bytes and read exact answers."""

import hashlib
import os
import re
import socket


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Answer:
    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        self.start_line = lines[0]
        words = lines[0].split(" ", 2)
        self.status = int(words[1]) if words[0] == "SIP/2.0" else 0
        self.reason = words[2] if self.status and len(words) > 2 else ""
        self.headers = [(name.strip().lower(), value.strip())
                        for name, _, value in (line.partition(":") for line in lines[1:])]

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def one(self, name):
        found = self.all(name)
        return found[0] if found else None


def random_token():
    return os.urandom(6).hex()


def uri_host(host):
    """An address as it stands in a URI and in a Via."""
    return f"[{host}]" if ":" in host else host


TIMER_LINE = re.compile(r"(supported|k|session-expires|x)\s*:", re.I)


class SipSocket:
    """One UDP socket or TCP connection to the server's address `host`, from `source` or the same address."""

    def __init__(self, server_port, transport="udp", timeout=3.0, host="127.0.0.1", source=None):
        self.transport = transport
        self.server = (host, server_port)
        self.server_host = uri_host(host)
        self.host = uri_host(source or host)
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        self.socket.settimeout(timeout)
        self.socket.bind((source or host, 0))
        if transport == "tcp":
            self.socket.connect(self.server)
        self.port = self.socket.getsockname()[1]
        self.pending = b""
        self.timers = True  # INVITEs say that it knows session timers

    def close(self):
        self.socket.close()

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        if self.transport == "udp":
            self.socket.sendto(data, self.server)
        else:
            self.socket.sendall(data)

    def receive(self, timeout=None):
        """The next message, or None when none comes in time. Another time than the socket's is for this call alone."""
        usual = self.socket.gettimeout()
        if timeout is not None:
            self.socket.settimeout(timeout)
        try:
            if self.transport == "udp":
                return Answer(self.socket.recv(65536))
            return self._receive_stream()
        except (socket.timeout, ConnectionResetError):
            return None
        finally:
            self.socket.settimeout(usual)

    def _receive_stream(self):
        while True:
            self.pending = self.pending.lstrip(b"\r\n")
            end = self.pending.find(b"\r\n\r\n")
            if end >= 0:
                head = self.pending[:end].decode("utf-8", "replace")
                size = int(re.search(r"(?im)^content-length\s*:\s*(\d+)", head).group(1))
                total = end + 4 + size
                if len(self.pending) >= total:
                    raw, self.pending = self.pending[:total], self.pending[total:]
                    return Answer(raw)
            more = self.socket.recv(65536)
            if not more:
                return None
            self.pending += more

    def receive_final(self, timeout=None):
        while True:
            answer = self.receive(timeout)
            if answer is None or answer.status >= 200:
                return answer

    def request(self, method, uri, from_uri, to_uri, call_id=None, cseq=1, headers=(), body="", branch=None,
                from_tag="t1", to_tag=None):
        """The text of a request from this socket. RFC 4028 7.1: a phone lists that it knows session timers."""
        if method == "INVITE" and self.timers and not any(re.match(TIMER_LINE, line) for line in headers):
            headers = [*headers, "Supported: timer"]
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port};"
            f"branch={branch or 'z9hG4bK' + random_token()};rport",
            "Max-Forwards: 70",
            f"From: <{from_uri}>;tag={from_tag}",
            f"To: <{to_uri}>" + (f";tag={to_tag}" if to_tag else ""),
            f"Call-ID: {call_id or random_token()}",
            f"CSeq: {cseq} {method}",
            *headers,
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body


def challenge_params(answer, header="www-authenticate", algorithm=None):
    for value in answer.all(header):
        found = {key.lower(): value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', value)}
        if algorithm is None or found.get("algorithm", "MD5") == algorithm:
            return found
    raise AssertionError(f"no {header} for {algorithm} in {answer.start_line}")


def credentials(challenge, user, password, method, uri, nc=1, cnonce="c0ffee"):
    """The value of an Authorization header that answers `challenge` (RFC 7616 3.4)."""
    algorithm = challenge.get("algorithm", "MD5")
    digest = sha256 if algorithm == "SHA-256" else md5
    ha1 = digest(f"{user}:{challenge['realm']}:{password}")
    ha2 = digest(f"{method}:{uri}")
    count = f"{nc:08x}"
    response = digest(f"{ha1}:{challenge['nonce']}:{count}:{cnonce}:auth:{ha2}")
    return (f'Digest username="{user}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={algorithm}, cnonce="{cnonce}", qop=auth, nc={count}')

#!/usr/bin/env python3
"""The torture messages of RFC 5118 and RFC 4475 from ::1 to a server that listens there, over UDP and TCP, with the
answers of messages.py: what family a message comes by changes none of them, but for `received`.

Usage: over_ipv6.py BIN_DIR
"""

import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from forwarding import Message  # noqa: E402
from messages import CASES, DOMAINS, STRANGERS, USERS  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, free_port  # noqa: E402
from torture import OPEN, TIMERS, Bench, domains_setting, in_order  # noqa: E402

HOST = "::1"


class Bench6(Bench):
    """Messages come from ::1, and the phone that they are forwarded to is there."""

    def open_phone(self):
        return SipSocket(self.server.port, host=HOST)

    def host(self):
        return HOST

    def connect(self, text):
        is_udp = self.transport == "udp"
        link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)
        link.bind((HOST, Message(text).via_port() if is_udp else 0))
        link.connect((HOST, self.server.port))
        return link, HOST


def server_on_both(bin_dir, domains, settings=()):
    """The phone's side is IPv6 as well; a router of RFC 4475 is reached by IPv4."""
    port = free_port()
    listen = ", ".join(f'"{transport}:{host}:{port}"' for transport in ("udp", "tcp") for host in ("127.0.0.1", "[::1]"))
    return TipringServer(bin_dir, users=USERS, port=port,
                         settings=[f"sip.listen=[{listen}]", domains_setting(domains), *settings])


def main():
    report = Report()
    cases = in_order(sorted(CASES, key=lambda case: case.section.startswith("3.")))  # those of RFC 5118 first
    for transport in ("udp", "tcp"):
        with server_on_both(sys.argv[1], DOMAINS + STRANGERS, OPEN) as let_all, \
                server_on_both(sys.argv[1], DOMAINS, [TIMERS]) as closed:
            bench = Bench6(let_all, transport, None)
            bench.register_phone()
            bench.open_router()
            for case in cases:
                outcome = case.udp if transport == "udp" else case.tcp
                report.run(f"{transport} from ::1: {case.name} ({case.section}): {outcome}",
                           lambda c=case, o=outcome, b=bench: b.run(c, o))
            bench.close()
            bench = Bench6(closed, transport, None)
            for case in cases:
                outcome = case.digest_udp if transport == "udp" else case.digest_tcp
                report.run(f"{transport} from ::1, digest: {case.name} ({case.section}): {outcome}",
                           lambda c=case, o=outcome, b=bench: b.run(c, o))
            bench.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

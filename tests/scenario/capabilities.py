#!/usr/bin/env python3
"""What the server says of itself, and where it listens as soon as it has started.

Usage: capabilities.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_socket import SipSocket  # noqa: E402
from tipring_server import Report, TipringServer, listening_ports  # noqa: E402


def tells_capabilities(server, transport):
    phone = SipSocket(server.port, transport)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("OPTIONS", uri, "sip:x@example.net", uri))
    answer = phone.receive_final()
    assert answer is not None and answer.status == 200, answer and answer.start_line
    allowed = {method.strip() for method in answer.one("allow").split(",")}
    assert {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER"} <= allowed, allowed
    assert "application/sdp" in answer.one("accept"), answer.raw
    assert answer.one("accept-encoding") == "identity" and answer.one("accept-language") == "en", answer.raw
    assert answer.one("supported") == "path", answer.raw
    phone.close()


def is_meant_without_its_port(server, transport):
    """Whoever may register at sip:127.0.0.1 may also ask there."""
    phone = SipSocket(server.port, transport)
    phone.send(phone.request("OPTIONS", "sip:127.0.0.1", "sip:x@example.net", "sip:127.0.0.1"))
    answer = phone.receive_final()
    assert answer is not None and answer.status == 200, answer and answer.start_line
    phone.close()


def hops_are_traced(server, transport):
    """RFC 3261 16.3 step 3, RFC 4475 3.3.11: 483 to an OPTIONS that ends here on its way, 200 to one that has arrived."""
    phone = SipSocket(server.port, transport)
    for user, status in (("nobody@", 483), ("", 200)):
        uri = f"sip:{user}127.0.0.1:{server.port}"
        text = phone.request("OPTIONS", uri, "sip:alice@127.0.0.1", uri)
        phone.send(text.replace("Max-Forwards: 70", "Max-Forwards: 0"))
        answer = phone.receive_final()
        assert answer is not None and answer.status == status, answer and answer.start_line
    phone.close()


def listens(server, transport):
    assert server.port in listening_ports(transport), f"port {server.port} is not open for {transport}"


def listens_on_one_only(bin_dir):
    server = TipringServer(bin_dir)
    server.settings.append(f'sip.listen=["tcp:127.0.0.1:{server.port}"]')
    with server:
        listens(server, "tcp")
        assert server.port not in listening_ports("udp"), "UDP is open without being configured"


def main():
    report = Report()
    with TipringServer(sys.argv[1]) as server:
        for transport in ("udp", "tcp"):
            report.run(f"the server listens on {transport} (R7.1)", lambda t=transport: listens(server, t))
            report.run(f"OPTIONS over {transport} tells Allow, Accept and Supported (R4.1)",
                       lambda t=transport: tells_capabilities(server, t))
            report.run(f"OPTIONS over {transport} to our address without the port is for us (RFC 3261 11)",
                       lambda t=transport: is_meant_without_its_port(server, t))
            report.run(f"hops are traced by OPTIONS over {transport} (RFC 3261 11)",
                       lambda t=transport: hops_are_traced(server, t))
    report.run("only what is configured is opened (R11.2)", lambda: listens_on_one_only(sys.argv[1]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

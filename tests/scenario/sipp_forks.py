#!/usr/bin/env python3
"""Calls that ring several phones of a user, all sides played by SIPp.

Usage: sipp_forks.py BIN_DIR
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import register  # noqa: E402
from sip_socket import SipSocket  # noqa: E402
from sipp_calls import NAMES, USERS, Sipp, caller_options, take_user  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

CALLS, RATE = 20, 20


def register_phones(server, callee, phones, transport):
    """All in one REGISTER, best first where their q differ."""
    desk = SipSocket(server.port)
    contacts = [f"<sip:x{number}@127.0.0.1:{phone.port};transport={NAMES[transport]}>;q={q}"
                for number, (phone, q) in enumerate(phones)]
    register(desk, server, *callee, contacts=contacts)
    desk.close()


def run_fork(server, uac, phones, transports):
    """`phones`: scenario, q and how many of the calls reach it."""
    caller, callee = take_user(), take_user()
    sides = []
    try:
        for scenario, _, calls in phones:
            sides.append(Sipp(scenario, transports[1], options=["-m", str(calls)] if calls else []))
            sides[-1].wait_until_bound()
        register_phones(server, callee, [(side, phone[1]) for side, phone in zip(sides, phones)], transports[1])
        sides.append(Sipp(uac, transports[0], f"127.0.0.1:{server.port}",
                          caller_options(server, caller, callee[0], CALLS, RATE)))
        sides[-1].finish(CALLS)
        for side, (scenario, _, calls) in zip(sides, phones):
            if calls:
                side.finish(calls)
            else:
                assert "INVITE" not in side.read("errors.log"), f"{scenario} was called"
        wait_until(lambda: not server.ctl_json("calls"), 5, lambda: f"calls are left: {server.ctl_json('calls')}")
    finally:
        for side in sides:
            side.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS) as server:
        for transports in (("u1", "u1"), ("t1", "t1"), ("u1", "t1")):
            name = " to ".join(NAMES[transport] for transport in transports)
            for what, uac, phones in (
                    ("one of two answers, the other is cancelled (R2.2, 16.7 step 10)", "uac-forked",
                     [("uas-answer", 1.0, CALLS), ("uas-ring-cancelled", 1.0, CALLS)]),
                    ("the second has its turn when the first is busy (R2.2, 16.6)", "uac-invite-digest",
                     [("uas-busy-486", 1.0, CALLS), ("uas-answer", 0.5, CALLS)]),
                    ("of three two are busy, one answers (16.7 step 6)", "uac-forked",
                     [("uas-busy-486", 1.0, CALLS), ("uas-busy-486", 1.0, CALLS), ("uas-answer", 1.0, CALLS)]),
                    ("the caller gives up while two ring (R3.4, 16.10)", "uac-forked-cancel",
                     [("uas-ring-cancelled", 1.0, CALLS), ("uas-ring-cancelled", 1.0, CALLS)]),
                    ("the caller gives up before the second has its turn (16.10)", "uac-cancel",
                     [("uas-ring-cancelled", 1.0, CALLS), ("uas-answer", 0.5, 0)])):
                report.run(f"{name}: {what}",
                           lambda u=uac, p=phones, t=transports: run_fork(server, u, p, t))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

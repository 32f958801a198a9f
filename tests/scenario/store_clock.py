#!/usr/bin/env python3
"""The wall clock is unset at start, steps by years, or was wrong: no registration is lost by it and none made endless.

Usage: store_clock.py BIN_DIR FAULTY_SYSTEM_LIBRARY
"""

import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faulty_system import FaultySystem  # noqa: E402
from sip_phone import Call, register, registered_phone, response, take_request  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b"), ("carol", "secret-c")]
YEARS = 10 * 365 * 86400
GRANTED_S = 3600
GRACE_S = 30  # by how much a binding may outlive what was granted, after a start
SEEN_S = 2.5  # after which a step of the clock is known to the file


class Board:
    """A server whose wall clock the test sets; alice and bob are registered."""

    def __init__(self, bin_dir, library, offset=0):
        self.folder = tempfile.TemporaryDirectory(prefix="tipring-clock-", dir="/tmp")
        self.clock = FaultySystem(library, self.folder.name)
        self.server = TipringServer(bin_dir, users=USERS, preload=self.clock.preload)
        self.set_clock(offset)

    def __enter__(self):
        self.server.__enter__()
        self.server.users = []
        self.alice = registered_phone(self.server, *USERS[0])
        self.bob = registered_phone(self.server, *USERS[1])
        return self

    def __exit__(self, *reason):
        self.server.__exit__(*reason)
        self.alice.close()
        self.bob.close()
        self.folder.cleanup()

    def set_clock(self, offset):
        self.clock.set(wall_offset_s=offset)

    def unset_clock(self):
        """As on a board without a battery: shortly after the start of 1970."""
        self.set_clock(-int(time.time()) + 300)

    def restart(self):
        self.server.kill()
        self.log_before = len(self.server.read_log())
        self.server.start()
        news = lambda: self.server.read_log()[self.log_before:]  # noqa: E731
        wait_until(lambda: " serving " in news(), 5, news)
        return news()

    def left(self):
        return {row["name"]: row["expires_s"] for row in self.server.ctl_json("registrations")}

    def stands(self, names=("alice", "bob")):
        """These are registered, for no longer than they were granted, and are called."""
        left = self.left()
        assert set(left) == set(names), left
        assert all(GRANTED_S - 60 < seconds <= GRANTED_S + GRACE_S for seconds in left.values()), left
        call = Call(self.alice, self.server)
        call.invite_with_credentials()
        invite = take_request(self.bob, "INVITE")
        self.bob.send(response(invite, "486 Busy Here", "b"))
        take_request(self.bob, "ACK")
        call.expect(100)
        call.ack_refusal(call.expect(486))


def unset_at_start(bin_dir, library):
    with Board(bin_dir, library) as board:
        board.unset_clock()
        log = board.restart()
        assert " WARNING clock_behind_store " in log, log
        board.stands()
        carol = SipSocket(board.server.port)
        answer = register(carol, board.server, *USERS[2])
        assert answer.one("date") is None, "it tells phones a time that it does not know"
        # Once more without having learned the time, and then it learns it.
        board.restart()
        board.stands(("alice", "bob", "carol"))
        board.set_clock(0)
        answer = register(carol, board.server, *USERS[2])
        assert answer.one("date").endswith("GMT"), answer.raw
        time.sleep(SEEN_S)
        board.restart()
        board.stands(("alice", "bob", "carol"))
        carol.close()


def first_start_ever_without_clock(bin_dir, library):
    """The time is learned a little later, and the power fails a little after that."""
    with Board(bin_dir, library, -int(time.time()) + 20) as board:
        board.stands()
        board.set_clock(0)
        time.sleep(SEEN_S)
        board.stands()
        board.restart()
        board.stands()


def steps_while_running(step):
    def check(bin_dir, library):
        with Board(bin_dir, library) as board:
            board.set_clock(step)
            board.stands()
            time.sleep(SEEN_S)
            board.stands()
            board.restart()
            board.stands()
            board.set_clock(0)
            time.sleep(SEEN_S)
            board.restart()
            board.stands()
    return check


def was_wrong_before_the_start(step):
    """Registered by a clock that was wrong by years; the next start has the right time."""
    def check(bin_dir, library):
        with Board(bin_dir, library, step) as board:
            board.stands()
            board.set_clock(0)
            board.restart()
            left = board.left()
            # By a clock that ran behind, years have passed since.
            assert set(left) == (set() if step < 0 else {"alice", "bob"}), left
            register(board.alice, board.server, *USERS[0])
            register(board.bob, board.server, *USERS[1])
            board.stands()
            board.restart()
            board.stands()
    return check


def off_for_long(bin_dir, library):
    with Board(bin_dir, library) as board:
        board.set_clock(2 * 86400)
        log = board.restart()
        assert "expired=2" in log, log
        assert board.left() == {}, board.left()
        register(board.bob, board.server, *USERS[1])
        register(board.alice, board.server, *USERS[0])
        board.stands()


def nonces_after_a_step(step):
    """Asked once more at most, with stale=true: the phone need not ask its user."""
    def check(bin_dir, library):
        with Board(bin_dir, library) as board:
            phone = SipSocket(board.server.port)
            uri = f"sip:127.0.0.1:{board.server.port}"
            aor = f"sip:alice@127.0.0.1:{board.server.port}"
            phone.send(phone.request("REGISTER", uri, aor, aor))
            challenge = challenge_params(phone.receive_final())
            board.set_clock(step)
            for cseq in (2, 3):
                proof = credentials(challenge, *USERS[0], "REGISTER", uri)
                phone.send(phone.request("REGISTER", uri, aor, aor, cseq=cseq, headers=[f"Authorization: {proof}"]))
                answer = phone.receive_final()
                if answer.status == 200:
                    break
                assert answer.status == 401, answer.start_line
                assert re.search(r"stale=\"?true", answer.one("www-authenticate"), re.I), answer.raw
                challenge = challenge_params(answer)
            assert answer.status == 200, answer.start_line
            phone.close()
    return check


def main():
    report = Report()
    for name, check in [
            ("a clock that is unset at start", unset_at_start),
            ("a first start without a clock", first_start_ever_without_clock),
            ("a step forward by years", steps_while_running(YEARS)),
            ("a step back by years", steps_while_running(-YEARS)),
            ("a clock that was years ahead", was_wrong_before_the_start(YEARS)),
            ("a clock that was years behind", was_wrong_before_the_start(-YEARS)),
            ("a board that was off for two days (R1.4)", off_for_long),
            ("nonces after a step forward (R1.1)", nonces_after_a_step(86400)),
            ("nonces after a step back (R1.1)", nonces_after_a_step(-86400))]:
        report.run(name, lambda c=check: c(*sys.argv[1:3]))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""tipring-phones and hunt groups of every strategy, where session timers are mandatory: the tone played in is the tone that
arrives, with media relayed, direct and as the server chooses; held, and transferred, by the back-to-back user agent.

Usage: phone_groups.py BIN_DIR
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from phone_calls import USERS, attended_transfer, blind_transfer, hear_each_other, hold_and_resume, phone  # noqa: E402
from tipring_server import Report, TipringServer, wait_until  # noqa: E402

STRATEGIES = ("all", "sequential", "round-robin", "longest-idle", "random")
OF_BERT, OF_CARL = "650", "651"


def make_groups(server):
    for number, strategy in enumerate(STRATEGIES, 600):
        server.ctl("group", "add", str(number), "members=bert,carl", f"strategy={strategy}")
    server.ctl("group", "add", OF_BERT, "members=bert")
    server.ctl("group", "add", OF_CARL, "members=carl")


def every_strategy(server):
    """Whoever rings first answers; the other one, where he rings too, stops."""
    with phone(server, "bert", "tcp") as bert, phone(server, "carl", "udp") as carl, phone(server, "anna", "udp") as anna:
        phones = {"bert": bert, "carl": carl}
        for number, strategy in enumerate(STRATEGIES, 600):
            anna.command(f"call {number}")
            anna.wait_for("ringing")
            rows = server.ctl_json("group", "show", str(number))["members"]
            rung = [row["name"] for row in rows if row["ringing"]]
            assert len(rung) == (2 if strategy == "all" else 1), (strategy, rung)
            answering = phones[rung[0]]
            for name in rung:
                phones[name].wait_for("incoming")
            answering.command("answer")
            anna.wait_for("answered")
            answering.wait_for("answered")
            for name in rung[1:]:
                phones[name].wait_for("ended", cause="cancelled")
            assert server.ctl_json("calls")[0]["interval_s"] > 0, server.ctl_json("calls")
            hear_each_other(anna, answering, "anna", rung[0])
            anna.command("hangup")
            answering.wait_for("ended", cause="hung-up-by-peer")
            anna.wait_for("ended")


def nothing_is_left(server):
    def in_use():
        return {row["name"]: row["in_use"] for row in server.ctl_json("pools") if row["name"].startswith("b2bua_")}
    wait_until(lambda: not in_use()["b2bua_calls"] and not in_use()["b2bua_legs"], 5, lambda: str(in_use()))


def relayed_or_not(server, mode):
    """What the list of calls says of it is what has been configured."""
    with phone(server, "bert", "udp", "--answer"), phone(server, "anna", "tcp") as anna:
        anna.command(f"call {OF_BERT}")
        anna.wait_for("answered")
        media = server.ctl_json("calls")[0]["media"]
        assert media == ("relayed" if mode == "relay" else "direct"), media


def run_mode(report, mode):
    settings = ["session_timer.mode=mandatory", f"media.mode={mode}"]
    with TipringServer(sys.argv[1], users=USERS.items(), settings=settings) as server:
        make_groups(server)
        for name, check in (
                ("every strategy, with sound both ways (R15.2, R16.3)", lambda: every_strategy(server)),
                ("its media are as configured (R18.2)", lambda: relayed_or_not(server, mode)),
                ("hold and resume, with silence between (R18.2)", lambda: hold_and_resume(server, OF_BERT)),
                ("a blind transfer to another group (R18.4)", lambda: blind_transfer(server, OF_BERT, OF_CARL)),
                ("an attended transfer of a call with another group's (C24)",
                 lambda: attended_transfer(server, OF_BERT, OF_CARL)),
                ("nothing is left of them", lambda: nothing_is_left(server))):
            report.run(f"{mode}: {name}", check)


def main():
    """The modes at the same time: most of it is listening."""
    report = Report()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda mode: run_mode(report, mode), ("relay", "direct", "auto")))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

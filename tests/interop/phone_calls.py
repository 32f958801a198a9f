#!/usr/bin/env python3
"""tipring-phones register at a running server that insists on session timers, and call each other over UDP and over TCP;
baresip is the other side of some calls. The tone played in is the tone that arrives.

Usage: phone_calls.py BIN_DIR
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from baresip_phone import Phone as Baresip  # noqa: E402
from tipring_phone import TipringPhone, read_wav, tone_share  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = {"anna": "correct horse", "bert": "battery staple", "carl": "third secret"}
TONES = {"anna": 700, "bert": 1100, "carl": 1500}


FOLLOWS = "--follow-refers"


def phone(server, user, transport, *options):
    made = TipringPhone(sys.argv[1], f"sip:{user}@127.0.0.1:{server.port}", "--transport", transport,
                        "--listen", "udp:127.0.0.1:0,tcp:127.0.0.1:0", "--play", f"tone:{TONES[user]}", *options,
                        password=USERS[user])
    made.wait_for("registered")
    return made


def pause(*phones):
    """A second of sound, so that what is heard is of the present."""
    for one in phones:
        one.command("sleep 1.3")


def hear_each_other(first, second, a, b):
    pause(first, second)
    assert first.hears_soon(TONES[b]), f"{a} does not hear {b}: {first.events[-3:]}"
    assert second.hears_soon(TONES[a]), f"{b} does not hear {a}: {second.events[-3:]}"


def talk(server, a_transport, b_transport):
    with phone(server, "bert", b_transport, "--answer") as bert, phone(server, "anna", a_transport) as anna:
        anna.command("call bert")
        anna.wait_for("answered")
        bert.wait_for("answered")
        assert server.ctl_json("calls")[0]["interval_s"] > 0, server.ctl_json("calls")
        hear_each_other(anna, bert, "anna", "bert")
        anna.command("keys 159*0#D")
        for key in "159*0#D":
            bert.wait_for("key", key=key)
        bert.command("hangup")
        anna.wait_for("ended", cause="hung-up-by-peer")
        bert.wait_for("ended", cause="hung-up")


def hold_and_resume(server, callee="bert"):
    with phone(server, "bert", "udp", "--answer") as bert, phone(server, "anna", "udp") as anna:
        anna.command(f"call {callee}")
        anna.wait_for("answered")
        bert.wait_for("answered")
        anna.command("hold")
        anna.wait_for("hold-done", held="yes", status=0)
        bert.wait_for("held", by_peer="yes")
        pause(anna)
        assert anna.hears(TONES["bert"], 0.0)
        silent = anna.events[-1]["share"]
        assert silent < 0.2, f"bert is heard while he is on hold: {silent}"
        anna.command("resume")
        anna.wait_for("hold-done", held="no", status=0)
        bert.wait_for("held", by_peer="no")
        hear_each_other(anna, bert, "anna", "bert")


def refusals(server):
    with phone(server, "bert", "udp") as bert, phone(server, "anna", "udp") as anna:
        anna.command("call bert")
        bert.wait_for("incoming")
        anna.wait_for("ringing")
        bert.command("reject 1 486")
        anna.wait_for("ended", cause="refused", status=486)
        anna.command("call bert")
        bert.wait_for("incoming")
        anna.wait_for("ringing")
        anna.command("hangup")
        bert.wait_for("ended", cause="cancelled")
        anna.wait_for("ended", cause="cancelled")
        anna.command("call nobody")
        anna.wait_for("ended", cause="refused", status=404)


def blind_transfer(server, callee="bert", third="carl"):
    with phone(server, "carl", "udp", "--answer") as carl, phone(server, "bert", "tcp", "--answer", FOLLOWS) as bert, \
            phone(server, "anna", "udp") as anna:
        anna.command(f"call {callee}")
        anna.wait_for("answered")
        bert.wait_for("answered")
        anna.command(f"transfer sip:{third}@127.0.0.1:{server.port}")
        bert.wait_for("transfer-asked", followed="yes")
        anna.wait_for("transfer", status=200)
        anna.wait_for("ended", cause="transferred")
        carl.wait_for("answered")
        hear_each_other(bert, carl, "bert", "carl")


def declined_transfer(server):
    """Nobody makes a phone call others with its password, unless it was told to obey (RFC 3515 2.4.2)."""
    with phone(server, "bert", "tcp", "--answer") as bert, phone(server, "anna", "udp") as anna:
        anna.command("call bert")
        anna.wait_for("answered")
        anna.command("transfer carl")
        bert.wait_for("transfer-asked", followed="no")
        anna.wait_for("transfer", status=603)
        bert.command("status")
        assert bert.wait_for("status")["calls"] == 1
        anna.command("hangup")
        anna.wait_for("ended", cause="hung-up")


def attended_transfer(server, callee="bert", third="carl"):
    with phone(server, "carl", "udp", "--answer") as carl, phone(server, "bert", "udp", "--answer", FOLLOWS) as bert, \
            phone(server, "anna", "udp") as anna:
        anna.command(f"call {callee}")
        anna.wait_for("answered")
        anna.command("hold 1")
        anna.wait_for("hold-done", status=0)
        anna.command(f"call {third}")
        anna.wait_for("answered")
        anna.command("join 1 2")
        anna.wait_for("transfer", status=200)
        anna.wait_for("ended", call=1, cause="transferred")
        if third == "carl":  # his phone is the server of the Replaces; of a group it is ours
            carl.wait_for("replaced")
        hear_each_other(bert, carl, "bert", "carl")


def recording(server):
    folder = tempfile.mkdtemp(prefix="tipring-recording-")
    try:
        path = os.path.join(folder, "call%d.wav")
        with phone(server, "bert", "udp", "--answer", "--record", path) as bert, phone(server, "anna", "udp") as anna:
            anna.command("call bert")
            anna.wait_for("answered")
            anna.command("sleep 2")
            anna.command("hangup")
            bert.wait_for("ended")
        samples = read_wav(os.path.join(folder, "call1.wav"))
        assert len(samples) > 12000, len(samples)
        assert tone_share(samples[4000:12000], TONES["anna"]) > 0.95
    finally:
        shutil.rmtree(folder)


def one_shot(server):
    """As a script of a shell would use it: the exit code says how the call went."""
    with phone(server, "bert", "udp", "--answer") as bert:
        with phone(server, "anna", "udp", "--call", "bert") as anna:
            anna.wait_for("answered")
            bert.command("hangup")
            anna.wait_for("ended")
            assert anna.process.wait(10) == 0
    with phone(server, "anna", "udp", "--call", "nobody") as anna:
        anna.wait_for("ended", status=404)
        assert anna.process.wait(10) == 1


def with_baresip(server, transport):
    """It knows no session timers: its user is excepted."""
    server.ctl("user", "set", "bert", "session_timer=exempt")
    bert = Baresip("bert", USERS["bert"].replace(" ", "%20"), server.port, transport, answer=True)
    try:
        bert.wait_for_output("200 OK")
        with phone(server, "anna", transport) as anna:
            anna.command("call bert")
            anna.wait_for("answered")
            bert.wait_for("CALL_ESTABLISHED")
            # What it hears it says again: its player and its source are one bridge.
            pause(anna)
            assert anna.hears_soon(TONES["anna"], 0.8), anna.events[-3:]
            anna.command("hangup")
            anna.wait_for("ended", cause="hung-up")
            bert.wait_for("CALL_CLOSED")
            bert.command("dial", f"sip:anna@127.0.0.1:{server.port}")
            anna.wait_for("incoming")
            anna.command("answer")
            anna.wait_for("answered")
            bert.command("hangup")
            anna.wait_for("ended", cause="hung-up-by-peer")
    finally:
        bert.close()


def main():
    report = Report()
    with TipringServer(sys.argv[1], users=USERS.items(), settings=["session_timer.mode=mandatory"]) as server:
        report.run("two phones hear each other over UDP (R1.2, R2.2, C1)", lambda: talk(server, "udp", "udp"))
        report.run("over TCP (R7.3)", lambda: talk(server, "tcp", "tcp"))
        report.run("from TCP to UDP", lambda: talk(server, "tcp", "udp"))
        report.run("hold and resume, with silence between", lambda: hold_and_resume(server))
        report.run("a call is rejected, cancelled, and goes nowhere", lambda: refusals(server))
        report.run("a blind transfer (RFC 5589 6)", lambda: blind_transfer(server))
        report.run("a transfer is declined", lambda: declined_transfer(server))
        report.run("an attended transfer (RFC 5589 7)", lambda: attended_transfer(server))
        report.run("what is heard is recorded", lambda: recording(server))
        report.run("a call from a shell", lambda: one_shot(server))
    with TipringServer(sys.argv[1], users=[(name, password.replace(" ", "%20")) if name == "bert" else (name, password)
                                           for name, password in USERS.items()]) as server:
        report.run("with baresip, both ways (R2.2)", lambda: with_baresip(server, "udp"))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

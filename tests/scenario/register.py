#!/usr/bin/env python3
"""Registration on the wire, byte by byte, against the running server.

Usage: register.py BIN_DIR
"""

import os
import re
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sip_phone import register  # noqa: E402
from sip_socket import SipSocket, challenge_params, credentials, random_token  # noqa: E402
from tipring_server import Report, TipringServer  # noqa: E402

USERS = [("alice", "secret-a"), ("bob", "secret-b")]


def contact_list(answer):
    return [part.strip() for value in answer.all("contact") for part in re.split(r",(?=\s*<)", value)]


def remove_all(phone, server):
    register(phone, server, contacts=["*"], headers=["Expires: 0"])


def challenge_names_all_parameters(server, transport):
    phone = SipSocket(server.port, transport)
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("REGISTER", uri, "sip:alice@127.0.0.1", "sip:alice@127.0.0.1"))
    answer = phone.receive_final()
    assert answer.status == 401, answer.start_line
    assert len(answer.all("www-authenticate")) == 1, answer.all("www-authenticate")
    found = challenge_params(answer)
    assert found["realm"] and found["nonce"] and "auth" in found["qop"] and found["algorithm"] == "MD5", found
    assert ";tag=" in answer.one("to"), answer.one("to")
    phone.close()


def binding_is_stored_and_fetched(server, transport):
    phone = SipSocket(server.port, transport)
    contact = f"<sip:alice@127.0.0.1:{phone.port};transport={transport}>"
    answer = register(phone, server, contacts=[contact], headers=["Expires: 600"])
    assert len(contact_list(answer)) == 1, answer.raw
    assert contact in answer.one("contact"), answer.one("contact")
    seconds = int(re.search(r"expires=(\d+)", answer.one("contact")).group(1))
    assert 590 <= seconds <= 600, seconds
    fetched = register(phone, server, contacts=[])
    assert len(contact_list(fetched)) == 1 and contact in fetched.one("contact"), fetched.raw
    remove_all(phone, server)
    assert not contact_list(register(phone, server, contacts=[])), "bindings are left after *"
    phone.close()


def several_contacts_are_kept(server):
    phone = SipSocket(server.port)
    answer = register(phone, server, contacts=["<sip:a@127.0.0.1:9001>, <sip:b@127.0.0.1:9002>;q=0.5",
                                               "<sip:c@127.0.0.1:9003>;expires=120"])
    assert len(contact_list(answer)) == 3, answer.raw
    answer = register(phone, server, contacts=["<sip:b@127.0.0.1:9002>;expires=0"])
    assert len(contact_list(answer)) == 2 and "9002" not in str(contact_list(answer)), answer.raw
    remove_all(phone, server)
    phone.close()


def one_bad_contact_stores_nothing(server):
    phone = SipSocket(server.port)
    register(phone, server, contacts=["<sip:a@127.0.0.1:9001>", "<sip:b@127.0.0.1:9002>;q=7", "<sip:c@127.0.0.1:9003>"],
             expect=400)
    # What cannot be read is refused before anybody is asked who he is.
    uri = f"sip:127.0.0.1:{server.port}"
    phone.send(phone.request("REGISTER", uri, "sip:alice@127.0.0.1", "sip:alice@127.0.0.1",
                             headers=["Contact: <sip:a@127.0.0.1:9001>, <sip:@@@"]))
    answer = phone.receive_final()
    assert answer.status == 400 and "Contact" in answer.reason, answer.raw
    assert not contact_list(register(phone, server, contacts=[])), "a refused REGISTER left bindings"
    phone.close()


def star_with_expires_is_refused(server):
    phone = SipSocket(server.port)
    register(phone, server, contacts=["*"], headers=["Expires: 10"], expect=400)
    phone.close()


def too_short_is_423(server):
    phone = SipSocket(server.port)
    answer = register(phone, server, headers=["Expires: 5"], expect=423)
    assert int(answer.one("min-expires")) > 5, answer.raw
    phone.close()


def old_cseq_changes_nothing(server):
    phone = SipSocket(server.port)
    call_id = random_token()
    register(phone, server, call_id=call_id, cseq=10)
    register(phone, server, call_id=call_id, cseq=3, expect=500)
    remove_all(phone, server)
    phone.close()


def wrong_password_unknown_user_same_answer(server):
    phone = SipSocket(server.port)
    wrong = register(phone, server, password="wrong", expect=401)
    unknown = register(phone, server, user="mallory", password="wrong", expect=401)
    names = [[name for name, _ in answer.headers] for answer in (wrong, unknown)]
    assert wrong.start_line == unknown.start_line and names[0] == names[1], (wrong.raw, unknown.raw)
    phone.close()


def someone_elses_aor_is_403(server):
    phone = SipSocket(server.port)
    register(phone, server, user="alice", aor="sip:bob@127.0.0.1", expect=403)
    phone.close()


def stale_nonce_gets_stale_true(server):
    phone = SipSocket(server.port)
    uri, aor = f"sip:127.0.0.1:{server.port}", "sip:alice@127.0.0.1"
    phone.send(phone.request("REGISTER", uri, aor, aor))
    challenge = challenge_params(phone.receive_final())
    time.sleep(2.2)
    proof = credentials(challenge, "alice", "secret-a", "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, aor, aor, cseq=2, headers=[f"Authorization: {proof}"]))
    answer = phone.receive_final()
    assert answer.status == 401 and "stale=true" in answer.one("www-authenticate").lower(), answer.raw
    phone.close()


def sha256_is_offered_and_taken(server):
    phone = SipSocket(server.port)
    register(phone, server, algorithm="SHA-256")
    register(phone, server, algorithm="MD5")
    remove_all(phone, server)
    phone.close()


def survives_kill(bin_dir):
    with TipringServer(bin_dir, users=USERS) as server:
        phone = SipSocket(server.port)
        register(phone, server, contacts=["<sip:alice@127.0.0.1:9009>"])
        server.kill()
        with sqlite3.connect(f"{server.data}/tipring.db") as database:
            tables = {row[0] for row in database.execute("select name from sqlite_master where type='table'")}
            assert {"users", "credentials", "bindings"} <= tables, tables
        again = TipringServer(bin_dir, port=server.port, data=server.data).start()
        try:
            fetched = register(phone, again, contacts=[])
            assert any("9009" in contact for contact in contact_list(fetched)), fetched.raw
        finally:
            again.stop()
        phone.close()


def main():
    bin_dir = sys.argv[1]
    report = Report()
    with TipringServer(bin_dir, users=USERS) as server:
        for transport in ("udp", "tcp"):
            report.run(f"a REGISTER without credentials is challenged over {transport} (R1.1)",
                       lambda t=transport: challenge_names_all_parameters(server, t))
            report.run(f"a binding is stored, fetched and removed over {transport} (R1.2, R1.3)",
                       lambda t=transport: binding_is_stored_and_fetched(server, t))
        report.run("several contacts are kept and removed one by one", lambda: several_contacts_are_kept(server))
        report.run("one bad contact among three stores nothing", lambda: one_bad_contact_stores_nothing(server))
        report.run("* with a non-zero Expires is 400", lambda: star_with_expires_is_refused(server))
        report.run("too short an interval is 423 with Min-Expires (R1.3)", lambda: too_short_is_423(server))
        report.run("an old CSeq of the same Call-ID is 500 (C23)", lambda: old_cseq_changes_nothing(server))
        report.run("wrong password and unknown user get the same 401 (R1.5)",
                   lambda: wrong_password_unknown_user_same_answer(server))
        report.run("someone else's address-of-record is 403 (C21)", lambda: someone_elses_aor_is_403(server))
    with TipringServer(bin_dir, users=USERS, settings=["auth.nonce_lifetime=2"]) as server:
        report.run("an old nonce is stale (R11.3)", lambda: stale_nonce_gets_stale_true(server))
    with TipringServer(bin_dir, users=USERS, settings=['auth.algorithms=["SHA-256", "MD5"]']) as server:
        report.run("SHA-256 and MD5 are both taken when offered (C13)", lambda: sha256_is_offered_and_taken(server))
    report.run("a binding answered with 200 survives kill -9 (R9.2, R9.3)", lambda: survives_kill(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

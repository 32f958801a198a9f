#!/usr/bin/env python3
"""The page by HTTPS: its certificate, what clients that mean harm get, and that answers come whole.

Usage: web_tls.py BIN_DIR
"""

import concurrent.futures
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from admin_api import Api  # noqa: E402
from run_folder import Folder  # noqa: E402
from tipring_server import Report, TipringServer, free_port, wait_until  # noqa: E402

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def context():
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return trusting


def connect(port, encrypted=True):
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return context().wrap_socket(plain) if encrypted else plain


def read_all(connection):
    text = b""
    try:
        while more := connection.recv(65536):
            text += more
    except ConnectionResetError:
        pass
    return text


def curl(port, *words):
    return subprocess.run(["curl", "-sk", "-m", "10", *words, f"https://127.0.0.1:{port}/api/v1/health"],
                          capture_output=True, text=True, timeout=20).stdout


def certificate(server):
    with open(f"{server.data}/admin.crt", encoding="ascii") as file:
        return file.read()


def fingerprint(server):
    return re.findall(r"certificate sha256=(\S+)", server.log_lines("certificate sha256=")[-1])[0]


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=20, check=True,
                          stdin=subprocess.DEVNULL)


def keeps_connection(port):
    url = f"https://127.0.0.1:{port}/"
    done = subprocess.run(["curl", "-sk", "-m", "10", "-o", "/dev/null", url, "-o", "/dev/null", url,
                           "-w", "%{http_code} %{num_connects};"], capture_output=True, text=True, timeout=20)
    assert done.stdout == "200 1;200 0;", done.stdout


def refuses_large(server, port):
    path = f"{server.data}/large"
    with open(path, "wb") as file:
        file.write(b"x" * 3_000_000)
    assert curl(port, "--data-binary", f"@{path}", "-o", "/dev/null", "-w", "%{http_code}") == "413"


def answers_whole(port):
    """All of an answer that is closed behind, as a client of HTTP/1.0 reads it: half closed, and to the end."""
    with connect(port) as client:
        client.sendall(b"GET /api/v1/openapi.json HTTP/1.0\r\n\r\n")
        head, body = read_all(client).split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    assert length == len(body) and length > 50_000, (length, len(body))


def serves_many(port):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: curl(port, "-o", "/dev/null", "-w", "%{http_code}"), range(100)))
    assert answers == ["200"] * 100, answers


def speaks(port, version):
    """What a client gets that knows one version of TLS alone; None when it is refused."""
    client = context()
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.minimum_version = client.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        try:
            with client.wrap_socket(plain) as secure:
                secure.sendall(b"GET /api/v1/health HTTP/1.0\r\n\r\n")
                return secure.version() if b"200" in read_all(secure) else "no answer"
        except (ssl.SSLError, ConnectionError):
            return None


def speaks_no_old_version(port):
    assert speaks(port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert speaks(port, ssl.TLSVersion.TLSv1_1) is None
    # 1.3 where the library has it: mbedTLS 3, not 2.28.
    assert speaks(port, ssl.TLSVersion.TLSv1_3) in ("TLSv1.3", None)


def bears_strangers(port):
    """Handshakes that stall, garbage and plain HTTP keep nobody out, and plain HTTP is told what is wrong."""
    stalled = [connect(port, False) for _ in range(20)]
    for one in stalled:
        one.sendall(b"\x16\x03\x01\x02\x00\x01")
    with connect(port, False) as plain:
        plain.sendall(GET)
        assert read_all(plain).startswith(b"HTTP/1.1 400 "), "plain HTTP is not told"
    for garbage in (b"\x00\xff\x00\xff" * 100, b"\x16\x03\x01\x00\x05hello" * 100, b"\r\n"):
        with connect(port, False) as one:
            one.sendall(garbage)
            assert not read_all(one).startswith(b"HTTP"), garbage
    assert "ok" in curl(port)
    for one in stalled:
        one.close()


def is_kept(bin_dir):
    server = TipringServer(bin_dir)
    port = free_port()
    server.settings.append(f'admin.listen=["https://127.0.0.1:{port}"]')
    with server:
        first = certificate(server)
        der = ssl.get_server_certificate(("127.0.0.1", port))
        assert ssl.PEM_cert_to_DER_cert(first) == ssl.PEM_cert_to_DER_cert(der)
        shown = openssl("x509", "-in", f"{server.data}/admin.crt", "-noout", "-fingerprint", "-sha256").stdout
        assert fingerprint(server) in shown, shown
        facts = certificate_facts(server)
        assert facts["is_own"] and facts["sha256"] == fingerprint(server) and facts["not_before"] < "2026" < facts["not_after"]
        assert os.stat(f"{server.data}/admin.key").st_mode & 0o777 == 0o600
        names = openssl("x509", "-in", f"{server.data}/admin.crt", "-noout", "-ext", "subjectAltName").stdout
        assert "DNS:localhost" in names and "IP Address:127.0.0.1" in names, names
        server.stop()
        server.start()
        assert certificate(server) == first, "a restart makes another certificate"
        server.stop()
        make(server.data, "admin", days=10)
        ending = certificate(server)
        server.start()
        assert certificate(server) != ending, "one that ends soon is kept"
        assert os.stat(f"{server.data}/admin.key").st_mode & 0o777 == 0o600


def certificate_facts(server):
    return Api(server).get("/api/v1/version")["version"]["certificate"]


def make(folder, name, days=100):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}.example,IP:192.0.2.1,IP:2001:db8::1,email:a@example.com", "-days", str(days), "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")


def given_files_are_taken(bin_dir):
    server = TipringServer(bin_dir)
    make(server.data, "one")
    make(server.data, "two")
    port = free_port()
    server.settings += [f'admin.listen=["https://127.0.0.1:{port}"]', f"admin.certificate={server.data}/one.crt",
                        f"admin.key={server.data}/one.key"]
    shown = lambda: ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))  # noqa: E731
    read = lambda name: ssl.PEM_cert_to_DER_cert(open(f"{server.data}/{name}.crt").read())  # noqa: E731, SIM115
    with server:
        assert shown() == read("one")
        os.replace(f"{server.data}/two.key", f"{server.data}/one.key")
        os.replace(f"{server.data}/two.crt", f"{server.data}/one.crt")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: shown() == read("one"), 5, lambda: "SIGHUP does not read the certificate again")
        facts = certificate_facts(server)
        assert (facts["subject"], facts["is_own"]) == ("CN=two", False), facts
        assert facts["names"] == ["two.example", "192.0.2.1", "2001:db8::1"], facts
        assert facts["sha256"] == fingerprint(server), facts
        with open(f"{server.data}/one.crt", "w", encoding="ascii") as file:
            file.write("nothing")
        server.process.send_signal(signal.SIGHUP)
        line = server.log_lines("certificate_refused")[-1]
        assert "ERROR" in line and "no certificate" in line and "the one before" in line, line
        server.log_lines("reloaded", least=2)
        assert certificate_facts(server) == facts and shown()


def bad_files_are_told(bin_dir):
    with Folder(bin_dir) as folder:
        make(folder.path, "one")
        make(folder.path, "two")
        folder.file("bad", "nothing")
        for certificate_file, key, word in (("one.crt", "two.key", "not the key"), ("none", "one.key", "none"),
                                            ("bad", "one.key", "no certificate"), ("one.crt", "bad", "no key")):
            code, told = folder.run("--check", "--set", f"admin.certificate={certificate_file}", "--set",
                                    f"admin.key={key}")
            assert code != 0 and word in told, (code, told)
        code, told = folder.run("--check", "--set", "admin.key=one.key")
        assert code != 0 and "admin.certificate" in told, (code, told)
        code, told = folder.run("--check", "--set", "admin.certificate=one.crt", "--set", "admin.key=one.key")
        assert code == 0, told


def main():
    report = Report()
    bin_dir = sys.argv[1]
    port = free_port()
    with TipringServer(bin_dir, settings=[f'admin.listen=["https://127.0.0.1:{port}"]']) as server:
        report.run("one connection serves request after request", lambda: keeps_connection(port))
        report.run("a body beyond the limit is refused with 413", lambda: refuses_large(server, port))
        report.run("an answer that ends the connection comes whole", lambda: answers_whole(port))
        report.run("a hundred requests of eight clients are answered", lambda: serves_many(port))
        report.run("TLS 1.2 is spoken, and nothing older", lambda: speaks_no_old_version(port))
        report.run("stalled handshakes, garbage and plain HTTP harm nobody", lambda: bears_strangers(port))
    report.run("the own certificate is kept, and renewed before it ends", lambda: is_kept(bin_dir))
    report.run("given files are shown, and read again after SIGHUP", lambda: given_files_are_taken(bin_dir))
    report.run("files that are missing, bad or do not fit are told", lambda: bad_files_are_told(bin_dir))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())

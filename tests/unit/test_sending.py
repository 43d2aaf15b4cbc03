"""Where something may be sent to, and that it goes to the very address that was looked at."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from scanpipe.faults import ConfigFault, UsageFault
from scanpipe.sending import Sender, check_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0",
        "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::1", "::7f00:1", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "129.241.56.1", "2a00:1450:400f::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://a.example/", "https://", "https:///x", "https://user:pw@a.example/", "https://a.example/#x",
        "https://a.example:0/", "https://a.example:99999/", "https://a example/", "https://å.example/", "https://a.example/\n",
        "http://a.example/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://[fe80::1%25e]/",
        "https://a.example/" + "x" * 1000, "file:///etc/passwd", "https://[::ffff:10.0.0.1]/",
        "https://[::1", "https://[zz]/", "https://ex℀mple.no/",
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UsageFault):
        check_url(url, allow_private=False)


def test_urls_that_are_taken() -> None:
    for url in ("https://a.example", "https://a.example:8443/hook?x=1", "https://8.8.8.8/"):
        check_url(url, allow_private=False)
    for url in ("http://localhost:1/", "https://10.0.0.1/", "http://[::1]:8/x"):
        check_url(url, allow_private=True)


class Server(HTTPServer):
    hosts: list[str | None]


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), _Answers)
    server.hosts = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hook.example").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_address_is_asked_for_once_and_that_one_is_connected_to(
    server: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

    url = f"https://hook.example:{server.server_port}/x"
    assert Sender(True, str(tmp_path / "ca.pem"), resolve).post(url, b"{}", {}).status == 204
    assert asked == ["hook.example"] and server.hosts == [f"hook.example:{server.server_port}"]
    asked.clear()
    outcome = Sender(False, str(tmp_path / "ca.pem"), resolve).post(url, b"{}", {})
    assert (outcome.status, outcome.problem) == (None, "its address is not public") and len(server.hosts) == 1
    asked.clear()
    other = url.replace("hook", "other")
    assert "TLS" in Sender(True, str(tmp_path / "ca.pem"), resolve).post(other, b"{}", {}).problem
    asked.clear()
    assert "TLS" in Sender(True, "", resolve).post(url, b"{}", {}).problem, "nobody trusts this authority"
    assert len(server.hosts) == 1


def test_names_that_lead_nowhere_and_an_authority_that_is_none(tmp_path: Path) -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    assert Sender(resolve=nowhere).post("https://nowhere.example/", b"", {}).problem == "its name is not known"
    with pytest.raises(ConfigFault):
        Sender(ca=str(tmp_path / "missing.pem"))

"""A server that stands before a real S3 server, hands requests on, and makes trouble as told."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.s3_server import ACCESS_KEY, REGION, SECRET_KEY

_HOP = {"connection", "transfer-encoding", "keep-alive", "expect"}


class Troublemaker(ThreadingHTTPServer):
    """`troubles` are used up one a request; when there are none, `habit` serves. `seen` are the requests that came.

    As long as `resets` is set, a request with a body is not even heard to its end.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, real_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.real = urlsplit(real_url).netloc
        self.troubles: deque[Trouble] = deque()
        self.habit: Trouble = hand_on
        self.resets = False
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the system waits 40 ms between header and body
    server: Troublemaker

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if self.server.resets and length:
            self.rfile.read(length // 2)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
            self.hang_up()
            return
        self.body = self.rfile.read(length)
        self.server.seen.append(f"{self.command} {self.path}")
        trouble = self.server.troubles.popleft() if self.server.troubles else self.server.habit
        trouble(self)

    do_GET = do_PUT = do_HEAD = do_POST = serve

    def ask(self, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the real server answers."""
        connection = http.client.HTTPConnection(self.server.real, timeout=30)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def resign(self, headers: dict[str, str]) -> None:
        """Hands the request on with other headers, and with a signature over these."""
        kept = {k: v for k, v in headers.items() if k.lower() != "authorization"}
        again = AWSRequest(self.command, f"http://{headers['Host']}{self.path}", kept)
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(again)
        self.answer(*self.ask(dict(again.headers.items()), self.body))

    def asked_headers(self) -> dict[str, str]:
        return {k: v for k, v in self.headers.items() if k.lower() not in _HOP}

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


Trouble = Callable[[_Handler], None]


def hand_on(request: _Handler) -> None:
    """No trouble."""
    request.answer(*request.ask(request.asked_headers(), request.body))


def hang_up(request: _Handler) -> None:
    """The connection breaks before anything was done."""
    request.hang_up()


def lose_the_answer(request: _Handler) -> None:
    """All is done, but nobody hears of it."""
    request.ask(request.asked_headers(), request.body)
    request.hang_up()


def cut_the_answer(request: _Handler) -> None:
    """The connection breaks in the middle of the answer."""
    status, headers, body = request.ask(request.asked_headers(), request.body)
    request.answer(status, headers, body[: len(body) // 2])
    request.hang_up()


def damage_the_answer(request: _Handler) -> None:
    """One bit of the answer's body falls over."""
    status, headers, body = request.ask(request.asked_headers(), request.body)
    request.answer(status, headers, damaged(body))


def damage_the_request(request: _Handler) -> None:
    """One bit of the request's body falls over."""
    request.answer(*request.ask(request.asked_headers(), damaged(request.body)))


def forget_conditions(request: _Handler) -> None:
    """A server that does not know conditional puts and overwrites."""
    request.resign({k: v for k, v in request.asked_headers().items() if k.lower() != "if-none-match"})


def only_for_copies(trouble: Trouble) -> Trouble:
    """Makes this trouble when an object is copied, and none else."""

    def serve(request: _Handler) -> None:
        (trouble if "x-amz-copy-source" in request.headers else hand_on)(request)

    return serve


def refuse(status: int, code: str, message: str = "") -> Trouble:
    """The server answers with an error."""

    def serve(request: _Handler) -> None:
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        request.answer(status, [("Content-Length", str(len(body)))], b"" if request.command == "HEAD" else body)

    return serve


def damaged(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


@contextmanager
def troublemaker(real_url: str, tls: ssl.SSLContext | None = None) -> Iterator[Troublemaker]:
    """Runs one before the real server."""
    server = Troublemaker(real_url)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

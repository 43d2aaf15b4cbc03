"""A real receiver of webhooks on 127.0.0.1, which does whatever a test wants of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], "int | bytes | str | None"]


@dataclass
class Receiver:
    """`answer` gets a change and says the status, raw bytes to send instead, an address to move to, or None to hang."""

    server: ThreadingHTTPServer
    answer: Answer = lambda change: 200
    got: list[dict[str, Any]] = field(default_factory=list)
    """What it took, in order."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?key=receivers-own"


@contextmanager
def receiver() -> Iterator[Receiver]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.receiver = Receiver(server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.receiver  # type: ignore[attr-defined]
    finally:
        server.receiver.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()


def check(secret: str, headers: dict[str, str], body: bytes, now: float, window_s: float = 300.0) -> bool:
    """What docs/api-webhooks.md asks a receiver to do."""
    told = dict(part.split("=", 1) for part in headers["Scanpipe-Signature"].split(","))
    digest = hmac.new(secret.encode(), f"{told['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(digest, told["v1"]) and abs(now - int(told["t"])) <= window_s


def nobody_listens() -> str:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{s.getsockname()[1]}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        change = json.loads(body)
        receiver.asked.append(change)
        receiver.bodies.append(body)
        receiver.headers.append(dict(self.headers.items()))
        answer = receiver.answer(change)
        if answer is None:
            receiver.over.wait(30)
        elif isinstance(answer, bytes):
            self.wfile.write(answer)
        elif isinstance(answer, str):
            self.send_response(307)
            self.send_header("Location", answer)
            self.end_headers()
        else:
            if 200 <= answer < 300:
                receiver.got.append(change)
            self.send_response(answer)
            self.end_headers()

    def log_message(self, *_: object) -> None: ...

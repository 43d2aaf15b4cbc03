"""A real mail server (aiosmtpd) on 127.0.0.1, with TLS by a certificate of its own, that keeps what it is sent."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme

smtp = pytest.importorskip("aiosmtpd.smtp", reason="SKIPPED: no aiosmtpd here; pip install aiosmtpd")

USER, PASSWORD = "scanpipe", "a secret of the tests alone"


@dataclass
class MailServer:
    """`refuse` is what it answers instead of taking a mail."""

    port: int = 0
    ca: Path = Path()
    refuse: str = ""
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        over_tls = server.transport.get_extra_info("ssl_object") is not None
        self.secured.append(over_tls and session.authenticated)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos[0], message))
        return "250 OK"

    def texts(self) -> list[str]:
        return [text_of(message) for _, message in self.taken]


def text_of(message: EmailMessage) -> str:
    """With line ends as a program writes them."""
    return str(message.get_content()).replace("\r\n", "\n")


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
    right = data.login == USER.encode() and data.password == PASSWORD.encode()
    return smtp.AuthResult(success=right, handled=right)


@contextmanager
def mail_server(folder: Path, tls: str) -> Iterator[MailServer]:
    """`tls` is `starttls`, `tls` or `none`; with TLS it takes no mail without a password."""
    authority, keeper = trustme.CA(), MailServer(ca=folder / "ca.pem")
    authority.cert_pem.write_to_path(str(keeper.ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    options: dict[str, Any] = {}
    if tls != "none":
        options |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": tls == "starttls"}
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.new_event_loop()
    opening = loop.create_server(
        lambda: smtp.SMTP(keeper, hostname="127.0.0.1", loop=loop, **options),
        "127.0.0.1",
        0,
        ssl=context if tls == "tls" else None,
    )
    listening = loop.run_until_complete(opening)
    keeper.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

"""Handing mails to a mail server by SMTP: the standard library talks, here are certificates, headers and faults."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from scanpipe.faults import MailFault, UsageFault

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class PostRules:
    """`tls` is `starttls`, `tls` (from the first byte on) or `none`; `ca` the authority of the server's certificate as a PEM
    file, empty: what the system trusts.
    """

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str
    ca: str = ""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in plain text. `id` is the same when it is sent again, so that whoever gets it twice can tell."""

    to: str
    subject: str
    text: str
    id: str
    language: str = "en"


class Post:
    """Sends letters, each over a connection of its own: there are few."""

    def __init__(self, rules: PostRules, clock: Callable[[], datetime] | None = None) -> None:
        self._rules, self._clock = rules, clock or (lambda: datetime.now(UTC))

    def send(self, letter: Letter) -> None:
        """Returns when the mail server has taken it. Raises MailFault."""
        rules = self._rules
        mail = message(letter, rules.sender, self._clock())
        try:
            with self._connected() as server:
                if rules.tls == "starttls":
                    server.starttls(context=self._context())
                if rules.user:
                    server.login(rules.user, rules.password)
                server.send_message(mail, rules.sender, [letter.to])
        except (smtplib.SMTPException, ssl.SSLError, OSError, ValueError) as e:
            raise MailFault(_said(e), "Check [notices] smtp_*; try `scanpipe notices test-mail ADDRESS`.") from e

    def _connected(self) -> smtplib.SMTP:
        rules = self._rules
        if rules.tls == "tls":
            return smtplib.SMTP_SSL(rules.host, rules.port, timeout=rules.timeout_s, context=self._context())
        return smtplib.SMTP(rules.host, rules.port, timeout=rules.timeout_s)

    def _context(self) -> ssl.SSLContext:
        """Checks the certificate and its name."""
        return ssl.create_default_context(cafile=self._rules.ca or None)


def message(letter: Letter, sender: str, now: datetime) -> EmailMessage:
    """The mail with its headers. A line's end in any of them is refused, so nobody smuggles one in. Raises ValueError."""
    mail = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2]
    mail["From"] = Address("scanpipe", addr_spec=sender)
    mail["To"] = Address(addr_spec=letter.to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{letter.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    mail["Content-Language"] = letter.language
    return mail


def checked_address(text: str) -> str:
    """An e-mail address without blanks around it. Raises UsageFault."""
    address = text.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise UsageFault("this is no e-mail address", "Write one like kari@example.org.")
    return address


def _said(error: Exception) -> str:
    """What went wrong, without what a server answered: that repeats addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return f"the mail server refuses the recipient ({', '.join(map(str, codes))})"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refuses user or password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server refuses the mail ({error.smtp_code})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate cannot be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return "the mail server broke off, or did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the mail server cannot be reached: {error.strerror}"
    return f"the mail could not be sent: {type(error).__name__}"

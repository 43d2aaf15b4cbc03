"""Mails handed to a real mail server: encrypted, to one whose certificate is checked, with headers that nobody can add to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from scanpipe.faults import MailFault, UsageFault
from scanpipe.mail import Letter, Post, PostRules, checked_address, message
from tests.smtp_server import PASSWORD, USER, MailServer, mail_server, text_of

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
LETTER = Letter("kari@example.org", "scanpipe: Ark venter på en person", "Prøve MA0001-2026H: 3 ark.\n", "abc123", "nb")


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while")  # from the first byte on it is under TLS


@pytest.fixture(scope="module", params=["starttls", "tls"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, MailServer]]:
    with mail_server(tmp_path_factory.mktemp("mail"), request.param) as server:
        yield request.param, server


def post(server: tuple[str, MailServer], **changes: object) -> Post:
    tls, there = server
    given = {"host": "127.0.0.1", "port": there.port, "tls": tls, "user": USER, "password": PASSWORD}
    given |= {"sender": "scanpipe@exam.example", "ca": str(there.ca), "timeout_s": 5.0}
    return Post(PostRules(**(given | changes)), lambda: NOON)  # type: ignore[arg-type]


def test_a_mail_arrives_as_it_was_written(server: tuple[str, MailServer]) -> None:
    post(server).send(LETTER)
    to, mail = server[1].taken[-1]
    assert server[1].secured[-1], "over TLS, and signed in"
    assert to == "kari@example.org" and text_of(mail) == LETTER.text
    assert mail["Subject"] == LETTER.subject and mail["To"] == to and "scanpipe@exam.example" in mail["From"]
    assert mail["Message-ID"] == "<abc123@exam.example>" and mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOON and mail["Content-Language"] == "nb"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ca": ""}, "certificate cannot be trusted"),
        ({"host": "localhost"}, "certificate cannot be trusted"),  # the certificate is for 127.0.0.1
        ({"password": "wrong"}, "user or password (535)"),
        ({"user": ""}, "refuses the"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    server: tuple[str, MailServer], changes: dict[str, str], said: str
) -> None:
    before = len(server[1].taken)
    with pytest.raises(MailFault) as refused:
        post(server, **changes).send(LETTER)
    assert said in refused.value.message and "kari" not in refused.value.message
    assert len(server[1].taken) == before


def test_a_server_that_refuses_hangs_or_is_away(server: tuple[str, MailServer]) -> None:
    server[1].refuse = "552 kari@example.org: mailbox full"
    try:
        with pytest.raises(MailFault, match=r"refuses the mail \(552\)") as refused:
            post(server).send(LETTER)
        assert "kari" not in refused.value.message, "a server's answer repeats addresses"
    finally:
        server[1].refuse = ""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailFault, match="in time"):
        post(server, port=silent.getsockname()[1], timeout_s=0.2).send(LETTER)
    with pytest.raises(MailFault, match="cannot be reached"):
        post(server, port=1).send(LETTER)


@pytest.mark.parametrize("smuggled", ["a\nBcc: x@y.example", "a\r\nBcc: x@y.example", "a\rBcc: x@y.example"])
def test_no_header_can_be_smuggled_in(smuggled: str) -> None:
    for letter in (
        Letter("kari@example.org", smuggled, "text", "id"),
        Letter(smuggled, "subject", "text", "id"),
        Letter("kari@example.org", "subject", "text", smuggled),
        Letter("kari@example.org", "subject", "text", "id", smuggled),
    ):
        with pytest.raises(ValueError):
            message(letter, "scanpipe@exam.example", NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "kari",
        "kari@",
        "@example.org",
        "kari @example.org",
        "a@b\nBcc: c@d",
        "a@b, c@d",
        "a@b>",
        "å@b",
        "a" * 250 + "@b.no",
    ],
)
def test_what_is_no_address(wrong: str) -> None:
    with pytest.raises(UsageFault) as refused:
        checked_address(wrong)
    assert not wrong or wrong not in refused.value.message


def test_what_is_an_address() -> None:
    assert checked_address(" kari.aasmund+scan@exam.example.org ") == "kari.aasmund+scan@exam.example.org"

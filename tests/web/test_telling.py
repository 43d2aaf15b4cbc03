"""A server that is started tells by itself: on record, in the browser, and by mail; and a mail server that hangs slows nobody."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from scanpipe.desk.choosing import choose
from scanpipe.ledgers.notices import Choice
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.serving import serving
from tests.smtp_server import mail_server

NOW = {"SCANPIPE__NOTICES__DISK_GB": "100000", "SCANPIPE__NOTICES__QUIET_HOURS": ""}
MAIL = {"SCANPIPE__NOTICES__SMTP_HOST": "127.0.0.1", "SCANPIPE__NOTICES__SMTP_TLS": "none"}
MAIL |= {"SCANPIPE__NOTICES__SENDER": "scanpipe@exam.example", "SCANPIPE__NOTICES__BASE_URL": "https://scan.example"}


def test_a_served_installation_mails_what_is_urgent(home: Installation, tmp_path: Path) -> None:
    with open_parts(home.settings) as parts:
        choose(parts, Choice("operator", "operator", "drift@example.org", "nb", ("disk",), ()))
    with mail_server(tmp_path, "none") as server:
        with serving(home, **NOW, **MAIL, SCANPIPE__NOTICES__SMTP_PORT=str(server.port)):
            end_s = time.monotonic() + 60
            while not server.taken and time.monotonic() < end_s:
                time.sleep(0.1)
        (to, message), *more = server.taken
    assert to == "drift@example.org" and not more and "https://scan.example/overview" in server.texts()[0]
    assert message["Subject"] in ("scanpipe: En disk er nesten full", "scanpipe: 2 meldinger")


@pytest.mark.proof
def test_a_mail_server_that_hangs_keeps_nothing_waiting(home: Installation) -> None:
    with open_parts(home.settings) as parts:
        choose(parts, Choice("operator", "operator", "drift@example.org", "nb", ("disk",), ()))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        with serving(home, **NOW, **MAIL, SCANPIPE__NOTICES__SMTP_PORT=port):
            silent.settimeout(60)
            hanging, _ = silent.accept()
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 30, "the server ends although a mail is on its way"
        hanging.close()
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert r.notices().waiting()["operator"], "and the mail goes at the next start"

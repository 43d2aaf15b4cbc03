"""`scanpipe serve` is killed while a decision is posted: after the next start it is there, complete, or can be made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2 as httpx
import pytest

from scanpipe.desk import packs
from scanpipe.desk.people import add_user
from scanpipe.ledgers import Transaction, open_ledger
from scanpipe.wiring import open_parts
from tests.crash.decider import TEST, TWO_PAGES, held
from tests.crash.test_decisions import copy, left_by, template
from tests.installation import ROOT, Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD

__all__ = ["template"]  # the fixture, by import
Post = tuple[str, dict[str, str | list[str]]]
"""Path and fields of a form, as the page has them."""


@pytest.fixture(scope="module")
def asked(template: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """With somebody who can sign in, and the move of a pack that waits for them."""
    home = copy(template, tmp_path_factory.mktemp("served") / "data")
    with open_parts(home.settings) as parts:
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
        packs.ask(parts, packs.Exchange(TEST, "10001", "10003"), "ola")
    return home


def _about(reason: str, act: str, **fields: str) -> Callable[[Transaction], Post]:
    def post(r: Transaction) -> Post:
        page = held(r, reason)
        return f"/sheets/{page.scan}/{page.page}/{act}", {"seen": str(page.event), **fields}

    return post


def _pack(r: Transaction) -> Post:
    (pack,) = r.packs().in_state("asked")
    return f"/packs/{pack.id}/confirm", {"shown": packs.shown_as(packs.what_moves(r, pack))}


def _order(r: Transaction) -> Post:
    pages = [f"{p.scan}-{p.page}" for p in r.slot_pages(TWO_PAGES.test, TWO_PAGES.candidate, TWO_PAGES.question)]
    return f"/tests/{TEST}/slots/10003/3/order", {"page": pages[::-1], "seen": pages}


def _copies(r: Transaction) -> Post:
    return "/copies", {"page": [f"{page.scan} {page.page}" for page, _, _ in r.copies().same()]}


_SLOT = {"candidate": "10003", "question": "4", "test": TEST, "confirmed": "yes", "contradict": "yes"}
POSTS: Mapping[str, Callable[[Transaction], Post]] = {
    "assign": _about("no_codes", "assign", **_SLOT),
    "take_new": _about("sheet_seen_before", "duplicate", choice="new"),
    "pack": _pack,
    "retry": _about("no_codes", "retry"),
    "split": _about("no_codes", "split", cut="above"),
    "order": _order,
    "same_drawing": _copies,
    "undo": lambda r: ("/undo", {}),
}
IN_EVERY_RUN = {"assign"}


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.proof] * (k not in IN_EVERY_RUN)) for k in POSTS])
def test_a_server_that_dies_leaves_all_of_a_decision_or_nothing(asked: Installation, tmp_path: Path, kind: str) -> None:
    with open_parts(asked.settings) as parts, parts.ledger.read() as r:
        path, fields = POSTS[kind](r)
    before, done = left_by(asked), copy(asked, tmp_path / "done")
    with armed(done, path, 0) as (url, process):
        effects = int(decide(url, path, fields).headers["effects"])
        settle(done)
        process.terminate()
    after = left_by(done)
    assert effects >= 2 and after != before
    for n in sorted({1, effects // 2 + 1, effects}):
        home = copy(asked, tmp_path / f"{n}")
        with armed(home, path, n) as (url, process):
            with suppress(
                httpx.TransportError
            ):  # what is worked off beside the request may come before the answer or after it
                decide(url, path, fields)
            process.kill()
            assert process.wait(60) == -9
        with serving(home) as url:
            settle(home)
            made = decisions(home) != decisions(asked)
            answer = decide(url, path, fields) if not made or kind != "undo" else None
            assert answer is None or answer.status_code in ((409, 422) if made else (303,)), f"killed before effect {n}"
            settle(home)
        assert left_by(home) == after, f"killed before effect {n} of {effects}"
        shutil.rmtree(home.data_dir)


@contextmanager
def armed(home: Installation, path: str, fatal: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server that dies before this effect of a post to this path; with 0 it lives. Yields its URL, and the process."""
    env = {**os.environ, **home.environ, "DECIDING": path, "FATAL_EFFECT": str(fatal)}
    command = [sys.executable, "-m", "tests.crash.server", "serve", "--port", "0"]
    with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://[^/]+", line)
        assert found, line + process.stderr.read()
        try:
            yield found[0], process
        except BaseException:
            process.kill()
            raise


def decide(url: str, path: str, fields: Mapping[str, str | list[str]]) -> httpx.Response:
    """Signs in and sends the form."""
    with httpx.Client(base_url=url, timeout=60) as client:
        assert client.post("/sign-in", data={"name": "kari", "password": PASSWORD}).status_code == 303
        token = re.search(r'name="token" value="([^"]+)"', client.get("/queue").text)
        assert token is not None
        return client.post(path, data={"token": token[1], **fields})


def settle(home: Installation) -> None:
    """Waits until no page is on its way."""
    until_s = time.monotonic() + 60
    with open_ledger(home.settings.ledger_url) as ledger:
        while True:
            with ledger.read() as r:
                if not list(r.pages_in("placing", "waiting")) and not r.unfinished():
                    return
            assert time.monotonic() < until_s, "pages are on their way still"
            time.sleep(0.02)


def decisions(home: Installation) -> list[tuple[str, int | None]]:
    with open_ledger(home.settings.ledger_url) as ledger, ledger.read() as r:
        return [(d.kind, d.undone) for d in r.decisions().recent(9)]

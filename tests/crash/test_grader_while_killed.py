"""The example grader fetches during a live scan whose program is killed: at the end it has what the store has, each change once,
nothing early, nothing missing."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scanpipe.desk.tokens import add_token, plan_token
from scanpipe.desk.verifying import verify
from scanpipe.ledgers.feed import Change
from scanpipe.sheets import draw
from scanpipe.wiring import open_parts
from tests.arrivals import large_test, printed
from tests.installation import ROOT, Installation
from tests.serving import MortalServer

sys.path.insert(0, str(ROOT / "examples"))
from scanpipe_client import Scanpipe  # type: ignore[import-not-found]

QUESTIONS, TWICE_EVERY, AHEAD = 10, 20, 60
PATIENCE_S = 600.0
SCOPES = ["slots:read", "content:read", "events:read"]


def test_a_grader_beside_a_program_that_is_killed(tmp_path: Path) -> None:
    fetch_while_killed(tmp_path, sheets=20, kills=2)


@pytest.mark.proof
def test_a_grader_beside_a_scan_of_2000_sheets_and_20_kills(tmp_path: Path) -> None:
    fetch_while_killed(tmp_path, sheets=2000, kills=20)


def fetch_while_killed(place: Path, sheets: int, kills: int) -> None:
    """Killed at moments spread over the whole scan by chance, also in the middle of a start."""
    home, began_s = print_exam(place, sheets), time.monotonic()
    with open_parts(home.settings) as parts:
        secret = add_token(parts, plan_token("grading", SCOPES, [], None), "test")
    with MortalServer(home, "up") as program, Grader(program.url, secret, place / "drawings") as grader:
        witness, scanning, chance = Witness(home, program.url, secret), Scanning(home, sheets), random.Random(6)
        for seen in sorted(chance.sample(range(1, sheets * 9 // 10), kills)):
            grader.wait_for(seen)
            time.sleep(chance.uniform(0, 1))
            assert program.kill(), program.log.read_text()[-2000:]
            program.start()
        events = wait_for_all(home, scanning, grader, witness)
        program.wait_until_up()
        grader.process.kill()
        assert grader.once() == "", "nothing is new, and nothing comes twice"
        program.stop()
    assert grader.seen() == witness.seen == [e.id for e in events], "each change once, in order"
    check(home, scanning, grader, events)
    print(f"\n{kills} kills, {sheets} sheets, {len(events)} changes, {time.monotonic() - began_s:.0f} s")


def print_exam(place: Path, sheets: int) -> Installation:
    """As many sheets as there are slots."""
    test, pdf = large_test(-(-sheets // QUESTIONS), QUESTIONS), place / "sheets.pdf"
    home = Installation(place / "data", pdf, ())
    with open_parts(home.settings) as parts:
        given = printed(parts, test)
        with parts.ledger.read() as r:
            known = r.definition(test.id)
        assert known is not None
        draw(given, known, parts.keyring.active, pdf)
    return Installation(home.data_dir, pdf, tuple(given))


class Scanning:
    """A scanner that drops its files into the hot folder, and stops its feeder where too many lie there. Every twentieth sheet
    comes twice: that is a change, too.
    """

    def __init__(self, home: Installation, sheets: int) -> None:
        home.settings.inbox_path.mkdir(parents=True, exist_ok=True)
        self._home = home
        self.sheets, self.twice = sheets, len(range(0, sheets, TWICE_EVERY))
        self.thread = threading.Thread(target=self._scan, daemon=True)
        self.thread.start()

    def _scan(self) -> None:
        inbox = self._home.settings.inbox_path
        for n in range(self.sheets):
            (inbox / f"{n:05d}.jpg").write_bytes(self._home.scan(n))
            if n % TWICE_EVERY == 0:
                (inbox / f"{n:05d} again.jpg").write_bytes(self._home.scan(n, skew_deg=-0.4))
            while len(os.listdir(inbox)) > AHEAD:
                time.sleep(0.02)


class Grader:
    """The example as it is, in a process of its own."""

    def __init__(self, url: str, secret: str, folder: Path) -> None:
        self.folder, self._log = folder, folder.parent / "grader.log"
        self._command = [sys.executable, str(ROOT / "examples/grader.py"), url, "MA0001-2026H", str(folder)]
        self._env = {**os.environ, "SCANPIPE_TOKEN": secret}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._env, stderr=log)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        return self._log.read_text()

    def seen(self) -> list[int]:
        """The numbers of the changes that it worked off."""
        return [int(line.split()[0]) for line in self.said().splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, count: int) -> None:
        """Until it has worked off so many."""
        end_s = time.monotonic() + PATIENCE_S
        while len(self.seen()) < count:
            assert time.monotonic() < end_s and self.process.poll() is None, self.said()[-2000:]
            time.sleep(0.05)

    def once(self) -> str:
        """What one more run says."""
        command = [*self._command, "--once"]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=60, check=True)
        return done.stderr

    def drawings(self) -> Counter[tuple[str, str, str]]:
        """Candidate, question and digest of every file that it has."""
        files = (p for p in self.folder.rglob("*.*") if p.parent != self.folder)
        return Counter((p.parts[-3], p.parts[-2], digest(p)) for p in files)


class Witness:
    """Looks for the bytes of every page in the moment in which it is announced."""

    def __init__(self, home: Installation, url: str, secret: str) -> None:
        self._objects, self._client = home.data_dir / "objects", Scanpipe(url, secret)
        self.seen: list[int] = []
        self.early: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        after = 0
        while True:
            told = json.loads(self._client.get(f"/api/v1/events?after={after}&wait_s=10"))
            for event in told["events"]:
                if event["type"] == "page_filed" and not self._is_there(event):
                    self.early.append(event)
                if event["slot"]["candidate"] is not None:
                    self.seen.append(event["id"])
            after = told["next"]

    def _is_there(self, event: dict[str, Any]) -> bool:
        slot = event["slot"]
        place = self._objects / f"tests/{slot['test']}/candidates/{slot['candidate']}/questions/{slot['question']}"
        return event["sha256"] in {digest(p) for p in place.glob("*")}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wait_for_all(home: Installation, scanning: Scanning, grader: Grader, witness: Witness) -> list[Change]:
    """Until every file is worked off, and both have heard of it; answers all changes to slots."""
    scanning.thread.join()
    end_s = time.monotonic() + PATIENCE_S
    with open_parts(home.settings) as parts:
        while True:
            with parts.ledger.read() as r:
                counts = r.counts()
                events = [c for c in r.feed().after(0, 100_000).changes if c.candidate is not None]
            assert witness.early == [], "a page was announced before its bytes could be read"
            done = counts == {"filed": scanning.sheets, "held": scanning.twice}
            if done and len(grader.seen()) >= len(events) and len(witness.seen) >= len(events):
                return events
            assert time.monotonic() < end_s and grader.process.poll() is None, (counts, grader.said()[-2000:])
            time.sleep(0.2)


def check(home: Installation, scanning: Scanning, grader: Grader, events: list[Change]) -> None:
    types = Counter(e.type for e in events)
    assert types == {"page_filed": scanning.sheets, "page_on_its_way": scanning.twice}
    with open_parts(home.settings) as parts:
        assert verify(parts).problems == []
    objects = (home.data_dir / "objects/tests").rglob("*.*")
    stored = Counter((p.parts[-4], p.parts[-2], digest(p)) for p in objects if p.is_file())
    assert grader.drawings() == stored and len(stored) == scanning.sheets
    expected = {(s.candidate, s.question) for s in home.sheets}
    assert {(candidate, question) for candidate, question, _ in stored} == expected

"""The process dies before every effect of a decision in turn: it is there, complete, or not at all; and can be made again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanpipe.desk import comparing, deciding
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.deciding import finish_decisions
from scanpipe.desk.verifying import STATES, verify
from scanpipe.desk.working import abandoned
from scanpipe.ledgers.queue import Filter
from scanpipe.model import PageId
from scanpipe.web.words import KINDS
from scanpipe.wiring import open_parts
from tests.crash.decider import DECISIONS, TEST, TWO_PAGES, held
from tests.crash.driver import InProcess
from tests.installation import ROOT, Installation, install
from tests.web.test_runs import dead_codes

LONG = {"split", "let_in", "move", "keep_both", "run"}
"""Carried out as others are, with many effects."""
Left = tuple[frozenset[tuple[object, ...]], frozenset[tuple[object, ...]], tuple[PageId, ...]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Six sheets in one stack, three with dead codes, of which two are assigned; one comes a second time, and was compared."""
    base = tmp_path_factory.mktemp("decisions")
    home = install(base / "data", sheets=6)
    job = base / "job"
    job.mkdir()
    for n in range(6):
        (job / f"{n}.jpg").write_bytes(dead_codes(home, n) if n in (1, 3, 5) else home.scan(n, dpi=200, stroke=n))
    home.run("ingest", str(job), ok=range(20))
    (job / "7.jpg").write_bytes(home.scan(0, dpi=200, skew_deg=-0.4))
    home.run("ingest", str(job / "7.jpg"), ok=range(20))
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            dead = [page for page, _ in r.queue().held(Filter("no_codes"), 9)]
        for page in dead[1:]:
            deciding.assign(parts, page.id, deciding.Decision("10003", "3", TEST, "kari"))
        assert comparing.compare(parts) == 1
        with parts.ledger.read() as r:
            assert held(r, "no_codes") and held(r, "sheet_seen_before") and r.copies().count() == 1
    return home


@pytest.fixture(scope="module")
def decider() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.crash.decider"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process
        process.kill()


def test_every_kind_is_among_them() -> None:
    elsewhere = {"hand_in_anew"}  # tests/crash/test_handing_in.py
    assert set(KINDS) - elsewhere <= set(DECISIONS)


@pytest.mark.parametrize("decision", [pytest.param(d, marks=[pytest.mark.proof] * (d in LONG)) for d in DECISIONS])
def test_it_is_there_or_not_at_all(
    template: Installation, decider: subprocess.Popen[str], tmp_path: Path, decision: str
) -> None:
    before, done = left_by(template), copy(template, tmp_path / "done")
    effects = decide(decider, done, decision, 0)
    after = left_by(done)
    assert effects >= 2 and after != before
    for n in range(1, effects + 1):
        home = copy(template, tmp_path / f"{n}")
        assert decide(decider, home, decision, n) == -9
        left = left_by(home)
        assert left in (before, after), f"killed before effect {n} of {effects}"
        if left == before:
            decide(decider, home, decision, 0)
            assert left_by(home) == after, f"decided again after it was killed before effect {n}"
        shutil.rmtree(home.data_dir)


def decide(decider: subprocess.Popen[str], home: Installation, decision: str, fatal: int) -> int:
    assert decider.stdin is not None and decider.stdout is not None
    decider.stdin.write(f"{home.data_dir} {decision} {fatal}\n")
    decider.stdin.flush()
    return int(decider.stdout.readline())


def copy(template: Installation, place: Path) -> Installation:
    shutil.copytree(template.data_dir, place)
    return Installation(place, template.pdf, template.sheets)


def left_by(home: Installation) -> Left:
    """All pages as they are after a start, where nothing is missing: the slots that they are in, and what stands on record."""
    with open_parts(home.settings) as parts:
        finish_decisions(parts)
        conveyor = Conveyor(parts, InProcess())
        for scan in abandoned(parts):
            conveyor.resume(scan).result()
        conveyor.close()
        assert verify(parts).problems == []
        with parts.ledger.read() as r:
            pages = list(r.pages_in(*STATES, "placing", "waiting"))
            also = {p.id: tuple(map(str, r.decisions().also(p.id))) for p in pages}
            order = tuple(r.decisions().order(TWO_PAGES))
            made = {(d.kind, d.by, d.undone is not None, *r.decisions().pages(d.id)) for d in r.decisions().recent(9)}
    return frozenset((p.id, p.state, p.key, p.sha256, p.decided_by, also[p.id]) for p in pages), frozenset(made), order

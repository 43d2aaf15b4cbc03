"""The process dies before every effect of a decision in turn: it is there, complete, or not at all; and can be made again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanpipe.desk import deciding
from scanpipe.desk.deciding import finish_decisions
from scanpipe.desk.verifying import STATES, verify
from scanpipe.wiring import open_parts
from tests.crash.decider import DECISIONS, held
from tests.installation import ROOT, Installation, install
from tests.web.test_runs import dead_codes

Pages = frozenset[tuple[object, ...]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Six sheets in one stack, two with dead codes; one comes a second time; one decision was made."""
    base = tmp_path_factory.mktemp("decisions")
    home = install(base / "data", sheets=6)
    job = base / "job"
    job.mkdir()
    for n in range(6):
        (job / f"{n}.jpg").write_bytes(dead_codes(home, n) if n in (1, 3) else home.scan(n, stroke=n))
    (job / "7.jpg").write_bytes(home.scan(0, skew_deg=-0.5))
    home.run("ingest", str(job), ok=range(20))
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            page = max(r.pages_in("held"), key=lambda p: p.event if p.reason == "no_codes" else 0)
        deciding.assign(parts, page.id, deciding.Decision("10003", "2a", "MA0001-2026H", "kari"))
        with parts.ledger.read() as r:
            assert held(r, "no_codes") and held(r, "sheet_seen_before")
    return home


@pytest.fixture(scope="module")
def decider() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.crash.decider"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("decision", DECISIONS)
def test_it_is_there_or_not_at_all(
    template: Installation, decider: subprocess.Popen[str], tmp_path: Path, decision: str
) -> None:
    before, done = pages_of(template), copy(template, tmp_path / "done")
    effects = decide(decider, done, decision, 0)
    after = pages_of(done)
    assert effects >= 2 and after != before
    for n in range(1, effects + 1):
        home = copy(template, tmp_path / f"{n}")
        assert decide(decider, home, decision, n) == -9
        left = pages_of(home)
        assert left in (before, after), f"killed before effect {n} of {effects}"
        if left == before:
            decide(decider, home, decision, 0)
            assert pages_of(home) == after, f"decided again after it was killed before effect {n}"
        shutil.rmtree(home.data_dir)


def decide(decider: subprocess.Popen[str], home: Installation, decision: str, fatal: int) -> int:
    assert decider.stdin is not None and decider.stdout is not None
    decider.stdin.write(f"{home.data_dir} {decision} {fatal}\n")
    decider.stdin.flush()
    return int(decider.stdout.readline())


def copy(template: Installation, place: Path) -> Installation:
    shutil.copytree(template.data_dir, place)
    return Installation(place, template.pdf, template.sheets)


def pages_of(home: Installation) -> Pages:
    """All pages as they are after a start, where nothing is missing: and the further slots that they are in."""
    with open_parts(home.settings) as parts:
        finish_decisions(parts)
        assert verify(parts).problems == []
        with parts.ledger.read() as r:
            pages = list(r.pages_in(*STATES, "placing", "waiting"))
            also = {p.id: tuple(map(str, r.decisions().also(p.id))) for p in pages}
    return frozenset((p.id, p.state, p.key, p.sha256, p.decided_by, also[p.id]) for p in pages)

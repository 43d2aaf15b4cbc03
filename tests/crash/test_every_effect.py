"""The power is cut before every effect in turn; the next start must end where an undisturbed run ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanpipe.desk.verifying import verify
from scanpipe.wiring import open_parts
from tests.installation import ROOT, Installation, install


@dataclass(frozen=True)
class Outcome:
    """What is left when all is done: the state of each page, and every object."""

    pages: frozenset[tuple[str | int | None, ...]]
    objects: frozenset[str]
    inbox: tuple[str, ...]
    claimed: tuple[str, ...]
    problems: tuple[str, ...]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation whose inbox holds a skewed sheet, a straight one, a job folder with a sheet, and a damaged file."""
    home = install(tmp_path_factory.mktemp("crash") / "data")
    inbox = home.settings.inbox_path
    (inbox / "job 7").mkdir(parents=True)
    (inbox / "skewed.jpg").write_bytes(home.scan(0))
    (inbox / "straight.jpg").write_bytes(home.scan(1, skew_deg=0))
    (inbox / "job 7" / "side.jpg").write_bytes(home.scan(2, skew_deg=-1))
    (inbox / "damaged.jpg").write_bytes(home.scan(3)[:-5000] + b"\xff\xd9")
    return home


def test_killed_before_every_effect(template: Installation, tmp_path: Path) -> None:
    reference = copy(template, tmp_path / "reference")
    effects = int(drive(reference).stdout)
    expected = outcome(reference)
    assert effects > 50
    assert sorted(state for _, _, state, _, _ in expected.pages) == ["filed", "filed", "filed", "held"]
    assert expected.problems == expected.claimed == expected.inbox == ()

    def case(n: int) -> tuple[int, int, Outcome]:
        place = copy(template, tmp_path / f"at-{n}")
        died = drive(place, n).returncode
        drive(place)
        result = outcome(place)
        shutil.rmtree(place.data_dir)
        return n, died, result

    with ThreadPoolExecutor(2) as pool:
        for n, died, result in pool.map(case, range(1, effects + 1)):
            assert died in (-9, 0), f"killed before effect {n}: ended with {died}"
            assert died == -9 or n > effects - 5, f"effect {n} of {effects} never came"
            assert result == expected, f"killed before effect {n}"


def copy(template: Installation, place: Path) -> Installation:
    shutil.copytree(template.data_dir, place)
    return Installation(place, template.pdf, template.sheets)


def drive(place: Installation, fatal: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.driver", str(place.data_dir)] + ([str(fatal)] if fatal else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode in (0, -9), done.stderr
    return done


def outcome(place: Installation) -> Outcome:
    """Of an object's name the part that is the same in every run; the ledger's keys are compared as a whole."""
    with open_parts(place.settings) as parts:
        finding = verify(parts)
        with parts.ledger.read() as r:
            states = ("filed", "held", "blank", "discarded", "waiting", "placing")
            pages = frozenset((p.scan, p.page, p.state, p.key, p.reason) for p in r.pages_in(*states))
        objects = frozenset(parts.store.keys())
        inbox = tuple(str(p) for p in parts.folders.inbox.rglob("*") if p.is_file())
        claimed = tuple(p.name for p in parts.folders.claimed.rglob("*") if p.is_file())
    return Outcome(pages, objects, inbox, claimed, tuple(finding.problems))

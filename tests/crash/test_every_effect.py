"""The power is cut before every effect in turn (in `make test` one in four); the next start must end where an undisturbed run
ends.
"""

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
    aside: tuple[str, ...]
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


def test_killed_before_one_effect_in_four(template: Installation, tmp_path: Path) -> None:
    killed_before(template, tmp_path, 4)


@pytest.mark.proof
def test_killed_before_every_effect(template: Installation, tmp_path: Path) -> None:
    killed_before(template, tmp_path, 1)


def killed_before(template: Installation, tmp_path: Path, step: int) -> None:
    """Before the first effect, and each `step` effects on."""
    with Driver() as driver:
        reference = copy(template, tmp_path / "reference")
        effects = driver.drive(reference)
    expected = outcome(reference)
    assert effects > 50
    assert sorted(str(state) for _, _, state, _, _ in expected.pages) == ["filed", "filed", "filed", "held"]
    assert expected.problems == expected.aside == expected.claimed == expected.inbox == ()

    def cases(numbers: range) -> list[int]:
        with Driver() as driver:
            return [killed_at(driver, template, tmp_path / f"at-{n}", n, expected) for n in numbers]

    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(cases, (range(1, effects + 1, 2 * step), range(1 + step, effects + 1, 2 * step)))
        ends = [end for half in halves for end in half]
    # The files may come in another order, with another number of effects: a few of the last numbers may never be reached.
    assert ends.count(-9) > 0.9 * effects / step


def killed_at(driver: Driver, template: Installation, place: Path, n: int, expected: Outcome) -> int:
    """Kills before effect `n`, starts again, and compares."""
    home = copy(template, place)
    end = driver.drive(home, n)
    assert driver.drive(home) > 0
    assert outcome(home) == expected, f"killed before effect {n}"
    shutil.rmtree(place)
    return end


class Driver:
    """A process that forks a watcher for every call."""

    def __enter__(self) -> Driver:
        command = [sys.executable, "-m", "tests.crash.driver"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def drive(self, place: Installation, fatal: int = 0) -> int:
        """The number of effects of a run to the end, or the negative number of the signal that ended it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{place.data_dir} {fatal}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def copy(template: Installation, place: Path) -> Installation:
    shutil.copytree(template.data_dir, place)
    return Installation(place, template.pdf, template.sheets)


def outcome(place: Installation) -> Outcome:
    """Of an object's name the part that is the same in every run; the ledger's keys are compared as a whole."""
    with open_parts(place.settings) as parts:
        finding = verify(parts)
        with parts.ledger.read() as r:
            states = ("filed", "held", "blank", "separator", "discarded", "waiting", "placing")
            pages = frozenset((p.scan, p.page, p.state, p.key, p.reason) for p in r.pages_in(*states))
        objects = frozenset(parts.store.keys())
        inbox = tuple(str(p) for p in parts.folders.inbox.rglob("*") if p.is_file())
        claimed = tuple(p.name for p in parts.folders.claimed.rglob("*") if p.is_file())
        aside = tuple(p.name for p in parts.folders.aside.iterdir())
    return Outcome(pages, objects, inbox, claimed, aside, tuple(finding.problems))

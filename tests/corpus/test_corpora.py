"""Generated corpora with floors that only rise; misfiled is 0 in all of them. Seeds here are used for nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from scanpipe.desk.printing import give_serials
from scanpipe.sheets import draw, plan, write_manifest
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tools.scanner import faults, formats, profiles, strangers
from tools.scanner.paper import Paper, Row
from tools.scansim.corpora import corpus

_BATCH = 200


@dataclass
class Result:
    """What became of a corpus. `misfiled` lists the files that were filed where they do not belong."""

    verdicts: Counter[str] = field(default_factory=Counter)
    misfiled: list[str] = field(default_factory=list)
    not_filed: list[str] = field(default_factory=list)
    skew_errors_deg: list[float] = field(default_factory=list)


Case = tuple[bytes, Row | None, float, str]
"""A file, the sheet on it (None: must not be filed), its skew, and what it is."""


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return install(tmp_path / "data", sheets=1)


def printed(home: Installation, count: int) -> Paper:
    """`count` sheets of the mathematics exam with serials of their own."""
    pdf, manifest = home.data_dir.with_suffix(".pdf"), home.data_dir.with_suffix(".csv")
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            test = r.definition("MA0001-2026H")
        assert test is not None
        sheets = give_serials(parts, test, plan(test)[:count], "test")
        draw(sheets, test, parts.keyring.active, pdf)
        write_manifest(sheets, test, manifest)
    return Paper(pdf, manifest)


def work_off(home: Installation, cases: Iterator[Case]) -> Result:
    """Takes everything in, some hundred files at a time, and compares with the truth."""
    result, number = Result(), 0
    folder = home.data_dir.parent / "scans"
    folder.mkdir()
    truth: dict[str, Case] = {}
    for case in cases:
        name = f"{number:06d}.jpg"
        (folder / name).write_bytes(case[0])
        truth[name] = (b"", *case[1:])
        number += 1
        if len(truth) == _BATCH:
            _take_in(home, folder, truth, result)
    _take_in(home, folder, truth, result)
    assert sum(result.verdicts.values()) == number
    assert "Nothing is missing" in home.run("verify")
    return result


def _take_in(home: Installation, folder: Path, truth: dict[str, Case], result: Result) -> None:
    for answer in home.lines("ingest", str(folder)) if truth else []:
        path = Path(answer["file"])
        _, row, skew_deg, what = truth.pop(path.name)
        path.unlink()
        result.verdicts[answer["verdict"]] += 1
        if answer["verdict"] != "filed":
            result.not_filed.append(f"{what}: {answer['reason']}")
        elif row is None or (answer["serial"], answer["candidate"], answer["question"]) != (
            row.serial,
            row.candidate,
            row.question,
        ):
            result.misfiled.append(f"{what}: {answer['key']}")
        else:
            result.skew_errors_deg.append(abs(answer["skew_deg"] - skew_deg))


def profile(home: Installation, name: str, seed: int, count: int) -> Result:
    """A corpus of `tools.scanner.profiles`; sheets are printed anew for every 160 pages, so that none comes twice."""

    def cases() -> Iterator[Case]:
        for start in range(0, count, 160):
            paper = printed(home, 160)
            for i in range(min(160, count - start)):
                scan = getattr(profiles, name)(paper, i, np.random.default_rng((seed, start + i)))
                yield scan.body, scan.row, scan.skew_deg, ", ".join(scan.effects)

    return work_off(without_limits(home), cases())


def without_limits(home: Installation) -> Installation:
    """Registers the exam without a most number of sheets, so that a long corpus does not fill the slots."""
    source = Path(__file__).parent.parent.parent / "config/tests"
    place = home.data_dir.parent / "unlimited"
    place.mkdir()
    text = (source / "mathematics.yaml").read_text(encoding="utf-8")
    lines = [line.split(", max_sheets")[0] + "}" if ", max_sheets" in line else line for line in text.splitlines()]
    (place / "mathematics.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place / "mathematics-candidates.csv").write_bytes((source / "mathematics-candidates.csv").read_bytes())
    home.run("tests", "add", str(place / "mathematics.yaml"))
    return home


def mixed_up(home: Installation, kinds: tuple[strangers.Stranger, ...], seed: int, count: int) -> Result:
    """Pages of which none may be filed."""

    def cases() -> Iterator[Case]:
        paper = printed(home, 60)
        for i in range(count):
            rng = np.random.default_rng((seed, i))
            dpi = float(rng.choice([150, 200]))
            picture = kinds[i % len(kinds)](paper, i % len(paper), dpi, rng)
            picture = faults.scanned(faults.fed_askew(picture, rng.normal(0, 0.8)), rng, noise=rng.uniform(1, 5))
            yield formats.jpeg(picture, dpi, 80), None, 0.0, kinds[i % len(kinds)].__name__

    return work_off(without_limits(home), cases())


def test_office(home: Installation) -> None:
    result = profile(home, "office", seed=90_001, count=40)
    assert result.misfiled == []
    assert result.verdicts["filed"] >= 40, result.not_filed
    assert np.mean(result.skew_errors_deg) <= 0.02 and np.percentile(result.skew_errors_deg, 95) <= 0.05


def test_hard(home: Installation) -> None:
    result = profile(home, "hard", seed=90_002, count=20)
    assert result.misfiled == []
    assert result.verdicts["filed"] >= 19, result.not_filed


def test_mixed_up_pages_are_held(home: Installation) -> None:
    result = mixed_up(home, strangers.MIXED_UP, seed=90_003, count=24)
    assert result.misfiled == []
    assert result.verdicts == {"held": 24}


def test_nothing_becomes_a_code_that_is_none(home: Installation) -> None:
    result = mixed_up(home, strangers.NO_SHEETS, seed=90_004, count=16)
    assert result.misfiled == []
    assert result.verdicts == {"held": 16}


@pytest.mark.proof
def test_1000_office_sheets(home: Installation) -> None:
    result = profile(home, "office", seed=91_001, count=1000)
    print(f"\noffice: {dict(result.verdicts)}, misfiled {len(result.misfiled)}, not filed: {result.not_filed}")
    assert result.misfiled == []
    assert result.verdicts["filed"] >= 999, result.not_filed


@pytest.mark.proof
def test_1000_hard_sheets(home: Installation) -> None:
    result = profile(home, "hard", seed=91_002, count=1000)
    print(f"\nhard: {dict(result.verdicts)}, misfiled {len(result.misfiled)}, not filed: {result.not_filed}")
    assert result.misfiled == []
    assert result.verdicts["filed"] >= 985, result.not_filed


@pytest.mark.proof
def test_1000_mixed_up_pages(home: Installation) -> None:
    result = mixed_up(home, strangers.MIXED_UP, seed=91_013, count=1000)
    print(f"\nmixed up: {dict(result.verdicts)}, misfiled {len(result.misfiled)}")
    assert result.verdicts == {"held": 1000}


@pytest.mark.proof
def test_2000_pages_without_sheets(home: Installation) -> None:
    result = mixed_up(home, strangers.NO_SHEETS, seed=91_004, count=2000)
    print(f"\nno sheets: {dict(result.verdicts)}")
    assert "filed" not in result.verdicts


def other_simulator(home: Installation, profile: str, seed: int, count: int) -> Result:
    """A corpus of `tools.scansim`, which was written apart from the one that reading was tuned with."""

    def cases() -> Iterator[Case]:
        paper = printed(home, min(count, 160))
        pdf, manifest = home.data_dir.with_suffix(".pdf"), home.data_dir.with_suffix(".csv")
        for scan in corpus(pdf, manifest, profile, seed, count):
            truth = scan.truth
            row = next(r for r in paper.rows if r.serial == truth["serial"])
            yield (
                scan.data,
                None if truth["other_serials"] else row,
                truth["skew_deg"],
                f"{profile}: {truth['effects']}",
            )

    return work_off(without_limits(home), cases())


@pytest.mark.parametrize("profile, floor", [("hard", 13), ("mixed_up", 0)])
def test_scans_of_the_other_simulator(home: Installation, profile: str, floor: int) -> None:
    result = other_simulator(home, profile, seed=92_001, count=16)
    assert result.misfiled == []
    assert result.verdicts["filed"] >= floor, result.not_filed


@pytest.mark.proof
@pytest.mark.parametrize("profile, floor", [("office", 160), ("hard", 150), ("brutal", 140), ("mixed_up", 0)])
def test_160_scans_of_the_other_simulator(home: Installation, profile: str, floor: int) -> None:
    result = other_simulator(home, profile, seed=92_002, count=160)
    print(f"\n{profile}: {dict(result.verdicts)}, misfiled {len(result.misfiled)}, not filed: {result.not_filed}")
    assert result.misfiled == []
    assert result.verdicts["filed"] >= floor, result.not_filed

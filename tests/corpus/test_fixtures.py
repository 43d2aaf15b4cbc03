"""Every committed scan gives what stands beside it; every reason, format and turn has a scan."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from scanpipe.model import Reason
from tests.installation import Installation
from tools import fixture_home

NAMES = sorted(p.name for p in fixture_home.SCANS.iterdir() if p.suffix != ".json")


def expected(name: str) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = json.loads(
        (fixture_home.SCANS / name).with_suffix(".json").read_text(encoding="utf-8")
    )
    return pages


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    data_dir = tmp_path_factory.mktemp("fixtures") / "data"
    home = Installation(data_dir, data_dir / "none.pdf", ())
    fixture_home.prepare(home.settings)
    return home


@pytest.fixture(scope="module")
def answers(home: Installation) -> dict[str, list[dict[str, Any]]]:
    """What `ingest` says of each file, taken in in the order of their names."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for name in NAMES:
        if name in _FIRST:
            for answer in home.lines("ingest", str(fixture_home.SCANS / name)):
                found[name].append(answer)
    rest = [str(fixture_home.SCANS / n) for n in NAMES if n not in _FIRST]
    for answer in home.lines("ingest", *rest):
        found[Path(answer["file"]).name].append(answer)
    return found


_FIRST = ("00-first-sheet.jpg",)
"""On record before the rest: another scan of the same sheet is among them, and they are worked on several at a time."""


@pytest.mark.parametrize("name", NAMES)
def test_gives_what_stands_beside_it(name: str, answers: dict[str, list[dict[str, Any]]]) -> None:
    pages = answers[name]
    assert len(pages) == len(expected(name))
    for answer, wanted in zip(pages, expected(name), strict=True):
        skew_deg = wanted.pop("skew_deg", None)
        assert {k: answer[k] for k in wanted} == wanted, answer
        if skew_deg is not None:
            assert abs(answer["skew_deg"] - skew_deg) <= 0.1


def test_nothing_is_missing(answers: dict[str, list[dict[str, Any]]], home: Installation) -> None:
    assert answers
    assert "Nothing is missing" in home.run("verify")


def test_a_straight_page_keeps_its_own_bytes(answers: dict[str, list[dict[str, Any]]], home: Installation) -> None:
    name = "01-straight-keeps-its-bytes.jpg"
    filed = home.data_dir / "objects" / answers[name][0]["key"]
    assert filed.read_bytes() == (fixture_home.SCANS / name).read_bytes()


def test_originals_are_kept_untouched(answers: dict[str, list[dict[str, Any]]], home: Installation) -> None:
    kept = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (home.data_dir / "objects/originals").rglob("*.*")}
    assert answers
    assert kept == {hashlib.sha256((fixture_home.SCANS / n).read_bytes()).hexdigest() for n in NAMES}


def test_every_reason_has_a_scan() -> None:
    shown = {p.get("reason") for name in NAMES for p in expected(name)}
    assert shown >= {str(r) for r in Reason} - {Reason.AFTER_DEADLINE}, "no scan by itself comes too late"


def test_every_turn_has_a_scan() -> None:
    assert {p.get("turn_deg") for name in NAMES for p in expected(name)} >= {0, 90, 180, 270}


def test_the_fixtures_are_small() -> None:
    assert sum(p.stat().st_size for p in fixture_home.SCANS.iterdir()) < 30e6

"""Damaged files of every format: each has an answer, in time; no worker dies of it; no code says what it did not say before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanpipe.engines import Engine, EngineOptions, open_engine
from scanpipe.hands import Errand, PageReport
from scanpipe.stages.unpack import Limits, Problem
from tests.installation import ROOT

SCANS = ROOT / "fixtures/scans"
FILES = (
    "04-100-dpi.jpg",
    "02-colour.jpg",
    "14-gray.png",
    "20-group4.tif",
    "21-lzw.tif",
    "22-deflate.tif",
    "23-jpeg.tif",
    "27-three-pages.tif",
    "28-three-pages.pdf",
    "29-vector.pdf",
)
ERRAND = Errand(Limits(max_pixels=120_000_000, max_pages=2000, max_bytes=500_000_000), 85)
PAGES = 3
"""So many are looked at of a file that says it has thousands."""

Damage = Callable[[bytearray], None]


def _span(data: bytearray, where: float, length: int) -> slice:
    at = int(where * len(data))
    return slice(at, min(len(data), at + length))


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """One thing that is done to a file; half of them near its start, where the headers are."""
    where = draw(st.floats(0, 1, exclude_max=True) | st.floats(0, 0.01))
    length = draw(st.integers(1, 8) | st.integers(1, 4000))
    kind = draw(st.sampled_from(("flip", "random", "cut", "double", "zero", "full", "end", "number")))
    filling = draw(st.binary(min_size=1, max_size=8))

    def damage(data: bytearray) -> None:
        span = _span(data, where, length)
        old = bytes(data[span])
        new = {
            "flip": bytes(b ^ 1 << (i % 8) for i, b in enumerate(old)),
            "random": (filling * (length // len(filling) + 1))[: len(old)],
            "cut": b"",
            "double": old * 2,
            "zero": bytes(len(old)),
            "full": b"\xff" * len(old),
            "number": filling[:4].ljust(min(4, len(old)), b"\x7f"),
        }
        if kind == "end":
            del data[span.start :]
        else:
            data[span] = new[kind]

    return damage


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("local", EngineOptions(workers=2, task_timeout_s=20, setup="scanpipe.hands:prepare")) as engine:
        yield engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def texts(engine: Engine, folder: Path) -> dict[str, set[str]]:
    """What the codes of each file say as long as nothing is wrong with it."""
    found = {}
    for name in FILES:
        pages = engine.submit("scanpipe.hands:count_pages", str(SCANS / name), ERRAND).result(60)
        reports = [_examined(engine, SCANS / name, page, folder) for page in range(1, pages + 1)]
        found[name] = {code.text for report in reports if report.sight for code in report.sight.codes}
        assert found[name]
    return found


def _examined(engine: Engine, path: Path, page: int, folder: Path) -> PageReport:
    report = engine.submit("scanpipe.hands:examine_page", str(path), page, str(folder), ERRAND).result(60)
    assert isinstance(report, PageReport)
    return report


def look(engine: Engine, folder: Path, name: str, texts: set[str], wrongs: list[Damage]) -> None:
    data = bytearray((SCANS / name).read_bytes())
    for wrong in wrongs:
        wrong(data)
    path = folder / "damaged"
    path.write_bytes(data)
    # A fresh name each time: a worker keeps the document that it has open.
    fresh = folder / f"{os.urandom(6).hex()}"
    os.link(path, fresh)
    try:
        pages = engine.submit("scanpipe.hands:count_pages", str(fresh), ERRAND).result(60)
        assert isinstance(pages, int | Problem)
        for page in range(1, 1 + min(PAGES, pages if isinstance(pages, int) else 0)):
            report = _examined(engine, fresh, page, folder)
            assert (report.problem is None) == (report.sight is not None)
            if report.sight is not None:
                assert {code.text for code in report.sight.codes} <= texts
    finally:
        for left in folder.iterdir():
            left.unlink()


_common = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=300, **_common)
@given(name=st.sampled_from(FILES), wrongs=st.lists(damages(), min_size=1, max_size=4))
def test_damaged_files(
    engine: Engine, folder: Path, texts: dict[str, set[str]], name: str, wrongs: list[Damage]
) -> None:
    look(engine, folder, name, texts[name], wrongs)


@pytest.mark.proof
@settings(max_examples=10_000, **_common)
@given(name=st.sampled_from(FILES), wrongs=st.lists(damages(), min_size=1, max_size=4))
def test_10000_damaged_files(
    engine: Engine, folder: Path, texts: dict[str, set[str]], name: str, wrongs: list[Damage]
) -> None:
    look(engine, folder, name, texts[name], wrongs)

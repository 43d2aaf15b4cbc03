"""`scanpipe bench`: the shape of its answer and its errors. How fast anything was is not asked here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scanpipe.bench.floor import copy_through_codec
from scanpipe.bench.measure import clean_environment, measured
from scanpipe.bench.product import checked
from scanpipe.faults import Fault, VerifyFailed
from scanpipe.model import Sheet
from tests.installation import ROOT


def bench(*args: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "scanpipe", "bench", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, cwd=ROOT)


@pytest.fixture(
    scope="module", params=[("gray-200dpi", 0), pytest.param(("gray-200dpi,pdf", 10), marks=pytest.mark.proof)]
)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    report = tmp_path_factory.mktemp("bench") / "report"
    inputs, drops = request.param
    sizes = ("--pages", "8", "--workers", "2", "--inputs", inputs, "--repeat", "1", "--drops", str(drops))
    done = bench(*sizes, "--json", "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert (report / "speed.png").read_bytes()[:4] == (report / "stages.png").read_bytes()[:4] == b"\x89PNG"
    assert "gray-200dpi" in (report / "bench.md").read_text() and json.loads((report / "bench.json").read_text())
    (line,) = done.stdout.splitlines()
    answer: dict[str, Any] = json.loads(line) | {"asked": inputs.split(","), "drops": drops}
    return answer


def test_every_page_was_filed_where_it_belongs(result: dict[str, Any]) -> None:
    assert [(i["input"], i["filed"], i["held"]) for i in result["inputs"]] == [(name, 8, 0) for name in result["asked"]]
    assert all(i["textbook_read"] == result["plan"]["textbook_pages"] for i in result["inputs"])


def test_every_figure_has_a_median_and_a_spread(result: dict[str, Any]) -> None:
    for found in result["inputs"]:
        for group in (found["ratios"], found["floor"], found["textbook"], found["scanpipe"]):
            assert all(f["low"] <= f["median"] <= f["high"] for f in group.values())
        assert found["scanpipe"]["peak_mib"]["median"] > 30
        assert found["scanpipe"]["written_per_byte"]["median"] > 1
        assert {"look", "straighten", "encode"} <= found["stages_ms"]["scanpipe"].keys()
    assert result["start_up"].keys() == {"floor", "textbook", "scanpipe"}
    assert result["machine"]["cores"] >= 1 and result["machine"]["processor"]


def test_how_long_a_file_takes_from_drop_to_slot(result: dict[str, Any]) -> None:
    found = result["drop_to_slot"]
    ways = {"10 at once": (10, 10), "5 a second": (2, 2)} if result["drops"] else {}
    assert {way: (f["files"], f["filed"]) for way, f in (found or {}).items()} == ways
    found = found or {}
    for figures in found.values():
        assert 0 < figures["p50_s"] <= figures["p95_s"] <= figures["p99_s"] < 60
        assert figures["files_per_s"] > 0
    assert result["gain_all_to_one_worker"]["median"] > 0


def test_an_unknown_input_and_too_few_pages_are_refused() -> None:
    assert "there is no input paper" in bench("--inputs", "paper").stderr
    few = bench("--pages", "8", "--workers", "3")
    assert few.returncode == 2 and "at least --pages 12" in few.stderr


def test_the_children_of_a_command_are_counted() -> None:
    busy = "import time\nwhile time.process_time() < 0.8: pass\nopen('/dev/null', 'w').write('x' * 100_000)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    usage = measured([sys.executable, "-c", parent], clean_environment())
    assert usage.cpu_s >= 0.8 > usage.own_cpu_s
    assert usage.written_bytes >= 100_000
    with pytest.raises(Fault, match="ended with 3"):
        measured([sys.executable, "-c", "raise SystemExit(3)"], clean_environment())


def test_a_page_filed_elsewhere_or_missing_ends_the_bench() -> None:
    sheet = Sheet("0000000001", "BENCH-1", "10001", "1", 1, 1, 1)
    page = {"file": str(Path("in") / "page00001.jpg"), "page": 1, "verdict": "filed", "test": "BENCH-1"}
    right = page | {"serial": "0000000001", "candidate": "10001", "question": "1"}
    assert checked(json.dumps(right), [sheet], 1).filed == 1
    assert checked(json.dumps(right | {"verdict": "held"}), [sheet], 1).held == 1
    for bad, expected in ((right | {"question": "2"}, 1), (right, 2)):
        with pytest.raises(VerifyFailed):
            checked(json.dumps(bad), [sheet], expected)


@pytest.mark.parametrize("colour", [False, True])
def test_the_floor_takes_gray_as_gray_and_colour_as_colour(colour: bool, tmp_path: Path) -> None:
    pixels = np.full((64, 48, 3) if colour else (64, 48), 200, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.jpg")
    (tmp_path / "out").mkdir()
    copy_through_codec(tmp_path / "in.jpg", tmp_path / "out", 85)
    assert Image.open(tmp_path / "out/in.jpg").mode == ("RGB" if colour else "L")

"""The report as files: the tables, the figures as JSON, and plots. The plots need matplotlib, which the `bench` extra brings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from scanpipe.bench.comparing import CONTENDERS
from scanpipe.bench.report import lines
from scanpipe.faults import LibraryMissing

_WIDTH_IN, _HEIGHT_IN = 9.0, 4.5
_DPI = 110


def write_report(result: Mapping[str, Any], folder: Path) -> None:
    """`bench.md`, `bench.json`, `speed.png` and `stages.png`. Raises LibraryMissing without matplotlib."""
    try:
        pyplot = import_module("matplotlib.figure")
    except ImportError as e:
        raise LibraryMissing("the plots need matplotlib", "Install it with: pip install 'scanpipe[bench]'") from e
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text("\n".join(lines(result)) + "\n")
    (folder / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    _speed(pyplot, result).savefig(folder / "speed.png", dpi=_DPI)
    _stages(pyplot, result).savefig(folder / "stages.png", dpi=_DPI)


def _speed(pyplot: Any, result: Mapping[str, Any]) -> Any:
    """CPU a page of each contender, by input, with the spread."""
    figure = pyplot.Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), layout="constrained")
    axes = figure.add_subplot()
    names = [i["input"] for i in result["inputs"]]
    for number, contender in enumerate(CONTENDERS):
        found = [i[contender]["cpu_ms"] for i in result["inputs"]]
        places = [n + (number - 1) * 0.27 for n in range(len(names))]
        medians = [f["median"] for f in found]
        errors = [[f["median"] - f["low"] for f in found], [f["high"] - f["median"] for f in found]]
        bars = axes.bar(places, medians, 0.25, yerr=errors, capsize=2, label=contender)
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(names)), [name.replace("-", "\n", 1) for name in names])
    axes.set_ylabel("CPU a page, ms")
    figure.legend(loc="outside upper center", ncols=len(CONTENDERS), frameon=False)
    return figure


def _stages(pyplot: Any, result: Mapping[str, Any]) -> Any:
    """Where a page of scanpipe spends its time, by input."""
    figure = pyplot.Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), layout="constrained")
    axes = figure.add_subplot()
    names = [i["input"] for i in result["inputs"]]
    stages = list(dict.fromkeys(s for i in result["inputs"] for s in i["stages_ms"]["scanpipe"]))
    left = [0.0] * len(names)
    for stage in stages:
        found = [i["stages_ms"]["scanpipe"].get(stage, 0.0) for i in result["inputs"]]
        if max(found) >= 0.5:
            axes.barh(names, found, left=left, label=stage)
            left = [a + b for a, b in zip(left, found, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("CPU a page in a worker process, ms")
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    return figure

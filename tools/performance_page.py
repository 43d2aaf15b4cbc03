"""Puts what `scanpipe bench --report docs/performance` found into docs/performance.md, between its marks.

python -m tools.performance_page
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.marks import fill

FOLDER = Path("docs/performance")
PAGE = Path("docs/performance.md")


def tables(found: Mapping[str, Any], report: str) -> dict[str, str]:
    """By the place that each has in the page."""
    ratios, rest = report.split("\n## A page\n")
    head = "| figure | goal | this run |\n|---|---|---|\n"
    return {
        "ratios": ratios,
        "drop": "## From drop to slot" + rest.split("## From drop to slot")[1],
        "goals": head + "\n".join(f"| {' | '.join(row)} |" for row in goals(found)),
    }


def goals(r: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Figure, goal, and what this run found."""
    inputs = {i["input"]: i for i in r["inputs"]}

    def ratio(name: str, figure: str) -> str:
        return f"{inputs[name]['ratios'][figure]['median']:.2f}"

    yield "CPU a page, gray, skewed ÷ floor", "1.6", ratio("gray-skewed", "cpu_to_floor")
    yield "CPU a page, gray, straight ÷ floor", "0.7", ratio("gray-straight", "cpu_to_floor")
    yield "CPU a page, gray, upside down ÷ floor", "1.0", ratio("gray-upside-down", "cpu_to_floor")
    yield "CPU a page, colour, skewed ÷ colour floor", "1.7", ratio("colour-skewed", "cpu_to_floor")
    yield "pages a second ÷ textbook, a mix as an office scans it", "10", ratio("office", "speed_to_textbook")
    yield "pages a second ÷ textbook, skewed", "10", ratio("gray-skewed", "speed_to_textbook")
    yield "pages a second ÷ textbook, colour, skewed", "10", ratio("colour-skewed", "speed_to_textbook")
    yield "pages a second ÷ textbook, straight", "25", ratio("gray-straight", "speed_to_textbook")
    yield "two processes against one", "1.85", f"{r['gain_all_to_one_worker']['median']:.2f}"
    parents = [i["scanpipe"]["own_cpu_ms"]["median"] for i in r["inputs"]]
    yield "the parent's CPU a page", "4 ms", f"{min(parents):.1f} to {max(parents):.1f} ms, by input"
    steady = next(v for way, v in r["drop_to_slot"].items() if "second" in way)
    found = f"p50 {steady['p50_s']:.2f} s, p99 {steady['p99_s']:.2f} s"
    yield "drop to slot, 5 files a second", "p50 0.25 s, p99 1 s", found
    long = r["long_file"]
    yield f"PDF of {long['pages']} pages: first page filed after", "1 s", f"{long['first_s']:.2f} s"
    peak = max(i["scanpipe"]["peak_mib"]["high"] for i in r["inputs"])
    yield "memory of the process tree, any of these inputs", "700 MiB", f"{peak:.0f} MiB"
    for name, part in (("gray-skewed", 10), ("gray-straight", 25)):
        script, floor = (inputs[name][program]["cpu_ms"]["median"] for program in ("textbook", "floor"))
        yield (
            f"for comparison, {name}: 1/{part} of the textbook script's CPU; the floor",
            "",
            f"{script / part:.0f}; {floor:.0f} ms",
        )
    if "S3" in r["stores"]:
        yield (
            "pages a second into an S3 server on the same cores",
            "30",
            f"{r['stores']['S3']['pages_s']['median']:.1f}",
        )


def main() -> None:
    found, report = json.loads((FOLDER / "bench.json").read_text()), (FOLDER / "bench.md").read_text()
    fill(PAGE, tables(found, report))


if __name__ == "__main__":
    main()

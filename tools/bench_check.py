"""Has the hot path become slower? Runs the bench and compares its ratios with the recorded ones.

    python -m tools.bench_check docs/performance/bench.json

Compared are ratios taken in one run (CPU of scanpipe against that of the codecs and of the textbook script), which a busy machine
spoils least. A ratio that is worse than recorded by more than the tolerance ends this with an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TOLERANCE = 0.15
"""Runs of one commit differed by up to 12 % in these medians on shared machines."""


def slower(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each ratio that is worse by more than the tolerance."""
    before = {i["input"]: i["ratios"] for i in recorded["inputs"]}
    for found in now["inputs"]:
        old, new = before.get(found["input"]), found["ratios"]
        if old is None:
            continue
        floor = new["cpu_to_floor"]["median"] / old["cpu_to_floor"]["median"] - 1
        textbook = old["cpu_textbook_to_scanpipe"]["median"] / new["cpu_textbook_to_scanpipe"]["median"] - 1
        if min(floor, textbook) > TOLERANCE:  # both: one of them alone says as much about the other program
            yield f"{found['input']}: {100 * floor:.0f} % more against the codecs, {100 * textbook:.0f} % against the script"


def main(recorded: str) -> None:
    before = json.loads(Path(recorded).read_text())
    inputs = ",".join(i["input"] for i in before["inputs"])
    command = [sys.executable, "-m", "scanpipe", "bench", "--json", "--drops", "0", "--inputs", inputs]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    complaints = list(slower(before, json.loads(done.stdout)))
    for complaint in complaints:
        print(f"slower than recorded: {complaint}")
    print(f"{len(before['inputs'])} inputs compared, {len(complaints)} slower by more than {100 * TOLERANCE:.0f} %")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main(*sys.argv[1:])

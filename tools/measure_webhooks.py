"""Is intake slowed by a receiver of webhooks that hangs? The same sheets without one, with one that takes all, one that hangs.

python -m tools.measure_webhooks --sheets 200 --turns 5

`scanpipe up` works off a hot folder that is full when it starts. The three take turns, so that whatever else the machine does
meets all of them alike.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanpipe.bench.pages import scan_sheets
from scanpipe.bench.printing import Printed, print_sheets
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.programs.receiver_process import ReceiverProcess
from tests.serving import MortalServer

_KIND, _TEST = "office", "BENCH-1"
_MOODS = (None, "well", "hangs")
_SAID = {None: "no webhook", "well": "a receiver that takes all", "hangs": "a receiver that hangs"}


@dataclass(frozen=True)
class Run:
    """`seconds` from the first page in its slot to the last; `cpu_s` of the whole program."""

    seconds: float
    cpu_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanpipe-webhooks-") as folder:
        place = Path(folder)
        printed = print_sheets(place, args.sheets)
        scan_sheets(printed.pdf, args.sheets, [_KIND], place / "scans", 20261203, lambda _: None)
        runs: dict[str | None, list[Run]] = {mood: [] for mood in _MOODS}
        for turn in range(args.turns):
            for mood in _MOODS[turn % 3 :] + _MOODS[: turn % 3]:
                runs[mood].append(take_in(printed, place / f"run {turn} {mood}", place / "scans" / _KIND, mood))
                print(f"turn {turn + 1}, {_SAID[mood]}: {runs[mood][-1]}", file=sys.stderr)
    print(table(args.sheets, runs))
    return 0


def take_in(printed: Printed, place: Path, scans: Path, mood: str | None) -> Run:
    """All scans through `scanpipe up`."""
    place.mkdir()
    allowed = {"SCANPIPE__WEBHOOKS__ALLOW_PRIVATE": "true"}
    home = Installation(printed.copy(place / "data"), printed.pdf, printed.sheets, allowed)
    receiver = ReceiverProcess(place / "receiver", mood) if mood else None
    if receiver is not None:
        home.run("webhooks", "add", _TEST, receiver.url)
    shutil.copytree(scans, home.settings.inbox_path, dirs_exist_ok=True)
    count = len(list(scans.iterdir()))
    with MortalServer(home, "up") as program:
        times = _filed(home, count)
        cpu_s = _cpu_s(program.process.pid)
        program.stop()
    if receiver is not None:
        receiver.kill()
        assert bool(receiver.took()) == (mood == "well")
    return Run((max(times) - min(times)).total_seconds(), cpu_s)


def _filed(home: Installation, count: int) -> list[datetime]:
    """When each page came into its slot, once all are there."""
    with open_parts(home.settings) as parts:
        while True:
            with parts.ledger.read() as r:
                if r.counts().get("filed") == count:
                    return [datetime.fromisoformat(p.at) for p in r.pages_in("filed")]
            time.sleep(0.3)


def _cpu_s(pid: int) -> float:
    """Of a process and its children, dead and alive."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu_s(child) for child in _children(pid))


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ends meanwhile
            yield from map(int, (task / "children").read_text().split())


def table(sheets: int, runs: dict[str | None, list[Run]]) -> str:
    rows = [
        f"| {sheets} sheets, median of {len(runs[None])} | pages a second | CPU a page | intake's rate, of that without |"
    ]
    rows.append("|---|---|---|---|")
    plain_s = [run.seconds for run in runs[None]]
    for mood, some in runs.items():
        ratio = statistics.median(plain / run.seconds for plain, run in zip(plain_s, some, strict=True))
        rate = (sheets - 1) / statistics.median(run.seconds for run in some)
        cpu_ms = 1000 * statistics.median(run.cpu_s for run in some) / sheets
        rows.append(f"| {_SAID[mood]} | {rate:.1f} | {cpu_ms:.0f} ms | {_spread(ratio, plain_s, some)} |")
    return "\n".join(rows)


def _spread(ratio: float, plain_s: Sequence[float], runs: Sequence[Run]) -> str:
    ratios = sorted(plain / run.seconds for plain, run in zip(plain_s, runs, strict=True))
    return f"{ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


if __name__ == "__main__":
    sys.exit(main())

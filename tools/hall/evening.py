"""A mixed evening: every paper that a hall knows, and homes, in one run; what became of every page against the truth.

python -m tools.hall.evening --pages 2000 --write      # puts the table into docs/reading.md
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scanpipe.desk.folders import files_below
from scanpipe.desk.parts import Parts
from scanpipe.desk.verifying import STATES
from scanpipe.model import PageRecord, Slot
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.serving import serving
from tools.hall import stacks
from tools.hall.exam import Press
from tools.hall.homes import home_exam, send
from tools.hall.stacks import Drop, Truth
from tools.marks import fill

PAGE = Path("docs/reading.md")
Progress = Callable[[int, int], None]
_PATIENCE_S = 3600

SHARES = {
    stacks.rehearsal: 3,
    stacks.pad: 25,
    stacks.generic: 15,
    stacks.both_sides: 15,
    stacks.written_backs: 15,
    stacks.separated: 12,
    stacks.phones: 7,
}
"""How many of a hundred pages; a rehearsal is printed before the real test is registered."""
AT_HOME = 8
"""So many of a hundred are handed in by links."""


@dataclass
class Tally:
    """What became of the pages of one kind of paper. `held` are for the right reason, `aside` blank or separators."""

    pages: int = 0
    filed: int = 0
    held: int = 0
    aside: int = 0
    wrong: list[str] = field(default_factory=list)
    """Those that are not where they belong, and not held for the right reason."""
    misfiled: list[str] = field(default_factory=list)


def hall(folder: Path) -> Installation:
    """A fresh installation with a scanner of both sides, and a folder for pictures from phones."""
    config = folder / "scanpipe.toml"
    sources = {stacks.BOTH: "duplex = true", stacks.PHONES: 'kind = "phone"'}
    lines = [f'[[source]]\nname = "{name}"\n{what}\n' for name, what in sources.items()]
    config.write_text("".join(lines), encoding="utf-8")
    return Installation(folder / "data", folder / "none.pdf", (), {"SCANPIPE_CONFIG": str(config)})


def evening(home: Installation, pages: int, seed: int, progress: Progress = lambda done, of: None) -> dict[str, Tally]:
    """Prints, feeds the hot folder of a program that runs, and waits until it is empty. Raises TimeoutError.

    `progress` hears how many pages are done, and of how many that were fed.
    """
    press = Press(home.run, home.data_dir.parent, candidates=max(8, pages // 6))
    fed: dict[str, tuple[Truth, ...]] = {}
    with serving(home, "up") as url, open_parts(home.settings) as parts:
        for drop in drops(press, pages, seed):
            place = parts.folders.inbox / drop.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(drop.body)
            fed[drop.name] = drop.pages
        for hand_in in home_exam(press, pages * AT_HOME // 100, np.random.default_rng((seed, AT_HOME))):
            send(url, hand_in)
            fed |= {name: (truth,) for name, truth in hand_in.truths.items()}
        _wait(parts, sum(map(len, fed.values())), progress)
        return compared(parts, fed)


def _wait(parts: Parts, pages: int, progress: Progress) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end_s:
        with parts.ledger.read() as r:
            counts = r.counts()
        under_way = counts.get("waiting", 0) + counts.get("placing", 0)
        progress(sum(counts.values()) - under_way, pages)
        if not any(files_below(parts.folders.inbox)) and not under_way and sum(counts.values()) >= pages:
            return
        time.sleep(0.5)
    raise TimeoutError(f"{pages} pages were fed, and these came: {counts}")


def drops(press: Press, pages: int, seed: int) -> Iterator[Drop]:
    """About so many pages, stack after stack."""
    for n, (stack, share) in enumerate(SHARES.items()):
        yield from stack(press, max(1, pages * share // sum(SHARES.values())), np.random.default_rng((seed, n)))


def compared(parts: Parts, fed: Mapping[str, tuple[Truth, ...]]) -> dict[str, Tally]:
    """The tallies by paper. `fed` has the pages of each file by its name. Raises LedgerFault."""
    with parts.ledger.read() as r:
        files = {scan.scan: scan.file for scan in r.scans()}
        became = {(_name(files[page.scan]), page.page): page for page in r.pages_in(*STATES)}
    tallies: dict[str, Tally] = defaultdict(Tally)
    for name, pages in fed.items():
        for number, truth in enumerate(pages, 1):
            _count(tallies[truth.paper], truth, became.get((name, number)), f"{name}, page {number}")
    return tallies


def _name(file: str) -> str:
    """As it was fed: what is handed in by a link goes into a job folder, numbered."""
    return file.rpartition(" ")[2] if " hjemme-" in file else file


def _count(tally: Tally, truth: Truth, page: PageRecord | None, what: str) -> None:
    tally.pages += 1
    if page is None:
        tally.wrong.append(f"{what}: missing")
    elif page.state == "filed":
        tally.filed += 1
        if Slot(page.test or "", page.candidate or "", page.question or "") != truth.slot:
            tally.misfiled.append(f"{what}: {page.key}")
    elif page.state == "held" and page.reason in truth.held:
        tally.held += 1
    elif page.state == truth.aside:
        tally.aside += 1
    else:
        tally.wrong.append(f"{what}: {page.state} {page.reason or ''}")


def table(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """Markdown."""
    yield "| paper | pages | filed | held, for the right reason | blank, separator, replaced | elsewhere | misfiled |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, t in tallies.items():
        yield _row(name, [t])
    yield _row("**all**", tallies.values())


def _row(name: str, of: Iterable[Tally]) -> str:
    sums = [(t.pages, t.filed, t.held, t.aside, len(t.wrong), len(t.misfiled)) for t in of]
    return f"| {name} | {' | '.join(str(sum(column)) for column in zip(*sums, strict=True))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reading.md")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = hall(Path(folder))
        tallies = evening(home, args.pages, args.seed)
        print(home.run("verify"))
    lines = list(table(tallies))
    print("\n".join(lines))
    for tally in tallies.values():
        for what in tally.misfiled + tally.wrong:
            print(what)
    if args.write:
        fill(PAGE, {"evening": "\n".join(lines)})


if __name__ == "__main__":
    main()

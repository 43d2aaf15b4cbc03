"""Reads generated scans, compares with the truth, adds up over runs: filed, held, misfiled; beside it each reader alone.

    python -m tools.proof_reading --pages 2000     # goes on where the last run ended: no scan is ever made twice
    python -m tools.proof_reading --table          # puts the sums of all runs into docs/reading.md

The scans come from `tools.scansim`, with which nothing was tuned; one in ten shows codes of another sheet. A page goes through
`pipeline.examine` and `pipeline.judge`; the record of printing is asked, the ledger's memory (a serial seen before, a full
slot) is not: `tests/corpus` does that. A reader alone has read a page when its codes, on the whole page at full resolution
with every try that it has, name candidate and question of the sheet under a valid signature; readers alone get some of the
chunks, since they take up to twenty times as long: zxing-cpp and pyzbar every sixth, OpenCV every thirtieth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2

from scanpipe.codes import Authentic, Key, Keyring, Kind, decode
from scanpipe.definitions import load
from scanpipe.model import Claims, Filed, Sheet, TestDefinition
from scanpipe.pipeline import examine, judge
from scanpipe.readers import open_reader
from scanpipe.sheets import draw, plan, write_manifest
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.read import Eyes, Gray
from scanpipe.stages.unpack import Limits, Page, load_page
from scanpipe.stages.validate import Facts
from tools.marks import fill
from tools.scansim.corpora import Scan, corpus
from tools.scansim.effects import EFFECTS

TALLY = Path("docs/reading/tally.json")
PAGE = Path("docs/reading.md")
DEFINITION = Path("config/tests/mathematics.yaml")
_SHEETS, _CHUNK = 120, 20
KEY = Key("PRF", b"the key of the reading proof, and of nothing else")
LIMITS = Limits(max_pixels=200_000_000, max_pages=10, max_bytes=200_000_000)
_PROFILES = ("office", "hard", "brutal")
OTHERS = tuple(name for name, effect in EFFECTS.items() if effect.shows_other)
SINGLE = tuple(name for name in EFFECTS if name not in OTHERS)


@dataclass(frozen=True)
class Records:
    """What was printed, and nothing that came before."""

    definition: TestDefinition
    sheets: Mapping[str, Sheet]

    def printed(self, serial: str) -> Sheet | None:
        return self.sheets.get(serial)

    def facts(self, claims: Claims) -> Facts:
        return Facts(self.definition if claims.test == self.definition.id.upper() else None)


@dataclass(frozen=True)
class Press:
    """The printed sheets as the simulator wants them."""

    pdf: Path
    manifest: Path
    records: Records
    _folder: Any


@cache
def press() -> Press:
    """Prints the sheets, once a process."""
    definition = load(DEFINITION)
    sheets = [
        Sheet(f"{1 + n:08d}", definition.id, p.candidate, p.question, p.number, p.of, 1)
        for n, p in enumerate(plan(definition)[:_SHEETS])
    ]
    folder = tempfile.TemporaryDirectory(prefix="scanpipe-proof-")
    pdf, manifest = Path(folder.name) / "sheets.pdf", Path(folder.name) / "sheets.csv"
    draw(sheets, definition, KEY, pdf)
    write_manifest(sheets, definition, manifest)
    return Press(pdf, manifest, Records(definition, {s.serial: s for s in sheets}), folder)


def read_chunk(profile: str, number: int) -> Counter[str]:
    """One chunk of scans: how many were filed, held (in all, and by reason), misfiled; how many each reader read alone."""
    cv2.setNumThreads(1)
    keyring = Keyring.of(KEY)
    found: Counter[str] = Counter()
    seed = zlib.crc32(f"{profile}:{number}".encode())
    for scan in corpus(press().pdf, press().manifest, profile, seed, _CHUNK):
        page, outcome = read_scan(scan)
        found.update(outcome)
        for name, (every, texts) in READERS.items():
            if number % every == 0:
                found[f"{name}: given"] += 1
                found[f"{name}: read"] += names_all(texts(page.gray(1)), scan.truth["serial"], keyring)
    return found


def read_scan(scan: Scan) -> tuple[Page, tuple[str, ...]]:
    """The page, and what became of it: "pages", then "filed", "misfiled", or "held" and why."""
    page = load_page(scan.data, 1, LIMITS)
    assert isinstance(page, Page)
    eyes = Eyes(open_reader("zxing"), open_reader("zbar"))
    verdict = judge(examine(page, eyes, 85).sight, Keyring.of(KEY), press().records, QualityRules())
    if not isinstance(verdict, Filed):
        return page, ("pages", "held", f"held: {getattr(verdict, 'reason', 'blank')}")
    right = verdict.serial == scan.truth["serial"] and not scan.truth["other_serials"]
    return page, ("pages", "filed" if right else "misfiled")


def names_all(texts: Iterable[str], serial: str, keyring: Keyring) -> bool:
    """Whether these codes say candidate and question of the sheet."""
    said = [d for t in texts if isinstance(d := decode(t, keyring), Authentic) and d.claims.serial == serial]
    kinds = {d.kind for d in said}
    return Kind.SHEET in kinds or {Kind.CANDIDATE, Kind.QUESTION} <= kinds


def _by(name: str) -> Callable[[Gray], list[str]]:
    return lambda gray: [c.text for c in open_reader(name).search(gray, frozenset({"qr"}))]


def _by_opencv(gray: Gray) -> list[str]:
    try:
        return list(cv2.QRCodeDetector().detectAndDecodeMulti(gray)[1])
    except cv2.error:  # it throws on some pictures
        return []


READERS: dict[str, tuple[int, Callable[[Gray], list[str]]]] = {
    "zxing-cpp": (6, _by("zxing")),
    "pyzbar": (6, _by("zbar")),
    "OpenCV": (30, _by_opencv),
}
"""Every which chunk each is given."""


def chunks(tally: Mapping[str, Mapping[str, int]], pages: int) -> Iterator[tuple[str, int]]:
    """Which chunks come next: those corpora first that have the fewest pages for their share."""
    shares = dict.fromkeys(_PROFILES, 12.0) | dict.fromkeys(SINGLE, 1.0)
    shares |= dict.fromkeys(OTHERS, sum(shares.values()) / 9 / len(OTHERS))
    done = {name: tally.get(name, {}).get("pages", 0) // _CHUNK for name in shares}
    for _ in range(-(-pages // _CHUNK)):
        name = min(shares, key=lambda n: (done[n] / shares[n], n))
        yield name, done[name]
        done[name] += 1


def run(pages: int, processes: int) -> None:
    """Reads so many more pages; what is done is kept after every chunk, in the order of the chunks."""
    tally = load_tally()
    todo = list(chunks(tally, pages))
    with ProcessPoolExecutor(processes) as pool:
        for number, ((name, _), found) in enumerate(
            zip(todo, pool.map(read_chunk, *zip(*todo, strict=True)), strict=True)
        ):
            tally[name] = dict(sorted((Counter(tally.get(name, {})) + found).items()))
            TALLY.parent.mkdir(parents=True, exist_ok=True)
            TALLY.write_text(json.dumps(tally, indent=1, sort_keys=True) + "\n")
            print(
                f"\r{number + 1} of {len(todo)} chunks; misfiled {misfiled(tally)}  ",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print(f"\n{sum(t['pages'] for t in tally.values())} pages in all, {misfiled(tally)} misfiled")
    sys.exit(misfiled(tally) > 0)


def load_tally() -> dict[str, dict[str, int]]:
    return json.loads(TALLY.read_text()) if TALLY.exists() else {}


def misfiled(tally: Mapping[str, Mapping[str, int]]) -> int:
    return sum(t.get("misfiled", 0) for t in tally.values())


def table(tally: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Rows by corpus, and the sum; the readers in percent of the pages that they were given."""
    columns = ("pages", "filed", "held", "misfiled")
    yield f"| corpus | {' | '.join(columns)} | filed, % | {' | '.join(f'{r}, %' for r in READERS)} | held because |"
    yield "|---|" + "--:|" * (len(columns) + 1 + len(READERS)) + "---|"
    total: Counter[str] = sum((Counter(t) for t in tally.values()), Counter())
    rows = [(n, tally[n]) for n in (*_PROFILES, *sorted(SINGLE), *sorted(OTHERS)) if n in tally]
    for name, counts in [*rows, ("**all**", total)]:
        shares = [_percent(counts.get("filed", 0), counts["pages"])]
        shares += [_percent(counts.get(f"{r}: read", 0), counts.get(f"{r}: given", 0)) for r in READERS]
        why = ", ".join(f"{k.removeprefix('held: ')} {n}" for k, n in sorted(counts.items()) if k.startswith("held: "))
        cells = [*(str(counts.get(c, 0)) for c in columns), *shares, "" if name == "**all**" else why]
        yield f"| {name} | {' | '.join(cells)} |"


def _percent(some: int, of: int) -> str:
    return f"{100 * some / of:.1f}" if of else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, help="how many more pages to read")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="put the sums of all runs into the page")
    args = parser.parse_args()
    if args.table:
        fill(PAGE, {"tally": "\n".join(table(load_tally()))})
    else:
        run(args.pages, args.processes)


if __name__ == "__main__":
    main()

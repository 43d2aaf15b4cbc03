"""Reads generated generic sheets and compares with the truth: filed, held, misfiled, by style of shading.

    python -m tools.measure_shaded --room tuning --count 400
    python -m tools.measure_shaded --room proof --count 5000 --seed 9 --write    # puts the table into docs/reading.md
    python -m tools.measure_shaded --cost 40     # the CPU of a page against that of a personal sheet, in one run

Half of the sheets carry codes made here; on the other half every number of seven digits names a place of its own, as the worst
of imported codes would, so that one digit read wrongly misfiles. Pages go through `pipeline.see` and `pipeline.judge`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pypdfium2

from scanpipe.codes import Keyring
from scanpipe.model import Candidate, Claims, Filed, Held, Question, Sheet, Slot, TestDefinition, Verdict
from scanpipe.pipeline import examine, judge, see
from scanpipe.readers import open_reader
from scanpipe.shaded_codes import make
from scanpipe.sheets import draw
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.read import Eyes
from scanpipe.stages.shaded import Coded
from scanpipe.stages.unpack import Limits, Page, load_page
from scanpipe.stages.validate import Facts
from tools.marks import fill
from tools.scanner import faults, formats
from tools.scansim.raster import Image, Rng
from tools.shaded.corpus import KEY, ROOMS, TUNING, Scan, one, own_layout, scans
from tools.shaded.hands import HANDS

PAGE = Path("docs/reading.md")
LIMITS = Limits(max_pixels=200_000_000, max_pages=10, max_bytes=200_000_000)
_MADE = 17_000
_TEST = TestDefinition(
    "SHADED", "Shaded codes", "2026-12-03", "en", True, (Question("1", "1", "allowed"),), (Candidate("0"),)
)


@cache
def made_codes() -> tuple[str, ...]:
    """The codes of a large exam day."""
    return tuple(make(_MADE, (), Random(20261203)))


def code_of(rng: Rng) -> str:
    """A made code, or any number."""
    if rng.random() < 0.5:
        return made_codes()[int(rng.integers(_MADE))]
    return f"{int(rng.integers(10**7)):07d}"


@dataclass(frozen=True)
class Records:
    """`dense`: every number was given out; else the made codes. Each names a candidate of its own, called as the code."""

    dense: bool

    def printed(self, serial: str) -> Sheet | None:
        return None

    def facts(self, claims: Claims) -> Facts:
        candidate = Candidate(claims.candidate or "")
        return Facts(TestDefinition(_TEST.id, _TEST.title, _TEST.date, "en", True, _TEST.questions, (candidate,), 1))

    def coded(self, code: str) -> Sequence[Coded]:
        return [Coded(code, _TEST.id, code, "1")] if self.dense or code in _made_set() else []

    def numbered(self, slot: Slot) -> dict[int, str]:
        return {}


@cache
def _made_set() -> frozenset[str]:
    return frozenset(made_codes())


@dataclass
class Tally:
    """What became of the sheets of a style."""

    pages: int = 0
    filed: int = 0
    misfiled: list[str] = field(default_factory=list)


def read(room: str, count: int, seed: int, first: int = 0) -> dict[str, Tally]:
    """The tallies by style of so many scans."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for n, scan in enumerate(scans(ROOMS[room], count, seed, code_of, first=first), first):
        verdict, tally = verdict_on(scan), tallies[scan.style]
        what = f"{n}: {scan.style}, {scan.effect}, {scan.dpi} dpi, {scan.code} {scan.number}"
        tally.pages += 1
        if isinstance(verdict, Filed):
            tally.filed += 1
            if HANDS[scan.style].held or not _is_right(scan, verdict):
                shaded = verdict.evidence["shaded"]
                tally.misfiled.append(f"{what} → {shaded['code']} {shaded['page']}")
        elif not isinstance(verdict, Held):
            tally.misfiled.append(f"{what} → counted as a sheet that nobody touched")
        elif HANDS[scan.style].careful:
            why = verdict.evidence.get("detail") or verdict.evidence.get("conflict", "")
            print(f"  held {what}: {verdict.reason} {why}")
    return tallies


def _is_right(scan: Scan, verdict: Filed) -> bool:
    return verdict.slot.candidate == scan.code and verdict.evidence.get("page_number") in (int(scan.number), None)


def verdict_on(scan: Scan) -> Verdict:
    """What the machine makes of a scan."""
    page = load_page(scan.data, 1, LIMITS)
    assert isinstance(page, Page)
    return judge(
        see(page, _eyes(), (own_layout(),)), Keyring.of(KEY), Records(scan.code not in _made_set()), QualityRules()
    )


@cache
def _eyes() -> Eyes:
    return Eyes(open_reader("zxing"), open_reader("zbar"))


def table(tallies: dict[str, Tally]) -> Iterator[str]:
    """Markdown."""
    yield "| shading | pages | filed | held | misfiled | filed, % |"
    yield "|---|--:|--:|--:|--:|--:|"
    groups = {"carefully shaded": [s for s in HANDS if HANDS[s].careful], "all": list(HANDS)}
    for style in HANDS:
        yield _row(style + (" (must be held)" if HANDS[style].held else ""), [tallies[style]])
    for name, styles in groups.items():
        yield _row(f"**{name}**", [tallies[s] for s in styles])


def _row(name: str, of: list[Tally]) -> str:
    pages, filed, wrong = (sum(t.pages for t in of), sum(t.filed for t in of), sum(len(t.misfiled) for t in of))
    return f"| {name} | {pages} | {filed} | {pages - filed} | {wrong} | {100 * filed / max(1, pages):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", choices=sorted(ROOMS), default="tuning")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument(
        "--first", type=int, default=0, help="the number of the first scan: runs can be cut into pieces"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, help="add what is found to this file (JSON), and print its sums")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reading.md")
    parser.add_argument("--cost", type=int, help="so many pages of each kind")
    args = parser.parse_args()
    if args.cost:
        cost(args.cost)
        return
    began_s = time.process_time()
    tallies = read(args.room, args.count, args.seed, args.first)
    if args.into is not None:
        tallies = added(args.into, tallies)
    lines = list(table(tallies))
    print("\n".join(lines))
    for tally in tallies.values():
        for wrong in tally.misfiled:
            print("MISFILED", wrong)
    print(f"{time.process_time() - began_s:.0f} s of CPU")
    if args.write:
        fill(PAGE, {"shaded": "\n".join(lines)})


def cost(count: int) -> float:
    """CPU of `pipeline.examine`, picture and all: personal and generic sheets at 200 dpi take turns, both drawn on. Answers how
    many times that of a personal sheet a generic one takes.
    """
    times_ms: dict[str, list[float]] = {"personal": [], "generic": []}
    for n in range(count):
        rng = np.random.default_rng((42, n))
        personal = formats.jpeg(_fed(_personal(n), rng), _COST_DPI, 85)
        style = [s for s in HANDS if HANDS[s].careful][n % 5]
        generic = one(_DRAWN, style, code_of(rng), f"{1 + n:08d}", rng, (_COST_DPI,)).data
        for kind, body in (("personal", personal), ("generic", generic)):
            page = load_page(body, 1, LIMITS)
            assert isinstance(page, Page)
            began_s = time.process_time()
            seen = examine(page, _eyes(), 85, (own_layout(),)).sight
            times_ms[kind].append(1000 * (time.process_time() - began_s))
            assert (seen.shading is not None) == (kind == "generic")
    personal_ms, generic_ms = (float(np.median(times_ms[kind])) for kind in ("personal", "generic"))
    told = f"personal {personal_ms:.1f} ms, generic {generic_ms:.1f} ms of CPU (medians of {count})"
    print(f"{told}: {generic_ms / personal_ms:.2f} of a personal page")
    return generic_ms / personal_ms


def _personal(n: int) -> Image:
    """A sheet of the simulator's usual answer, printed for somebody."""
    definition = replace(_TEST, candidates=(Candidate(f"{10_000 + n}"),))
    sheet = Sheet(f"{1 + n:08d}", definition.id, f"{10_000 + n}", "1", 1, 1, 1)
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "sheet.pdf"
        draw([sheet], definition, KEY, pdf)
        document = pypdfium2.PdfDocument(pdf)
        page: Image = document[0].render(scale=_COST_DPI / 72, grayscale=True).to_numpy().squeeze().copy()
        document.close()
    return page


_COST_DPI = 200
_DRAWN = replace(TUNING, effects={"plain": TUNING.effects["plain"]}, scan=lambda page, dpi, rng: _fed(page, rng))


def _fed(page: Image, rng: Rng) -> Image:
    """The same answer, skew and noise for both kinds."""
    drawn = TUNING.answer(page, _COST_DPI, np.random.default_rng(5))
    return faults.scanned(faults.fed_askew(drawn, float(rng.normal(0, 1))), rng, noise=3.0)


def added(path: Path, tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    """The sums of a file with these; they are kept there."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    sums = defaultdict(Tally, {style: Tally(**of) for style, of in kept.items()})
    for style, tally in tallies.items():
        sums[style].pages += tally.pages
        sums[style].filed += tally.filed
        sums[style].misfiled += tally.misfiled
    text = json.dumps({style: asdict(of) for style, of in sums.items()}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return sums


if __name__ == "__main__":
    main()

"""Reads generated pictures from phones and compares with the truth: corners, codes, filed, held, misfiled, by group.

    python -m tools.measure_phones --room tuning --count 40
    python -m tools.measure_phones --room reported --proof     # the 500 pictures, and the groups beyond; goes on where it ended
    python -m tools.measure_phones --table                     # puts the sums into docs/phones.md

A picture goes through what `pipeline.examine_picture` does and `pipeline.judge`; the record of printing is asked. The error of
the corners is how far the true corners of the paper are from those of the rectified page, on average, in percent of its width;
that of the inside is the same of 108 places all over the page, in mm. The tables that sheets lie on, and what is drawn on them,
are others in the room for tuning. Misfiled is what is filed in another sheet's slot, "beside" what is filed rightly though
another sheet is on the picture as well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from scanpipe.codes import Keyring
from scanpipe.model import Filed
from scanpipe.pipeline import Examined, examine_taken, judge
from scanpipe.readers import open_reader
from scanpipe.stages.phone import How, Rectified, rectify
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.read import Eyes
from scanpipe.stages.unpack import Page, load_page
from tools.marks import fill
from tools.phones.groups import GROUPS, STRANGE, USUAL, shots
from tools.phones.shots import REPORTED, SMALL, TUNING, Shot
from tools.proof_reading import KEY, LIMITS, names_all, press
from tools.scanner.paper import Paper

ROOMS = {"tuning": TUNING, "reported": REPORTED, "small": replace(REPORTED, sizes=SMALL)}
TALLY, PAGE = Path("docs/reading/phones.json"), Path("docs/phones.md")
SEEDS = {"sheets": 71_001, "sheets, 5 megapixels": 71_001}
SEED = 72_001
"""Of the other groups: what was seen of plain paper with the seed before led to a change."""
PROOF = {"sheets": 200, "sheets, 5 megapixels": 150, "plain paper": 150}
_BEYOND = 6
_COLUMNS = (
    "group",
    "pictures",
    "rectified",
    "corner error, mean, %",
    "largest, %",
    "inside, mean, mm",
    "codes read",
    "filed",
    "beside",
    "misfiled",
    "CPU, s",
    "held because",
)
_GRID = np.stack(np.meshgrid(np.linspace(12, 198, 9), np.linspace(12, 285, 12)), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Outcome:
    """What became of a picture. Errors are None where the page stayed as it came; `turned` that of a page without codes."""

    how: str
    verdict: str
    read: bool
    corners: float | None
    inside_mm: float | None
    advice: tuple[str, ...]
    cpu_s: float
    effects: tuple[str, ...]


@cache
def eyes() -> Eyes:
    cv2.setNumThreads(1)
    return Eyes(open_reader("zxing"), open_reader("zbar"))


def run(group: str, room: str, seed: int, count: int, first: int = 0) -> Iterator[Outcome]:
    """What became of so many pictures of a group."""
    printed = press()
    paper = Paper(printed.pdf, printed.manifest)
    for shot in shots(group, ROOMS[room], paper, seed, count, first):
        yield outcome(shot)


def outcome(shot: Shot) -> Outcome:
    """One picture through the journey."""
    page = load_page(shot.body, 1, LIMITS)
    assert isinstance(page, Page)
    began = time.process_time()
    rectified = rectify(page.colour(), eyes())
    examined = examine_taken(page, rectified, eyes(), 85)
    spent = time.process_time() - began
    verdict = judge(examined.sight, Keyring.of(KEY), press().records, QualityRules())
    taken = examined.sight.taken
    assert taken is not None
    corners, inside = errors(shot, rectified) if rectified.lie is not None else (None, None)
    return Outcome(
        taken.how,
        _became(shot, verdict),
        _read(shot, examined),
        corners,
        inside,
        tuple(what for what, _ in taken.advice),
        round(spent, 3),
        shot.effects,
    )


def errors(shot: Shot, rectified: Rectified) -> tuple[float, float]:
    """Of the corners in percent of the width, and of the inside in mm."""
    lie = rectified.lie
    assert lie is not None
    w, h = lie.paper.width_mm, lie.paper.height_mm
    nominal = np.array([(0, 0), (w, 0), (w, h), (0, h)])
    seen = lie.to_sheet(shot.corners)
    off = min(float(np.linalg.norm(np.roll(seen, r, axis=0) - nominal, axis=1).mean()) for r in _turns(rectified))
    places = np.linalg.norm(lie.to_sheet(shot.at(_GRID)) - _GRID, axis=1).mean()
    return round(off / w * 100, 4), round(float(places), 3)


def _turns(rectified: Rectified) -> Sequence[int]:
    """By the outline alone nobody can say which side is up; by codes one can."""
    return (0,) if rectified.how is How.CODES else range(4)


def _became(shot: Shot, verdict: object) -> str:
    if not isinstance(verdict, Filed):
        return f"held: {getattr(verdict, 'reason', 'blank')}"
    if shot.row is None or verdict.serial != shot.row.serial or "glued" in shot.others:
        return "misfiled"
    return "beside" if shot.others else "filed"


def _read(shot: Shot, examined: Examined) -> bool:
    texts = [code.text for code in examined.sight.codes]
    return shot.row is not None and names_all(texts, shot.row.serial, Keyring.of(KEY))


def table(tally: Mapping[str, Sequence[Mapping[str, object]]]) -> Iterator[str]:
    """A row for each group."""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|---|{'--:|' * (len(_COLUMNS) - 2)}---|"
    for group in (g for g in GROUPS if tally.get(g)):
        rows = tally[group]
        corners = [float(r["corners"]) for r in rows if r["corners"] is not None]  # type: ignore[arg-type]
        inside = [float(r["inside_mm"]) for r in rows if r["inside_mm"] is not None]  # type: ignore[arg-type]
        verdicts = [str(r["verdict"]) for r in rows]
        why = {v.removeprefix("held: "): verdicts.count(v) for v in sorted(set(verdicts)) if v.startswith("held")}
        cells = [
            group,
            len(rows),
            len(corners),
            f"{statistics.mean(corners):.2f}" if corners else "",
            f"{max(corners):.2f}" if corners else "",
            f"{statistics.mean(inside):.2f}" if inside else "",
            sum(bool(r["read"]) for r in rows) if GROUPS[group].sheets else "",
            verdicts.count("filed"),
            verdicts.count("beside"),
            verdicts.count("misfiled"),
            f"{statistics.mean(float(r['cpu_s']) for r in rows):.2f}",  # type: ignore[arg-type]
            ", ".join(f"{name} {n}" for name, n in why.items()),
        ]
        yield "| " + " | ".join(str(c) for c in cells) + " |"


def seed_of(group: str) -> int:
    """The seed of a group's pictures in the proof, which is used for nothing else."""
    return SEEDS.get(group, SEED)


def proof(tally_file: Path) -> None:
    """All that is reported; what is done is kept after every picture."""
    beyond = [*STRANGE, *(g for g in GROUPS if g not in (*USUAL, *STRANGE))]
    wanted = {**PROOF, **dict.fromkeys(beyond, _BEYOND)}
    tally = json.loads(tally_file.read_text()) if tally_file.exists() else {}
    tally = {group: tally.get(group, []) for group in wanted}
    while any(len(tally[g]) < wanted[g] for g in wanted):
        group = min(
            wanted, key=lambda g: len(tally[g]) / wanted[g]
        )  # whenever it is stopped, every group has its share
        done, room = tally[group], "reported" if group in USUAL else "small"
        done += [asdict(made) for made in run(group, room, seed_of(group), 1, len(done))]
        tally_file.parent.mkdir(parents=True, exist_ok=True)
        tally_file.write_text(json.dumps(tally, ensure_ascii=False, indent=0) + "\n")
    print("\n".join(table(tally)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", choices=list(ROOMS), default="tuning")
    parser.add_argument("--group", choices=list(GROUPS), action="append")
    parser.add_argument("--count", type=int, default=20, help="pictures of each group")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--proof", action="store_true", help="all that is reported, with the seed that is used for nothing else"
    )
    parser.add_argument("--table", action="store_true", help="put the sums of the proof into the page")
    args = parser.parse_args()
    if args.table:
        fill(PAGE, {"tally": "\n".join(table(json.loads(TALLY.read_text())))})
    elif args.proof:
        proof(TALLY)
    else:
        tally: dict[str, list[dict[str, object]]] = {}
        for group in args.group or GROUPS:
            tally[group] = [asdict(o) for o in run(group, args.room, args.seed, args.count)]
            for n, o in enumerate(tally[group]):
                wrong = o["corners"] is not None and float(o["corners"]) > 0.5  # type: ignore[arg-type]
                odd = o["verdict"] == "misfiled" if group in STRANGE else o["verdict"] != "filed"
                if wrong or odd:
                    print(group, n, o, flush=True)
        print("\n".join(table(tally)))


if __name__ == "__main__":
    main()

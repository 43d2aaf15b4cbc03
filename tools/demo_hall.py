"""`make demo SCENE=hall`: the papers of a hall, and pictures from homes, go through a program that runs, while you watch."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from scanpipe.wiring import open_parts
from tests.installation import Installation
from tools.demo import bar
from tools.hall.evening import Tally, evening, hall

ROOT = Path(__file__).parent.parent
PAGES, SEED = 120, 11


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="scanpipe-hall-"))
    home = hall(folder)
    print(f"A fresh installation in {folder}")
    print("Sheets, pads, labels and codes are printed, candidates draw, scanners and phones send …", flush=True)
    tallies = evening(home, PAGES, SEED, lambda done, of: show(done, of))
    print("\n")
    print("\n".join(aligned(tallies)))
    print(f"\n$ scanpipe verify\n{home.run('verify').rstrip()}")
    print("\nWhere to look:")
    print(f"  {pictures(home)}   some of the pages that were filed")
    print(f"  {folder}/*.pdf   what was printed")
    print(f"  SCANPIPE__DATA_DIR={folder / 'data'} .venv/bin/scanpipe queue   what waits for a person")
    wrong = [what for t in tallies.values() for what in t.misfiled + t.wrong]
    if wrong:
        raise SystemExit("\n".join(["Not where they belong:", *wrong]))


def show(done: int, of: int) -> None:
    if sys.stdout.isatty():
        print(f"\r{bar(done, of)}", end="", flush=True)


def aligned(tallies: dict[str, Tally]) -> list[str]:
    """What became of each kind of paper."""
    width = max(map(len, tallies))
    lines = [f"  {'paper':<{width}}  pages  filed  held, for the right reason  aside  misfiled"]
    for name, t in tallies.items():
        lines.append(f"  {name:<{width}}  {t.pages:>5}  {t.filed:>5}  {t.held:>26}  {t.aside:>5}  {len(t.misfiled):>8}")
    return lines


def pictures(home: Installation) -> Path:
    """One filed page of every tenth part of the evening, beside each other."""
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        keys = [page.key for page in r.pages_in("filed") if page.key]
        chosen = keys[:: max(1, len(keys) // 5)][:5]
        found = [cv2.imdecode(np.frombuffer(parts.store.read(key), np.uint8), cv2.IMREAD_COLOR) for key in chosen]
    out = ROOT / "demo-out"
    out.mkdir(exist_ok=True)
    small = [cv2.resize(p, (500, 707), interpolation=cv2.INTER_AREA) for p in found]
    cv2.imwrite(str(out / "hall.png"), cv2.hconcat([cv2.copyMakeBorder(s, 8, 8, 8, 8, 0, value=(90,)) for s in small]))
    return out / "hall.png"


if __name__ == "__main__":
    main()

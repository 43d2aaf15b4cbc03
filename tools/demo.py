"""`make demo`: a fresh installation in a temporary folder does the main job on real files, while you watch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scanpipe.model import Reason
from scanpipe.reasons import WORDING
from tools.scanner import faults, formats, pens, profiles
from tools.scanner.paper import Paper

ROOT = Path(__file__).parent.parent
SCANPIPE = (sys.executable, "-m", "scanpipe")
DPI = 200


@dataclass(frozen=True)
class Drop:
    """A file that the scanner will write: its name in the inbox, its bytes, and how many pages are in it."""

    name: str
    body: bytes
    pages: int


@dataclass(frozen=True)
class Demo:
    """The temporary installation."""

    folder: Path
    environ: dict[str, str]

    def scanpipe(self, *args: str, quiet: bool = False) -> str:
        """Runs a command, shown as one would type it; answers its output."""
        if not quiet:
            print(f"\n$ scanpipe {' '.join(args)}")
        done = subprocess.run(
            [*SCANPIPE, *args], env=self.environ, cwd=ROOT, capture_output=True, text=True, check=True
        )
        if not quiet:
            print(done.stdout.rstrip())
        return done.stdout


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="scanpipe-demo-"))
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SCANPIPE")}
    demo = Demo(folder, environ | {"SCANPIPE__DATA_DIR": str(folder / "data")})
    print(f"A fresh installation in {folder}")
    demo.scanpipe("tests", "add", "config/tests/mathematics.yaml", "config/tests/chemistry.yaml")
    pdf, manifest = folder / "sheets.pdf", folder / "sheets.csv"
    demo.scanpipe("sheets", "MA0001-2026H", "--out", str(pdf), "--manifest", str(manifest), "--area", "dotted")
    print("\nCandidates draw, the scanner is fed …", flush=True)
    drops = feed(Paper(pdf, manifest))
    pages = sum(d.pages for d in drops)
    print(f"{len(drops)} files with {pages} pages are about to arrive in {folder / 'data/inbox'}.")
    seconds = watch(demo, drops, pages)
    summarise(demo, drops, pages, seconds)


def feed(paper: Paper) -> list[Drop]:
    """More than 60 pages of mixed formats, most of them good, some with the faults that people make."""
    rng = np.random.default_rng(42)
    drops = []
    for i in range(40):
        scan = profiles.office(paper, i, rng)
        drops.append(Drop(f"job {i // 10 + 1}/scan{i:03d}.jpg", scan.body, 1))
    sheets = [faults.scanned(faults.fed_askew(drawn(paper, i, rng), rng.normal(0, 0.8)), rng) for i in range(40, 60)]
    drops.append(Drop("stack a.pdf", formats.pdf(sheets[:8], DPI), 8))
    drops.append(Drop("stack b.tif", formats.tiff([faults.bitonal(s) for s in sheets[8:14]], DPI, "group4"), 6))
    drops += [Drop(f"png {i}.png", formats.png(s, DPI), 1) for i, s in enumerate(sheets[14:16])]
    drops += [
        Drop(f"turned {i}.jpg", formats.jpeg(faults.turned(s, 90 * i), DPI), 1) for i, s in enumerate(sheets[16:20])
    ]
    return drops + troubles(paper, rng, drops)


def troubles(paper: Paper, rng: np.random.Generator, good: list[Drop]) -> list[Drop]:
    """What must not be filed: each for a reason of its own."""
    a, b, c, d = (faults.scanned(drawn(paper, i, rng), rng) for i in range(60, 64))
    piece = b[: DPI * 40 // 25, : DPI * 40 // 25]
    white = np.full_like(a, 255)
    sketch = white.copy()
    pens.draw_answer(sketch, DPI, rng)
    return [
        Drop("the same file again.jpg", good[0].body, 1),
        Drop("the same sheet scanned again.jpg", formats.jpeg(faults.scanned(drawn(paper, 44, rng), rng), DPI), 1),
        Drop("a cut-out on it.jpg", formats.jpeg(faults.pasted(a, piece, (800, 1200), 30), DPI), 1),
        Drop("two sheets at once.jpg", formats.jpeg(faults.beside(c, d), DPI), 1),
        Drop("plain paper.jpg", formats.jpeg(faults.scanned(sketch, rng), DPI), 1),
        Drop("an empty back.jpg", formats.jpeg(faults.scanned(white, rng), DPI), 1),
        Drop("half a page.jpg", formats.jpeg(d[: d.shape[0] // 2], DPI), 1),
        Drop("broken off.jpg", formats.jpeg(c, DPI)[:90_000] + b"\xff\xd9", 1),
        Drop("a text.txt", b"Huskeliste: skann resten i morgen.\n", 1),
    ]


def drawn(paper: Paper, index: int, rng: np.random.Generator) -> np.ndarray:
    picture = paper.picture(index, DPI)
    pens.draw_answer(picture, DPI, rng)
    return picture


def watch(demo: Demo, drops: list[Drop], pages: int) -> float:
    """Starts the watcher, drops the files as scanners do, and shows what comes of them. Answers the seconds it took."""
    environ = demo.environ | {"SCANPIPE__INBOX__UNKNOWN_QUIET_S": "1"}
    print("\n$ scanpipe watch &")
    log = (demo.folder / "watch.jsonl").open("w")
    watcher = subprocess.Popen(
        [*SCANPIPE, "watch", "--json"], env=environ, cwd=ROOT, stdout=log, stderr=subprocess.PIPE
    )
    inbox = demo.folder / "data/inbox"
    try:
        while not (inbox.is_dir() and (demo.folder / "data/ledger.db").exists()):
            time.sleep(0.1)
        start = time.monotonic()
        for n, drop in enumerate(drops):
            put(inbox, demo.folder, n, drop)
        while (done := tally(demo)).total() < pages:
            if watcher.poll() is not None or time.monotonic() - start > 120:
                raise SystemExit(
                    f"The watcher did not finish: {watcher.stderr.read().decode() if watcher.stderr else ''}"
                )
            show(done, pages)
            time.sleep(0.2 if sys.stdout.isatty() else 1.0)
        seconds = time.monotonic() - start
        show(done, pages)
        print()
    finally:
        watcher.terminate()
        watcher.wait(30)
    return seconds


def put(inbox: Path, folder: Path, n: int, drop: Drop) -> None:
    """Writes a file in one of the ways of scanners: plainly, in chunks, or under another name and renamed."""
    place = inbox / drop.name
    place.parent.mkdir(exist_ok=True)
    if n % 3 == 0:
        place.write_bytes(drop.body)
    elif n % 3 == 1:
        with place.open("wb") as f:
            for start in range(0, len(drop.body), 100_000):
                f.write(drop.body[start : start + 100_000])
                f.flush()
    else:
        part = place.with_name(place.name + ".part")
        part.write_bytes(drop.body)
        part.rename(place)


def tally(demo: Demo) -> Counter[str]:
    """How many pages the watcher has answered for, by verdict."""
    lines = (demo.folder / "watch.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    return Counter(json.loads(line)["verdict"] for line in lines if line.endswith("\n"))


def show(done: Counter[str], pages: int) -> None:
    words = ", ".join(f"{n} {verdict.replace('_', ' ')}" for verdict, n in sorted(done.items()))
    line = f"{bar(done.total(), pages)}  {words}"
    print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)


def bar(done: int, of: int) -> str:
    width = 30 * min(done, of) // of
    return f"  [{'█' * width}{'·' * (30 - width)}] {done}/{of}"


def summarise(demo: Demo, drops: list[Drop], pages: int, seconds: float) -> None:
    lines = [json.loads(line) for line in (demo.folder / "watch.jsonl").read_text(encoding="utf-8").splitlines()]
    print(f"\n{pages} pages in {seconds:.1f} s: {pages / seconds:.1f} a second, start-up and waiting included.")
    print(f"  filed            {sum(a['verdict'] == 'filed' for a in lines):>4}")
    print(f"  blank            {sum(a['verdict'] == 'blank' for a in lines):>4}")
    print(f"  came before      {sum(a['verdict'] == 'already_taken_in' for a in lines):>4}")
    for reason, n in Counter(a["reason"] for a in lines if a["verdict"] == "held").most_common():
        print(f"  held             {n:>4}  {reason}: {WORDING[Reason(reason)].en}")
    demo.scanpipe("verify")
    picture = side_by_side(demo, drops, lines)
    held = next(a for a in lines if a["verdict"] == "held")
    demo.scanpipe("trace", held["scan"][:12])
    print("\nWhere to look:")
    print(f"  {picture}   a scan and the page that was filed, side by side")
    print(f"  {demo.folder / 'data/objects/tests'}   what the grading system fetches")
    print(f"  {demo.folder / 'sheets.pdf'}   the printed sheets")
    print(f"  SCANPIPE__DATA_DIR={demo.folder / 'data'} .venv/bin/scanpipe queue   what waits for a person")


def side_by_side(demo: Demo, drops: list[Drop], lines: list[dict[str, str]]) -> Path:
    """The scan that stood the most askew beside its filed page, as a picture."""
    bodies = {d.name: d.body for d in drops}
    filed = [a for a in lines if a["verdict"] == "filed" and a["file"].endswith(".jpg")]
    worst = max(filed, key=lambda a: (float(a["turn_deg"]) == 90, abs(float(a["skew_deg"]))))
    before = cv2.imdecode(np.frombuffer(bodies[worst["file"]], np.uint8), cv2.IMREAD_COLOR)
    after = cv2.imread(str(demo.folder / "data/objects" / worst["key"]))
    out = ROOT / "demo-out"
    out.mkdir(exist_ok=True)
    gap = np.full((1100, 40, 3), 90, np.uint8)
    cv2.imwrite(str(out / "scan-and-filed.png"), cv2.hconcat([_tall(before), gap, _tall(after)]))
    shutil.copy(out / "scan-and-filed.png", demo.folder / "scan-and-filed.png")
    return out / "scan-and-filed.png"


def _tall(picture: np.ndarray) -> np.ndarray:
    """Fitted into 1100 by 1100 on gray."""
    scale = 1100 / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top = (1100 - small.shape[0]) // 2
    return cv2.copyMakeBorder(small, top, 1100 - small.shape[0] - top, 0, 0, cv2.BORDER_CONSTANT, value=(90, 90, 90))


if __name__ == "__main__":
    main()

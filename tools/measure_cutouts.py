"""How small may a code of another sheet be before the first look misses it? `python -m tools.measure_cutouts`

A cut-out of another sheet with one code lies on a drawn sheet at a random place and angle; the page is fed askew, scanned and
written as a JPEG of quality 80. Each way of looking is one pass of zxing-cpp for QR codes, without turning or inverting.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import zxingcpp

from scanpipe.codes import parse
from scanpipe.settings import load_settings
from scanpipe.sheets import draw, write_manifest
from tools import fixture_home
from tools.scanner import faults, formats, strangers
from tools.scanner.paper import Paper, Picture

_SAMPLES = 24
_LOOK = {"formats": zxingcpp.BarcodeFormat.QRCode, "try_rotate": False, "try_invert": False, "try_downscale": False}
_GLOBAL = zxingcpp.Binarizer.GlobalHistogram


def ways(gray: Picture, dpi: int) -> dict[str, tuple[Picture, dict[str, object]]]:
    """The pictures to look at, and how: as the program does, at full or double size, and with everything zxing-cpp can do."""
    half = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    double = cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    large = gray if dpi >= 260 else double
    return {
        "at 130 to 260 dpi": (half if dpi >= 260 else gray, _LOOK),
        "at 300 to 400 dpi": (large, _LOOK),
        "at 300 to 400 dpi, one threshold": (large, _LOOK | {"binarizer": _GLOBAL}),
        "every effort, as it is": (gray, {"formats": zxingcpp.BarcodeFormat.QRCode}),
    }


def main() -> None:
    paper = printed()
    print("| dpi | size of the code | " + " | ".join(ways(np.zeros((8, 8), np.uint8), 200)) + " |")
    spent: Counter[str] = Counter()
    for dpi in (100, 150, 200, 300):
        for low, high in ((0.35, 0.5), (0.5, 0.7), (0.7, 1.0)):
            seen: Counter[str] = Counter()
            for i in range(_SAMPLES):
                rng = np.random.default_rng((5, i, dpi, int(low * 100)))
                gray = scan(paper, i, dpi, rng, (low, high))
                for name, (picture, how) in ways(gray, dpi).items():
                    start = time.process_time()
                    found = {p.claims.serial for b in zxingcpp.read_barcodes(picture, **how) if (p := parse(b.text))}
                    spent[name] += time.process_time() - start
                    seen[name] += paper.rows[i + 60].serial in found
            counts = " | ".join(f"{seen[name]}" for name in spent)
            print(f"| {dpi} | {20 * low:.0f} to {20 * high:.0f} mm | {counts} | of {_SAMPLES}")
    print({name: f"{1000 * s / (12 * _SAMPLES):.1f} ms a page" for name, s in spent.items()})


def scan(paper: Paper, index: int, dpi: int, rng: np.random.Generator, sizes: tuple[float, float]) -> Picture:
    page, other = strangers.drawn(paper, index, dpi, rng), paper.picture(index + 60, dpi)
    side, left, top = (round(mm / 25.4 * dpi) for mm in (30, 12, 7))
    piece = other[top : top + side, left : left + side]
    at = rng.uniform((0.3, 0.3), (0.7, 0.75)) * np.array([page.shape[1], page.shape[0]])
    page = faults.pasted(page, piece, (int(at[0]), int(at[1])), rng.uniform(0, 360), rng.uniform(*sizes))
    page = faults.scanned(faults.fed_askew(page, rng.normal(0, 0.8)), rng, noise=rng.uniform(1, 5))
    return simplejpeg.decode_jpeg(formats.jpeg(page, dpi, 80), colorspace="GRAY")[..., 0]


def printed() -> Paper:
    folder = Path(tempfile.mkdtemp())
    settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": str(folder / "data")})
    sheets = fixture_home.prepare(settings)
    draw(sheets, fixture_home.MATHEMATICS, fixture_home.KEY, folder / "sheets.pdf")
    write_manifest(sheets, fixture_home.MATHEMATICS, folder / "sheets.csv")
    return Paper(folder / "sheets.pdf", folder / "sheets.csv")


if __name__ == "__main__":
    main()

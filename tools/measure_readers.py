"""Questions about the readers rather than the codes: turned symbols, corners, reports of what cannot be read, time.

Part of tools/measure_codes.py, which runs it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from pyzbar import pyzbar

from scanpipe.layout import A4, places
from tools.code_samples import DATA_MATRIX, DM, QR, QR_Q, Gray, Shape, draw, text_of
from tools.code_scans import Condition, Scanner, conditions, drawn_page

ONE_PASS: dict[str, Any] = {"try_rotate": False, "try_invert": False, "try_downscale": False}
READERS = ("fast", "zxing", "soft", "zbar")
USUAL_MM = 20


def half(picture: Gray) -> Gray:
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def read(reader: str, picture: Gray, shape: Shape, dpi: int) -> list[str]:
    """The texts that a reader sees: "fast" is one pass of zxing-cpp at half the resolution (if that leaves 130 dpi),
    "zxing" all its tries at full resolution, "soft" one pass after smoothing."""
    if reader == "fast":
        small = half(picture) if dpi >= 260 else picture
        return [b.text for b in zxingcpp.read_barcodes(small, formats=shape.format, **ONE_PASS)]
    if reader == "soft":
        smooth = cv2.GaussianBlur(picture, (0, 0), 1.2)
        return [b.text for b in zxingcpp.read_barcodes(smooth, formats=shape.format, **ONE_PASS)]
    if reader == "zxing":
        return [b.text for b in zxingcpp.read_barcodes(picture, formats=shape.format)]
    if shape.format != QR:
        return []
    return [b.data.decode() for b in pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE]) if b.data]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|---{'|--:' * (len(head) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(str(value) for value in row)} |", flush=True)


def print_rotation(seed: int) -> None:
    """Does one pass without try_rotate find symbols that lie turned?"""
    rows = []
    for shape in (QR_Q, DATA_MATRIX):
        found = dict.fromkeys(range(0, 360, 15), 0)
        for turn in found:
            for number in range(10):
                rng = np.random.default_rng((seed, number))
                picture, _ = Scanner(turn_deg=turn).scan(draw(shape.modules(text_of(number)), USUAL_MM, rng), rng)
                found[turn] += text_of(number) in read("fast", picture, shape, 300)
        worst = min(found, key=lambda turn: found[turn])
        rows.append([shape.name, sum(found.values()), 10 * len(found), f"{found[worst]} of 10 at {worst}°"])
    table("One pass without try_rotate, turned by 0 to 345°", ["", "read", "of", "worst"], rows)


def print_corners(seed: int, samples: int) -> None:
    """How far the corners that zxing-cpp gives are from the truth, and what skew three codes then give."""
    rows = []
    for condition in (Condition("scan", "", (), Scanner(dpi, skew_deg=3)) for dpi in (300, 200)):
        for reader in ("fast", "zxing"):
            tried = (_corner_errors(seed, n, condition, reader) for n in range(4 * samples))
            errors = np.array([e for e in tried if e is not None])
            size = np.hypot(errors[..., 0], errors[..., 1])
            dpi = condition.scanner.dpi / (2 if reader == "fast" and condition.scanner.dpi >= 260 else 1)
            skews = np.abs(_skew_errors(errors, dpi))
            corners = [f"{size[:, i].mean():.2f} / {size[:, i].max():.1f}" for i in range(4)]
            bias = " ".join(f"{v:+.2f}" for v in errors[:, (0, 1, 3)].mean(axis=(0, 1)))
            skew = f"{skews.mean():.3f} / {skews.max():.3f}"
            rows.append([f"{reader}, read at {dpi:.0f} dpi", len(errors), *corners, bias, skew])
    head = ["", "n", "top left", "top right", "bottom right", "bottom left", "mean x y of three", "skew of a sheet, °"]
    table("Corners, mean and largest error in px of the picture read", head, rows)


def _corner_errors(seed: int, number: int, condition: Condition, reader: str) -> NDArray[np.float64] | None:
    """Found minus true, for the four corners, in px of the picture that was read; None: not read."""
    rng = np.random.default_rng((seed, number))
    picture, truth = condition.happen(draw(QR_Q.modules(text_of(number)), USUAL_MM, rng), rng)
    if reader == "fast" and condition.scanner.dpi >= 260:
        picture, truth = half(picture), truth / 2
    found = zxingcpp.read_barcodes(picture, formats=QR, **(ONE_PASS if reader == "fast" else {}))
    return _corners(found[0]) - truth if found else None


def _corners(barcode: Any) -> NDArray[np.float64]:
    p = barcode.position
    return np.array([(c.x, c.y) for c in (p.top_left, p.top_right, p.bottom_right, p.bottom_left)], np.float64)


def _skew_errors(errors: NDArray[np.float64], dpi: float) -> NDArray[np.float64]:
    """Sheets of three codes with these errors at their places: how far the angle fitted to them is off, in degrees."""
    kept = (0, 1, 3)
    on_sheet = np.array([place.corners_mm[i] for place in places(A4).values() for i in kept]) * dpi / 25.4
    sheets = errors[: len(errors) // 3 * 3, kept].reshape(-1, 9, 2) + on_sheet
    z, true = sheets @ (1, 1j), on_sheet @ (1, 1j)
    return np.degrees(np.angle((z - z.mean(axis=1, keepdims=True)) @ (true - true.mean()).conj()))


def print_errors(seed: int, samples: int) -> None:
    """Does return_errors say where a symbol is that cannot be read, and does it see symbols where there are none?"""
    rows = []
    for condition in (c for c in conditions() if c.group != "scan" and c.scanner.dpi == 300):
        missed, located = Counter[str](), Counter[str]()
        for number in range(samples):
            rng = np.random.default_rng((seed, number, 99))
            picture, truth = condition.happen(draw(QR_Q.modules(text_of(number)), USUAL_MM, rng), rng)
            for reader, seen, scale in (("fast", half(picture), 2), ("zxing", picture, 1)):
                found = zxingcpp.read_barcodes(seen, formats=QR, return_errors=True, **(ONE_PASS if scale == 2 else {}))
                if not any(b.valid for b in found):
                    missed[reader] += 1
                    located[reader] += any(_within(b, truth / scale) for b in found)
        rows.append([condition.name, *(f"{located[r]} of {missed[r]}" for r in ("fast", "zxing"))])
    table("return_errors: symbols that were located, of those not read", ["damage", "fast", "zxing"], rows)
    rows = [[kind, *_false_errors(kind, seed)] for kind in ("writing", "hatching")]
    table("return_errors: reports on 20 pages without codes", ["page", "fast", "zxing", "valid"], rows)


def _within(barcode: Any, truth: NDArray[np.float64]) -> bool:
    away = _corners(barcode).mean(axis=0) - truth.mean(axis=0)
    return bool(np.hypot(*away) < 0.3 * np.hypot(*(truth[0] - truth[1])))


def _false_errors(kind: Any, seed: int) -> tuple[int, int, int]:
    pages = [drawn_page(kind, np.random.default_rng((seed, n))) for n in range(20)]
    fast = [b for p in pages for b in zxingcpp.read_barcodes(half(p), formats=QR, return_errors=True, **ONE_PASS)]
    full = [b for p in pages for b in zxingcpp.read_barcodes(p, formats=QR, return_errors=True)]
    return len(fast), len(full), sum(b.valid for b in fast + full)


def print_times(seed: int) -> None:
    """Milliseconds for an A4 page of handwriting with three codes, 300 dpi gray; the median of nine."""
    page = drawn_page("writing", np.random.default_rng(seed))
    both = zxingcpp.BarcodeFormats([QR, DM])
    rows = []
    for name, formats in (("QR", QR), ("Data Matrix", DM), ("both", both)):
        on_page, on_small = (_with_codes(p, seed, dpi, name) for p, dpi in ((page, 300), (half(page), 150)))
        ways: tuple[Callable[[], object], ...] = (
            lambda f=formats, p=on_small: zxingcpp.read_barcodes(p, formats=f, **ONE_PASS),
            lambda f=formats, p=on_small: zxingcpp.read_barcodes(p, formats=f, return_errors=True, **ONE_PASS),
            lambda f=formats, p=on_page: zxingcpp.read_barcodes(p, formats=f),
            lambda f=formats, p=on_page: zxingcpp.read_barcodes(p, formats=f, return_errors=True),
        )
        rows.append([name, *(f"{_median_ms(way):.1f}" for way in ways)])
    zbar_ms = _median_ms(partial(read, "zbar", _with_codes(page, seed, 300, "QR"), QR_Q, 300))
    rows.append(["QR, zbar", "", "", f"{zbar_ms:.1f}", ""])
    rows.append(["shrinking", f"{_median_ms(lambda: half(page)):.1f}", "", "", ""])
    table("Time for a page, ms", ["", "fast", "fast, errors", "full", "full, errors"], rows)


def _with_codes(page: Gray, seed: int, dpi: int, name: str) -> Gray:
    shape, copy = DATA_MATRIX if name == "Data Matrix" else QR_Q, page.copy()
    for number, place in enumerate(places(A4).values()):
        rng = np.random.default_rng((seed, number))
        picture, corners = Scanner(dpi).scan(draw(shape.modules(text_of(number)), USUAL_MM, rng), rng)
        x, y = (round(v * dpi / 25.4 - c) for v, c in zip((place.x_mm, place.y_mm), corners[0], strict=True))
        cut_x, cut_y = max(0, -x), max(0, -y)
        into = copy[max(0, y) : y + len(picture), max(0, x) : x + len(picture)]
        into[:] = picture[cut_y : cut_y + into.shape[0], cut_x : cut_x + into.shape[1]]
    return copy


def _median_ms(way: Callable[[], object]) -> float:
    times = []
    for _ in range(9):
        start = time.perf_counter()
        way()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))

"""What straightening and decoding cost, by ways of doing them: the figures of docs/decisions/0003.

    python -m tools.measure_straightening

Milliseconds of CPU, the median of some runs that take turns, on a scan of A4 at 300 dpi.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from scanpipe.stages.render import encode_jpeg
from scanpipe.stages.straighten import COMPILED, canvas_for, straightened
from scanpipe.stages.unpack import turbo
from scanpipe.stages.unpack.planes import planes_of

_RUNS = 11
_HEIGHT, _WIDTH = 3508, 2480
_PERIODS_PX, _SHARPNESS_DEG, _AMPLITUDE = (2.5, 3, 4, 6, 10), (0.3, 1.0, 2.0, 5.0), 100.0
_ANGLES_DEG = (0.2, -0.2, 0.6, -0.6, 1.3, -1.3, 2.0, -2.0, 3.0, -3.0)


def medians_ms(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """CPU of each, in turns."""
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(_RUNS):
        for name, way in ways.items():
            since = time.process_time()
            way()
            taken[name].append(1000 * (time.process_time() - since))
    return {name: statistics.median(values) for name, values in taken.items()}


def drawn_page(seed: int) -> NDArray[np.uint8]:
    """RGB: paper with grain, and lines of something like handwriting."""
    rng = np.random.default_rng(seed)
    page = np.full((_HEIGHT, _WIDTH, 3), 248, np.uint8)
    for y in range(200, _HEIGHT - 200, 60):
        x = np.arange(200, _WIDTH - 200, 4)
        wave = y + 18 * np.sin(x / rng.uniform(6, 20)) * rng.uniform(0.3, 1.2, x.size)
        cv2.polylines(page, [np.stack([x, wave], axis=1).astype(np.int32)], False, (40, 50, 130), 4, cv2.LINE_AA)
    return (page + rng.normal(0, 2.5, page.shape)).clip(0, 255).astype(np.uint8)


def by_opencv(plane: NDArray[Any], skew_deg: float, canvas: tuple[int, int], paper: int = 255) -> NDArray[Any]:
    """The plane turned back, in its own type: floating point is exact."""
    height, width = plane.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew_deg, 1.0)
    matrix[:, 2] += (canvas[1] - width) / 2, (canvas[0] - height) / 2
    return cv2.warpAffine(plane, matrix, canvas[::-1], flags=cv2.INTER_LINEAR, borderValue=(paper,))


def straightening(gray: NDArray[np.uint8]) -> None:
    print("Each time OpenCV's, then ours; the difference from the exact result in gray levels.\n")
    print("| skew | ms | ms | mean difference | largest |\n|--:|--:|--:|--:|--:|")
    for skew in _ANGLES_DEG:
        canvas = canvas_for(_HEIGHT, _WIDTH, skew)
        exact = by_opencv(gray.astype(np.float32), skew, canvas)
        apart = [np.abs(made - exact) for made in (by_opencv(gray, skew, canvas), straightened(gray, skew, canvas))]
        cost = medians_ms(
            {"OpenCV": lambda: by_opencv(gray, skew, canvas), "ours": lambda: straightened(gray, skew, canvas)}  # noqa: B023
        )
        means, largest = ", ".join(f"{a.mean():.3f}" for a in apart), ", ".join(f"{a.max():.1f}" for a in apart)
        print(f"| {skew}° | {cost['OpenCV']:.1f} | {cost['ours']:.1f} | {means} | {largest} |")


def sharpness() -> None:
    """How much of the contrast of fine lines is left, 1 being all. Lines are drawn as exact waves at the angle of the page."""
    print("| skew | by | " + " | ".join(f"{p} px" for p in _PERIODS_PX) + " | ms |")
    print("|--:|---|" + "--:|" * (len(_PERIODS_PX) + 1))
    gray = drawn_page(7)[:, :, 1].copy()
    for skew in _SHARPNESS_DEG:
        canvas = canvas_for(_HEIGHT, _WIDTH, skew)
        for name, way in _WAYS.items():
            kept = [
                np.mean([modulation(way, skew, period, turned) for turned in (False, True)]) for period in _PERIODS_PX
            ]
            ms = medians_ms({name: lambda: way(gray, skew, canvas)})[name]  # noqa: B023
            print(f"| {skew}° | {name} | {' | '.join(f'{k:.2f}' for k in kept)} | {ms:.0f} |")


def modulation(way: Callable[..., NDArray[Any]], skew_deg: float, period_px: float, turned: bool) -> float:
    """Amplitude of the lines after straightening, against that before; of upright lines, or of lying ones if `turned`."""
    size, inner = 1000, slice(250, 750)
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    a = math.radians(skew_deg)
    along = -x * math.sin(a) + y * math.cos(a) if turned else x * math.cos(a) + y * math.sin(a)
    waves = np.round(127.5 + _AMPLITUDE * np.cos(2 * np.pi * along / period_px + 0.4)).astype(np.uint8)
    made = way(waves, skew_deg, (size, size))[inner, inner].astype(float)
    rows = made.T if turned else made
    tone = np.exp(-2j * np.pi * np.arange(rows.shape[1]) / period_px)
    return float(np.abs(2 * (rows - rows.mean()) @ tone / rows.shape[1]).mean()) / _AMPLITUDE


def _by_opencv_as(flags: int) -> Callable[..., NDArray[Any]]:
    def way(plane: NDArray[Any], skew_deg: float, canvas: tuple[int, int]) -> NDArray[Any]:
        height, width = plane.shape
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew_deg, 1.0)
        matrix[:, 2] += (canvas[1] - width) / 2, (canvas[0] - height) / 2
        return cv2.warpAffine(plane, matrix, canvas[::-1], flags=flags, borderValue=(255,))

    return way


_WAYS: Mapping[str, Callable[..., NDArray[Any]]] = {
    "ours": straightened,
    "OpenCV, linear": _by_opencv_as(cv2.INTER_LINEAR),
    "OpenCV, cubic": _by_opencv_as(cv2.INTER_CUBIC),
    "OpenCV, Lanczos": _by_opencv_as(cv2.INTER_LANCZOS4),
}


def decoding(rgb: NDArray[np.uint8]) -> None:
    body = encode_jpeg(planes_of(rgb), 300, 82)
    size = {"min_height": _HEIGHT // 2, "min_width": _WIDTH // 2}
    ways: dict[str, Callable[[], object]] = {
        "RGB": lambda: simplejpeg.decode_jpeg(body, "RGB"),
        "gray of the colour JPEG": lambda: simplejpeg.decode_jpeg(body, "GRAY"),
        "RGB at half size": lambda: simplejpeg.decode_jpeg(body, "RGB", **size),
        "gray at half size": lambda: simplejpeg.decode_jpeg(body, "GRAY", **size),
        "RGB, and planes of it": lambda: planes_of(simplejpeg.decode_jpeg(body, "RGB")),
        "encode RGB": lambda: simplejpeg.encode_jpeg(rgb, quality=85, colorspace="RGB", colorsubsampling="420"),
    }
    if turbo.AVAILABLE:
        planes = turbo.stored_planes(body, _WIDTH, _HEIGHT)
        ways |= {"planes as stored": lambda: turbo.stored_planes(body, _WIDTH, _HEIGHT)}
        ways |= {"encode planes": lambda: encode_jpeg(planes, 300, 85)}
    for name, ms in medians_ms(ways).items():
        print(f"| {name} | {ms:.1f} |")


def main() -> None:
    cv2.setNumThreads(1)
    print(f"resampler compiled: {COMPILED}; TurboJPEG: {turbo.AVAILABLE}\n")
    rgb = drawn_page(7)
    straightening(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))  # type: ignore[arg-type]
    print()
    sharpness()
    print()
    decoding(rgb)


if __name__ == "__main__":
    main()

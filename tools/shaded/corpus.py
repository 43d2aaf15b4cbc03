"""Scans of shaded sheets, each with its truth: how it was shaded, which code was meant, and what the scanner did.

`tuning` scans with `tools.scanner`, with which reading was tuned; `proof` with `tools.scansim`, with which it was not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pypdfium2

from scanpipe.codes import Key, Kind, encode
from scanpipe.layout import A4, place_of
from scanpipe.model import Claims
from scanpipe.settings import Settings
from scanpipe.shaded_layout import OWN, ShadedLayout
from scanpipe.sheets import draw_generic, matrix
from scanpipe.wiring import layouts
from tools.scanner import faults as scanner
from tools.scanner import formats, pens
from tools.scansim import faults as scansim
from tools.scansim.drawing import STYLES, draw_answer
from tools.scansim.raster import Image, Rng
from tools.shaded.hands import HANDS, Sheet

KEY = Key("SHD", b"the key of the shaded corpora, and of nothing else")
_DPIS = (100, *(150,) * 6, *(200,) * 3, 300)
_DRAWN_ON = 0.3
"""So many sheets have an answer below the code."""
_FINER = 4


@dataclass(frozen=True)
class Scan:
    """`style` is a name of `HANDS`, `effect` one of the room's, `code` and `number` what was meant."""

    data: bytes
    serial: str
    style: str
    effect: str
    dpi: int
    code: str
    number: str


@dataclass(frozen=True)
class Room:
    """A place with a scanner: `effects` change the page before it is fed, `scan` is the scanner."""

    effects: Mapping[str, Callable[[Image, float, Rng], Image]]
    answer: Callable[[Image, float, Rng], Image]
    scan: Callable[[Image, float, Rng], Image]
    quality: tuple[int, int] = field(default=(70, 92))


@lru_cache(maxsize=1)
def own_layout() -> ShadedLayout:
    return next(la for la in layouts(Settings()) if la.id == OWN)


def scans(
    room: Room,
    count: int,
    seed: int,
    codes: Callable[[Rng], str],
    dpis: tuple[int, ...] = _DPIS,
    first: int = 0,
) -> Iterator[Scan]:
    """`count` scans from number `first` on; the n-th comes out the same however many there are. The styles take turns."""
    for n in range(first, first + count):
        rng = np.random.default_rng((seed, n))
        yield one(room, list(HANDS)[n % len(HANDS)], codes(rng), f"{1 + n:08d}", rng, dpis)


def one(room: Room, style: str, code: str, serial: str, rng: Rng, dpis: tuple[int, ...] = _DPIS) -> Scan:
    """One scan of one sheet."""
    dpi, number = int(rng.choice(dpis)), f"{int(rng.integers(1, 100)):02d}"
    hand, effect = HANDS[style], str(rng.choice(list(room.effects)))
    sheet = Sheet(printed(serial, dpi), dpi, own_layout(), code, number, rng, hand.pens)
    sheet.write()
    hand.act(sheet)
    page = room.answer(sheet.page, dpi, rng) if rng.random() < _DRAWN_ON else sheet.page
    page = room.scan(room.effects[effect](page, dpi, rng), dpi, rng)
    data = formats.jpeg(page, dpi, int(rng.integers(*room.quality)))
    return Scan(data, serial, style, effect, dpi, code, number)


def printed(serial: str, dpi: int, key: Key = KEY) -> Image:
    """A sheet as it comes from the printer: printed once, and each with a code of its own."""
    page, place = _blank(dpi).copy(), place_of(Kind.GENERIC, A4)
    text = encode(Kind.GENERIC, Claims(serial=serial), key, layout=OWN)
    left, top, right, bottom = (v / 25.4 * dpi for v in (place.x_mm, place.y_mm, *place.corners_mm[2]))
    part = slice(int(top) - 2, int(bottom) + 3), slice(int(left) - 2, int(right) + 3)
    finer = np.full([_FINER * (p.stop - p.start) for p in part], 255, np.uint8)
    at = [round(_FINER * (v - p.start)) for v, p in ((top, part[0]), (left, part[1]))]
    side = round(_FINER * (right - left))
    symbol = np.where(matrix(text), 0, 255).astype(np.uint8)
    finer[at[0] : at[0] + side, at[1] : at[1] + side] = cv2.resize(
        symbol, (side, side), interpolation=cv2.INTER_NEAREST
    )
    page[part] = cv2.resize(finer, None, fx=1 / _FINER, fy=1 / _FINER, interpolation=cv2.INTER_AREA)
    return page


@lru_cache(maxsize=8)
def _blank(dpi: int) -> Image:
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "sheet.pdf"
        draw_generic(["00000000"], own_layout(), KEY, pdf, A4)
        document = pypdfium2.PdfDocument(pdf)
        page: Image = document[0].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy()
        document.close()
    return page


def _same(page: Image, dpi: float, rng: Rng) -> Image:
    return page


def _drawn(page: Image, dpi: float, rng: Rng) -> Image:
    out = page.copy()
    for _ in range(int(rng.integers(2, 6))):
        pens.write_line(out, dpi, rng, *rng.uniform((25, 125), (120, 270)))
    return out


def _fed(page: Image, dpi: float, rng: Rng) -> Image:
    askew = scanner.fed_askew(page, float(rng.normal(0, 1.2)), bed=int(rng.choice([255, 240])))
    turned = scanner.turned(askew, int(rng.choice([0, 0, 0, 90, 180, 270])))
    return scanner.scanned(turned, rng, noise=rng.uniform(1.5, 6), blur_px=rng.uniform(0.3, 1.0) * dpi / 200)


TUNING = Room(
    {
        "plain": _same,
        "uneven light": lambda p, dpi, rng: scanner.uneven_light(p, rng, rng.uniform(0.1, 0.3)),
        "faded toner": lambda p, dpi, rng: scanner.faded(p, rng.uniform(0.1, 0.35)),
        "coffee": lambda p, dpi, rng: scanner.stained(p, rng, dpi),
        "stretched feed": lambda p, dpi, rng: scanner.fed_askew(p, 0.0, stretch=rng.uniform(0.985, 1.015)),
    },
    _drawn,
    _fed,
)


def _answered(page: Image, dpi: float, rng: Rng) -> Image:
    """An answer of the other simulator, as far as it lies in the drawing area of this sheet."""
    drawn = draw_answer(page, dpi, rng, STYLES["sparse"])
    top = round(112 / 25.4 * dpi)
    return np.vstack([page[:top], drawn[top:]])


def _placed(page: Image, dpi: float, rng: Rng) -> Image:
    """Fed into the other scanner."""
    pose = scansim.Pose(
        skew_deg=float(rng.normal(0, 1.0)),
        turn_deg=int(rng.choice([0, 0, 0, 90, 180, 270])),
        shift_mm=(float(rng.normal(0, 1.5)), float(rng.normal(0, 1.5))),
        stretch=(float(rng.normal(1, 0.002)), float(rng.normal(1, 0.004))),
    )
    size = scansim.whole_size(page, pose)
    placed = scansim.place(page, dpi, pose, int(rng.choice([255, 245, 215])), size)
    toned = scansim.paper_tone(placed, (int(rng.integers(225, 252)),) * 3, int(rng.integers(5, 45)))
    soft = scansim.blur(toned, dpi, rng.uniform(0.03, 0.13))
    return scansim.noise(soft, rng, rng.uniform(1, 10))


PROOF = Room(
    {
        "none": _same,
        "mottled paper": lambda p, dpi, rng: scansim.mottled(p, rng, rng.uniform(3, 9)),
        "light falls off": lambda p, dpi, rng: scansim.uneven_light(p, rng, rng.uniform(0.15, 0.45)),
        "dirty glass": lambda p, dpi, rng: scansim.dirty_glass(p, rng, int(rng.integers(2, 8))),
        "stain": lambda p, dpi, rng: scansim.stain(
            p, dpi, rng, (rng.uniform(40, 200), rng.uniform(10, 120)), rng.uniform(5, 20), rng.uniform(0.1, 0.5)
        ),
        "fold": lambda p, dpi, rng: scansim.fold(
            p, dpi, rng, (rng.uniform(40, 180), rng.uniform(20, 200)), rng.uniform(-90, 90), rng.uniform(0.1, 0.4)
        ),
        "photocopied toner": lambda p, dpi, rng: scansim.faded_toner(p, rng, rng.uniform(0.1, 0.3)),
        "shines through": lambda p, dpi, rng: scansim.show_through(
            p, np.ascontiguousarray(np.fliplr(_answered(p, dpi, rng))), dpi, rng.uniform(0.03, 0.12)
        ),
        "highlighted": lambda p, dpi, rng: scansim.highlighter(p, dpi, rng, (56, 36, 118, 100)),
        "squeezed": lambda p, dpi, rng: scansim.recompressed(p, int(rng.integers(25, 50))),
        "smeared along the feed": lambda p, dpi, rng: scansim.motion_blur(p, dpi, rng.uniform(0.2, 0.6)),
    },
    _answered,
    _placed,
    (45, 95),
)
ROOMS = {"tuning": TUNING, "proof": PROOF}

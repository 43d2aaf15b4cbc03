"""The faults by name, each with a strength drawn by chance: what `profiles` is put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tools.scansim import drawing, faults
from tools.scansim.conditions import Conditions, Scene
from tools.scansim.places import codes, drawing_area, frames, paper_of
from tools.scansim.raster import Box, Image, Rng, size_mm

Change = Callable[[Image, Scene, Rng], Image]
Setting = Callable[[Conditions, Rng], Conditions]


def _same_settings(conditions: Conditions, rng: Rng) -> Conditions:
    return conditions


def _same_page(page: Image, scene: Scene, rng: Rng) -> Image:
    return page


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does, and when: to the settings, when printed, to the paper with the answer on it, on the glass, to the
    pixels at last. `shows_other`: a code of another sheet can be seen, so that the page must not be filed."""

    settings: Setting = _same_settings
    in_print: Change = _same_page
    on_paper: Change = _same_page
    on_glass: Change = _same_page
    in_signal: Change = _same_page
    shows_other: bool = False


def _strokes(page: Image, scene: Scene, rng: Rng, boxes: int, most: int) -> Image:
    symbols = list(codes(paper_of(page, scene.dpi)).values())
    pens = (drawing.BLACK_PEN, drawing.BLUE_PEN, drawing.PENCIL, drawing.SOFT_PENCIL, drawing.RED_PEN)
    for n in rng.choice(len(symbols), boxes, replace=False):
        count, pen = int(rng.integers(1, most + 1)), pens[int(rng.integers(len(pens)))]
        page = drawing.stroke_through(page, symbols[int(n)], rng, count, scene.dpi, pen)
    return page


def _stain(page: Image, scene: Scene, rng: Rng) -> Image:
    return faults.stain(page, scene.dpi, rng, _spot(page, scene, rng), rng.uniform(6, 28), rng.uniform(0.3, 0.9))


def _coffee_ring(page: Image, scene: Scene, rng: Rng) -> Image:
    at, radius = _spot(page, scene, rng), rng.uniform(28, 44)
    aside = rng.uniform(0, 2 * np.pi)
    at = (at[0] + radius * np.cos(aside), at[1] + radius * np.sin(aside))
    return faults.coffee_ring(page, scene.dpi, rng, at, radius, rng.uniform(0.4, 1.0))


def _fold(page: Image, scene: Scene, rng: Rng) -> Image:
    angle_deg = float(rng.choice([0, 90, rng.uniform(0, 180)])) + rng.normal(0, 1)
    return faults.fold(page, scene.dpi, rng, _spot(page, scene, rng), angle_deg, rng.uniform(0.4, 1.0))


def _torn_corner(page: Image, scene: Scene, rng: Rng) -> Image:
    bed = scene.conditions.bed
    return faults.torn_corner(page, scene.dpi, rng, int(rng.integers(4)), rng.uniform(12, 45), bed)


def _dog_ear(page: Image, scene: Scene, rng: Rng) -> Image:
    return faults.dog_ear(page, scene.dpi, rng, int(rng.integers(4)), rng.uniform(12, 38), scene.conditions.bed)


def _staple(page: Image, scene: Scene, rng: Rng) -> Image:
    at = (rng.uniform(8, 32), rng.uniform(6, 30))
    return faults.staple(page, scene.dpi, rng, at, rng.uniform(-60, 60))


def _punch_holes(page: Image, scene: Scene, rng: Rng) -> Image:
    return faults.punch_holes(page, scene.dpi, rng, int(rng.choice([2, 4])), scene.conditions.bed)


def _highlighter(page: Image, scene: Scene, rng: Rng) -> Image:
    boxes = list(frames(paper_of(page, scene.dpi)).values())
    rgb = ((255, 240, 60), (120, 235, 110), (255, 150, 190), (255, 180, 70))[int(rng.integers(4))]
    return faults.highlighter(page, scene.dpi, rng, boxes[int(rng.integers(len(boxes)))], rgb)


def _show_through(page: Image, scene: Scene, rng: Rng) -> Image:
    back = drawing.draw_answer(np.full_like(page, 255), scene.dpi, rng, drawing.STYLES["dense"])
    return faults.show_through(page, back, scene.dpi, rng.uniform(0.08, 0.35))


def _half_cut(page: Image, scene: Scene, rng: Rng) -> Image:
    edge: faults.Edge = ("top", "right", "bottom", "left")[int(rng.integers(4))]
    return faults.half_cut(page, edge, rng.uniform(0.3, 0.6))


def _double_feed(page: Image, scene: Scene, rng: Rng) -> Image:
    under = faults.skew(scene.other_raster(), rng.normal(0, 0.8), scene.conditions.bed)
    return faults.double_feed(page, under, scene.dpi, rng.uniform(40, 200), scene.conditions.bed)


def _side_by_side(page: Image, scene: Scene, rng: Rng) -> Image:
    return faults.side_by_side(page, scene.other_raster())


def _pasted_code(page: Image, scene: Scene, rng: Rng) -> Image:
    """A code of another sheet, cut out with its quiet zone, lies anywhere inside the page, at any angle."""
    boxes = list(codes(paper_of(page, scene.dpi)).values())
    piece = _code_of_other(scene, boxes[int(rng.integers(len(boxes)))])
    width_mm, height_mm = size_mm(page, scene.dpi)
    at = (rng.uniform(25, width_mm - 25), rng.uniform(60, height_mm - 60))
    return faults.paste(page, piece, scene.dpi, at, rng.uniform(0, 360), rng.uniform(0.7, 1.2))


def _pasted_over_code(page: Image, scene: Scene, rng: Rng) -> Image:
    """A code of another sheet is glued over the same code of this one, not quite straight."""
    boxes = list(codes(paper_of(page, scene.dpi)).values())
    box = boxes[int(rng.integers(len(boxes)))]
    at = ((box[0] + box[2]) / 2 + rng.normal(0, 0.4), (box[1] + box[3]) / 2 + rng.normal(0, 0.4))
    return faults.paste(page, _code_of_other(scene, box), scene.dpi, at, rng.normal(0, 2))


def _pasted_drawing(page: Image, scene: Scene, rng: Rng) -> Image:
    """A piece of another drawing, without any code, is glued into the drawing area."""
    left, top, right, bottom = drawing_area(paper_of(page, scene.dpi))
    other = drawing.draw_answer(np.full_like(page, 250), scene.dpi, rng, drawing.STYLES["dense"])
    w, h = rng.uniform(30, 70, 2)
    x, y = rng.uniform(left, right - w), rng.uniform(top, bottom - h)
    piece = faults.cut_out(other, scene.dpi, (x, y, x + w, y + h))
    at = (rng.uniform(left + 45, right - 45), rng.uniform(top + 45, bottom - 45))
    return faults.paste(page, piece, scene.dpi, at, rng.normal(0, 20))


def _style(name: str) -> Setting:
    return lambda c, rng: replace(c, style=name)


def _coarse(dpi: int) -> Setting:
    return lambda c, rng: replace(c, dpi=max(c.dpi, 2 * dpi), file_dpi=dpi)


def _bitonal(change: Callable[[Image, Rng], Image]) -> Effect:
    return Effect(
        settings=lambda c, rng: replace(c, in_colour=False, format="tiff_group4"),
        in_signal=lambda page, scene, rng: change(page, rng),
    )


def _posed(pose_of: Callable[[faults.Pose, Rng], faults.Pose]) -> Setting:
    return lambda c, rng: replace(c, pose=pose_of(c.pose, rng))


def _skew_15(c: Conditions, rng: Rng) -> Conditions:
    """Beyond 5° all of the paper is shown: in a scan as large as the paper, no code would be left."""
    skew_deg = rng.uniform(-15, 15)
    size_of = faults.whole_size if abs(skew_deg) > 5 else faults.sheet_size
    return replace(c, pose=replace(c.pose, skew_deg=skew_deg), size_of=size_of)


def _dark_bed(c: Conditions, rng: Rng) -> Conditions:
    pose = replace(c.pose, skew_deg=rng.normal(0, 2))
    return replace(c, bed=int(rng.integers(5, 70)), size_of=faults.roomy_size, pose=pose)


def _gray_bed(c: Conditions, rng: Rng) -> Conditions:
    return replace(c, bed=int(rng.integers(110, 200)), size_of=faults.roomy_size)


EFFECTS: Mapping[str, Effect] = {
    "stroke_one_code": Effect(on_paper=lambda p, s, rng: _strokes(p, s, rng, 1, 1)),
    "strokes_one_code": Effect(on_paper=lambda p, s, rng: _strokes(p, s, rng, 1, 4)),
    "strokes_two_codes": Effect(on_paper=lambda p, s, rng: _strokes(p, s, rng, 2, 3)),
    "stain": Effect(on_paper=_stain),
    "coffee_ring": Effect(on_paper=_coffee_ring),
    "fold": Effect(on_paper=_fold),
    "torn_corner": Effect(on_paper=_torn_corner),
    "dog_ear": Effect(on_paper=_dog_ear),
    "staple": Effect(on_paper=_staple),
    "punch_holes": Effect(on_paper=_punch_holes),
    "highlighter": Effect(on_paper=_highlighter),
    "faded_toner": Effect(in_print=lambda p, s, rng: faults.faded_toner(p, rng, rng.uniform(0.3, 0.75))),
    "photocopy": Effect(on_paper=lambda p, s, rng: faults.photocopy(p, s.dpi, rng, rng.uniform(0.3, 1.0))),
    "dpi_100": Effect(settings=_coarse(100)),
    "dpi_150": Effect(settings=_coarse(150)),
    "bitonal_threshold": _bitonal(lambda page, rng: faults.threshold(page, int(rng.integers(80, 210)))),
    "bitonal_otsu": _bitonal(lambda page, rng: faults.otsu(page)),
    "dithered": _bitonal(lambda page, rng: faults.dithered(page)),
    "ordered_dither": _bitonal(lambda page, rng: faults.ordered_dither(page)),
    "jpeg_q30": Effect(settings=lambda c, rng: replace(c, quality=30, format="jpeg")),
    "blurred": Effect(on_glass=lambda p, s, rng: faults.blur(p, s.dpi, rng.uniform(0.08, 0.22))),
    "motion_blurred": Effect(on_glass=lambda p, s, rng: faults.motion_blur(p, s.dpi, rng.uniform(0.25, 0.7))),
    "noisy": Effect(settings=lambda c, rng: replace(c, noise=rng.uniform(12, 32))),
    "mottled": Effect(on_glass=lambda p, s, rng: faults.mottled(p, rng, rng.uniform(3, 9))),
    "dirty_glass": Effect(on_glass=lambda p, s, rng: faults.dirty_glass(p, rng, int(rng.integers(3, 13)))),
    "show_through": Effect(on_paper=_show_through),
    "dark_bed": Effect(settings=_dark_bed),
    "gray_bed": Effect(settings=_gray_bed),
    "uneven_light": Effect(on_glass=lambda p, s, rng: faults.uneven_light(p, rng, rng.uniform(0.2, 0.55))),
    "stretched_feed": Effect(
        settings=_posed(lambda p, rng: replace(p, stretch=(rng.uniform(0.99, 1.01), rng.uniform(0.97, 1.03))))
    ),
    "half_cut": Effect(on_glass=_half_cut),
    "skew_15": Effect(settings=_skew_15),
    "turned": Effect(settings=_posed(lambda p, rng: replace(p, turn_deg=int(rng.choice([0, 90, 180, 270]))))),
    "shifted": Effect(settings=_posed(lambda p, rng: replace(p, shift_mm=tuple(rng.uniform(-12, 12, 2))))),
    "faint_pencil": Effect(settings=_style("faint_pencil")),
    "dense": Effect(settings=_style("dense")),
    "around_codes": Effect(settings=_style("around_codes")),
    "pasted_drawing": Effect(on_paper=_pasted_drawing),
    "pasted_code": Effect(on_paper=_pasted_code, shows_other=True),
    "pasted_over_code": Effect(on_paper=_pasted_over_code, shows_other=True),
    "double_feed": Effect(on_paper=_double_feed, shows_other=True),
    "side_by_side": Effect(on_paper=_side_by_side, shows_other=True),
}


def _code_of_other(scene: Scene, box: Box) -> Image:
    quiet = 2.5
    around = (box[0] - quiet, box[1] - quiet, box[2] + quiet, box[3] + quiet)
    return faults.cut_out(scene.other_raster(), scene.dpi, around)


def _spot(page: Image, scene: Scene, rng: Rng) -> tuple[float, float]:
    """Anywhere on the page, or every other time at a code, where it hurts."""
    if rng.random() < 0.5:
        boxes = list(codes(paper_of(page, scene.dpi)).values())
        left, top, right, bottom = boxes[int(rng.integers(len(boxes)))]
        return rng.uniform(left, right), rng.uniform(top, bottom)
    width_mm, height_mm = size_mm(page, scene.dpi)
    return rng.uniform(0, width_mm), rng.uniform(0, height_mm)

"""Whole scans: a printed sheet in, the bytes of a file and the truth about it out. One seed, one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tools.scansim import drawing, faults
from tools.scansim.conditions import Conditions, Scene
from tools.scansim.effects import EFFECTS, Effect
from tools.scansim.raster import Image, Rng
from tools.scansim.render import Sheet
from tools.scansim.writers import FORMATS

Range = tuple[float, float]
Truth = dict[str, object]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a scanner and its people are like; each scan draws from the ranges. Effects: `always` these, each of `chances` by
    its chance, and as many of `pool` as `pool_count` says (from, to)."""

    name: str
    dpis: tuple[int, ...] = (200, 240, 300)
    colour_share: float = 0.3
    styles: tuple[str, ...] = ("pencil", "pen", "colours", "around_codes", "sparse", "dense")
    skew_sigma_deg: float = 0.7
    skew_limit_deg: float = 2.0
    turns: tuple[int, ...] = (0,)
    noise: Range = (1.0, 4.0)
    blur_mm: Range = (0.02, 0.05)
    quality: Range = (75, 90)
    always: tuple[str, ...] = ()
    chances: tuple[tuple[str, float], ...] = ()
    pool: tuple[str, ...] = ()
    pool_count: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What comes from the sensor, and the truth: angles of the page as it stands there, clockwise."""

    raster: Image
    conditions: Conditions
    truth: Truth


@dataclass(frozen=True, slots=True)
class Scan:
    """A file with one page. `truth` has what `truth_of` says."""

    data: bytes
    extension: str
    truth: Truth


_HARD = (
    "strokes_one_code",
    "strokes_two_codes",
    "stain",
    "coffee_ring",
    "fold",
    "torn_corner",
    "dog_ear",
    "staple",
    "punch_holes",
    "highlighter",
    "faded_toner",
    "dpi_150",
    "bitonal_otsu",
    "mottled",
    "dirty_glass",
    "show_through",
    "gray_bed",
    "dark_bed",
    "uneven_light",
    "stretched_feed",
    "shifted",
)
_BRUTAL = (
    *_HARD,
    "photocopy",
    "dpi_100",
    "bitonal_threshold",
    "dithered",
    "ordered_dither",
    "jpeg_q30",
    "blurred",
    "motion_blurred",
    "noisy",
    "skew_15",
    "pasted_drawing",
)
_MIXED_UP = tuple(name for name, effect in EFFECTS.items() if effect.shows_other)
_TURNS = (0, 0, 0, 0, 0, 180, 90, 270)

OFFICE = Profile("office", chances=(("stroke_one_code", 0.08),))
HARD = Profile(
    "hard",
    dpis=(150, 200, 300),
    skew_sigma_deg=1.5,
    skew_limit_deg=5,
    turns=_TURNS,
    noise=(2, 7),
    blur_mm=(0.03, 0.07),
    quality=(50, 85),
    pool=_HARD,
    pool_count=(1, 2),
)
BRUTAL = replace(
    HARD,
    name="brutal",
    dpis=(150, 200, 300),
    skew_sigma_deg=4,
    skew_limit_deg=15,
    noise=(3, 12),
    blur_mm=(0.03, 0.1),
    quality=(30, 75),
    pool=_BRUTAL,
    pool_count=(2, 4),
)
CLEAN = Profile("clean", skew_sigma_deg=0, noise=(0.5, 1.5))
MIXED_UP = replace(OFFICE, name="mixed_up", pool=_MIXED_UP, pool_count=(1, 1))

PROFILES: Mapping[str, Profile] = {
    **{p.name: p for p in (OFFICE, HARD, BRUTAL, CLEAN, MIXED_UP)},
    **{name: Profile(name, always=(name,)) for name in EFFECTS},
}
"""The presets, and one for each single effect: the office's, without strokes, with that effect on every page."""


def scan(sheet: Sheet, rng: Rng, profile: Profile) -> Scan:
    """The sheet with an answer on it, through the profile's scanner, in the format that fits."""
    exposure = expose(sheet, rng, profile)
    c = exposure.conditions
    how = FORMATS[c.format]
    return Scan(how.write([exposure.raster], c.file_dpi, c.quality), how.extension, exposure.truth)


def expose(sheet: Sheet, rng: Rng, profile: Profile) -> Exposure:
    """The sheet with an answer on it, through the profile's scanner, as pixels."""
    names = _effects(profile, rng)
    effects = [EFFECTS[n] for n in names]
    conditions = conditions_of(profile, rng)
    for effect in effects:
        conditions = effect.settings(conditions, rng)
    other = sheet.another(rng) if any(e.shows_other for e in effects) else None
    scene = Scene(sheet, conditions, other)
    page = _scanned(written(scene, effects, rng), scene, effects, rng)
    return Exposure(page, conditions, truth_of(scene, profile, names))


def truth_of(scene: Scene, profile: Profile, names: tuple[str, ...]) -> Truth:
    """What is on the page and how it stands. `other_serials`: sheets that are also to be seen, which makes it unfileable."""
    row, c = scene.sheet.row, scene.conditions
    return {
        "serial": row.serial,
        "test": row.test,
        "candidate": row.candidate,
        "question": row.question,
        "printed_page": row.page,
        "skew_deg": c.pose.seen_skew_deg,
        "turn_deg": c.pose.turn_deg,
        "dpi": c.file_dpi,
        "profile": profile.name,
        "effects": names,
        "other_serials": (scene.other.row.serial,) if scene.other else (),
    }


def written(scene: Scene, effects: list[Effect], rng: Rng) -> Image:
    """The sheet as it lies before the scanner."""
    c = scene.conditions
    page = scene.sheet.raster(c.dpi, c.in_colour)
    for effect in effects:
        page = effect.in_print(page, scene, rng)
    page = faults.edge_shadow(page, c.dpi, min(200, c.bed))
    page = drawing.draw_answer(page, c.dpi, rng, drawing.STYLES[c.style])
    for effect in effects:
        page = effect.on_paper(page, scene, rng)
    return page


def _scanned(paper: Image, scene: Scene, effects: list[Effect], rng: Rng) -> Image:
    """The paper as the scanner sees it."""
    c = scene.conditions
    page = faults.place(paper, c.dpi, c.pose, c.bed, c.size_of(paper, c.pose))
    for effect in effects:
        page = effect.on_glass(page, scene, rng)
    page = faults.paper_tone(page, (c.white, c.white - 1, c.white - 4), int(rng.integers(8, 40)))
    page = faults.noise(faults.blur(page, c.dpi, c.blur_mm), rng, c.noise)
    if c.file_dpi != c.dpi:
        page = faults.low_resolution(page, c.dpi, c.file_dpi)
    for effect in effects:
        page = effect.in_signal(page, scene, rng)
    return page


def _effects(profile: Profile, rng: Rng) -> tuple[str, ...]:
    by_chance = tuple(name for name, chance in profile.chances if rng.random() < chance)
    count = int(rng.integers(profile.pool_count[0], profile.pool_count[1] + 1))
    drawn = rng.choice(len(profile.pool), count, replace=False) if count else ()
    return (*profile.always, *by_chance, *(profile.pool[int(n)] for n in drawn))


def conditions_of(profile: Profile, rng: Rng) -> Conditions:
    """Draws the settings of one scan from the profile's ranges."""
    dpi = int(rng.choice(profile.dpis))
    limit = profile.skew_limit_deg
    skew_deg = float(np.clip(rng.normal(0, profile.skew_sigma_deg), -limit, limit))
    return Conditions(
        dpi=dpi,
        file_dpi=dpi,
        in_colour=bool(rng.random() < profile.colour_share),
        style=profile.styles[int(rng.integers(len(profile.styles)))],
        pose=faults.Pose(skew_deg, int(rng.choice(profile.turns)), tuple(rng.normal(0, 0.8, 2))),
        noise=rng.uniform(*profile.noise),
        blur_mm=rng.uniform(*profile.blur_mm),
        quality=int(rng.integers(int(profile.quality[0]), int(profile.quality[1]) + 1)),
        white=int(rng.integers(238, 256)),
        bed=int(rng.choice([255, 250, 236])),
    )

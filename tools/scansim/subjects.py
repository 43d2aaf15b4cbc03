"""What candidates draw, as strokes in millimetres: one function a subject, a box to draw in and a generator in, strokes out.

A subject stays within its box, give or take a few millimetres of an unsteady hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tools.scansim.glyphs import smooth
from tools.scansim.handwriting import a_hand, write
from tools.scansim.phrases import formula, sentence
from tools.scansim.raster import Box, Points, Rng

Subject = Callable[[Box, Rng], list[Points]]


def hand_line(a: tuple[float, float], b: tuple[float, float], rng: Rng) -> Points:
    """A line drawn free-hand from a to b: a little bow, a little tremor."""
    start, way = np.array(a, float), np.subtract(b, a).astype(float)
    length = float(np.hypot(*way)) or 1.0
    t = np.linspace(0, 1, 3 + int(length / 6))
    aside = rng.normal(0, 0.008) * length * 4 * t * (1 - t) + rng.normal(0, 0.07, t.size)
    return start + t[:, None] * way + aside[:, None] * np.array([-way[1], way[0]]) / length


def hand_polygon(corners: Points, rng: Rng) -> list[Points]:
    """A closed figure, side by side; corners do not quite meet."""
    ends = corners + rng.normal(0, 0.3, corners.shape)
    return [hand_line(tuple(a), tuple(b), rng) for a, b in zip(corners, np.roll(ends, -1, axis=0), strict=True)]


def hand_ellipse(middle: tuple[float, float], radii: tuple[float, float], rng: Rng) -> Points:
    """Round, drawn in one go, a little further than closed."""
    t = np.linspace(0, 2 * np.pi * rng.uniform(0.97, 1.08), 80) + rng.uniform(0, 2 * np.pi)
    wobble = 1 + 0.03 * np.sin(2 * t + rng.uniform(0, 6)) + np.linspace(0, rng.normal(0, 0.03), 80)
    return np.stack([middle[0] + radii[0] * np.cos(t) * wobble, middle[1] + radii[1] * np.sin(t) * wobble], axis=1)


def graph(box: Box, rng: Rng) -> list[Points]:
    """Axes with arrows, ticks and names; one or two curves; sometimes the area under one hatched."""
    left, top, right, bottom = box
    x0, y0 = left + (right - left) * rng.uniform(0.1, 0.4), bottom - (bottom - top) * rng.uniform(0.1, 0.4)
    out = _arrow((left, y0), (right, y0), rng) + _arrow((x0, bottom), (x0, top), rng)
    step = rng.uniform(7, 12)
    out += [hand_line((x, y0 - 1), (x, y0 + 1), rng) for x in np.arange(x0 + step, right - 4, step)]
    out += [hand_line((x0 - 1, y), (x0 + 1, y), rng) for y in np.arange(y0 - step, top + 4, -step)]
    hand = a_hand(rng)
    out += write("x", (right - 3, y0 + 5), hand, rng) + write("y", (x0 - 5, top + 3), hand, rng)
    for _ in range(int(rng.integers(1, 3))):
        curve = _curve(box, rng)
        out.append(curve)
        if rng.random() < 0.3:
            under = curve[10:-15:3]
            out += [hand_line((x, y), (x - 1.5, y0), rng) for x, y in under]
    return out


def geometry(box: Box, rng: Rng) -> list[Points]:
    """A triangle or other polygon with names at its corners, a height, an angle, sometimes a circle."""
    middle, radius = _middle(box), _radius(box) * 0.85
    turn = np.sort(rng.uniform(0, 2 * np.pi / 3, 3) + np.arange(3) * 2 * np.pi / 3)
    corners = np.array(middle) + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    out = hand_polygon(corners, rng)
    foot = corners[1] + rng.uniform(0.3, 0.7) * (corners[2] - corners[1])
    out.append(hand_line(tuple(corners[0]), tuple(foot), rng))
    names = np.array(middle) + (radius + 4) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for name, place in zip("ABC", names, strict=True):
        out += write(name, (place[0] - 1.5, place[1] + 1.5), a_hand(rng), rng)
    if rng.random() < 0.5:
        out.append(hand_ellipse(middle, (radius, radius), rng))
    arc = np.linspace(turn[0] + np.pi - 0.4, turn[0] + np.pi + 0.4, 9)
    out.append(corners[0] + 6 * np.stack([np.cos(arc), np.sin(arc)], axis=1))
    return out


def chemistry(box: Box, rng: Rng) -> list[Points]:
    """A chain of rings with double bonds, side chains, and atoms by their letters."""
    size = rng.uniform(7, 11)
    count = int(np.clip((box[2] - box[0] - 30) / (size * 1.75), 1, 4))
    x, y = box[0] + 12 + size, _middle(box)[1]
    out: list[Points] = []
    angles = np.arange(6) * np.pi / 3 + np.pi / 6
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for n in range(count):
        ring = np.array((x + n * size * 1.732, y)) + size * around
        inner = np.array((x + n * size * 1.732, y)) + size * 0.8 * around
        out += hand_polygon(ring, rng)
        out += [hand_line(tuple(inner[i]), tuple(inner[i + 1]), rng) for i in (0, 2, 4)[: int(rng.integers(1, 4))]]
        if rng.random() < 0.7:
            tip = ring[4] + (0, -size)
            out.append(hand_line(tuple(ring[4]), tuple(tip), rng))
            out += write(str(rng.choice(["OH", "NH2", "CH3", "O"])), (tip[0] - 2, tip[1] - 1), a_hand(rng), rng)
    out += _arrow((x - size - 10, y + 2 * size), (x + count * size, y + 2 * size), rng)
    return out


def table(box: Box, rng: Rng) -> list[Points]:
    """Ruled rows and columns with numbers in them."""
    rows, columns = int(rng.integers(2, 7)), int(rng.integers(2, 6))
    xs = np.linspace(box[0], min(box[2], box[0] + columns * 22), columns + 1)
    ys = np.linspace(box[1], min(box[3], box[1] + rows * 9), rows + 1)
    out = [hand_line((xs[0], y), (xs[-1], y), rng) for y in ys] + [hand_line((x, ys[0]), (x, ys[-1]), rng) for x in xs]
    hand = a_hand(rng)
    for x in xs[:-1]:
        for y in ys[1:]:
            out += write(str(rng.integers(0, 500)), (x + 2, y - 2), hand, rng)
    return out


def hatching(box: Box, rng: Rng) -> list[Points]:
    """A patch hatched closely, sometimes both ways."""
    side = min(box[2] - box[0], box[3] - box[1]) * rng.uniform(0.5, 0.9)
    out: list[Points] = []
    for way in (1, -1)[: int(rng.integers(1, 3))]:
        for d in np.arange(0, 2 * side, rng.uniform(1.2, 3)):
            a = (min(d, side), max(0.0, d - side))
            b = (max(0.0, d - side), min(d, side))
            if way < 0:
                a, b = (side - a[0], a[1]), (side - b[0], b[1])
            ends = np.array([a, b]) + box[:2] + rng.normal(0, 0.5, (2, 2))
            out.append(hand_line(tuple(ends[0]), tuple(ends[1]), rng))
    return out


def free_hand(box: Box, rng: Rng) -> list[Points]:
    """Lines that wind through the box, and a knot where something was crossed out."""
    low, high = np.array(box[:2]), np.array(box[2:])
    out = [smooth(rng.uniform(low, high, (int(rng.integers(4, 9)), 2)), 3) for _ in range(int(rng.integers(1, 4)))]
    at = rng.uniform(low, np.maximum(high - 25, low)) + np.array((1, 3))
    out.append(at + _knot(rng.uniform(8, 25), rng))
    return [np.clip(line, low, high) for line in out]


def diagram(box: Box, rng: Rng) -> list[Points]:
    """Boxes with arrows between them, a word in each."""
    hand, out = a_hand(rng), []
    columns = max(2, min(4, int((box[2] - box[0]) / 42)))
    xs = np.linspace(box[0], box[2] - 28, columns)
    ys = box[1] + rng.uniform(0, max(1.0, box[3] - box[1] - 14), columns)
    for n, (x, y) in enumerate(zip(xs, ys, strict=True)):
        corners = np.array([(x, y), (x + 26, y), (x + 26, y + 12), (x, y + 12)])
        out += hand_polygon(corners, rng) + write(sentence(rng, 1)[:6], (x + 2, y + 8), hand, rng)
        if n:
            out += _arrow((xs[n - 1] + 27, ys[n - 1] + 6), (x - 1, y + 6), rng)
    return out


def sign_chart(box: Box, rng: Rng) -> list[Points]:
    """The chart of signs that Norwegian schools teach: a ruled axis, and below it full and dashed lines."""
    out = _arrow((box[0] + 18, box[1] + 6), (box[2], box[1] + 6), rng)
    hand, zeros = a_hand(rng), np.sort(rng.uniform(box[0] + 30, box[2] - 10, 2))
    for n, name in enumerate(("x - 2", "x + 3", "f(x)")[: int(rng.integers(2, 4))]):
        y = box[1] + 16 + n * 9
        out += write(name, (box[0], y + 1.5), hand, rng)
        out += [hand_line((x, y), (x + 3, y), rng) for x in np.arange(box[0] + 20, zeros[n % 2], 5)]
        out.append(hand_line((zeros[n % 2] + 3, y), (box[2], y), rng))
        out += write("0", (zeros[n % 2] - 1, y + 1.5), hand, rng)
    return out


def calculation(box: Box, rng: Rng) -> list[Points]:
    """Lines of formulas, the result underlined twice."""
    out, last = _written([formula(rng) for _ in range(int(rng.integers(2, 12)))], box, rng)
    under = last[:, 1].max() + 1
    return out + [hand_line((box[0], under + d), (last[:, 0].max(), under + d), rng) for d in (0, 1.2)]


def notes(box: Box, rng: Rng) -> list[Points]:
    """Lines of sentences."""
    words = max(1, int((box[2] - box[0]) / 22))
    return _written([sentence(rng, words) for _ in range(int(rng.integers(2, 14)))], box, rng)[0]


SUBJECTS: Mapping[str, Subject] = {
    "graph": graph,
    "geometry": geometry,
    "chemistry": chemistry,
    "table": table,
    "hatching": hatching,
    "free_hand": free_hand,
    "diagram": diagram,
    "sign_chart": sign_chart,
    "calculation": calculation,
    "notes": notes,
}


def _written(lines: list[str], box: Box, rng: Rng) -> tuple[list[Points], Points]:
    """Lines below each other as far as there is room; the second answer is all points of the last one."""
    hand, out, last = a_hand(rng), [], np.array([box[:2]])
    y = box[1] + hand.height_mm
    for line in lines:
        strokes = [s for s in write(line, (box[0], y), hand, rng) if s[:, 0].max() < box[2]]
        if y > box[3] or not strokes:
            break
        out += strokes
        last = np.vstack(strokes)
        y += hand.height_mm * rng.uniform(1.7, 2.1)
    return out, last


def _knot(length_mm: float, rng: Rng) -> Points:
    """What something is crossed out with: loops of uneven height that drift to the right."""
    loops = smooth(rng.uniform(1.2, 3.4, (int(length_mm * 4), 1)), 2)[:, 0]
    t = np.linspace(0, length_mm, loops.size)
    turn = t * rng.uniform(3, 6)
    return np.stack([t + loops * np.sin(turn), loops * np.cos(turn)], axis=1)


def _arrow(a: tuple[float, float], b: tuple[float, float], rng: Rng) -> list[Points]:
    way = np.subtract(b, a) / (float(np.hypot(*np.subtract(b, a))) or 1.0)
    aside = np.array([-way[1], way[0]])
    tips = [np.array(b) - 3 * way + side * 1.5 * aside for side in (1, -1)]
    return [hand_line(a, b, rng), np.array([tips[0], b, tips[1]])]


def _curve(box: Box, rng: Rng) -> Points:
    """A curve from left to right, of one of the kinds that exams ask for."""
    t = np.linspace(0, 1, 70)
    shapes = (
        np.sin(t * rng.uniform(4, 14)) * 0.4 + 0.5,
        (t - rng.uniform(0.3, 0.7)) ** 2 * 3,
        np.exp(t * rng.uniform(1, 3) - 3),
        (t - 0.2) * (t - 0.5) * (t - 0.85) * 12 + 0.5,
        1 / (1 + np.exp(-12 * (t - 0.5))),
    )
    height = np.clip(shapes[int(rng.integers(len(shapes)))], 0, 1) + 0.01 * np.sin(t * 40)
    return np.stack([box[0] + t * (box[2] - box[0]), box[3] - height * (box[3] - box[1])], axis=1)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _radius(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1]) / 2

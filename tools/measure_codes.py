"""Which codes to print? Damages symbols as people, printers and scanners do, and counts what the readers still read.

    python -m tools.measure_codes [--samples 60] [--seed 1]

prints the tables behind docs/decisions/0001-codes-on-paper.md as Markdown, in about five minutes of one core.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from functools import partial

import numpy as np

from tools.code_samples import DATA_MATRIX, QR_H, QR_M, QR_Q, Shape, draw, punched, text_of
from tools.code_scans import Condition, conditions
from tools.measure_readers import (
    READERS,
    USUAL_MM,
    print_corners,
    print_errors,
    print_rotation,
    print_times,
    read,
    table,
)

SHAPES = (QR_M, QR_Q, QR_H, DATA_MATRIX)
SIDES_MM = (15, 18, 20, 22, 25)
LENGTHS = (41, 44, 47, 48, 50, 56, 64)
Cell = tuple[str, int, str]
"""Shape, side in mm, condition."""


class Tally:
    """What was read in each cell, by reader and by any of them, and what was read wrongly."""

    def __init__(self) -> None:
        self.tried: Counter[Cell] = Counter()
        self.right: Counter[tuple[Cell, str]] = Counter()
        self.wrong: Counter[str] = Counter()

    def count(self, cell: Cell, truth: str, texts: dict[str, list[str]]) -> None:
        self.tried[cell] += 1
        for reader, seen in texts.items():
            self.right[cell, reader] += truth in seen
            self.wrong[f"{reader} {cell[0]}"] += any(text != truth for text in seen)
        self.right[cell, "any"] += any(truth in seen for seen in texts.values())

    def rate(self, shape: Shape, side_mm: int, names: Iterable[str], reader: str = "any") -> float:
        """The share read, each condition counting the same."""
        cells = [(shape.name, side_mm, name) for name in names]
        return float(np.mean([self.right[cell, reader] / self.tried[cell] for cell in cells]))


def measure(seed: int, samples: int) -> Tally:
    """Every shape at every side under every condition; QR M, which is as large as QR Q, at the usual side only."""
    tally = Tally()
    for number in range(samples):
        for shape in SHAPES:
            modules = shape.modules(text_of(number))
            for side_mm in SIDES_MM if shape is not QR_M else (USUAL_MM,):
                clean = draw(modules, side_mm, np.random.default_rng((seed, number)))
                for index, condition in enumerate(conditions()):
                    rng = np.random.default_rng((seed, number, index))
                    picture = condition.happen(clean, rng)[0]
                    texts = {r: read(r, picture, shape, condition.scanner.dpi) for r in READERS}
                    tally.count((shape.name, side_mm, condition.name), text_of(number), texts)
    return tally


def percent(share: float) -> str:
    return f"{100 * share:.0f}"


def print_rates(tally: Tally) -> None:
    """By condition at the usual side, by side in groups of conditions, and misreads."""
    ways = [(s, r) for s in SHAPES for r in (*READERS, "any") if (s, r) != (DATA_MATRIX, "zbar")]
    rows = [[c.name, *(percent(tally.rate(s, USUAL_MM, [c.name], r)) for s, r in ways)] for c in conditions()]
    table(f"Read at {USUAL_MM} mm, %", ["damage", *(f"{s.name} {r}" for s, r in ways)], rows)
    groups = {group: [c.name for c in conditions() if c.group == group] for group in ("pen", "paper", "scan")}
    rows = [
        [f"{s.name}, {group}, {reader}", *(percent(tally.rate(s, mm, names, reader)) for mm in SIDES_MM)]
        for group, names in groups.items()
        for s in SHAPES[1:]
        for reader in ("fast", "any")
    ]
    table("Read by side, mean of a group of damages, %", ["", *(f"{mm} mm" for mm in SIDES_MM)], rows)
    print(f"\nWrong texts among {sum(tally.tried.values())} samples: {sum(tally.wrong.values())} {dict(+tally.wrong)}")


def print_three(tally: Tally) -> None:
    """Of a sheet's three codes, each damaged with some chance on its own: is one read, are two?"""
    rows = []
    for name in ("2 pen strokes", "3 pen strokes", "marker stroke", "staple at a finder pattern"):
        for shape in SHAPES[1:]:
            p = tally.rate(shape, USUAL_MM, [name])
            chances = [1 - q * (1 - p) for q in (0.1, 0.3, 1.0)]
            one = [f"{100 * (1 - (1 - s) ** 3):.2f}" for s in chances]
            two = [f"{100 * (s**3 + 3 * s**2 * (1 - s)):.1f}" for s in chances]
            rows.append([f"{name}, {shape.name}", *one, *two])
    head = ["damage", *(f"{n} read, {q} % hit" for n in ("one", "two") for q in (10, 30, 100))]
    table("At least one or two of three codes read, %", head, rows)


def print_holes(seed: int, samples: int) -> None:
    """Four holes for a binder (ISO 838): which distance from the edge keeps the codes at the left out of their way?"""
    rows = []
    for margin_mm in (12, 14, 15, 16, 17):
        right = Counter[str]()
        for number in range(samples):
            rng = np.random.default_rng((seed, number))
            hit = partial(punched, 12 - margin_mm, 16.5 if number % 2 else 3.5)
            clean = draw(QR_Q.modules(text_of(number)), USUAL_MM, rng)
            picture, _ = Condition("paper", "", (hit,)).happen(clean, rng)
            seen = {r: text_of(number) in read(r, picture, QR_Q, 300) for r in READERS}
            right.update(reader for reader, ok in (*seen.items(), ("any", any(seen.values()))) if ok)
        rows.append([f"{margin_mm} mm", *(percent(right[r] / samples) for r in (*READERS, "any"))])
    table("Holes for a binder, by distance of the codes from the edge of the paper, %", ["", *READERS, "any"], rows)


def print_sizes() -> None:
    """Modules a side for the lengths of text that occur."""
    text = text_of(2)
    rows = [[s.name, *(len(s.modules(text[:7] + "A" * (n - 7))) for n in LENGTHS)] for s in SHAPES]
    table("Modules a side by length of the text", ["", *map(str, LENGTHS)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints the tables of docs/decisions/0001-codes-on-paper.md.")
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print_sizes()
    print_rotation(options.seed)
    print_corners(options.seed, options.samples)
    print_errors(options.seed, options.samples)
    print_times(options.seed)
    print_holes(options.seed, options.samples)
    tally = measure(options.seed, options.samples)
    print_rates(tally)
    print_three(tally)


if __name__ == "__main__":
    main()

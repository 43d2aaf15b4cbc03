"""Numbers of seven digits that candidates shade, made so that slips are noticed: which may stand beside each other?

The last two digits are check digits: counted modulo 11, the sum of the digits is 0, and so is the sum of each digit times its
place (from 1). Two such numbers differ in three places at least (I. S. Reed and G. Solomon, "Polynomial codes over certain
finite fields", 1960, over the field of 11 elements; those that would need a digit ten are left out). A single or double
misreading never makes another one of them, and so no swap of neighbours does, which changes two places. There are 82,645 of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from random import Random

import numpy as np


@dataclass(frozen=True, slots=True)
class Coded:
    """A code that was given out, and the place that it names. `reserved`: of a test that is retired, it names none any more."""

    code: str
    test: str
    candidate: str
    question: str

    @property
    def reserved(self) -> bool:
        return not self.candidate


EXAMPLE = "4071271"
"""What is shown shaded on every generic sheet that was ever printed. Whoever copies it is nobody: it is never given out."""
DIGITS = 7
DISTANCE = 3
"""Made codes differ in so many places at least."""
MOST_PAIRS = 10_000
"""No person looks at more."""
_FREE = 10 ** (DIGITS - 2)


def completed(first: str) -> str | None:
    """Five digits with their two check digits behind; None where a check digit would be ten."""
    numbers = [int(d) for d in first]
    plain = sum(numbers)
    weighted = sum(place * d for place, d in enumerate(numbers, start=1))
    last = (DIGITS - 1) * plain - weighted
    check = (-plain - last) % 11, last % 11
    return None if max(check) > 9 else f"{first}{check[0]}{check[1]}"


def is_made(code: str) -> bool:
    """Does it have the right check digits?"""
    return len(code) == DIGITS and code.isascii() and code.isdigit() and completed(code[:-2]) == code


def make(count: int, taken: Collection[str], rng: Random) -> list[str]:
    """So many codes in random order that keep their distance from each other and from those `taken`, whoever made them.

    Raises ValueError where there are not so many left.
    """
    crowded = {pattern for code in (*taken, EXAMPLE) for pattern in _patterns(code)}
    made: list[str] = []
    for number in rng.sample(range(_FREE), _FREE):
        code = completed(f"{number:0{DIGITS - 2}d}")
        if code is None or len(set(code)) == 1 or any(p in crowded for p in _patterns(code)):
            continue
        made.append(code)
        if len(made) == count:
            return made
    raise ValueError(f"only {len(made)} codes are left")


def too_close(codes: Iterable[str], own: Collection[str] | None = None) -> list[tuple[str, str, int]]:
    """Pairs of codes that differ in fewer places than made ones, with the number of those; the closest first, and no more than
    `MOST_PAIRS`. At least one of a pair is among `own`, which are some of the codes, or all.
    """
    everywhere = sorted(set(codes))
    mine = None if own is None else set(own)
    by_length: dict[int, list[str]] = {}
    for code in everywhere:
        by_length.setdefault(len(code), []).append(code)
    found: list[tuple[str, str, int]] = []
    for places in range(1, DISTANCE):
        pairs = (pair for alike in by_length.values() for pair in _apart_in(alike, places))
        wanted = ((a, b, places) for a, b in pairs if mine is None or a in mine or b in mine)
        found += sorted(islice(wanted, MOST_PAIRS - len(found)))
    return found


def _apart_in(codes: Sequence[str], places: int) -> Iterator[tuple[str, str]]:
    """Pairs of codes of one length that differ in just so many places. `codes` are sorted."""
    digits = np.array([list(map(int, code)) for code in codes], np.int64)
    for open in combinations(range(digits.shape[1]), places):
        rest = np.delete(digits, open, axis=1)
        keys = rest @ 10 ** np.arange(rest.shape[1], dtype=np.int64)
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(np.diff(keys[order])) + 1
        starts, sizes = np.concatenate([[0], ends]), np.diff(np.concatenate([[0], ends, [len(codes)]]))
        for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
            group = order[start : start + size]
            for a, b in combinations(group, 2):
                if (digits[a, list(open)] != digits[b, list(open)]).all():
                    yield codes[a], codes[b]


def distance(a: str, b: str) -> int:
    """In how many places two codes of the same length differ."""
    return sum(x != y for x, y in zip(a, b, strict=True))


def _patterns(code: str) -> Iterator[str]:
    """The code with any two of its places left open: two codes share one where they differ in two places at most."""
    for a, b in combinations(range(len(code)), DISTANCE - 1):
        yield code[:a] + "." + code[a + 1 : b] + "." + code[b + 1 :]

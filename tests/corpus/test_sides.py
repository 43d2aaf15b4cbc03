"""Stacks of sheets fed on both sides, by scanners and people that make mistakes: a floor that only rises, and misfiled is 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scanpipe.desk.verifying import verify
from scanpipe.layout import A4, places
from scanpipe.model import PageRecord
from scanpipe.wiring import open_parts
from tests.corpus.test_corpora import without_limits
from tests.feeding import DPI, Hall, open_hall
from tools.scanner.feeding import Fed, Leaf, duplex

SHEETS = 4
Feed = Callable[[Hall, int], tuple[Sequence[Fed], list[PageRecord]]]


def printed_on_both(change: Callable[[list[Leaf], np.random.Generator], Sequence[Fed]]) -> Feed:
    def feed(hall: Hall, first: int) -> tuple[Sequence[Fed], list[PageRecord]]:
        fed = [*change(hall.leaves(SHEETS, first, sides=2), hall.rng)]
        return fed, hall.feed(fed)

    return feed


def written_on_both(change: Callable[[list[Leaf], np.random.Generator], Sequence[Fed]], folder: str = "both") -> Feed:
    """Sheets that are printed on one side; on some of their backs somebody wrote."""

    def feed(hall: Hall, first: int) -> tuple[Sequence[Fed], list[PageRecord]]:
        written = [n for n in range(SHEETS) if hall.rng.random() < 0.5]
        fed = [*change(hall.leaves(SHEETS, first, written=written), hall.rng)]
        return fed, hall.feed(fed, folder)

    return feed


def counted(hall: Hall, first: int) -> tuple[Sequence[Fed], list[PageRecord]]:
    """Below a separator that says how many there are; now and then two are drawn in at once."""
    leaves = hall.leaves(SHEETS, first, written=[n for n in range(SHEETS) if hall.rng.random() < 0.7])
    _, separator = hall.separator(SHEETS)
    doubled = {1 + int(hall.rng.integers(SHEETS - 1))} if hall.rng.random() < 0.7 else set()
    fed = [*duplex([separator, *leaves], doubled=doubled)]
    return fed, hall.feed(fed, "gap")


def slipped(leaves: list[Leaf], rng: np.random.Generator) -> Iterator[Fed]:
    """The printer is a page ahead, or behind, from some sheet on; now and then the stack is fed face down."""
    backs = [*leaves[1:], leaves[0]] if rng.random() < 0.5 else [leaves[-1], *leaves[:-1]]
    down = rng.random() < 0.5
    for front, back in zip(leaves, backs, strict=True):
        both = [Fed(front.front, front, 1), Fed(back.back, replace(back, serial=None), 2)]
        yield from both[::-1] if down else both


def unreadable(leaves: list[Leaf], rng: np.random.Generator) -> Sequence[Fed]:
    """Nothing can be read of the codes on one front."""
    n = int(rng.integers(len(leaves)))
    front = leaves[n].front.copy()
    for place in places(A4).values():
        x, y, s = (round(v / 25.4 * DPI) for v in (place.x_mm - 3, place.y_mm - 3, place.size_mm + 6))
        front[y : y + s, x : x + s] = 255
    leaves[n] = replace(leaves[n], front=front)
    return [*duplex(leaves)]


def foreign(leaves: list[Leaf], rng: np.random.Generator) -> Sequence[Fed]:
    """Somebody's notes lie in the stack, and the scanner leaves empty backs out."""
    n = int(rng.integers(1, len(leaves)))
    notes = Leaf(leaves[n].back.copy(), leaves[n].back, None, blank=rng.random() < 0.5)
    return [*duplex([*leaves[:n], notes, *leaves[n:]], drops_blank=bool(rng.random() < 0.5))]


def lost(leaves: list[Leaf], rng: np.random.Generator) -> Sequence[Fed]:
    return [*duplex(leaves, lost=rng.choice(2 * len(leaves), int(rng.integers(1, 4)), replace=False).tolist())]


KINDS: dict[str, Feed] = {
    "printed on both sides": printed_on_both(lambda leaves, rng: [*duplex(leaves)]),
    "printed on both sides, face down": printed_on_both(lambda leaves, rng: [*duplex(leaves, face_down=True)]),
    "printed on both sides, the printer slipped": printed_on_both(slipped),
    "printed on both sides, pages lost": printed_on_both(lost),
    "written on backs": written_on_both(lambda leaves, rng: [*duplex(leaves)]),
    "written on backs, scanner not known": written_on_both(lambda leaves, rng: [*duplex(leaves)], "elsewhere"),
    "written on backs, empty ones dropped": written_on_both(lambda leaves, rng: [*duplex(leaves, drops_blank=True)]),
    "written on backs, face down": written_on_both(lambda leaves, rng: [*duplex(leaves, face_down=True)]),
    "written on backs, pages lost": written_on_both(lost),
    "written on backs, a front unreadable": written_on_both(unreadable),
    "written on backs, notes in the stack": written_on_both(foreign),
    "written on backs, counted, fed two at once": counted,
    "printed on both sides, slipped, the first page lost": printed_on_both(
        lambda leaves, rng: [*slipped(leaves, rng)][1:]
    ),
}
CERTAIN = ("printed on both sides", "printed on both sides, face down")
"""Here every page that somebody wrote on is filed."""


SHORT = tuple(kind for n, kind in enumerate(KINDS) if n not in (1, 3, 5, 7, 8, 9))
"""What a short test takes."""


def corpus(hall: Hall, kinds: Sequence[str], files: int) -> dict[str, Counter[str]]:
    """What became of the pages, by kind of stack: `filed` are right, with the sheet of paper that they are a side of."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for n in range(files):
        kind = kinds[n % len(kinds)]
        fed, pages = KINDS[kind](hall, SHEETS * (n % 30))
        for page, truth in zip(pages, fed, strict=True):
            found[kind][outcome(page, truth)] += 1
    with open_parts(hall.home.settings) as parts:
        assert verify(parts).problems == []
    return found


def outcome(page: PageRecord, truth: Fed) -> str:
    if page.state != "filed":
        return page.state
    return "filed" if (page.serial, page.side or 1) == (truth.leaf.serial, truth.side) else "misfiled"


def table(found: dict[str, Counter[str]]) -> str:
    names = ("pages", "filed", "blank", "held", "misfiled")
    rows = [(kind, {**count, "pages": sum(count.values())}) for kind, count in found.items()]
    lines = [f"| {kind} | {' | '.join(f'{count.get(name, 0):,}' for name in names)} |" for kind, count in rows]
    return "\n".join([f"| stack | {' | '.join(names)} |", "|---|--:|--:|--:|--:|--:|", *lines])


def check(found: dict[str, Counter[str]]) -> None:
    assert sum(count["misfiled"] for count in found.values()) == 0, table(found)
    for kind in found.keys() & set(CERTAIN):
        assert found[kind]["held"] == 0 and found[kind]["filed"], table(found)
    backs = found[
        "written on backs"
    ]  # held where all of a file are written on: nothing shows then that empty ones are delivered
    assert backs["filed"] >= 8 * backs["held"], table(found)
    slip = found["printed on both sides, the printer slipped"]
    assert slip["filed"] == 0, table(found)


def test_a_stack_of_six_kinds(tmp_path: Path) -> None:
    hall = open_hall(tmp_path, 93_001)
    check(corpus(replace(hall, home=without_limits(hall.home)), SHORT, len(SHORT)))


@pytest.mark.proof
def test_120_stacks(tmp_path: Path) -> None:
    hall = open_hall(tmp_path, 93_003)
    found = corpus(replace(hall, home=without_limits(hall.home)), tuple(KINDS), 120)
    print(table(found))
    check(found)

"""How a scanner takes a stack in: leaves of paper in, pages out in its order, with what can go wrong on the way.

A leaf has a front and a back, and knows the sheet that its front was printed as. What a page shows is known by its leaf, and not
by its codes: so a back that comes with somebody else's front is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tools.scanner.paper import Picture


@dataclass(frozen=True)
class Leaf:
    """A piece of paper. `serial` is that of the sheet that it is, None of a paper that is none; `blank`: its back is empty."""

    front: Picture
    back: Picture
    serial: str | None
    blank: bool = False
    separator: bool = False


@dataclass(frozen=True)
class Fed:
    """A page as it comes out: of this leaf, side 1 or 2."""

    picture: Picture
    leaf: Leaf
    side: int


def simplex(leaves: Sequence[Leaf]) -> Iterator[Fed]:
    """One page for each leaf, its front."""
    yield from (Fed(leaf.front, leaf, 1) for leaf in leaves)


def duplex(
    leaves: Sequence[Leaf],
    *,
    face_down: bool = False,
    drops_blank: bool = False,
    lost: Collection[int] = (),
    doubled: Collection[int] = (),
) -> Iterator[Fed]:
    """Two pages for each leaf. `face_down`: the stack lies the wrong way up, so that backs come first; `drops_blank`: the scanner
    leaves empty backs out; `lost` are pages that never come, by number from 0; `doubled` are leaves that are drawn in together
    with the next one: the front of the first is seen, and the back of the second.
    """
    pages: list[Fed] = []
    n = 0
    while n < len(leaves):
        first = leaves[n]
        n += 2 if n in doubled and n + 1 < len(leaves) else 1
        second = leaves[n - 1]
        both = [Fed(first.front, first, 1), Fed(second.back, second, 2)]
        pages += both[::-1] if face_down else both
    for number, page in enumerate(pages):
        if number not in lost and not (drops_blank and page.side == 2 and page.leaf.blank):
            yield page

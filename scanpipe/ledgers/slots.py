"""What lies in many slots of a test, in a handful of queries however many they are.

All go along indexes: none takes longer for a larger test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared
from scanpipe.model import PageRecord, Reason

_p, _a, _r, _s = t.page.c, t.also.c, t.place.c, t.sheet.c
_b = sa.bindparam
_AT_THE_END = 2**31
_slot_of: dict[str, sa.BindParameter[str]] = {
    "test": _b("test"),
    "candidate": _b("candidate"),
    "question": _b("question"),
}
EMPTY = sa.exists().where(_p.serial == _s.serial, _p.state == "blank", sa.func.coalesce(_p.side, 1) == 1)
"""Of a printed sheet: it came, and nobody drew on it. Such a sheet is not waited for."""
_picture = (_p.state == "filed", _p.sha256 == _b("sha256"))
_OWN_PICTURE = Prepared(sa.select(_p.key, _p.media_type).where(*(_p[n] == v for n, v in _slot_of.items()), *_picture))
_FURTHER_PICTURE = Prepared(
    sa.select(_p.key, _p.media_type)
    .join_from(t.also, t.page, sa.and_(_a.scan == _p.scan, _a.page == _p.page))
    .where(*(_a[n] == v for n, v in _slot_of.items()), *_picture)
)

Place = tuple[str, str]
"""Candidate and question, as the definition spells them."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A page that is filed. `version` counts the scans of its sheet, the replaced ones among them, or is that of the submission
    with which it came; `taken_in` is when its file came.
    """

    page: PageRecord
    taken_in: str
    version: int


@dataclass(slots=True)
class Contents:
    """What lies in slots, in order; how many sheets were printed for each, how many held pages claim it, and how many of
    these came after grading had begun.
    """

    lying: dict[Place, list[Lying]] = field(default_factory=dict)
    printed: Counter[Place] = field(default_factory=Counter)
    on_its_way: Counter[Place] = field(default_factory=Counter)
    late: Counter[Place] = field(default_factory=Counter)


class Slots:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def contents(self, test: str, candidates: Sequence[str], questions: Sequence[str]) -> Contents:
        """Of the slots of these candidates and questions; all as the definition spells them."""
        known = Contents(printed=self._printed(test, candidates, questions))
        found: dict[Place, list[tuple[PageRecord, str]]] = {}
        spelt = {(c.upper(), q.upper()): (c, q) for c in candidates for q in questions}
        for page, taken_in in self._pages(test, candidates):
            place = spelt.get(((page.candidate or "").upper(), (page.question or "").upper()))
            if place is not None and page.state == "filed":
                found.setdefault(place, []).append((page, taken_in))
            elif place is not None:
                known.on_its_way[place] += 1
                known.late[place] += page.state == "held" and page.reason == Reason.LATE
        for place, page, taken_in in self._further(test, candidates, questions):
            found.setdefault(place, []).append((page, taken_in))
        self._arrange(known, found, test)
        return known

    def picture(self, test: str, candidate: str, question: str, sha256: str) -> tuple[str, str] | None:
        """The key and the media type of a picture that lies in a slot, quickly."""
        asked = {"test": test, "candidate": candidate, "question": question, "sha256": sha256}
        row = _OWN_PICTURE.first(self._c, asked) or _FURTHER_PICTURE.first(self._c, asked)
        return None if row is None or row[0] is None else (row[0], row[1])

    def pictures(self) -> set[str]:
        """The digests of all pictures that ever lay in a slot, but of pages that are retired."""
        c = t.change.c
        query = sa.select(c.sha256).join(t.page, sa.and_(_p.scan == c.scan, _p.page == c.page)).distinct()
        return {row[0] for row in self._c.execute(query.where(c.sha256.is_not(None), _p.state != "retired"))}

    def _arrange(self, known: Contents, found: dict[Place, list[tuple[PageRecord, str]]], test: str) -> None:
        """In the order that a person gave, then in that of filing."""
        ranks = self._ranks(test, {candidate for candidate, _ in found})
        replaced = self._replaced({page.serial for pages in found.values() for page, _ in pages if page.serial})
        for place, pages in found.items():
            ordered = sorted(pages, key=lambda p: (ranks.get((place, p[0].scan, p[0].page), _AT_THE_END), p[0].event))
            known.lying[place] = [Lying(page, at, _version(page, replaced)) for page, at in ordered]

    def _pages(self, test: str, candidates: Collection[str]) -> list[tuple[PageRecord, str]]:
        """Filed, held or on their way into the slot. What is held is spelt as its codes spell it."""
        query = sa.select(t.page, t.scan.c.at).join(t.scan, t.scan.c.scan == _p.scan)
        query = query.where(_p.test.in_(_spellings([test])), _p.candidate.in_(_spellings(candidates)))
        rows = self._c.execute(query.where(_p.state.in_(("filed", "placing", "held"))))
        return [(PageRecord(*row[:-1]), row[-1]) for row in rows]

    def _further(
        self, test: str, candidates: Collection[str], questions: Collection[str]
    ) -> list[tuple[Place, PageRecord, str]]:
        referring = sa.and_(_a.scan == _p.scan, _a.page == _p.page)
        query = sa.select(_a.candidate, _a.question, t.page, t.scan.c.at).select_from(t.also.join(t.page, referring))
        query = query.join(t.scan, t.scan.c.scan == _p.scan).where(_a.test == test, _a.candidate.in_(candidates))
        rows = self._c.execute(query.where(_a.question.in_(questions), _p.state == "filed"))
        return [((row[0], row[1]), PageRecord(*row[2:-1]), row[-1]) for row in rows]

    def _printed(self, test: str, candidates: Collection[str], questions: Collection[str]) -> Counter[Place]:
        query = sa.select(_s.candidate, _s.question, sa.func.count()).group_by(_s.candidate, _s.question)
        query = query.where(_s.test == test, _s.candidate.in_(candidates), _s.question.in_(questions), ~EMPTY)
        return Counter({(row[0], row[1]): int(row[2]) for row in self._c.execute(query)})

    def _ranks(self, test: str, candidates: Collection[str]) -> dict[tuple[Place, str, int], int]:
        if not candidates:
            return {}
        query = sa.select(_r.candidate, _r.question, _r.scan, _r.page, _r.rank)
        rows = self._c.execute(query.where(_r.test == test, _r.candidate.in_(candidates)))
        return {((row[0], row[1]), row[2], row[3]): row[4] for row in rows}

    def _replaced(self, serials: Collection[str]) -> Counter[str]:
        if not serials:
            return Counter()
        query = sa.select(_p.serial, sa.func.count()).where(_p.serial.in_(serials), _p.state == "replaced")
        return Counter({row[0]: int(row[1]) for row in self._c.execute(query.group_by(_p.serial))})


def _version(page: PageRecord, replaced: Counter[str]) -> int:
    if page.serial is None and '"upload"' in (page.evidence or ""):
        return int(json.loads(page.evidence or "{}")["upload"].get("version", 1))
    return 1 + replaced[page.serial or ""]


def _spellings(ids: Collection[str]) -> list[Any]:
    """As they are defined, and as codes may have them."""
    return sorted({spelt for id in ids for spelt in (id, id.upper(), id.lower())})

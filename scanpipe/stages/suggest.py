"""What is known about a held page in, the slots that it may well belong to out, each with its ground.

Never applied by itself, and never one that the test definition forbids: `validate` is asked about each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scanpipe.model import Claims, Filed, Sheet, Slot
from scanpipe.shaded_codes import Coded
from scanpipe.stages.validate import Facts, validate

Ground = Literal[
    "pack", "link", "label", "front", "printed", "shaded", "text", "serials", "both_sides", "before", "after", "nearest"
]


_SHEETS = ("front", "printed", "text", "serials")
"""Grounds that name one sheet of paper."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A page beside this one in the stack, as far as it is known where it belongs. Without a candidate where it tells nothing of
    whose this page is: the sheets of a pad are different people's.
    """

    test: str | None
    candidate: str | None
    question: str | None
    serial: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """`before` and `after` begin with the nearest. `printed` is the record of the page's own serial, `nearest` candidates whose
    numbers look like the one that was read, `handed_to` who was handed the pack that the sheet belongs to, `text` the sheet that
    the print beside dead codes names, `between`: the very pages before and after are known, no other unknown one lies there,
    `likely` the codes that are nearest to what is shaded, the nearest first, `link` the slot that it was handed in for,
    `front` the page of which this one may be the back, `labels` the candidates whose labels are stuck on it, if they are several.
    """

    claims: Claims
    before: Sequence[Neighbour] = ()
    after: Sequence[Neighbour] = ()
    printed: Sheet | None = None
    nearest: Sequence[str] = ()
    handed_to: str | None = None
    text: Sheet | None = None
    between: bool = False
    likely: Sequence[Coded] = ()
    link: Claims | None = None
    front: Neighbour | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`serial` is that of the sheet that the ground speaks of, where it does; `in_slot` how many sheets lie there already;
    `code` the shaded code that names the slot, where that is the ground.
    """

    slot: Slot
    ground: Ground
    serial: str | None
    in_slot: int
    code: str | None = None


def suggest(known: Known, printed: Callable[[str], Sheet | None], facts: Callable[[Claims], Facts]) -> list[Suggestion]:
    """The suggestions, the one with the best ground first; a slot comes once."""
    found: dict[Slot, Suggestion] = {}
    for ground, claims in _guesses(known, printed):
        if claims.test is None or claims.candidate is None or claims.question is None:
            continue
        told = facts(claims)
        if ground in _SHEETS and told.first is not None:
            continue  # this very sheet is filed
        if ground != "pack" and told.handed_to is not None:
            claims = replace(claims, candidate=told.handed_to)
            told = facts(claims)
        verdict = validate(claims, replace(told, first=None, handed_to=None, locked=False), {})
        if isinstance(verdict, Filed) and verdict.slot not in found:
            code = _code_of(known.likely, verdict.slot) if ground == "shaded" else None
            found[verdict.slot] = Suggestion(verdict.slot, ground, claims.serial, told.in_slot, code)
    return list(found.values())


def _guesses(known: Known, printed: Callable[[str], Sheet | None]) -> Iterator[tuple[Ground, Claims]]:
    own, sheet = known.claims, known.printed
    before = known.before[0] if known.before else None
    after = known.after[0] if known.after else None
    if known.handed_to is not None:
        yield "pack", replace(own, candidate=known.handed_to)
        return
    if known.link is not None:
        yield "link", replace(known.link, serial=own.serial)
    for candidate in known.labels:
        yield "label", replace(own, candidate=candidate)
    if known.front is not None:
        front = known.front
        yield "front", Claims(front.test, front.candidate, front.question, front.serial, 2 if front.serial else None)
    if sheet is not None:
        yield "printed", Claims(sheet.test, sheet.candidate, sheet.question, sheet.serial, own.side)
    for coded in known.likely:
        if _agrees(own, coded):
            yield "shaded", Claims(coded.test, coded.candidate, coded.question, own.serial)
    if known.text is not None and _agrees(own, known.text):
        yield "text", Claims(known.text.test, known.text.candidate, known.text.question, known.text.serial)
    missing = _missing_serial(before, after) if known.between else None
    between = printed(missing) if missing else None
    if between is not None and own.serial is None and _agrees(own, between):
        yield "serials", Claims(between.test, between.candidate, between.question, between.serial)
    if before and after and before.candidate is not None and before.candidate == after.candidate:
        yield "both_sides", _filled(own, before, before.question == after.question)
        yield "both_sides", _filled(own, before, True)
    if before is not None:
        yield "before", _filled(own, before, True)
    if after is not None:
        yield "after", _filled(own, after, True)
    for number in known.nearest[:3]:
        yield "nearest", replace(own, candidate=number)


def _missing_serial(before: Neighbour | None, after: Neighbour | None) -> str | None:
    """The serial between two that follow each other but one."""
    if before is None or after is None or not (before.serial and after.serial):
        return None
    first, last = int(before.serial), int(after.serial)
    return f"{(first + last) // 2:0{len(before.serial)}d}" if abs(last - first) == 2 else None


def _code_of(likely: Sequence[Coded], slot: Slot) -> str | None:
    at = (slot.test, slot.candidate, slot.question)
    return next((c.code for c in likely if (c.test, c.candidate, c.question) == at), None)


def _agrees(own: Claims, sheet: Sheet | Coded) -> bool:
    """Does nothing that was read on the page speak against this sheet?"""
    pairs = ((own.test, sheet.test), (own.candidate, sheet.candidate), (own.question, sheet.question))
    return all(said is None or is_ is None or said.upper() == is_.upper() for said, is_ in pairs)


def _filled(own: Claims, beside: Neighbour, question: bool) -> Claims:
    """What the page says of itself, completed from its neighbour; nothing that it says is changed."""
    if own.test and beside.test and own.test.upper() != beside.test.upper():
        return own
    return Claims(
        own.test or beside.test,
        own.candidate or beside.candidate,
        own.question or (beside.question if question else None),
        own.serial,
    )

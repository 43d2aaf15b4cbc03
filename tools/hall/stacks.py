"""The stacks that come out of a hall and out of homes, as files of a scanner, each page with the truth about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from scanpipe.layout import A4, label_boxes
from scanpipe.model import Reason, Slot
from tools.hall.exam import DPI, QUESTIONS, TEST, Press, numbers
from tools.phones.shots import REPORTED, SMALL, printed
from tools.scanner import faults, formats, labels, pens
from tools.scanner.paper import Paper, Picture, Row
from tools.shaded.corpus import own_layout
from tools.shaded.hands import HANDS, Sheet

Rng = np.random.Generator
BOTH = "begge sider"
"""The folder of a scanner of both sides."""
PHONES = "telefoner"
_SHEETS_OF_A_FILE = 6


@dataclass(frozen=True)
class Truth:
    """Where a page belongs, and of which paper it is. `slot` None: it must not be filed. `held` are the reasons for which it may
    be held, `aside` is the state of a page that is no drawing: blank, or separator.
    """

    paper: str
    slot: Slot | None = None
    held: frozenset[Reason] = frozenset()
    aside: str = ""


_BLANK = Truth("an empty back", aside="blank")


@dataclass(frozen=True)
class Drop:
    """A file for the inbox, and the truth about its pages."""

    name: str
    body: bytes
    pages: tuple[Truth, ...]


def pad(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Sheets of a pad with labels. In one of ten the label is missing, in one of ten there are two candidates'."""
    paper, stickers, everybody = (
        press.print("pad", "--pad", "2b", "--count", str(count)),
        press.stickers(),
        _people(press),
    )
    for i in range(count):
        picture, whose = paper.picture(i, DPI), everybody[i % len(everybody)]
        pens.draw_answer(picture, DPI, rng)
        mistake = {0: "no label", 5: "two labels"}.get(i % 10)
        if mistake != "no label":
            _stick(picture, stickers[whose], labels.middle_of(label_boxes(A4)[0]), rng)
        if mistake == "two labels":
            _stick(picture, stickers[everybody[(i + 1) % len(everybody)]], (110, 235), rng)
        truth = {
            None: Truth("pad, label", Slot(TEST, whose, "2b")),
            "no label": Truth("pad, no label", held=frozenset({Reason.MISSING_CANDIDATE_CODE})),
            "two labels": Truth("pad, labels of two candidates", held=frozenset({Reason.CODES_DISAGREE})),
        }[mistake]
        yield _one(f"blokk/{i:04d}.jpg", picture, truth, rng)


def _stick(picture: Picture, label: Picture, at_mm: tuple[float, float], rng: Rng) -> None:
    at_mm = at_mm[0] + float(rng.normal(0, 2)), at_mm[1] + float(rng.normal(0, 2))
    labels.stick(picture, label, at_mm, float(rng.normal(0, 3)), DPI)


def generic(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Generic sheets, most of them shaded carefully; in one of eight not every column is clear."""
    sheets, codes = press.generic(count), list(press.codes().items())
    careful = [style for style, hand in HANDS.items() if hand.careful]
    unclear = [style for style, hand in HANDS.items() if hand.held]
    for i, page in enumerate(sheets):
        (candidate, question), code = codes[(i * 7) % len(codes)]
        style = unclear[i // 8 % len(unclear)] if i % 8 == 7 else careful[i % len(careful)]
        hand = HANDS[style]
        sheet = Sheet(page, DPI, own_layout(), code, f"{1 + i % 99:02d}", rng, hand.pens)
        sheet.write()
        hand.act(sheet)
        slot = None if hand.held else Slot(TEST, candidate, question)
        truth = Truth(
            "generic, unclear" if hand.held else "generic, shaded", slot, frozenset({Reason.SHADED_CODE_UNCLEAR})
        )
        yield _one(f"koder/{i:04d}.jpg", sheet.page, truth, rng)


def rehearsal(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Sheets of the rehearsal of the same test, fed on the real evening: as one file of the scanner."""
    press.register("rehearsal: true")
    paper = press.print(
        "rehearsal", "--candidate", _people(press)[0], "--per-question", str(-(-count // len(QUESTIONS)))
    )
    press.register()
    pages = []
    for i in range(count):
        picture = paper.picture(i, DPI)
        pens.draw_answer(picture, DPI, rng)
        pages.append(_scanned(picture, rng))
    truth = Truth("rehearsal, fed by mistake", held=frozenset({Reason.REHEARSAL}))
    yield Drop("prøve.pdf", formats.pdf(pages, DPI), (truth,) * count)


def both_sides(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Sheets that are printed on both sides. In one file of three the printer slipped: the backs are those of the next sheets."""
    for n, people in enumerate(_parts(_people(press)[: max(1, count // 2)])):
        paper = press.print(f"both-{n}", *_each("--candidate", people), "--question", "3", "--duplex")
        order = list(range(len(paper)))
        slipped = n % 3 == 1 and len(order) > 2
        if slipped:
            order[1::2] = [*order[3::2], order[1]]
        disagree = Truth("both sides, the printer slipped", held=frozenset({Reason.SIDES_DISAGREE}))
        truths = [disagree if slipped else Truth("both sides, printed", slot_of(paper.rows[i])) for i in order]
        yield _file(f"{BOTH}/trykt {n}.pdf", [_drawn(paper, i, rng) for i in order], truths, rng)


def written_backs(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Sheets printed on one side, from a scanner of both: some backs are written on. One file of three lies face down."""
    for n, people in enumerate(_parts(_people(press)[: max(1, count // 2)])):
        paper, pages, truths = press.print(f"backs-{n}", *_each("--candidate", people), "--question", "1"), [], []
        down = n % 3 == 1
        held = Truth("one side printed, face down: a written back", held=frozenset({Reason.BACK_OF, Reason.NO_CODES}))
        for i, row in enumerate(paper.rows):
            front, back = _drawn(paper, i, rng), np.full(paper.picture(i, DPI).shape, 255, np.uint8)
            written = rng.random() < 0.4
            if written:
                pens.draw_answer(back, DPI, rng)
            kept = Truth("one side printed, a written back", slot_of(row), frozenset({Reason.BACK_OF}))
            of_back = (held if down else kept) if written else _BLANK
            both = [(front, Truth("one side printed, its front", slot_of(row))), (back, of_back)]
            for picture, truth in reversed(both) if down else both:
                pages.append(picture)
                truths.append(truth)
        yield _file(f"{BOTH}/skrevet {n}.pdf", pages, truths, rng)


def separated(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """The rooms one after the other in one file, each below a separator with its count; somebody forgot that of the last room."""
    pages, truths, rooms = [], [], 4
    paper = press.print("rooms", "--question", "2a", "--order", "room")
    each = min(len(paper) // rooms, max(1, count // rooms))
    for room in range(rooms):
        if room < rooms - 1:
            pages.append(_scanned(press.separator(f"S{room + 1}", each), rng))
            truths.append(Truth("a separator", aside="separator"))
        for i in range(room * (len(paper) // rooms), room * (len(paper) // rooms) + each):
            pages.append(_scanned(_drawn(paper, i, rng), rng))
            truths.append(Truth("personal, below separators", slot_of(paper.rows[i])))
    yield Drop("rommene.pdf", formats.pdf(pages, DPI), tuple(truths))


def phones(press: Press, count: int, rng: Rng) -> Iterator[Drop]:
    """Printed sheets that were photographed at home; what cannot be taken out of its picture for certain may be held."""
    paper = press.print("home", *_each("--candidate", _people(press)[-count:]), "--question", "2b")
    room = replace(REPORTED, sizes=SMALL)
    for i, row in enumerate(paper.rows):
        truth = Truth("a phone's picture", slot_of(row), frozenset({Reason.CODES_DISAGREE, Reason.NO_CODES}))
        yield Drop(f"{PHONES}/{i:04d}.jpg", printed(paper, i, rng, room).body, (truth,))


def slot_of(row: Row) -> Slot:
    return Slot(row.test, row.candidate, row.question)


def _each(word: str, values: Iterable[str]) -> list[str]:
    return [w for value in values for w in (word, value)]


def _parts(people: list[str]) -> Iterator[list[str]]:
    yield from (people[i : i + _SHEETS_OF_A_FILE] for i in range(0, len(people), _SHEETS_OF_A_FILE))


def _drawn(paper: Paper, index: int, rng: Rng) -> Picture:
    picture = paper.picture(index, DPI)
    pens.draw_answer(picture, DPI, rng)
    return picture


def _file(name: str, pages: list[Picture], truths: list[Truth], rng: Rng) -> Drop:
    return Drop(name, formats.pdf([_scanned(p, rng) for p in pages], DPI), tuple(truths))


def _people(press: Press) -> list[str]:
    return numbers(press.candidates)


def _one(name: str, picture: Picture, truth: Truth, rng: Rng) -> Drop:
    return Drop(name, formats.jpeg(_scanned(picture, rng), DPI, int(rng.integers(70, 91))), (truth,))


def _scanned(picture: Picture, rng: Rng) -> Picture:
    askew = faults.fed_askew(picture, float(np.clip(rng.normal(0, 0.8), -3, 3)))
    return faults.scanned(askew, rng, noise=rng.uniform(1, 5))

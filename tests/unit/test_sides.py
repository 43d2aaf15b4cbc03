"""Both sides of a sheet, and separators: what may be said of pages from their records and codes alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import Kind, encode
from scanpipe.model import Blank, Claims, Code, Filed, Held, PageRecord, Reason, Separator, Slot
from scanpipe.stages.frame import has_frame
from scanpipe.stages.identify import decode_all
from scanpipe.stages.separate import find_separator
from scanpipe.stages.sides import Side, await_other_side, backs_are_certain, compare_sides, pairs_are_whole
from tests.helpers import CLAIMS, KEY, RING, Canvas, code, sheet

FRONT, BACK, EMPTY = (
    Side("filed", None, "00000001", None),
    Side("held", "back_of", None, None),
    Side("blank", None, None, None),
)
WAITING = PageRecord(
    *(
        "s",
        1,
        "held",
        "T",
        "1",
        "1",
        "00000001",
        "k",
        "d",
        None,
        "other_side_missing",
        "{}",
        1,
        0.0,
        0,
        100.0,
        None,
        "",
        1,
    )
)


def page(**other: object) -> PageRecord:
    return replace(WAITING, side=1, **other)  # type: ignore[arg-type]


class TestWaiting:
    def test_what_would_be_filed_or_counted_waits_on_a_sheet_with_two_sides(self) -> None:
        slot = Slot("T", "1", "1")
        for verdict in (Filed(slot, "00000001", {}, 3), Blank({}, slot, "00000001", 3)):
            held = await_other_side(verdict, replace(CLAIMS, side=2))
            assert isinstance(held, Held) and held.reason is Reason.OTHER_SIDE_MISSING
            assert (held.claims.side, held.revision, held.evidence["side"]) == (2, 3, 2)
            assert await_other_side(verdict, CLAIMS) is verdict
        late = Held(Reason.LATE, {})
        assert await_other_side(late, replace(CLAIMS, side=1)) is late

    def test_only_the_other_side_of_the_same_sheet_is_together(self) -> None:
        front = page()
        assert compare_sides(front, replace(front, page=2, side=2)) == "together"
        assert compare_sides(front, replace(front, page=2)) == "unknown", "twice the same side"
        assert compare_sides(front, replace(front, page=2, side=2, serial="00000002")) == "apart"
        assert compare_sides(front, replace(front, page=2, side=2, state="waiting")) == "unknown"
        assert compare_sides(front, replace(front, page=2, side=2, state="filed")) == "together"
        moved = replace(front, page=2, side=2, state="filed", candidate="2")
        assert compare_sides(front, moved) == "apart", "a person put it elsewhere"
        assert compare_sides(front, replace(front, page=2, side=2, state="discarded")) == "unknown"
        assert compare_sides(front, replace(front, page=2, side=None, state="filed", serial="00000002")) == "unknown"
        assert compare_sides(front, replace(front, page=2, side=None, serial=None, reason="no_codes")) == "unknown"


def certain(pages: list[Side], counted: bool = True) -> bool:
    return backs_are_certain(pages, counted)


class TestBacks:
    def test_fronts_and_backs_by_turns(self) -> None:
        assert certain([FRONT, BACK]) and certain([FRONT, BACK, FRONT, EMPTY], counted=False)
        assert not certain([FRONT, BACK, FRONT, BACK], counted=False)
        assert certain([Side("separator", None, "00000009", None), EMPTY, FRONT, EMPTY, FRONT, BACK])
        assert not certain([])
        assert not certain([BACK, FRONT]), "fed face down"
        assert not certain([FRONT, BACK, FRONT])
        assert not certain([FRONT, Side("held", "no_codes", None, None)]), "a front that cannot be read"
        assert not certain([FRONT, Side("filed", None, "00000002", None)])
        assert not certain([EMPTY, BACK]), "nobody knows whose"

    @given(st.lists(st.booleans(), min_size=1, max_size=12), st.data())
    def test_one_page_that_is_missing_ends_all_certainty(self, written: list[bool], data: st.DataObject) -> None:
        pages = [side for on_back in written for side in (FRONT, BACK if on_back else EMPTY)]
        assert certain(pages)
        lost = data.draw(st.integers(0, len(pages) - 1))
        assert not certain(pages[:lost] + pages[lost + 1 :])
        assert not certain(pages[::-1]), "from the last to the first"

    @given(st.lists(st.booleans(), min_size=2, max_size=12))
    def test_empty_backs_that_a_scanner_leaves_out(self, written: list[bool]) -> None:
        pages = [p for on_back in written for p in ((FRONT, BACK) if on_back else (FRONT,))]
        assert certain(pages, counted=True) == all(written)
        assert not certain(pages, counted=False), "no empty back shows that they are delivered"


class TestSeparators:
    def separator(self, at: tuple[int, int], serial: str = "00000009") -> Code:
        text = encode(Kind.SEPARATOR, Claims(serial=serial), KEY, layout="43")
        x, y = at
        return Code(text, "qr", ((x, y), (x + 100, y), (x + 100, y + 100), (x, y + 100)), "zxing")

    def found(self, *codes: Code) -> Separator | Held | None:
        return find_separator(decode_all(codes, RING))

    def test_two_corners_are_enough_and_one_is_not(self) -> None:
        whole = self.found(self.separator((0, 0)), self.separator((700, 0)))
        assert isinstance(whole, Separator) and whole.serial == "00000009"
        for held in (self.found(self.separator((0, 0))), self.found(self.separator((0, 0)), self.separator((120, 0)))):
            assert isinstance(held, Held) and held.reason is Reason.CODES_DISAGREE

    def test_nothing_else_may_lie_on_it(self) -> None:
        corners = (self.separator((0, 0)), self.separator((700, 0)))
        for other in (code(Kind.CANDIDATE), self.separator((0, 900), "00000010"), code(Kind.CANDIDATE_LABEL)):
            held = self.found(*corners, other)
            assert isinstance(held, Held) and "separator" not in str(held.claims)
        forged = replace(corners[1], text=corners[1].text[:20] + "AAAA" + corners[1].text[24:])
        assert isinstance(self.found(corners[0], corners[1], forged), Held)
        assert self.found(code(Kind.CANDIDATE), code(Kind.QUESTION)) is None

    def test_how_many_follow_is_in_its_code(self) -> None:
        claims, key = Claims("MA0001-2026H", serial="00000009"), KEY
        assert encode(Kind.SEPARATOR, claims, key, layout="-").endswith("-:MA0001-2026H")
        with pytest.raises(ValueError, match="needs a layout"):
            encode(Kind.SEPARATOR, claims, key)


def test_a_form_is_told_from_handwriting() -> None:
    printed = sheet(kinds=()).gray
    assert has_frame(printed)
    written = Canvas()
    written.handwriting()
    assert not has_frame(written.gray)
    written.line([(20, 200), (140, 205)])
    assert not has_frame(written.gray), "one line along a ruler"


def test_a_side_that_the_grammar_does_not_know_is_foreign() -> None:
    text = encode(Kind.SHEET, replace(CLAIMS, side=2), KEY)
    (decoded,) = decode_all([Code(text, "qr", ((0, 0), (1, 0), (1, 1), (0, 1)), "zxing")], RING)
    assert decoded[1].claims.side == 2  # type: ignore[union-attr]
    both = decode_all(
        [code(Kind.CANDIDATE, replace(CLAIMS, side=1)), code(Kind.QUESTION, replace(CLAIMS, side=2))], RING
    )
    from scanpipe.stages.identify import identify

    held = identify(both, 0.1, None)
    assert isinstance(held, Held) and held.reason is Reason.CODES_DISAGREE


def paired(*sides: int | None, state: str = "held") -> list[Side]:
    return [Side(state, None, None if side is None else "00012345", side) for side in sides]


def test_pairs_are_whole_where_no_printed_side_lies_beside_something_else_or_is_left_over() -> None:
    assert pairs_are_whole(paired(1, 2, None, None, 2, 1))
    assert not pairs_are_whole(paired(None, 1, 2, 1, 2, 1)), "something of one side came first"
    assert not pairs_are_whole(paired(2, 1, 2, 1, 2))
    assert pairs_are_whole(paired(1, 2, None))

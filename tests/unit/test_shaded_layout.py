"""A file that describes a sheet with a shaded code: read to the letter, and everything wrong with it told at once."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from scanpipe.definitions.shaded_layout import read_layout
from scanpipe.layout import Box
from scanpipe.settings import load_settings
from scanpipe.shaded_layout import OWN, Mark
from scanpipe.wiring import layouts

TEXT = (files("scanpipe.sheets") / "layouts" / f"{OWN}.yaml").read_text(encoding="utf-8")


def problems(text: str) -> str:
    layout, found = read_layout(text.encode(), "theirs.yaml")
    assert (layout is None) == bool(found)
    return "\n".join(map(str, found))


def test_our_own_sheet_is_described_by_such_a_file() -> None:
    layout, found = read_layout(TEXT.encode(), "own")
    assert found == [] and layout is not None
    assert (layout.id, layout.signed, layout.bubble_mm) == (OWN, True, (5.0, 4.4))
    assert layout.marks[0] == Mark(48.5, 14.5, 5.0, 5.0) and layout.boxes == Box(57.75, 22.0, 59.5, 11.0)
    assert layout.page is not None and layout.page.places == 2
    assert layout.code.middles_mm()[6, 9].tolist() == [113.0, 98.4]


def test_what_may_be_left_out() -> None:
    text = TEXT[: TEXT.index("# The same for the number of the page")].replace("signed: true\n", "")
    layout, found = read_layout(text.encode(), "theirs.yaml")
    assert found == [] and layout is not None
    assert (layout.signed, layout.page, layout.boxes) == (False, None, None)
    assert layout.around_code().height_mm == pytest.approx(9 * 6.6 + 4.4)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("layout: generic-1", "layout: not a name", "layout"),
        ("signed: true", "signed: maybe", "signed"),
        ("places: 7", "places: 77", "code.places"),
        ('"0123456789"', '"0123456788"', "code.digits"),
        ("x_mm: 62", "x_mm: far", "code.first.x_mm"),
        ("x_mm: 62", "x_mm: 262", "beside the paper"),
        ("{width_mm: 5.0, height_mm: 4.4}", "{width_mm: 5.0}", "bubble.height_mm"),
        ("{width_mm: 5.0, height_mm: 4.4}", "{width_mm: 0, height_mm: 4.4}", "without a size"),
        ("  - {x_mm: 193.5, y_mm: 107.5, width_mm: 5, height_mm: 5}\n", "", "3 marks"),
        ("y_mm: 107.5", "y_mm: 14.5", "one line"),
        ("next_digit: {x_mm: 0, y_mm: 6.6}", "next_digit: {x_mm: 6.6, y_mm: 0}", "upon each other"),
        ("boxes:", "box:", "unknown key"),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, said: str) -> None:
    assert old in TEXT
    assert said in problems(TEXT.replace(old, new))


@pytest.mark.parametrize("text", ["", "- 1", "layout: [", "\x00", "layout: 1\nlayout: 2"])
def test_nothing_that_is_no_layout_is_taken(text: str) -> None:
    assert problems(text)


def test_the_settings_name_further_ones(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(TEXT.replace("generic-1", "theirs").replace("signed: true", "signed: false"), encoding="utf-8")
    settings, _ = load_settings(None, {"SCANPIPE__SHEETS__LAYOUTS": str(theirs)})
    assert [layout.id for layout in layouts(settings)] == [OWN, "theirs"]

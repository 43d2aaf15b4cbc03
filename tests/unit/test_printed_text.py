"""Which sheet do the words on it name? Only one that is certain among those that were printed."""

from __future__ import annotations

import numpy as np
import pytest

from scanpipe.model import Sheet
from scanpipe.stages.printed_text import printed_bands, sheet_in

SHEETS = {
    "00000017": Sheet("00000017", "MA0001-2026H", "10001", "2a", 1, 1, 1),
    "00000018": Sheet("00000018", "MA0001-2026H", "10002", "2a", 1, 1, 1),
}
FOOT = "Prøve\n\nMA0001-2026H\n\nKandidat\n\n10001\n\nOppgave 2a\n\nArknr.\n\n"


def test_serial_and_candidate_name_a_sheet() -> None:
    assert sheet_in(f"{FOOT}0000 0017\n", SHEETS.get) == SHEETS["00000017"]
    assert sheet_in(f"Kandidat 1 0001\nArknr. 00000017\n{FOOT}0000 0017", SHEETS.get) == SHEETS["00000017"]


@pytest.mark.parametrize(
    "text",
    ["", FOOT, f"{FOOT}0000 0019", f"{FOOT}0000 0018", f"{FOOT}10000 0017", f"{FOOT}0000 00171", "0000 0017"],
    ids=["nothing", "no serial", "not printed", "of another", "a digit before", "a digit after", "no candidate"],
)
def test_what_is_not_certain_names_none(text: str) -> None:
    assert sheet_in(text, SHEETS.get) is None


def test_two_sheets_on_one_page_name_none() -> None:
    assert sheet_in(f"{FOOT}0000 0017\n10002 0000 0018", SHEETS.get) is None


def test_the_bands_leave_the_drawing_out() -> None:
    page = np.full((1000, 700), 255, np.uint8)
    page[150:840] = 0
    bands = printed_bands(page)
    assert bands.shape == (290, 700) and bands.min() == 255

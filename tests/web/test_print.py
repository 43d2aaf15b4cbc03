"""A page whose codes are all dead: the print beside them makes a suggestion, where Tesseract is installed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from scanpipe.desk.recognising import recognise
from scanpipe.desk.viewing import suggestions_for
from scanpipe.layout import A4, CODE_MM, places
from scanpipe.ocr import open_text_reader
from scanpipe.stages.render import encode_jpeg
from scanpipe.wiring import open_parts
from tests.installation import Installation, install

DPI = 150


def with_dead_codes(home: Installation, index: int, turned: bool) -> bytes:
    """The printed sheet with all its codes blackened, and something drawn on it."""
    picture = home.picture(index, DPI)
    for place in places(A4).values():
        x, y, side = (round(v / 25.4 * DPI) for v in (place.x_mm, place.y_mm, CODE_MM))
        picture[y : y + side, x : x + side] = 40
    cv2.circle(picture, (600, 900), 200, 60, 3)
    return encode_jpeg((np.rot90(picture, 2).copy() if turned else picture,), DPI, 85)


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "on its head"])
def test_print_beside_dead_codes_makes_a_suggestion(tmp_path: Path, turned: bool) -> None:
    read_text = open_text_reader()
    if read_text is None:
        pytest.skip("Tesseract is not installed: apt-get install tesseract-ocr")
    home = install(tmp_path / "data", sheets=6)
    (tmp_path / "dead.jpg").write_bytes(with_dead_codes(home, 4, turned))
    other = cv2.circle(np.full((1754, 1240), 250, np.uint8), (600, 900), 200, 60, 3)
    (tmp_path / "other.jpg").write_bytes(encode_jpeg((other,), DPI, 85))
    (line,) = home.lines("ingest", str(tmp_path / "dead.jpg"))
    home.run("ingest", str(tmp_path / "other.jpg"))
    assert (line["verdict"], line["reason"], line["serial"]) == ("held", "no_codes", None)
    with open_parts(home.settings) as parts:
        assert recognise(parts, read_text) == 2 and recognise(parts, read_text) == 0, "each picture once"
        with parts.ledger.read() as r:
            rows = {page.scan: suggestions_for(r, page.id) for page in r.pages_in("held")}
    sheet = home.sheets[4]
    (best,) = rows.pop(line["scan"])
    assert best.ground == "text" and best.serial == sheet.serial
    assert (best.slot.candidate, best.slot.question) == (sheet.candidate, sheet.question)
    assert list(rows.values()) == [[]], "a page without print has no suggestion"
    home.run("verify")

"""Files of many pages: several are settled at a time, and yet they are judged in their order."""

import io
from pathlib import Path

from PIL import Image

from tests.installation import install

SHEETS = 10


def test_of_two_scans_of_a_sheet_in_one_file_the_first_is_filed(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=SHEETS)
    pages = [Image.open(io.BytesIO(home.scan(i, skew_deg))) for i in range(SHEETS) for skew_deg in (0.4, -0.7)]
    pages[0].save(tmp_path / "stack.pdf", save_all=True, append_images=pages[1:], resolution=150)
    answers = home.lines("ingest", str(tmp_path / "stack.pdf"))
    assert [a["page"] for a in answers] == list(range(1, 2 * SHEETS + 1))
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        assert (first["verdict"], second["verdict"]) == ("filed", "held")
        assert second["reason"] == "sheet_seen_before" and first["serial"] == second["serial"]
    assert "Nothing is missing" in home.run("verify")
